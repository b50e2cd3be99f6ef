"""Values as a person reads them: text from outside made harmless, money, seconds and times of day in words."""

import re
from datetime import datetime

from rheostat.autonomy import plain

_LONGEST_FORM = 12
"""Characters that one hidden character takes once it is written out."""


def harmless(text: str) -> str:
    r"""Text on as many lines as it has, in which nothing moves the cursor, hides or reorders anything.

    Terminal codes and invisible characters are written out (`\u202e`), as `rheostat.autonomy.plain` does for one line.
    Spaces stay as they are; any other white space but the end of a line becomes a space.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_WORD.sub(_written_out, _ODD_SPACE.sub(" ", line)) for line in lines)


_WORD = re.compile(r"\S+")
_ODD_SPACE = re.compile(r"\s")


def _written_out(word: re.Match[str]) -> str:
    return plain(word[0], at_most=_LONGEST_FORM * len(word[0]))


def usd(cost_usd: float) -> str:
    """An amount of money, short, and never nothing where something was spent."""
    if cost_usd == 0:
        return "$0"
    if cost_usd < 0.0001:
        return "<$0.0001"
    cents = f"{cost_usd:.2f}"
    return f"${cents}" if cost_usd >= 1 or float(cents) == cost_usd else f"${cost_usd:.4f}"


def seconds(duration_s: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 4 s`, `2 h 5 min`."""
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    whole = round(duration_s)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def moment(at_s: float) -> str:
    """A time given in epoch seconds, as the clock on the wall here says it."""
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M")


def count(number: int, thing: str) -> str:
    """`1 question`, `3 questions`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def phrase(name: str) -> str:
    """A function's or a node's name as words: `judge_rule` is "judge rule"."""
    return plain(name).replace("_", " ")
