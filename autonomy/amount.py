"""How much a text says: the numbers that are written in it."""

import re
from collections.abc import Iterator
from unicodedata import normalize

_NUMBER = re.compile(r"-?\d[\d.,'_\s]*(?:[eE][-+]?\d+)?")
_GROUPS = str.maketrans("", "", "'_ \t\r\n")


def amounts(text: str) -> Iterator[float]:
    """The numbers in a text. One that is a number is that one alone, also `nan` and `inf`.

    In any other, `1,200.50`, `1.200,50` and `1 200.50` are the same; `1,200` and `1.200` are taken for the larger
    number that they could be.
    """
    text = normalize("NFKC", text)
    try:
        yield float(text)
    except ValueError:
        yield from (_read(found) for found in _NUMBER.findall(text))


def _read(written: str) -> float:
    digits, _, exponent = "".join(written.split()).translate(_GROUPS).lower().partition("e")
    whole, decimals = _at_the_point(digits.rstrip(".,"))
    return float(f"{whole}.{decimals or 0}e{exponent or 0}")


def _at_the_point(digits: str) -> tuple[str, str]:
    """What stands before and after the decimal point, if there is one."""
    at = max(digits.rfind("."), digits.rfind(","))
    whole, decimals = digits[:at], digits[at + 1 :]
    is_point = at >= 0 and digits.count(digits[at]) == 1
    is_only_mark = "." not in whole and "," not in whole
    may_be_thousands = len(decimals) == 3 and whole.lstrip("-").strip("0") != "" and is_only_mark
    if not is_point or may_be_thousands:
        whole, decimals = digits, ""
    return whole.replace(".", "").replace(",", ""), decimals
