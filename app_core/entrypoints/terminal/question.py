"""A question on the screen: what would happen, why a person is asked, who vouches for what, its cost, what if not."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rheostat.autonomy import Action, Argument, Json, Question, Risk

from ...view import View
from .console import indented, text
from .parts import is_long, numbered
from .preview import drawn, understood
from .spelling import spelled
from .words import count, harmless, phrase, usd

_MOST_LINES = 40
"""Of one value; the rest is a key away."""

_RISKS = {
    Risk.READ: "read: changes nothing",
    Risk.LOCAL: "local: can be undone, and nobody else sees it",
    Risk.OUTWARD: "outward: others see it",
    Risk.IRREVERSIBLE: "irreversible",
}


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
    if question.parts:
        parts += [numbered(question, coloured=coloured, whole=whole), Text()]
    for argument in contents(question, view):
        parts += [drawn_content(argument, at_most=None if whole else _MOST_LINES, more="press v"), Text()]
    parts += [section("Why you are asked", [indented(reason) for reason in reasons(question)]), Text()]
    if people := _people(question, view):
        parts += [section("Who has to accept", [indented(text(line)) for line in people]), Text()]
    control = [argument for argument in question.action.arguments if argument.control]
    if control:
        parts += [section("Who, where, how much", [vouched(control)]), Text()]
    parts += [indented(text((line, "quiet"))) for line in bill(question, view)]
    return Group(*parts, Text())


def contents(question: Question, view: View) -> list[Argument]:
    """The content to show as it is: all if there is no preview, else what was changed since it was made.

    What is divided into parts is shown in parts.
    """
    before = _asked_before(question, view)
    divided = {part.argument for part in question.parts}
    return [
        argument
        for argument in question.action.arguments
        if not argument.control
        and argument.name not in divided
        and (not question.preview or before.get(argument.name, argument) != argument)
    ]


def is_cut(question: Question, view: View) -> bool:
    """Whether the screen shows a value only in part."""
    return is_long(question) or any(_lines(argument.value)[_MOST_LINES:] for argument in contents(question, view))


def title(question: Question) -> str:
    """What would happen, in a line."""
    known = understood(question.preview)
    return (known.title if known else "") or question.action.summary or _summary(question.action)


def one_line(question: Question) -> str:
    """The question in a line, for lists."""
    return f"{title(question)} ({question.action.risk.name.lower()})"


def drawn_content(argument: Argument, *, at_most: int | None, more: str) -> RenderableType:
    """What an argument says; beyond `at_most` lines how many there are yet, and what to do to see them."""
    lines = _lines(argument.value)
    shown = lines[:at_most]
    body = [indented(text("\n".join(shown)))]
    if len(shown) < len(lines):
        body.append(indented(text((f"… {count(len(lines) - len(shown), 'more line')}: {more}", "waits"))))
    return section(argument.name, body)


def reasons(question: Question) -> list[Text]:
    """Why a person is asked: first what decided that, then what else speaks for or against it."""
    said = [text(("Text from outside may be steering this.", "bad"))] if question.is_steered else []
    decisive = [text(question.why)] if question.why and not question.is_steered else []
    rest = [text(reason) for reason in question.verdict.reasons]
    return said + decisive + [reason for reason in rest if not decisive or reason.plain not in decisive[0].plain]


def vouched(arguments: Sequence[Argument]) -> RenderableType:
    """Control arguments, each with where it comes from."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="label", no_wrap=True, max_width=16)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(overflow="fold", ratio=1)
    for argument in arguments:
        value = text(spelled(argument.value, short=True)) if argument.value != "" else text(("nothing", "quiet"))
        table.add_row(text(argument.name), value, _voucher(argument))
    return indented(table)


def bill(question: Question, view: View) -> list[str]:
    """What it risks and costs, what has been spent, and what happens without an answer."""
    spent = f"{usd(view.spent_usd)} spent so far"
    if view.terms.budget_usd is not None:
        left_usd = max(0.0, view.terms.budget_usd - view.spent_usd - sum(view.open_usd.values()))
        spent += f", {usd(left_usd)} left"
    costs = f" · costs {usd(question.action.cost_usd)}" if question.action.cost_usd else ""
    until = question.expires_at.astimezone().strftime("%d %b %H:%M")
    lines = [f"{_RISKS[question.action.risk]}{costs}", f"{spent} · open until {until}, then it is a no"]
    return [*lines, *([question.if_not] if question.if_not else [])]


def section(heading: str, body: Sequence[RenderableType]) -> RenderableType:
    """A heading, and what stands under it."""
    return indented(Group(text((heading, "label")), *body))


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


def _lines(value: Json) -> list[str]:
    return spelled(value).split("\n")


def _people(question: Question, view: View) -> list[str]:
    """Who has to accept, or may not; who has, and who stands in by now. Nothing where anybody alone may."""
    ruled = question.verdict
    lines = [f"{question.people} people"] if question.people > 1 else []
    lines += [f"among them somebody who is {role}" for role in ruled.roles]
    if ruled.four_eyes:
        lines.append(f"not {question.asked_for or 'the one whom it is done for'}, whom it is done for")
    accepted = [approval.by for approval in view.approvals.get(question.id, ()) if approval.accepts]
    lines += [f"{', '.join(dict.fromkeys(accepted))} accepted"] if accepted else []
    lines += [f"{person} may answer as well by now" for person in sorted(view.reminded.get(question.id, ())) if person]
    return lines


def _voucher(argument: Argument) -> Text:
    outside = "from outside" if argument.untrusted else ""
    if argument.vouched_by:
        return text((", ".join(filter(None, [outside, f"{phrase(argument.vouched_by)} vouches"])), "quiet"))
    return text((f"{outside}, nobody vouches", "bad")) if outside else text(("nobody is named", "quiet"))
