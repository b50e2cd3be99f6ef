"""`rheostat approve`: answers what a run asks, and goes on with it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import ending, explained, print_json
from .options import AsJson, By, RunId, person

if TYPE_CHECKING:
    from rheostat.autonomy import Approval, Json, Question

    from ...drive import Decide, Watch
    from ...run import Run
    from ...view import View


@dataclass(frozen=True)
class Options:
    """What is answered on the command line; nothing where the questions are asked at the terminal."""

    question: str | None
    everything: bool
    group: bool
    yes: bool
    parts: str | None
    edits: Sequence[str]
    reject: str | None
    stop: str | None

    @property
    def answers(self) -> int:
        """How many different answers are given. With edits or parts `--yes` says nothing more."""
        yes = self.yes and not (self.edits or self.parts)
        return sum([yes, bool(self.parts), bool(self.edits), self.reject is not None, self.stop is not None])

    def check(self) -> None:
        """Raises BadParameter for options that contradict each other."""
        if self.answers > 1:
            raise typer.BadParameter("say one thing: --yes, --parts, --edit, --reject or --stop.")
        one = bool(self.edits or self.parts or self.stop is not None)
        if self.everything and (self.question or self.group or one):
            raise typer.BadParameter("--all takes --yes or --reject, and answers every question alike.")
        if self.group and one:
            raise typer.BadParameter("--group takes --yes or --reject, and answers each question of a group alike.")
        if (self.everything or self.question) and not self.answers:
            raise typer.BadParameter("say what: --yes or --reject REASON.")


def approve(
    run: RunId,
    question: Annotated[str | None, typer.Argument(metavar="[QUESTION]", help="Its id, if several wait.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Answer every question that waits.")] = False,
    group: Annotated[
        bool, typer.Option("--group", help="Questions that are alike come on one screen, or get one answer.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Accept.")] = False,
    parts: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Accept only these of its parts, like 1,3-4.")
    ] = None,
    edit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Accept with another value for an argument.")
    ] = None,
    reject: Annotated[str | None, typer.Option(metavar="REASON", help="Refuse, and say why.")] = None,
    stop: Annotated[str | None, typer.Option(metavar="REASON", help="Refuse, and call off the whole run.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Answer what a run asks, and go on with it.

    Without an answer among the options the questions are asked here, one after another. Also takes up a run that was
    stopped or whose process died; nothing that is finished is done again.
    """
    options = Options(question, everything, group, yes, parts, edit or (), reject, stop)
    options.check()
    with explained(as_json=as_json):
        from ...load import load_app
        from .found import run_meant, view_of
        from .outcome import finish
        from .running import on_screen

        id = run_meant(run)
        app = load_app(view_of(id).terms)
        opened = app.open(id)
        name = person(by)
        done = on_screen(
            app,
            lambda decide, watch: _answered(opened, options, name, decide, watch),
            model=opened.view.terms.model,
            by=name,
            as_json=as_json,
            asking=not options.answers,
            grouped=group,
        )
        document = finish(done, quiet=as_json)
        if as_json:
            print_json(document)
        raise typer.Exit(ending(done.status))


def _answered(run: "Run[Any]", options: Options, by: str, decide: "Decide | None", watch: "Watch") -> "Run[Any]":
    """Takes the run up, with the answer that the options give or with whoever can be asked."""
    meant: dict[str, Any] = {"by": by, "watch": watch}
    if options.everything:
        return run.resume(decide=_alike(run, by, options.reject), watch=watch)
    if options.edits:
        return run.approve(options.question, edits=_edits(run, options.question, options.edits), **meant)
    if options.parts:
        return run.approve(options.question, parts=_parts(options.parts), **meant)
    if options.yes:
        return run.approve(options.question, group=options.group, **meant)
    if options.reject is not None:
        return run.reject(options.question, reason=options.reject, group=options.group, **meant)
    if options.stop is not None:
        return run.stop(options.question, reason=options.stop, **meant)
    return run.resume(decide=decide, watch=watch)


def _alike(run: "Run[Any]", by: str, reject: str | None) -> "Callable[[Question, View], Approval | None]":
    """Answers every question that waits now with the same word. What comes up later, unseen by anybody, stays open."""
    waiting = {question.id: question for question in run.questions}

    def decide(question: "Question", view: "View") -> "Approval | None":
        from rheostat.autonomy import Approval

        from ...asking import said_at

        if question.id not in waiting:
            return None
        return Approval(
            question=question.id,
            digest=question.digest,
            by=by,
            at=said_at(question),
            answer="accept" if reject is None else "reject",
            reason=reject or "",
        )

    return decide


def _parts(given: str) -> tuple[int, ...]:
    from rheostat.autonomy import MOST_PARTS

    from ..terminal.parts import picked

    try:
        return picked(given, MOST_PARTS)
    except ValueError as error:
        raise typer.BadParameter(f"--parts: {error}") from None


def _edits(run: "Run[Any]", question: str | None, given: Sequence[str]) -> "dict[str, Json]":
    """The new values. One for an argument that holds text is taken as it is, any other as JSON."""
    texts = {
        argument.name
        for asked in run.questions
        if question in (None, asked.id)
        for argument in asked.action.arguments
        if isinstance(argument.value, str)
    }
    edits = dict[str, Any]()
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--edit takes NAME=VALUE, not {pair!r}.")
        try:
            edits[name] = value if name in texts else json.loads(value)
        except ValueError as error:
            raise typer.BadParameter(f"the value of {name} is no JSON ({error}).") from None
    return edits
