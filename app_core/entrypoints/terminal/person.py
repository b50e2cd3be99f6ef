"""The person at the terminal, who decides: one question or one group of them at a time, one key for each answer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from rheostat.autonomy import Approval, Argument, Grant, GrantScope, Question, Ruling, like_this, roles_wanting, verdict

from ...act import unfit_edit
from ...asking import said_at
from ...declare import AnyDeclared, Tool
from ...view import View
from .console import text
from .editing import NotEdited, edited
from .group import group_of, group_screen
from .keyboard import line
from .keys import menu, one_of
from .parts import picked
from .preview import Barred, changed, facts, pieces
from .progress import Progress
from .question import is_cut, screen
from .spelling import spelled
from .until import until
from .wider import ONCE_MORE, scope, ways
from .words import count

_HELP = {
    "a": "Accept: it is done exactly as shown.",
    "p": "Accept some of its parts, by their numbers; the others are not done, and the model is told so.",
    "r": "Reject: it is never done, and your reason is kept.",
    "e": "Edit what it says (in EDITOR, if that is set), look at the change, then accept it.",
    "l": "Accept this, and every question of this run for the same action at no more risk.",
    "w": "Accept this, and let what is like it go without asking you: as narrow and as long as you say.",
    "g": "See it together with those like it, and answer them at once.",
    "v": "View the long values to their end.",
    "x": "Call off the whole run.",
    "s": "Leave this question and those after it open, for as long as you like.",
    "?": "Show this.",
}
_GROUP_HELP = {
    "a": "Accept all of them: each is done exactly as shown.",
    "p": "Accept some of them, by their numbers; you are asked about the others one by one.",
    "r": "Reject all of them: none is ever done, and your reason is kept.",
    "o": "Look at them one by one.",
    "s": "Leave these questions and those after them open, for as long as you like.",
    "?": "Show this.",
}


class Person:
    """Puts questions to whoever sits at the terminal.

    Args:
        by: who that is.
        declared: the functions of the App, to see whether an edited value fits.
        console: where the questions go.
        progress: leaves the screen to them meanwhile.
        grouped: shows questions that are alike together from the start.
    """

    def __init__(
        self,
        by: str,
        declared: Mapping[str, AnyDeclared],
        *,
        console: Console,
        progress: Progress,
        grouped: bool = False,
    ) -> None:
        self._by, self._declared, self._console, self._progress = by, declared, console, progress
        self._grouped, self._looked_at = grouped, set[str]()

    async def decide(self, question: Question, view: View) -> Sequence[Approval] | None:
        """Asks; None if the question is to stay open."""
        with self._progress.paused():
            together = self._grouped and question.id not in self._looked_at
            while True:
                group = group_of(question, view) if together else (question,)
                if len(group) > 1:
                    said = await self._ask_group(group, view)
                else:
                    self._print(screen(question, view, coloured=self._coloured))
                    said = await self._ask(question, view)
                if said not in ("together", "one by one"):
                    return said if isinstance(said, list) else None
                together = said == "together"

    async def _ask(self, question: Question, view: View) -> list[Approval] | str:
        while (said := await self._turn(question, view)) == "again":
            pass
        return [said] if isinstance(said, Approval) else said

    async def _turn(self, question: Question, view: View) -> Approval | str:
        """One key: an Approval, or "leave", "again" or "together"."""
        choices = _choices(question, view)
        match await one_of(choices, menu(choices, self._console.width), self._console, gone="s"):
            case "a":
                return self._said(question, "accept", f"accepted{_still(question, view, self._by)}")
            case "p":
                return await self._parts(question)
            case "l":
                return self._said(question, "accept", "accepted, and all like it", grant=GrantScope())
            case "w":
                return await self._wider(question)
            case "r" | "x" as no:
                return await self._refused(question, "reject" if no == "r" else "stop")
            case "e":
                return await self._edit(question)
            case "g":
                return "together"
            case "s":
                self._print(text(("  left open", "waits")))
                return "leave"
            case "v":
                self._print(screen(question, view, coloured=self._coloured, whole=True))
            case _:
                self._help(_HELP, choices)
        return "again"

    async def _ask_group(self, group: Sequence[Question], view: View) -> list[Approval] | str:
        """A screen of several questions: what was said to which, "leave" or "one by one"."""
        self._print(group_screen(group, view, coloured=self._coloured))
        every = f"all {count(len(group), 'question')}"
        choices = {
            "a": f"accept {every}",
            "p": "accept some",
            "r": f"reject {every}",
            "o": "one by one",
            "s": "leave open",
            "?": "help",
        }
        while True:
            match await one_of(choices, menu(choices, self._console.width), self._console, gone="s"):
                case "a":
                    return self._said_to_all(group, "accept", f"accepted {every}")
                case "p" if numbers := await self._numbers(len(group)):
                    self._looked_at |= {question.id for question in group}
                    some = [group[number - 1] for number in numbers]
                    return self._said_to_all(some, "accept", f"accepted {len(some)} of {every.removeprefix('all ')}")
                case "r" if (reason := await self._reason()) is not None:
                    told = f"rejected {every}{': ' if reason else ''}{reason}"
                    return self._said_to_all(group, "reject", told, reason=reason)
                case "o":
                    self._looked_at |= {question.id for question in group}
                    return "one by one"
                case "s":
                    self._print(text(("  left open", "waits")))
                    return "leave"
                case "?":
                    self._help(_GROUP_HELP, choices)
                case _:
                    pass

    def _said(self, question: Question, answer: str, told: str, **more: Any) -> Approval:
        return self._said_to_all([question], answer, told, **more)[0]

    def _said_to_all(self, questions: Sequence[Question], answer: str, told: str, **more: Any) -> list[Approval]:
        self._print(text(("  ✓ " if answer == "accept" else "  – ", "good" if answer == "accept" else "waits"), told))
        return [
            Approval.model_validate(
                {"question": q.id, "digest": q.digest, "by": self._by, "at": said_at(q), "answer": answer, **more}
            )
            for q in questions
        ]

    async def _refused(self, question: Question, answer: str) -> Approval | str:
        reason = await self._reason()
        if reason is None:
            return "again"
        done = "rejected" if answer == "reject" else "called off"
        return self._said(question, answer, f"{done}{': ' if reason else ''}{reason}", reason=reason)

    async def _reason(self) -> str | None:
        """Why it is refused; None if it is not, after all."""
        typed = await self._typed("Why?", "Enter: no reason, Ctrl-D: back")
        return None if typed is None else typed.strip()

    async def _parts(self, question: Question) -> Approval | str:
        numbers = await self._numbers(len(question.parts))
        if not numbers:
            return "again"
        told = f"accepted {_spoken(numbers)} of {len(question.parts)} parts"
        return self._said(question, "accept", told, parts=numbers)

    async def _numbers(self, most: int) -> tuple[int, ...]:
        typed = await self._typed("Which?", "like 1, 3-4; Enter: back")
        try:
            return picked(typed or "", most)
        except ValueError as error:
            self._back(str(error))
            return ()

    async def _wider(self, question: Question) -> Approval | str:
        """Accepts it with a grant: for this exact call, or for its kind or its folder until some time."""
        offered = ways(question)
        words = menu({**offered, "b": "back"}, self._console.width)
        way = await one_of([*offered, "b"], words, self._console, gone="b")
        if way == "b":
            return self._back("")
        ends = None
        if way != ONCE_MORE:
            typed = await self._typed("Until when?", "like 3 days, friday, 2026-12-01; Enter: back")
            try:
                ends = until(typed, datetime.now(UTC)) if typed and typed.strip() else None
            except ValueError as error:
                return self._back(str(error))
            if ends is None:
                return self._back("")
        told = f"accepted, and {offered[way]}{f' until {ends:%d %b %Y %H:%M}' if ends else ''}"
        return self._said(question, "accept", told, grant=scope(question, way, ends))

    async def _typed(self, question: str, hint: str) -> str | None:
        self._console.print(text((f"  {question} ", "label"), (f"({hint}) ", "quiet")), end="")
        try:
            return await line()
        except ValueError as error:
            self._back(str(error))
            return None

    async def _edit(self, question: Question) -> Approval | str:
        arguments = _editable(question)
        try:
            edits = await edited(arguments, self._console)
        except NotEdited as error:
            return self._back(str(error))
        tool = self._declared.get(question.action.tool)
        problem = unfit_edit(tool, edits) if isinstance(tool, Tool) else ""
        if problem:
            return self._back(problem)
        for argument in arguments:
            if argument.name in edits:
                change = pieces(spelled(argument.value), spelled(edits[argument.name]))
                self._print(text((f"\n  {argument.name}", "label")))
                self._print(Barred(changed(change, coloured=self._coloured)))
        self._print(Text())
        words = menu({"a": "accept this", "b": "back"}, self._console.width)
        pressed = await one_of("ab", words, self._console, gone="b")
        return self._said(question, "accept", "accepted as edited", edits=edits) if pressed == "a" else self._back("")

    def _help(self, help: Mapping[str, str], choices: Mapping[str, str]) -> None:
        self._print(facts((letter, help[letter]) for letter in choices))
        self._print(Text())

    def _back(self, why: str) -> str:
        self._print(text((f"\n  {why}", "waits")))
        return "again"

    def _print(self, what: RenderableType) -> None:
        self._console.print(what)

    @property
    def _coloured(self) -> bool:
        return self._console.is_terminal and not self._console.no_color and self._console.color_system is not None


def _editable(question: Question) -> list[Argument]:
    """What the action says: its texts, or whatever else it carries if it has none. Who and where stay as they are."""
    content = [argument for argument in question.action.arguments if not argument.control]
    return [argument for argument in content if isinstance(argument.value, str)] or content


def _choices(question: Question, view: View) -> dict[str, str]:
    """The keys that mean something here, and what each does."""
    covered, group = _covered(question, view), group_of(question, view)
    words = {
        "a": (True, "accept all" if question.parts else "accept"),
        "p": (bool(question.parts), "accept some"),
        "r": (True, "reject"),
        "e": (bool(_editable(question)), "edit"),
        "l": (not question.is_steered, _alike(covered)),
        "w": (not question.is_steered, "wider"),
        "g": (len(group) > 1, f"together ({len(group)})"),
        "v": (is_cut(question, view), "view all"),
        "x": (True, "call off"),
        "s": (True, "leave open"),
        "?": (True, "help"),
    }
    return {letter: word for letter, (is_offered, word) in words.items() if is_offered}


def _covered(question: Question, view: View) -> int:
    """How many of the questions that wait now "accept all like this" would answer besides this one."""
    if question.is_steered:
        return 0
    grant = like_this(question, GrantScope(), by=["you"], app=view.terms.app, at=question.asked_at)
    others = (other for other in view.open_questions() if other.id != question.id)
    return sum(_lets_go(grant, other, view) for other in others)


def _lets_go(grant: Grant, question: Question, view: View) -> bool:
    rules, level = view.policy.rules, question.verdict.level
    ruled = verdict(level, question.action, rules=rules, grants=[grant], app=grant.app, now=grant.given_at)
    return ruled.ruling < Ruling.ASK


def _alike(covered: int) -> str:
    return f"all like this ({count(covered + 1, 'question')})" if covered else "all like this"


def _still(question: Question, view: View, by: str) -> str:
    """Who has to accept besides those who have."""
    yes = [approval.by for approval in view.approvals.get(question.id, ()) if approval.accepts]
    people = {person.casefold() for person in (*yes, by)}
    more = question.people - len(people)
    wanted = [count(more, "more person").replace("persons", "people")] if more > 0 else []
    wanted += [f"somebody who is {role}" for role in roles_wanting(question, people, view.policy.people)]
    return f"; it waits for {', among them '.join(wanted)}" if wanted else ""


def _spoken(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last
