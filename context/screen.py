"""Which snippets compete for room at all, before any token is counted."""

from collections.abc import Collection, Mapping, Sequence

from .errors import BadSection
from .receipt import Reason
from .section import Section
from .snippet import Need, Snippet, Trust

_BARRED = ("untrusted", "without")


def screen(
    snippets: Sequence[Snippet], sections: Mapping[str, Section], allow: Trust, without: Collection[str]
) -> dict[int, Reason]:
    """Why snippets are out of the question: by index, those that are.

    Where one of a group may not be shown, none of it is, nor whatever needs the group.

    Args:
        snippets: all that were given.
        sections: by name.
        allow: the least trust that may enter.
        without: names of sources and sections that may not.

    Raises:
        BadSection: if a snippet names a section that is not there.
    """
    out = dict[int, Reason]()
    for index, snippet in enumerate(snippets):
        if snippet.section not in sections:
            raise BadSection(
                f"Snippet {index} belongs to the section {snippet.section!r}, which this prompt does not have. "
                f"It has {', '.join(repr(name) for name in sections if name) or 'none'}."
            )
        if not snippet.text.strip() and snippet.attachment is None:
            out[index] = "empty"
        elif snippet.trust > allow:
            out[index] = "untrusted"
        elif without and (snippet.section in without or (snippet.origin and snippet.origin.source in without)):
            out[index] = "without"
        elif snippet.score < sections[snippet.section].floor and snippet.need is not Need.MUST and not snippet.group:
            out[index] = "below floor"
    _drag_along(snippets, out)
    return out


def _drag_along(snippets: Sequence[Snippet], out: dict[int, Reason]) -> None:
    barred = [index for index, reason in out.items() if reason in _BARRED and snippets[index].group]
    while barred:
        groups: dict[str, Reason] = {snippets[index].group: out[index] for index in barred}
        barred = list[int]()
        for index, snippet in enumerate(snippets):
            tied = next((group for group in (snippet.group, *snippet.needs) if group in groups), None)
            if tied and index not in out:
                out[index] = groups[tied]
                barred += [index] if snippet.group else []


def superseded(snippets: Sequence[Snippet], indices: Collection[int]) -> dict[int, int]:
    """Of several states of one thing, the last given stands for the earlier ones: each of these, and that last one."""
    if not any(snippets[index].version_of for index in indices):
        return {}
    last = {snippets[index].version_of: index for index in indices if snippets[index].version_of}
    latest = {index: last.get(snippets[index].version_of, index) for index in indices}
    return {index: at for index, at in latest.items() if at != index}
