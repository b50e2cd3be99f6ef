"""Which snippets compete for room at all, before any token is counted."""

from collections.abc import Collection, Mapping, Sequence

from .errors import BadGroup, BadSection
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
        section = sections.get(snippet.section)
        if section is None:
            raise BadSection(
                f"Snippet {index} belongs to the section {snippet.section!r}, which this prompt does not have. "
                f"It has {', '.join(repr(name) for name in sections if name) or 'none'}."
            )
        if without and (snippet.section in without or (snippet.origin and snippet.origin.source in without)):
            out[index] = "without"
        elif snippet.trust > allow:
            out[index] = "untrusted"
        elif _is_empty(snippet):
            out[index] = "empty"
        elif snippet.score < section.floor and snippet.need is not Need.MUST and not snippet.group:
            out[index] = "below floor"
    _drag_along(snippets, out)
    return out


def _is_empty(snippet: Snippet) -> bool:
    return snippet.attachment is None and (not snippet.text or snippet.text.isspace())


def _drag_along(snippets: Sequence[Snippet], out: dict[int, Reason]) -> None:
    barred = [i for i, reason in out.items() if reason in _BARRED and snippets[i].group and not _is_empty(snippets[i])]
    while barred:
        groups: dict[str, Reason] = {snippets[index].group: out[index] for index in barred}
        barred = list[int]()
        for index, snippet in enumerate(snippets):
            tied = next((group for group in (snippet.group, *snippet.needs) if group in groups), None)
            if tied and index not in out:
                out[index] = groups[tied]
                barred += [index] if snippet.group else []


def superseded(
    snippets: Sequence[Snippet], indices: Collection[int], standing: Collection[int], out: Mapping[int, Reason]
) -> dict[int, int]:
    """Finds earlier states of things of which a later one was given, and that later one for each.

    A state that is less trusted supersedes none: what a stranger says of a thing is no news of it.

    Args:
        snippets: all that were given.
        indices: those that compete now.
        standing: those that are in the prompt already.
        out: those that are not. A state that is empty or below its section's floor is still the last.
    """
    versions = {index: snippets[index].version_of for index in indices if snippets[index].version_of}
    if not versions:
        return {}
    sections = {snippets[index].section for index in versions}
    gone = [i for i, reason in out.items() if reason in ("empty", "below floor") and snippets[i].section in sections]
    states = ((snippets[index], index) for index in sorted({*versions, *standing, *gone}))
    last = {(state.version_of, state.trust): index for state, index in states}
    latest = {
        index: max(last.get((version, trust), index) for trust in Trust if trust <= snippets[index].trust)
        for index, version in versions.items()
    }
    return {index: at for index, at in latest.items() if at != index}


def bereft(snippets: Sequence[Snippet], indices: Sequence[int], lost: Collection[str]) -> list[int]:
    """Those that need one of the lost groups, directly or through others, and what is grouped with them.

    Raises:
        BadGroup: if one of them must be kept.
    """
    found = dict[int, None]()
    while lost:
        tied = [i for i in indices if i not in found and any(tie in lost for tie in _ties(snippets[i]))]
        found |= dict.fromkeys(tied)
        lost = {snippets[index].group for index in tied} - {""}
    must = next((index for index in found if snippets[index].need is Need.MUST), None)
    if must is not None:
        raise BadGroup(
            f"Snippet {must} must be kept and needs what the section before it has left out. Make that a must too, or "
            "raise its section's share."
        )
    return list(found)


def _ties(snippet: Snippet) -> tuple[str, ...]:
    return (snippet.group, *snippet.needs) if snippet.group else snippet.needs
