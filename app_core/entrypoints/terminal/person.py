"""The person at the terminal, who decides: one question at a time, one key for each answer."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from rheostat.autonomy import Approval, Argument, Grant, GrantScope, Question, Ruling, Taint, like_this, verdict

from ...act import unfit_edit
from ...declare import AnyDeclared, Tool
from ...redline.diff import hunks
from ...view import View
from .console import text
from .editing import NotEdited, edited
from .keyboard import GONE, key, line, listening
from .preview import Barred, Piece, changed, facts
from .progress import Progress
from .question import is_cut, screen, spelled
from .words import count

_HELP = {
    "a": "Accept: it is done exactly as shown.",
    "r": "Reject: it is never done, and your reason is kept.",
    "e": "Edit what it says (in EDITOR, if that is set), look at the change, then accept it.",
    "l": "Accept this, and every question of this run for the same action at no more risk.",
    "v": "View the long values to their end.",
    "s": "Stop: this question and those after it stay open, for as long as you like.",
    "?": "Show this.",
}


class Person:
    """Puts questions to whoever sits at the terminal.

    Args:
        by: who that is.
        declared: the functions of the App, to see whether an edited value fits.
        console: where the questions go.
        progress: leaves the screen to them meanwhile.
    """

    def __init__(self, by: str, declared: Mapping[str, AnyDeclared], *, console: Console, progress: Progress) -> None:
        self._by, self._declared, self._console, self._progress = by, declared, console, progress

    async def decide(self, question: Question, view: View) -> Approval | None:
        """Asks; None if the question is to stay open."""
        with self._progress.paused():
            self._print(screen(question, view, coloured=self._coloured))
            while True:
                answer = await self._answer(question, view)
                if answer != "again":
                    return answer if isinstance(answer, Approval) else None

    async def _answer(self, question: Question, view: View) -> Approval | str:
        """One turn: an Approval, "leave" or "again"."""
        choices = _choices(question, view)
        pressed = await self._one_of(choices, _menu(choices, _covered(question, view)), gone="s")
        match pressed:
            case "a":
                return self._said(question, "accept", "accepted")
            case "l":
                return self._said(question, "accept", "accepted, and all like it", grant=GrantScope())
            case "r":
                return await self._rejected(question)
            case "e":
                return await self._edit(question)
            case "s":
                self._print(text(("  left open", "waits")))
                return "leave"
            case "v":
                self._print(screen(question, view, coloured=self._coloured, whole=True))
            case _:
                self._print(facts((letter, _HELP[letter]) for letter in choices))
                self._print(Text())
        return "again"

    def _said(self, question: Question, answer: str, told: str, **more: Any) -> Approval:
        self._print(text(("  ✓ " if answer == "accept" else "  – ", "good" if answer == "accept" else "waits"), told))
        return Approval.model_validate(
            {
                "question": question.id,
                "digest": question.digest,
                "by": self._by,
                "at": datetime.now(UTC),
                "answer": answer,
                **more,
            }
        )

    async def _rejected(self, question: Question) -> Approval | str:
        self._console.print(text(("  Why? ", "label"), ("(Enter: no reason, Ctrl-D: back) ", "quiet")), end="")
        try:
            reason = await line()
        except ValueError as error:
            return self._back(str(error))
        if reason is None:
            return self._back("")
        reason = reason.strip()
        return self._said(question, "reject", f"rejected{': ' if reason else ''}{reason}", reason=reason)

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
                pieces = _pieces(spelled(argument.value), spelled(edits[argument.name]))
                self._print(text((f"\n  {argument.name}", "label")))
                self._print(Barred(changed(pieces, coloured=self._coloured)))
        self._print(Text())
        pressed = await self._one_of("ab", _keys({"a": "accept this", "b": "back"}), gone="b")
        return self._said(question, "accept", "accepted as edited", edits=edits) if pressed == "a" else self._back("")

    async def _one_of(self, letters: Collection[str], menu: Text, *, gone: str) -> str:
        """Shows a menu and waits for one of its keys; `gone` is pressed in the name of someone who left."""
        with listening():
            self._print(menu)
            while True:
                pressed = (await key()).lower()
                if pressed == GONE or pressed in letters:
                    return pressed or gone

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


def _choices(question: Question, view: View) -> list[str]:
    """The keys that mean something here."""
    offered = {
        "a": True,
        "r": True,
        "e": bool(_editable(question)),
        "l": question.verdict.taint < Taint.STEERED,
        "v": is_cut(question, view),
        "s": True,
        "?": True,
    }
    return [letter for letter, is_offered in offered.items() if is_offered]


def _covered(question: Question, view: View) -> int:
    """How many of the questions that wait now "accept all like this" would answer besides this one."""
    if question.verdict.taint is Taint.STEERED:
        return 0
    grant = like_this(question, GrantScope(), by=["you"], app=view.terms.app, at=question.asked_at)
    others = (other for other in view.open_questions() if other.id != question.id)
    return sum(_lets_go(grant, other, view) for other in others)


def _lets_go(grant: Grant, question: Question, view: View) -> bool:
    rules, level = view.policy.rules, question.verdict.level
    ruled = verdict(level, question.action, rules=rules, grants=[grant], app=grant.app, now=grant.given_at)
    return ruled.ruling < Ruling.ASK


def _menu(choices: list[str], covered: int) -> Text:
    like = f"all like this ({count(covered + 1, 'question')})" if covered else "all like this"
    words = {"a": "accept", "r": "reject", "e": "edit", "l": like, "v": "view all", "s": "stop", "?": "help"}
    return _keys({letter: words[letter] for letter in choices})


def _keys(words: Mapping[str, str]) -> Text:
    line = Text("  ")
    for letter, word in words.items():
        line.append_text(text((letter, "key"), (f" {word}   ", "quiet")))
    line.rstrip()
    return line


def _pieces(before: str, after: str) -> list[Piece]:
    """A change word by word."""
    pieces = list[Piece]()
    for hunk in hunks(before, after):
        if hunk.kept:
            pieces.append(Piece(op="keep", text=hunk.old))
        else:
            pieces += [Piece(op="delete", text=hunk.old), Piece(op="insert", text=hunk.new)]
    return pieces
