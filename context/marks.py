"""Markdown marks: what stands in a file but not on the page."""

import re
from html import unescape

_TAG = r"</?(?:a|b|br|code|del|div|em|i|ins|p|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>"
MARK = re.compile(
    rf"(?P<gone>{_TAG}"
    r"|<!--.*?-->"
    r"|!?\[(?=[^\[\]\n]*\]\([^()\s]*\))|(?<=[^\[\]\n])\]\([^()\s]*\)"  # [text](address): the text stays
    r"|(?m:^[ \t]*>[ \t]?)"
    r"|\\(?=[!-/:-@\[-`{-~])"
    r"|(?<!\\)(?:\*{1,3}(?=\S)|(?<=\S)\*{1,3})"
    r"|(?<![\w\\_])_{1,2}(?=[^\s_])|(?<=[^\s\\_])_{1,2}(?![\w_])"
    r"|~~|`+)"
    r"|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,8});",
    re.I | re.S,
)
"""One Markdown mark. What matches as `gone` is not seen at all; the rest are character entities."""


def shown(mark: re.Match[str]) -> str:
    """What a reader sees in place of a mark."""
    return "" if mark["gone"] else unescape(mark[0])


def without_marks(text: str) -> str:
    """The text as a reader sees it."""
    return MARK.sub(shown, text)


def blank_marks(text: str) -> str:
    """The text with spaces in place of marks, so that every offset stays where it was."""
    swapped = re.sub(r"\\([.)])", r"\1 ", text)
    return MARK.sub(lambda mark: " " * len(mark[0]) if mark["gone"] else mark[0], swapped)
