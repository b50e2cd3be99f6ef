"""Redlines in a text file, as CriticMarkup: {--deleted--}{++inserted++}{>>comment<<}."""

import re
from collections.abc import Sequence

from .errors import Refused
from .plan import Planned

_MARKS = re.compile(r"\{--|--\}|\{\+\+|\+\+\}|\{>>|<<\}|\{~~|~~\}|\{==|==\}")
_MARKUP = re.compile(r"\{--(?P<old>.*?)--\}|\{\+\+(?P<new>.*?)\+\+\}|\{>>.*?<<\}", re.S)


def marked_up(text: str, plan: Sequence[Planned]) -> str:
    """The text with each change marked.

    Raises:
        Refused: the text or a change holds such marks already, so that theirs and ours could not be told apart.
    """
    refuse_marks(text)
    pieces: list[str] = []
    at = 0
    for entry in plan:
        for edit in entry.edits:
            pieces += [text[at : edit.start], _marked("--", text[edit.start : edit.end]), _marked("++", edit.new)]
            at = edit.end
        pieces += [text[at : entry.change.end], _comment(entry)]
        at = entry.change.end
        _refuse_marks_in(entry)
    return "".join([*pieces, text[at:]])


def refuse_marks(text: str) -> None:
    """Raises Refused if a text holds such marks already."""
    if found := _MARKS.search(text):
        raise Refused(
            f"The text holds “{found[0]}”, which marks a change in CriticMarkup. Accept or reject the changes in it "
            "first, or give a Word file."
        )


def accepted(marked: str) -> str:
    """The text after accepting every change in it."""
    return _MARKUP.sub(lambda found: found["new"] or "", marked)


def rejected(marked: str) -> str:
    """The text after rejecting every change in it."""
    return _MARKUP.sub(lambda found: found["old"] or "", marked)


def _marked(mark: str, text: str) -> str:
    return f"{{{mark}{text}{mark}}}" if text else ""


def _comment(entry: Planned) -> str:
    # A line end inside a comment would end the paragraph it stands in.
    comment = " ".join(entry.note.split())
    return f"{{>>{comment}<<}}" if comment else ""


def _refuse_marks_in(entry: Planned) -> None:
    if found := _MARKS.search(entry.change.new) or _MARKS.search(entry.change.comment):
        raise Refused(
            f"The new text or its comment holds “{found[0]}”, which marks a change in CriticMarkup. Reword it.",
            entry.change,
        )
