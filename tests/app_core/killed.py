"""People's answers and undos under kill -9, at each step and at random; for a process of its own, since it forks."""

import os
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.decisions import Answered, Asked, EffectStarted, UndoStarted
from rheostat.app_core.errors import RheostatError
from rheostat.app_core.log import Record, verify
from rheostat.app_core.testing import ScriptedGateway

FILES = {"post": ("posted", "unposted"), "send": ("sent", "unsent")}
"""Where each tool writes what it does, and what it undoes."""
NEVER = 10_000
KILLED, TURNED_AWAY = -signal.SIGKILL, 7


class Steps:
    """Counts what a process does that others can see, and ends it by kill -9 when it is about to do the last one."""

    def __init__(self, left: int) -> None:
        self.left = left

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal(SqliteStore):
    """A store whose process may die before and after each append."""

    def __init__(self, path: Path, steps: Steps) -> None:
        super().__init__(path)
        self._steps = steps

    def append(self, *args: Any, **named: Any) -> None:
        self._steps.step()
        super().append(*args, **named)
        self._steps.step()


def office(folder: Path, steps: Steps) -> App:
    """An app with an effect that honours its key and one that does not; each writes what it does into a file."""
    app = App("office", store=Mortal(folder / "runs.sqlite", steps), gateway=ScriptedGateway([]))

    def note(file: str, line: str) -> None:
        steps.step()
        with (folder / file).open("a") as opened:
            opened.write(f"{line}\n")
        steps.step()

    def unpost(effect: str) -> None:
        note("unposted", effect)

    def unsend(effect: str, idempotency_key: str) -> None:
        if idempotency_key not in lines(folder, "unsent"):
            note("unsent", idempotency_key)

    @app.tool(risk="outward", control=["text"], undo=unpost)
    def post(text: str) -> str:
        note("posted", text)
        return text

    @app.tool(risk="outward", control=["text"], undo=unsend)
    def send(text: str, idempotency_key: str = "") -> str:
        if idempotency_key not in lines(folder, "sent"):
            note("sent", idempotency_key)
        return text

    @app.function
    def both(one: str, other: str) -> str:
        return f"{one} {other}"

    @app.workflow
    def flow(text: str) -> str:
        return both(post(text), send(text))

    return app


def lines(folder: Path, file: str) -> list[str]:
    path = folder / file
    return path.read_text().splitlines() if path.exists() else []


