"""What bash makes of one word. Read by hand, since much hangs on it: the tree only says where expansions stand."""

import re
from collections.abc import Mapping

from .shell import Word

_ENDS_A_WORD = frozenset(" \t\n;&|<>()")
_BARE_DOLLAR = re.compile(r"\$(?![A-Za-z0-9_{(@*#?$!'\"-])")


class Unsure(Exception):
    """A word, or what is around it, that bash might read otherwise. The message is a sentence."""


def read_word(raw: bytes, expansions: Mapping[int, int]) -> Word:
    """The word that stands for some bytes of a script.

    Args:
        raw: the word as it was written.
        expansions: where in it the outermost expansions and substitutions begin, and where each ends.
    Raises Unsure.
    """
    return _Reader(raw, expansions).word()


class _Reader:
    """Works on bytes as Latin-1, so that a place in the text is a place in the tree."""

    def __init__(self, raw: bytes, expansions: Mapping[int, int]) -> None:
        self._raw, self._text, self._expansions = raw, raw.decode("latin-1"), expansions
        self._at = 0
        self._made = list[str]()
        self._pattern = list[str]()
        self._known_until: int | None = None
        self._expands = self._splits = self._globs = False

    def word(self) -> Word:
        while self._at < len(self._text):
            self._bare()
        made = _utf8("".join(self._made))
        known = made if self._known_until is None else _utf8("".join(self._made[: self._known_until]))
        text = self._raw.decode()
        if self._expands:
            return Word(text, None, prefix=known, splits=self._splits)
        if self._globs:
            return Word(text, None, prefix=known, pattern=_utf8("".join(self._pattern)))
        return Word(text, made, prefix=made)

    def _bare(self) -> None:
        text, at = self._text, self._at
        letter = text[at]
        if at in self._expansions:
            self._lose(splits=True)
            self._at = self._expansions[at]
        elif letter == "\\":
            self._escaped()
        elif letter == "'":
            self._quoted_once()
        elif letter == '"':
            self._quoted_twice()
        elif letter == "$" and not _BARE_DOLLAR.match(text, at) or letter == "`":
            raise Unsure("It quotes or expands something in a way that is not followed here.")
        elif letter in _ENDS_A_WORD:
            raise Unsure("A word of it holds what would end a word.")
        else:
            if letter == "{" and re.search(r",|\.\.", text[at:]):
                self._lose(splits=True)  # `{a,b}` makes several words
            if letter in "*?[":
                self._globs = True
                self._know_no_more()
            self._take(letter)

    def _escaped(self) -> None:
        if self._at + 1 >= len(self._text):
            raise Unsure("It ends in a backslash.")
        letter = self._text[self._at + 1]
        if letter != "\n":
            self._take(letter, at=self._at + 1, shown=f"[{letter}]" if letter in "*?[" else letter)
        else:
            self._at += 2

    def _quoted_once(self) -> None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise Unsure("A quote is not closed.")
        for at in range(self._at + 1, end):
            self._literal(at)
        self._at = end + 1

    def _quoted_twice(self) -> None:
        at = self._at + 1
        while at < len(self._text) and self._text[at] != '"':
            if at in self._expansions:
                self._lose(splits=self._text[at : at + 2] in ("$@", "$*") or "[@]" in self._text)
                at = self._expansions[at]
            elif self._text[at] == "\\" and self._text[at + 1 : at + 2] in ("$", "`", '"', "\\", "\n"):
                if self._text[at + 1] != "\n":
                    self._literal(at + 1)
                at += 2
            elif self._text[at] == "`" or self._text[at] == "$" and not _BARE_DOLLAR_QUOTED.match(self._text, at):
                raise Unsure("It expands something in a way that is not followed here.")
            else:
                self._literal(at)
                at += 1
        if at >= len(self._text):
            raise Unsure("A quote is not closed.")
        self._at = at + 1

    def _literal(self, at: int) -> None:
        letter = self._text[at]
        self._made.append(letter)
        self._pattern.append(f"[{letter}]" if letter in "*?[" else letter)

    def _take(self, letter: str, *, at: int | None = None, shown: str = "") -> None:
        self._made.append(letter)
        self._pattern.append(shown or letter)
        self._at = (self._at if at is None else at) + 1

    def _lose(self, *, splits: bool) -> None:
        self._know_no_more()
        self._expands = True
        self._splits = self._splits or splits

    def _know_no_more(self) -> None:
        if self._known_until is None:
            self._known_until = len(self._made)


_BARE_DOLLAR_QUOTED = re.compile(r"\$(?![A-Za-z0-9_{(@*#?$!-])")
"""Within double quotes a dollar before a quote is only that."""


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", errors="replace")
