"""A question on the screen: what would happen, why a person is asked, who vouches for what, and what it has cost."""

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rheostat.autonomy import Action, Argument, Json, Question, Taint

from ...view import View
from .console import indented, text
from .preview import drawn, understood
from .words import count, harmless, phrase, usd

_MOST_LINES = 40
"""Of one value; the rest is a key away."""


def screen(question: Question, view: View, *, coloured: bool, whole: bool = False) -> RenderableType:
    """Everything to know before answering.

    Args:
        question: one that waits.
        view: of its run.
        coloured: whether colours are seen.
        whole: long values to their end.
    """
    parts: list[RenderableType] = [Text(), Rule(_place(question, view), align="left", style="label"), Text()]
    parts += [indented(text((title(question), "heading"))), Text()]
    if question.preview:
        parts += [drawn(question.preview, coloured=coloured), Text()]
    for argument in contents(question, view):
        parts += [_content(argument, whole=whole), Text()]
    parts += [_section("Why you are asked", [indented(reason) for reason in _reasons(question)]), Text()]
    control = [argument for argument in question.action.arguments if argument.control]
    if control:
        parts += [_section("Who, where, how much", [_vouched(control)]), Text()]
    parts += [indented(text((_bill(question, view), "quiet"))), Text()]
    return Group(*parts)


def contents(question: Question, view: View) -> list[Argument]:
    """The content arguments to show: all if there is no preview, else those that were edited since it was made."""
    before = _asked_before(question, view)
    return [
        argument
        for argument in question.action.arguments
        if not argument.control and (not question.preview or before.get(argument.name, argument) != argument)
    ]


def is_cut(question: Question, view: View) -> bool:
    """Whether the screen shows a value only in part."""
    return any(_lines(argument.value)[_MOST_LINES:] for argument in contents(question, view))


def title(question: Question) -> str:
    """What would happen, in a line."""
    known = understood(question.preview)
    return (known.title if known else "") or question.action.summary or _summary(question.action)


def one_line(question: Question) -> str:
    """The question in a line, for lists."""
    return f"{title(question)} ({question.action.risk.name.lower()})"


def spelled(value: Json) -> str:
    """A value as a person reads it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _place(question: Question, view: View) -> Text:
    waiting = view.open_questions()
    more = len([other for other in waiting if other.id != question.id])
    behind = f" · {count(more, 'more question')} after this" if more else ""
    return text((phrase(question.action.tool), "heading"), (behind, "label"))


def _summary(action: Action) -> str:
    control = (
        f"{argument.name} {harmless(spelled(argument.value))}" for argument in action.arguments if argument.control
    )
    return f"{phrase(action.tool)}: {', '.join(control)}".rstrip(": ")


def _asked_before(question: Question, view: View) -> dict[str, Argument]:
    """The arguments of the first question about the same node: the preview was made of these."""
    node = view.asked_by.get(question.id)
    first = next((view.questions[id] for id, asked_by in view.asked_by.items() if asked_by == node), question)
    return {argument.name: argument for argument in first.action.arguments}


def _content(argument: Argument, *, whole: bool) -> RenderableType:
    lines = _lines(argument.value)
    shown = lines if whole else lines[:_MOST_LINES]
    body = [indented(text("\n".join(shown)))]
    if len(shown) < len(lines):
        body.append(indented(text((f"… {count(len(lines) - len(shown), 'more line')}: press v", "waits"))))
    return _section(argument.name, body)


def _lines(value: Json) -> list[str]:
    return spelled(value).split("\n")


def _reasons(question: Question) -> list[Text]:
    steered = question.verdict.taint is Taint.STEERED
    reasons = [text(("Text from outside may be steering this.", "bad"))] if steered else []
    reasons += [text(reason) for reason in question.verdict.reasons]
    if question.people > 1:
        reasons.append(text((f"{question.people} people have to accept.", "waits")))
    return reasons


def _vouched(arguments: Sequence[Argument]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="label", no_wrap=True, max_width=16)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(overflow="fold", ratio=1)
    for argument in arguments:
        value = text(spelled(argument.value)) if argument.value != "" else text(("nothing", "quiet"))
        table.add_row(text(argument.name), value, _voucher(argument))
    return indented(table)


def _voucher(argument: Argument) -> Text:
    outside = "from outside" if argument.untrusted else ""
    if argument.vouched_by:
        return text((", ".join(filter(None, [outside, f"{phrase(argument.vouched_by)} vouches"])), "quiet"))
    return text((f"{outside}, nobody vouches", "bad")) if outside else text(("nobody is named", "quiet"))


def _section(heading: str, body: Sequence[RenderableType]) -> RenderableType:
    return indented(Group(text((heading, "label")), *body))


def _bill(question: Question, view: View) -> str:
    spent = f"{usd(view.spent_usd)} spent so far"
    if view.terms.budget_usd is not None:
        left_usd = max(0.0, view.terms.budget_usd - view.spent_usd - sum(view.open_usd.values()))
        spent += f", {usd(left_usd)} left"
    until = question.expires_at.astimezone().strftime("%d %b %H:%M")
    return f"{spent} · open until {until}, then it is a no"