def in_a_process(work: Callable[[Any], object], app: App) -> int:
    """How a process ended that did this work. A fork has no threads, so nothing may have run in this one before."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(60)
    try:
        work(app)
    except RheostatError:
        os._exit(TURNED_AWAY)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class Office:
    """A run that waits for a person's word on both of its effects, and what has come of it."""

    def __init__(self) -> None:
        self.folder, self.run = Path(tempfile.mkdtemp()), ""

        def begin(app: App) -> None:
            flow: Any = app.declared["flow"]
            app.run(flow, text="hello", model="scripted", dial=1)

        assert in_a_process(begin, office(self.folder, Steps(NEVER))) == 0
        with closing(SqliteStore(self.folder / "runs.sqlite")) as store:
            self.run = store.runs()[0]

    def records(self) -> list[Record]:
        with closing(SqliteStore(self.folder / "runs.sqlite")) as store:
            return store.read(self.run)

    def in_a_process(self, left: int, work: Callable[[Any], object]) -> int:
        return in_a_process(lambda app: work(app.open(self.run)), office(self.folder, Steps(left)))

    def answer(self, node: str, left: int, *, accept: bool = True) -> int:
        def work(run: Any) -> None:
            question = next((each.id for each in run.questions if each.action.node == node), "none")
            _ = run.approve(question, by="Ada") if accept else run.reject(question, by="Ada")

        return self.in_a_process(left, work)

    def resume(self, left: int = NEVER) -> int:
        return self.in_a_process(left, lambda run: run.resume())

    def undo(self, node: str, left: int = NEVER) -> int:
        return self.in_a_process(left, lambda run: run.undo(node, by="Eve"))

    def undo_all(self, left: int = NEVER) -> int:
        return self.in_a_process(left, lambda run: run.undo_to(by="Eve"))

    def check(self) -> None:
        """Nothing was done or undone more often than people said."""
        records = self.records()
        verify(self.run, records)
        events = [record.event for record in records]
        asked = {event.question.id: event.node for event in events if isinstance(event, Asked)}
        said = [event.approval for event in events if isinstance(event, Answered)]
        for node, (done, undone) in FILES.items():
            accepted = [each for each in said if asked[each.question] == node and each.answer == "accept"]
            started = [event for event in events if isinstance(event, EffectStarted) and event.node == node]
            undos = [event for event in events if isinstance(event, UndoStarted) and event.node == node]
            times = len(lines(self.folder, done))
            assert times <= min(len(accepted), len(started)), "done as often as it was accepted, and no more often"
            assert times <= 1 or node == "post", "under a key once, whatever happens"
            assert len(lines(self.folder, undone)) <= min(1, len(undos)), "undone at most once"
            assert times or not undos, "what was never done is not undone"

    def end(self) -> None:
        """Taken up by a process that nobody kills: nothing accepted is forgotten, and the Log says what stands."""

        def work(run: Any) -> None:
            run.resume()
            assert run.status in ("waiting", "done", "partial", "failed")
            for effect in run.effects:
                done, undone = (len(lines(self.folder, file)) for file in FILES[effect.node])
                assert effect.standing != "done" or (done >= 1 and undone == 0)
                assert effect.standing != "undone" or undone == 1
            for answered in (each for given in run.view.approvals.values() for each in given):
                node = run.view.asked_by[answered.question]
                assert answered.answer == "reject" or node in run.view.effects, "what was accepted was begun"

        assert self.in_a_process(NEVER, work) == 0
        self.check()
        shutil.rmtree(self.folder)


def at_each_step(act: Callable[[Office, int], int]) -> int:
    """Has a process killed before each of its steps in turn, and goes on from there. Gives how many there were."""
    for left in count(1):
        at = Office()
        ended = act(at, left)
        at.check()
        at.resume()
        at.check()
        at.undo("post")
        at.undo_all()
        at.undo("post")
        at.end()
        if ended == 0:
            return left
    raise AssertionError


def undone(at: Office, left: int) -> int:
    assert at.answer("post", NEVER) == at.answer("send", NEVER) == 0
    return at.undo_all(left)


class Killed(RuleBasedStateMachine):
    """People answer and undo in any order, in processes that may be killed before any step."""

    @initialize()
    def start(self) -> None:
        self.at = Office()

    @rule(node=st.sampled_from(list(FILES)), left=st.integers(1, 12), accept=st.booleans())
    def answer(self, node: str, left: int, accept: bool) -> None:
        assert self.at.answer(node, left, accept=accept) in (0, KILLED, TURNED_AWAY)

    @rule(left=st.integers(1, 12))
    def resume(self, left: int) -> None:
        assert self.at.resume(left) in (0, KILLED)

    @rule(node=st.sampled_from(list(FILES)), left=st.integers(1, 8))
    def undo(self, node: str, left: int) -> None:
        assert self.at.undo(node, left) in (0, KILLED, TURNED_AWAY)

    @rule(left=st.integers(1, 16))
    def undo_all(self, left: int) -> None:
        assert self.at.undo_all(left) in (0, KILLED, TURNED_AWAY)

    @precondition(lambda self: hasattr(self, "at"))
    @invariant()
    def check(self) -> None:
        self.at.check()

    def teardown(self) -> None:
        if hasattr(self, "at"):
            self.at.end()


if __name__ == "__main__":
    steps = at_each_step(lambda at, left: at.answer("post", left)), at_each_step(undone)
    print(*steps)
    few = settings(max_examples=5, stateful_step_count=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(Killed, settings=few)
