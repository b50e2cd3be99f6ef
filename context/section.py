"""Sections of a prompt: what stays the same from call to call, what only grows, and what is chosen anew each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import BadSection

Keep = Literal["stable", "newest", "best"]


@dataclass(frozen=True)
class Section:
    """A part of the prompt with a share of the window.

    Snippets join one by its name. Sections stand in the prompt in the order of how seldom they change, stable ones
    first, so that a provider's prompt cache can serve as much as possible; within that, in the order given.

    Args:
        name: what snippets call it.
        share: of the window's room, from 0 to 1. What a section leaves unused goes to those that keep the best.
        keep: how its snippets are chosen.
            "stable": the best that fit the share, whatever else is in the prompt, so that its text changes only with
            its own snippets. It ends at a cache breakpoint.
            "newest": a conversation. As much of its end as fits the share, or what the musts leave of the window if
            that is less, its start moving in steps so that most calls only append. It ends at a cache breakpoint.
            "best": the best that fit the share, and then whatever is worth most in the room left by all.
        floor: snippets with a lower score are left out, musts and those of a group excepted.

    Raises:
        BadSection: if the share is not between 0 and 1, or a share is missing that "stable" and "newest" live on.
    """

    name: str
    share: float = 0.0
    keep: Keep = "best"
    floor: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise BadSection(f"The section {self.name!r} has a share of {self.share:g}; give a number from 0 to 1.")
        if self.share == 0 and self.keep != "best":
            raise BadSection(
                f"The section {self.name!r} keeps what is {self.keep} within its share, and has none. "
                "Give it one, like share=0.3."
            )


_ORDER: tuple[Keep, ...] = ("stable", "newest", "best")


def arranged(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections in the order in which they stand in the prompt; last the nameless one, for snippets that name none.

    Raises:
        BadSection: if two have one name, or their shares exceed the whole.
    """
    names = [section.name for section in sections]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadSection(f"Two sections are called {twice!r}. Give each its own name.")
    total = sum(section.share for section in sections)
    if total > 1 + 1e-9:
        raise BadSection(f"The sections' shares add up to {100 * total:g} % of the window. Lower them to 100 % in all.")
    ordered = sorted(sections, key=lambda section: _ORDER.index(section.keep))
    return (*ordered, Section("")) if "" not in names else tuple(ordered)
