"""A Run: one request's life, held by its Log. Can be put down and taken up again by any process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from time import time
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from pydantic import ValidationError

from rheostat.autonomy import Approval, Json, Question
from rheostat.dag import Graph

from . import effects
from .calibrated_gateway import CalibratedGateway
from .compose import calibrations, default_gateway, default_store, resolve
from .declare import AnyWorkflow, Workflow
from .drive import Driver, Watch
from .events import Request, RunStarted
from .log import GENESIS, Record, chained, verify
from .people import Decide
from .replay import replay
from .run_errors import BadDeclaration, BadInput, RunNotDone, UnfitAnswer, WorkflowChanged
from .vertical import LOADING, Vertical
from .view import View, view

Result = TypeVar("Result")


class Run(Generic[Result]):
    """One request's life.

    Args:
        app: whose workflow it runs.
        id: as `rheostat runs` lists it.

    Raises:
        UnknownRun: there is no such run in the app's store.
        DamagedLog: its Log is not what was written.
    """

    def __init__(self, app: Vertical, id: str) -> None:
        self.app, self.id = app, id
        self._store = app.store or default_store()
        self._read()

    @classmethod
    def start(
        cls,
        app: Vertical,
        workflow: AnyWorkflow,
        inputs: Mapping[str, Any],
        terms: Mapping[str, Any],
        model: str | None,
    ) -> Run[Result]:
        """Records a request as a new run; nothing is run yet. See App.run for arguments and errors."""
        if LOADING.get():
            raise BadDeclaration(
                f"{app.where} starts a run whenever it is imported.",
                "So it would start another one each time one of its runs is taken up.",
                'Put the call of app.run() under `if __name__ == "__main__":`.',
            )
        gateway = app.gateway or default_gateway()
        chosen = resolve(model)
        gateway.facts(chosen.model)
        try:
            request = Request(
                app=app.name,
                where=app.where,
                workflow=workflow.name,
                graph=_digest(workflow.graph),
                inputs=_inputs(workflow, inputs),
                model=chosen.model,
                why=chosen.why,
                calibration=calibrations().of(chosen.model),
                **terms,
            )
        except ValidationError as error:
            raise _bad_terms(error) from None
        run = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
        started = chained([RunStarted(request=request)], seq=0, after=GENESIS, at=time())
        (app.store or default_store()).append(run, 0, started)
        return cls(app, run)

    @property
    def status(self) -> str:
        """done, partial (done, but some nodes failed), failed, waiting (for a person) or unfinished."""
        return self.view.standing()

    @property
    def value(self) -> Result:
        """The workflow's result. Raises RunNotDone if there is none (yet)."""
        output = replay(self._records, self._workflow, self.app.declared).result() if self._ended else None
        if output is None:
            raise RunNotDone(
                f"Run {self.id} has no result.",
                f"It is {self.status}{': ' + self.view.reason if self.view.reason else ''}.",
                "Answer its questions, or resume it." if not self._ended else "See `failures`.",
            )
        return cast(Result, output.data)

    @property
    def questions(self) -> list[Question]:
        """What waits for a person."""
        return self.view.open_questions()

    @property
    def failures(self) -> dict[str, str]:
        """Why each failed node failed."""
        return self.view.failures()

    @property
    def spent_usd(self) -> float:
        """What the model calls have cost."""
        return self.view.spent_usd

    def resume(self, *, decide: Decide | None = None, watch: Watch | None = None) -> Run[Result]:
        """Goes on until the run has ended or only waits. What is finished is not done again. Arguments as for App.run.

        Raises:
            WorkflowChanged: the graph is not the one that the run was started with.
            RunTaken: another process took the run on meanwhile.
        """
        if not self._ended:
            asyncio.run(self._drive(None, decide, watch))
        return self

    def approve(
        self,
        question: str | None = None,
        *,
        by: str = "you",
        edits: Mapping[str, Json] | None = None,
        like_this: bool = False,
        watch: Watch | None = None,
    ) -> Run[Result]:
        """Accepts an action, and goes on.

        Args:
            question: its id; None if only one waits.
            by: who accepts.
            edits: new values for arguments. They make another action, which is decided on again.
            like_this: also accept the run's other questions of the same kind.
            watch: as for App.run.

        Raises:
            UnfitAnswer: no such question waits, or several do and none was named.
        """
        asked = self._question(question)
        self._answer(asked, "accept", by, watch, edits=dict(edits or {}), like_this=like_this)
        return self

    def reject(
        self, question: str | None = None, *, by: str = "you", reason: str = "", watch: Watch | None = None
    ) -> Run[Result]:
        """Refuses an action, and goes on without it. Arguments and errors as for `approve`; `reason` is kept."""
        self._answer(self._question(question), "reject", by, watch, reason=reason)
        return self

    def _answer(self, asked: Question, answer: str, by: str, watch: Watch | None, **more: Any) -> None:
        approval = Approval.model_validate(
            {"question": asked.id, "digest": asked.digest, "by": by, "at": datetime.now(UTC), "answer": answer, **more}
        )
        asyncio.run(self._drive(approval, None, watch))

    def _question(self, id: str | None) -> Question:
        if self._ended:
            raise UnfitAnswer(f"Run {self.id} asks nothing.", f"It has ended: {self.status}.")
        waiting = {question.id: question for question in self.questions}
        if id is None and len(waiting) == 1:
            return next(iter(waiting.values()))
        if id not in waiting:
            which = "Several questions wait" if id is None and waiting else f"No question {id!r} waits"
            raise UnfitAnswer(f"{which} in run {self.id}.", f"Name one of: {', '.join(waiting) or 'none is open'}.")
        return waiting[id]

    async def _drive(self, approval: Approval | None, decide: Decide | None, watch: Watch | None) -> None:
        if _digest(self._workflow.graph) != self.view.terms.graph:
            raise WorkflowChanged(self.id, self._workflow.name)
        gateway = self.app.gateway or default_gateway()
        driver = Driver(
            self.view,
            replay(self._records, self._workflow, self.app.declared),
            self._records,
            workflow=self._workflow,
            cast=self.app.declared,
            gateway=CalibratedGateway(gateway, self.view.terms.calibration, calibrations()),
            store=self._store,
            decide=decide,
            watch=watch,
        )
        try:
            driver.restart(first=len(self._records) == 1)
            if approval is not None:
                effects.record(driver, approval)
            await driver.go()
        finally:
            self._read()

    def _read(self) -> None:
        self._records: Sequence[Record] = self._store.read(self.id)
        verify(self.id, self._records)
        self.view: View = view(self.id, self._records)

    @property
    def _ended(self) -> bool:
        return self.view.status != "running"

    @property
    def _workflow(self) -> AnyWorkflow:
        found = self.app.declared.get(self.view.terms.workflow)
        if not isinstance(found, Workflow):
            raise WorkflowChanged(self.id, self.view.terms.workflow)
        return found


