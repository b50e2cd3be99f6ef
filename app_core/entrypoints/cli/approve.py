"""`rheostat approve`: answers what a run asks, and goes on with it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import ending, explained, print_json
from .options import AsJson, By, RunId, person

if TYPE_CHECKING:
    from rheostat.autonomy import Approval, Json, Question

    from ...drive import Decide, Watch
    from ...run import Run
    from ...view import View


def approve(
    run: RunId,
    question: Annotated[str | None, typer.Argument(metavar="[QUESTION]", help="Its id, if several wait.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Answer every question that waits.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Accept.")] = False,
    reject: Annotated[str | None, typer.Option(metavar="REASON", help="Refuse, and say why.")] = None,
    edit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Accept with another value for an argument.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Answer what a run asks, and go on with it.

    Without --yes, --reject or --edit the questions are asked here, one after another. Also takes up a run that was
    stopped or whose process died; nothing that is finished is done again.
    """
    answers = sum([yes and not edit, reject is not None, bool(edit)])
    if answers > 1:
        raise typer.BadParameter("say one thing: --yes, --reject or --edit.")
    if everything and (question or edit):
        raise typer.BadParameter("--all answers every question alike, so it takes no QUESTION and no --edit.")
    if (everything or question) and not answers:
        raise typer.BadParameter("say what: --yes or --reject REASON.")
    with explained(as_json=as_json):
        from ...load import load_app
        from .found import run_meant, view_of
        from .outcome import finish
        from .running import on_screen

        id = run_meant(run)
        app = load_app(view_of(id).terms)
        opened = app.open(id)
        name = person(by)
        go = _answering(opened, question, yes=yes, reject=reject, edit=edit, everything=everything, by=name)
        done = on_screen(app, go, model=opened.view.terms.model, by=name, as_json=as_json, asking=not answers)
        document = finish(done, quiet=as_json)
        if as_json:
            print_json(document)
        raise typer.Exit(ending(done.status))


def _answering(
    run: "Run[Any]",
    question: str | None,
    *,
    yes: bool,
    reject: str | None,
    edit: list[str] | None,
    everything: bool,
    by: str,
) -> "Callable[[Decide | None, Watch], Run[Any]]":
    """How to take the run up: with the answer that the options give, or with whoever can be asked."""

    def go(decide: "Decide | None", watch: "Watch") -> "Run[Any]":
        if everything:
            return run.resume(decide=_alike(run, by, reject), watch=watch)
        if edit:
            return run.approve(question, by=by, edits=_edits(run, question, edit), watch=watch)
        if yes:
            return run.approve(question, by=by, watch=watch)
        if reject is not None:
            return run.reject(question, by=by, reason=reject, watch=watch)
        return run.resume(decide=decide, watch=watch)

    return go


def _alike(run: "Run[Any]", by: str, reject: str | None) -> "Callable[[Question, View], Approval | None]":
    """Answers every question that waits now with the same word. What comes up later, unseen by anybody, stays open."""
    waiting = {question.id for question in run.questions}

    def decide(question: "Question", view: "View") -> "Approval | None":
        from rheostat.autonomy import Approval

        if question.id not in waiting:
            return None
        return Approval(
            question=question.id,
            digest=question.digest,
            by=by,
            at=datetime.now(UTC),
            answer="accept" if reject is None else "reject",
            reason=reject or "",
        )

    return decide


def _edits(run: "Run[Any]", question: str | None, given: list[str]) -> "dict[str, Json]":
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
