"""Markdown marks: what stands in a file but not on the page."""

import re
from html import unescape

_TAG = r"</?(?:a|b|br|code|del|div|em|i|ins|p|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>"
MARK = re.compile(
    rf"(?P<gone>{_TAG}"
    r"|<!--[^<]*?-->"
    r"|!?\[(?=[^\[\]\n]*\]\([^()\s]*\))|(?<=[^\[\]\n])\]\([^()\s]*\)"  # [text](address): the text stays
    r"|(?m:^[ \t]*>[ \t]?)"
    r"|\\(?=[!-/:-@\[-`{-~])"
    r"|(?<![\\*])(?!(?<=\[)\*{1,3}\])(?:(?<=\S)\*{1,3}|\*{1,3}(?=[^\s*]))(?!\*)"  # but "[***]" is a redaction
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


def balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened over marks that touch it, so that no pair is cut: "the **Term" takes in the next "**"."""
    unclosed: list[str] = []
    unopened: list[str] = []
    for mark in MARK.finditer(text, start, end):
        name, opens = _pair(mark, unclosed)
        if opens:
            unclosed.append(name)
        elif name in unclosed:
            del unclosed[len(unclosed) - 1 - unclosed[::-1].index(name) :]
        elif name:
            unopened.append(name)
    for name in reversed(unclosed):
        closing = f"</{name}>" if name.isalpha() else name
        end += len(closing) if text.startswith(closing, end) else 0
    for name in unopened:
        opening = re.search(
            rf"<{name}(?:\s[^<>]*)?>$" if name.isalpha() else re.escape(name) + "$", text[max(0, start - 200) : start]
        )
        start -= len(opening[0]) if opening else 0
    return start, end


def _pair(mark: re.Match[str], unclosed: list[str]) -> tuple[str, bool]:
    """The name of a paired mark ("span", "**") and whether it opens; "" for a mark that stands alone."""
    text = mark[0]
    tag = re.match(r"<(?P<slash>/?)(?P<name>\w+)", text)
    if tag is not None:
        return ("", False) if tag["name"].lower() == "br" else (tag["name"].lower(), not tag["slash"])
    if text[0] not in "*_~`":
        return "", False
    before, after = mark.string[max(mark.start() - 1, 0) : mark.start()], mark.string[mark.end() : mark.end() + 1]
    ends_word = (before.isalnum() or before in '.,;:!?)"”’') and not after.isalnum()
    return text, text not in unclosed and not (before and ends_word)
