"""Questions that are alike on one screen: what differs in each, and once what they share."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from rheostat.autonomy import Question, together

from ...view import View
from .console import indented, text
from .parts import numbered
from .preview import drawn
from .question import bill, contents, drawn_content, reasons, section, title, vouched
from .words import phrase

_MOST_LINES = 8
"""Of one value of one question; to see more, look at it by itself."""


def group_of(question: Question, view: View) -> tuple[Question, ...]:
    """The questions that wait now and can be looked at together with this one, which is among them."""
    groups = together(view.open_questions())
    return next((group for group in groups if any(each.id == question.id for each in group)), (question,))


def group_screen(group: Sequence[Question], view: View, *, coloured: bool) -> RenderableType:
    """Everything to know before answering several questions at once."""
    heading = text((phrase(group[0].action.tool), "heading"), (f" · {len(group)} questions together", "label"))
    parts: list[RenderableType] = [Text(), Rule(heading, align="left", style="label"), Text()]
    for number, question in enumerate(group, 1):
        parts += [_one(number, question, view, coloured=coloured), Text()]
    shared = [reason for reason in reasons(group[0]) if all(reason in reasons(each) for each in group)]
    parts += [section("Why you are asked", [indented(reason) for reason in shared]), Text()]
    parts += [indented(text((line, "quiet"))) for line in bill(group[0], view)]
    return Group(*parts, Text())


def _one(number: int, question: Question, view: View, *, coloured: bool) -> RenderableType:
    parts: list[RenderableType] = [indented(text((f"{number}  ", "key"), (title(question), "heading")))]
    if question.preview:
        parts.append(drawn(question.preview, coloured=coloured))
    if question.parts:
        parts.append(numbered(question, coloured=coloured))
    parts += [
        drawn_content(argument, at_most=_MOST_LINES, more="look at it by itself")
        for argument in contents(question, view)
    ]
    control = [argument for argument in question.action.arguments if argument.control]
    return Group(*parts, *([vouched(control)] if control else []))
