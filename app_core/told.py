"""What people changed in a tool's call before they let it be done, in words for the model that called it."""

from __future__ import annotations

from collections.abc import Iterator

from rheostat.autonomy import Approval, Question, quoted

from .view import View

_SHOWN_CHARS = 400


def changed_by_people(view: View, inside: str) -> str:
    """What people changed in actions that were done; empty if nothing.

    Args:
        view: of the run.
        inside: the path of the turn whose tools are meant: `find/turn[0]`.
    """
    return "\n".join(
        sentence
        for id, node in view.asked_by.items()
        if node.rpartition("/")[0] == inside and id in view.granted
        for approval in view.approvals.get(id, ())
        for sentence in _changes(view.questions[id], approval)
    )


def _changes(question: Question, approval: Approval) -> Iterator[str]:
    for name, value in approval.edits.items():
        yield f"A person changed {name} before it was done. It was done with {quoted(value, _SHOWN_CHARS)}."
    if approval.parts is None or not question.is_changed_by(approval):
        return
    left = [part for number, part in enumerate(question.parts, 1) if number not in approval.parts]
    yield f"A person accepted {len(approval.parts)} of {len(question.parts)} parts. The others were not done:"
    for part in left:
        new, old = quoted(part.new(question.action), _SHOWN_CHARS), quoted(part.old, _SHOWN_CHARS)
        yield f"- {part.argument}: {new}" if part.old in ("", []) else f"- {part.argument}: {new} in place of {old}"
