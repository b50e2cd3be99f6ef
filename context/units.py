"""Snippets that are kept or left out together, as one candidate for `fit`."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from .errors import BadGroup
from .fit import Candidate
from .snippet import Snippet

_Number = TypeVar("_Number", int, float)

Rated = tuple[tuple[int, ...], tuple[float, ...]]
"""A snippet's forms as `fit` sees them: tokens of each, and what each is worth as a share of the full one."""


class Unit(NamedTuple):
    """Snippets with one fate: the indices of its members, and of the units to be kept wherever this one is."""

    members: tuple[int, ...]
    needs: tuple[int, ...] = ()


def units(
    snippets: Sequence[Snippet], rivals: Sequence[int], stand_ins: Mapping[int, int], decided: Container[int]
) -> list[Unit]:
    """Joins the snippets of one group to a unit, and says which units need which.

    Args:
        snippets: all that were given.
        rivals: indices of those that compete now.
        stand_ins: for each snippet that another stands for, that other: it takes its place in its group.
        decided: indices of those whose fate is decided, as far as they are not among the rivals.

    Returns:
        The units, in the order of their first members.

    Raises:
        BadGroup: if a snippet needs a group that no snippet belongs to, or one that is chosen apart from it.
    """
    if not any(snippets[index].group or snippets[index].needs for index in rivals):
        return [Unit((index,)) for index in rivals]
    groups = dict[str, list[int]]()
    for index, snippet in enumerate(snippets):
        if snippet.group:
            groups.setdefault(snippet.group, []).append(stand_ins.get(index, index))
    mates = dict[str | int, list[int]]()
    for index in rivals:
        mates.setdefault(snippets[index].group or index, []).append(index)
    unit_of = {index: at for at, members in enumerate(mates.values()) for index in members}

    def needed(group: str, by: int) -> set[int]:
        if group not in groups:
            raise BadGroup(
                f"Snippet {by} needs the group {group!r}, and no snippet belongs to it. Offer one with "
                f"group={group!r}, or drop the need."
            )
        apart = [index for index in groups[group] if index not in unit_of and index not in decided]
        if apart:
            raise BadGroup(
                f"Snippets {by} and {apart[0]} belong together by the group {group!r}, and their sections "
                f"{snippets[by].section!r} and {snippets[apart[0]].section!r} are chosen apart. Put them into one "
                "section, or into sections that keep the best."
            )
        return {unit_of[i] for i in groups[group] if i in unit_of}

    def unit(at: int, members: list[int]) -> Unit:
        wanted = {
            group: index for index in members for group in (snippets[index].group, *snippets[index].needs) if group
        }
        needs = {other for group, index in wanted.items() for other in needed(group, index)}
        return Unit(tuple(members), tuple(sorted(needs - {at})))

    return [unit(at, members) for at, members in enumerate(mates.values())]


def together(snippets: Sequence[Snippet], unit: Unit, rated: Sequence[Rated], section: int | None) -> Candidate:
    """A group as `fit` sees it: as needed as its most needed member, worth what those of its band are worth together.

    Args:
        snippets: all that were given.
        unit: its members and needs.
        rated: the forms of each member. A unit has as many forms as the member with most; others stay at their last.
        section: index of the section whose share it may use.
    """
    need = min(snippets[index].need for index in unit.members)
    scores = [snippets[index].score if snippets[index].need is need else 0.0 for index in unit.members]
    weights = scores if any(scores) else [1.0] * len(scores)
    levels = range(max(len(sizes) for sizes, _ in rated))
    sizes = tuple(sum(_at(sizes, level) for sizes, _ in rated) for level in levels)
    worths = (sum(w * _at(shares, level) for w, (_, shares) in zip(weights, rated, strict=True)) for level in levels)
    return Candidate(need, sum(scores), sizes, tuple(worth / sum(weights) for worth in worths), section, unit.needs)


def with_needs(candidates: Sequence[Candidate], indices: Iterable[int]) -> set[int]:
    """These candidates, and all that they need, directly or through others."""
    found, open_ends = set[int](), list(indices)
    while open_ends:
        index = open_ends.pop()
        if index not in found:
            found.add(index)
            open_ends += candidates[index].needs
    return found


def _at(forms: Sequence[_Number], level: int) -> _Number:
    return forms[min(level, len(forms) - 1)]
