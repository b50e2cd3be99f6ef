"""A Run: one request's life, held by its Log. Can be put down and taken up again by any process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from time import time
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from pydantic import ValidationError

from rheostat.autonomy import Approval, Decision
from rheostat.dag import Retried, State, step

from . import answers
from .answering import Answering
from .around import AROUND, within_another
from .audit import Entry, audit
from .calibrated_gateway import CalibratedGateway
from .cancel import cancel
from .compose import calibrations, default_gateway, default_grants, default_store, resolve
from .declare import AnyWorkflow, Workflow
from .drive import Driver, Listen, Watch
from .events import Event, NodeRetried, Request, RunStarted, Token
from .fork import taken_over
from .inputs import bad_terms, decoded, inputs_of
from .log import Record, Store, beginning, chained, verify
from .outlook import models_of
from .people import Decide
from .planning import keep_lessons, outlook
from .policies import policy_of
from .replay import replay
from .run_errors import BadDeclaration, BadInput, RunNotDone, RunTaken, WorkflowChanged
from .shape import difference, digest
from .steering import Steering
from .undoable import Undoable
from .vertical import LOADING, Vertical
from .view import View, view
from .what_if import decisions

Result = TypeVar("Result")


class Run(Answering, Steering, Undoable, Generic[Result]):
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
        models: Sequence[str],
    ) -> Run[Result]:
        """Records a request as a new run; nothing is run yet. See App.run for arguments and errors."""
        if LOADING.get():
            raise BadDeclaration(
                f"{app.where} starts a run whenever it is imported.",
                "So it would start another one each time one of its runs is taken up.",
                'Put the call of app.run() under `if __name__ == "__main__":`.',
            )
        policy_of(app)  # a broken one is told of before there is a run
        gateway = app.gateway or default_gateway()
        chosen = resolve(models[0] if models else None)
        others = [model for model in models if model != chosen.model]
        for model in (chosen.model, *others, *models_of(workflow.graph, app.declared)):
            gateway.facts(model)
        try:
            request = Request(
                app=app.name,
                where=app.where,
                workflow=workflow.name,
                graph=digest(workflow.shape),
                shape=workflow.shape,
                inputs=inputs_of(workflow, inputs),
                model=chosen.model,
                why=chosen.why,
                models=(chosen.model, *others) if others else (),
                calibration=calibrations().of(chosen.model),
                calibrations={model: known for model in others if (known := calibrations().of(model))},
                **within_another(terms),
            )
        except ValidationError as error:
            raise bad_terms(error) from None
        return cls(app, _recorded(app.store or default_store(), [RunStarted(request=request)]))

    @property
    def status(self) -> str:
        """done, partial (done, but some nodes failed), failed, cancelled, waiting (for a person) or unfinished."""
        return self.view.standing()

    @property
    def value(self) -> Result:
        """The workflow's result. Raises RunNotDone if there is none (yet)."""
        output = None
        if self._ended:
            self._state = self._state or replay(self._known(), self._workflow, self.app.declared)
            output = self._state.result()
        if output is None:
            raise RunNotDone(
                f"Run {self.id} has no result.",
                f"It is {self.status}{': ' + self.view.reason if self.view.reason else ''}.",
                "Answer its questions, or resume it." if not self._ended else "See `failures`.",
            )
        return cast(Result, output.data)

    @property
    def failures(self) -> dict[str, str]:
        """Why each failed node failed."""
        return self.view.failures()

    @property
    def audit(self) -> list[Entry]:
        """Who let what happen and why, what was done and what was undone, in order."""
        return audit(self._store.read(self.id))

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision on an action so far, to be taken again on other terms; see `rheostat.autonomy.what_if`."""
        kept = (self.app.grants or default_grants()).of(self.app.name)
        return decisions(self.id, self._store.read(self.id), kept=kept)

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
            asyncio.run(self._drive((), decide, watch))
        return self

    async def stream(self, *, decide: Decide | None = None) -> AsyncGenerator[Event | Token]:
        """Goes on as `resume`, and tells what happens: every event once it is in the Log, and answers as they come.

        Who stops listening before the end leaves the run where it is; `resume` it.
        """
        told = asyncio.Queue[Event | Token | None]()

        def watch(event: Event, view: View) -> None:
            told.put_nowait(event)

        if self._ended:
            return
        going = asyncio.ensure_future(self._drive((), decide, watch, told.put_nowait))
        going.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (event := await told.get()) is not None:
                yield event
        finally:
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
        going.result()

    def cancel(self, reason: str = "", *, by: str = "you", patience_s: float = 60.0) -> Run[Result]:
        """Calls the run off: what is in flight is stopped, an effect that has begun is waited for, and no more is done.

        Args:
            reason: kept in the Log.
            by: who calls it off.
            patience_s: how long to wait for a process that works on the run to stop.

        Raises:
            RunHeld: that process has not stopped yet; it will as soon as it can.
        """
        if not self._ended:
            cancel(
                self._store, self.id, why=f"cancelled by {by}{f': {reason}' if reason else ''}", patience_s=patience_s
            )
            self._read()
        return self

    def retry(
        self, node: str, *, by: str = "you", decide: Decide | None = None, watch: Watch | None = None
    ) -> Run[Result]:
        """Runs a node that failed once more, with what could not run because of it, and goes on.

        Args:
            node: its id, a key of `failures`.
            by: who asks for it.
            decide, watch: as for App.run.

        Raises:
            BadInput: the node can't be run again; it says why.
        """
        records = self._known()
        try:
            step(self._taken_up(records)[0], Retried(node))
        except ValueError as error:
            raise BadInput(str(error)) from None
        lease = self._store.lease(self.id)
        lease.take()
        try:
            asked = chained([NodeRetried(node=node, by=by)], seq=len(records), after=records[-1].digest, at=time())
            self._store.append(self.id, len(records), asked)
        finally:
            lease.drop()
        self._read()
        return self.resume(decide=decide, watch=watch)

    def fork(self, *, inputs: Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None) -> Run[Result]:
        """A new run that starts from this one with something changed. `resume` it: nothing is run yet.

        What is finished here and depends on no change is taken over, effects included, unless they were undone;
        it is not done or paid for again.

        Args:
            inputs: new arguments of the workflow, by name.
            values: what nodes are to have given, by id, whatever they gave here.

        Raises:
            BadInput: there is no such argument or node, or the value does not fit.
        """
        old = self._taken_up(self._known())[0]
        terms, workflow = self.view.terms, self._workflow
        given = inputs_of(workflow, {**decoded(workflow, terms.inputs), **(inputs or {})})
        update = {
            "inputs": given,
            "forked_from": self.id,
            "graph": digest(workflow.shape),
            "shape": workflow.shape,
        }
        started = RunStarted(request=terms.model_copy(update=update))
        undone = [node.id for node in self.view.nodes.values() if node.status == "undone"]
        cast = self.app.declared
        kept = taken_over(old, started, values or {}, workflow=workflow, cast=cast, run=self.id, undone=undone)
        return Run[Result](self.app, _recorded(self._store, [started, *kept]))

    def _going(self, approvals: Sequence[Approval], watch: Watch | None) -> Coroutine[Any, Any, None]:
        return self._drive(approvals, None, watch)

    async def _drive(
        self, approvals: Sequence[Approval], decide: Decide | None, watch: Watch | None, listen: Listen | None = None
    ) -> None:
        records = self._known()
        state, changed = self._taken_up(records)
        gateway = self.app.gateway or default_gateway()
        terms = self.view.terms
        known = {terms.model: terms.calibration, **terms.calibrations}
        calibrated = CalibratedGateway(gateway, known, calibrations())
        driver = Driver(
            self.view,
            state,
            records,
            workflow=self._workflow,
            cast=self.app.declared,
            gateway=calibrated,
            outlook=outlook(self.app, self._workflow, calibrated, terms.models or (terms.model,), terms.inputs),
            store=self._store,
            grants=self.app.grants or default_grants(),
            policy=policy_of(self.app),
            decide=decide,
            watch=watch,
            listen=listen,
        )
        self._records = None
        AROUND.set(driver)
        try:
            driver.restart(changed=changed)
            if approvals:
                answers.record(driver, *approvals)
            await driver.go()
            keep_lessons(self.app, driver.outlook, driver.view, driver.state)
            self._seen, self._state = driver.seq, driver.state
        except RunTaken:
            self._read()
            if self.view.status != "cancelled":
                raise
        except BaseException:
            self._read()
            raise
        finally:
            driver.let_go()

    def _taken_up(self, records: Sequence[Record]) -> tuple[State, Mapping[str, str] | None]:
        """The state that the Log leads to, and the shape of the graph if it was changed where it does no harm."""
        workflow, now = self._workflow, self._workflow.shape
        if now == self.view.shape:
            return replay(records, workflow, self.app.declared, self.app.limits), None
        changes = difference(self.view.shape, now)
        hit = changes.hits(self.view.nodes)
        if not hit:
            try:
                return replay(records, workflow, self.app.declared, self.app.limits), now
            except (ValueError, KeyError):  # what was left out or could not run before could run now
                hit = ["what would have come before"]
        raise WorkflowChanged(self.id, workflow.name, str(changes), ", ".join(hit))

    def _known(self) -> Sequence[Record]:
        """The Log as far as this process knows it. Raises RunTaken if another one has written to it since."""
        if self._records is None:
            self._records = self._store.read(self.id)
            if len(self._records) != self._seen:
                raise RunTaken(self.id)
        return self._records

    def _read(self) -> None:
        self._records: Sequence[Record] | None = self._store.read(self.id)
        verify(self.id, self._records)
        self._seen = len(self._records)
        self._state: State | None = None
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


def _recorded(store: Store, events: Sequence[Event]) -> str:
    """Begins a Log with these events; gives the new run's id."""
    run = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    store.append(run, 0, chained(events, seq=0, after=beginning(run), at=time()))
    return run
