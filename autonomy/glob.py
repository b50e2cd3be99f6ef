"""Patterns as policies write them: * for anything, ? for one character, [abc] for one of these."""

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from .errors import BadRule
from .looks import looks
from .shown import quoted

_PART = re.compile(r"\*+|\?|\[!?+\]?+[^\]]*+\]|[^*?\[]+")
_CLASS = re.compile(r"\[!?+\]?+[^\]]*+\]")


def closed(glob: str) -> str:
    """The same glob. Raises BadRule if it opens a class that never ends."""
    if "[" in _CLASS.sub("", glob):
        raise BadRule(
            f"The pattern {quoted(glob)} opens a [ that it never closes, so it would match nothing. Close it."
        )
    return glob


Glob = Annotated[str, Field(min_length=1), AfterValidator(closed)]
"""A shell-like pattern: * for anything, ? for one character, [abc] for one of these. Case makes no difference."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob made ready to match. All that it matches looks to begin with `head`, to end with `tail`, to hold `inside`.

    Args:
        as_written, as_it_looks: for a text, and for its looks.
        head, tail, inside: literal text, as it looks; "" where there is none.
    """

    as_written: re.Pattern[str]
    as_it_looks: re.Pattern[str]
    head: str
    tail: str
    inside: str

    def matches(self, text: str) -> bool:
        """Whether a text matches, as written or as it looks: a wide rule only asks more."""
        return bool(self.as_it_looks.match(looks(text)) or self.as_written.match(text))


@lru_cache(maxsize=4096)
def pattern(glob: str) -> Pattern:
    """A glob made ready to match many texts."""
    parts = _PART.findall(glob)
    literal = ["" if _is_wild(part) else looks(part) for part in parts]
    looking = "".join(map(_looking, parts))
    return Pattern(
        as_written=re.compile(translate(glob)),
        as_it_looks=re.compile(translate(looking)),
        head=literal[0],
        tail=literal[-1],
        inside=max(literal, key=len),
    )


def like(text: str, glob: str) -> bool:
    """Whether a text matches a glob, as written or as it looks."""
    return glob == "*" or pattern(glob).matches(text)


def exactly_like(text: str, glob: str) -> bool:
    """Whether a text matches a glob letter by letter: what loosens errs by not matching."""
    return bool(pattern(glob).as_written.match(text))


def _is_wild(part: str) -> bool:
    return part[0] in "*?["


def _looking(part: str) -> str:
    """A part of a glob, to match looks. What a class leaves out stays as it is: only `as_written` knows."""
    if _is_wild(part):
        return part.lower()
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in looks(part))