def _digest(graph: Graph) -> str:
    """Of a graph's shape. Constants that are not plain data count by their type alone."""
    return sha256(graph.model_dump_json(fallback=lambda value: type(value).__name__).encode()).hexdigest()


def _inputs(workflow: AnyWorkflow, given: Mapping[str, Any]) -> dict[str, Json]:
    signature = inspect.signature(workflow.function)
    try:
        bound = signature.bind(**given)
    except TypeError as error:
        takes = ", ".join(f"{name}: {hint}" for name, hint in _spelled(workflow).items())
        raise BadInput(
            f"{workflow.name} was run with the wrong arguments.", f"{error}.".capitalize(), f"It takes {takes}."
        ) from None
    bound.apply_defaults()
    return {name: _input(workflow, name, value) for name, value in bound.arguments.items()}


def _input(workflow: AnyWorkflow, name: str, value: Any) -> Json:
    codec = workflow.codec(name)
    try:
        return codec.dump_python(codec.validate_python(value), mode="json")
    except ValidationError as error:
        raise BadInput(
            f"The argument {name} of {workflow.name} does not fit.", f"{error}.", f"Give {_spelled(workflow)[name]}."
        ) from None


def _spelled(workflow: AnyWorkflow) -> dict[str, str]:
    return {name: getattr(hint, "__name__", str(hint)) for name, hint in workflow.hints.items() if name != "return"}


def _bad_terms(error: ValidationError) -> BadInput:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    name = {"level": "dial"}.get(name, name)
    return BadInput(f"{name} can't be {first['input']!r}.", f"{first['msg']}.", "Give another value, or leave it out.")
