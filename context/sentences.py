"""Cutting a text into sentences, with what contracts do to full stops: "Inc.", "Sec. 4.2", "1. Term.", "U.S. law"."""

import re
from collections.abc import Iterator

_STOP = re.compile(
    r"(?P<stop>[.!?])[\"”'’)\]*_]*(?=\s+(?:[\"“‘'(\[*_]*[A-Z0-9§$£€]|\([a-z]{1,4}\)))"
    r"|[:;][\"”'’)\]*_]*(?=[ \t]*\n\s*(?:[\"“(]*[A-Z]|\(?\w{1,4}[.)]))"
    r"|(?=\n[ \t]*\n)"
)
_WORD_BEFORE = re.compile(r"[\w.§&'’-]*$")
_ABBREVIATIONS = frozenset(
    "art arts assn ave bros cf ch cl co corp dept dr e.g ed eds eq esq est et etc ex exh fig hon i.e inc jr llc"
    " ltd mr mrs ms messrs no nos p.a p.m a.m para paras pp pt rd ref rev sec secs sect sr st subd supp v viz vol"
    " vs jan feb mar apr jun jul aug sept sep oct nov dec".split()
)
_ENDS_TOO = frozenset("assn bros co corp dept etc inc jr llc ltd a.m p.m p.a sr esq".split())
"""Abbreviations that often end a sentence: they do when a common sentence opener follows."""
_OPENER = re.compile(
    r"\s+[\"“(]*(?:A|All|An|Any|As|At|Each|Either|Every|Except|For|However|If|In|It|Neither|No|Notwithstanding|Nothing|On|Such"
    r"|The|There|These|This|Those|To|Under|Unless|Upon|When|Where|Without)\b"
)
_INITIALS = re.compile(r"(?:[A-Z]\.)*[A-Z]")
_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,5})\)?")


def sentences(text: str) -> list[tuple[int, int]]:
    """The spans of the sentences of `text`, in order. They never overlap and leave out nothing but white space."""
    spans: list[tuple[int, int]] = []
    start = _skip_space(text, 0)
    for end in _ends(text):
        if end > start and not _is_enumerator(text[start:end]):
            spans.append((start, end))
            start = _skip_space(text, end)
    if start < len(text):
        spans.append((start, len(text.rstrip())))
    return spans


def _ends(text: str) -> Iterator[int]:
    for found in _STOP.finditer(text):
        if found["stop"] != "." or _ends_sentence(text, found.start("stop"), found.end()):
            yield _strip_space(text, found.end())


def _ends_sentence(text: str, stop: int, end: int) -> bool:
    word = _WORD_BEFORE.search(text, max(0, stop - 20), stop)
    before = word[0].strip("'’-") if word else ""
    low = before.lower()
    opens = _OPENER.match(text, end) is not None
    if low in _ABBREVIATIONS:
        return low in _ENDS_TOO and opens
    if _INITIALS.fullmatch(before):
        return opens
    return True


def _is_enumerator(text: str) -> bool:
    """Whether what would be a sentence is only the number that the next one begins with."""
    return bool(_ENUMERATOR.fullmatch(text.strip("*_ ").rstrip(".*_ ")))


def _strip_space(text: str, at: int) -> int:
    while at and text[at - 1].isspace():
        at -= 1
    return at


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
