"""What was cut off in the middle, by a crash or by kill -9: done and undone at most once, and never forgotten."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.events import EffectStarted, Event
from rheostat.app_core.log import Store
from rheostat.app_core.run_errors import NotUndone
from rheostat.app_core.testing import ScriptedGateway
from rheostat.app_core.view import View

ROOT = Path(__file__).parents[2]


class Stopped(BaseException):
    """The process ends here."""


def stopped_in_effect(store: Store, status: Callable[[str], Any] | None, done: list[str]) -> tuple[App, str]:
    """A run whose process ended once the effect was begun, and before the Log heard of its end."""
    app = App("bank", store=store, gateway=ScriptedGateway([]))

    def refund(effect: str) -> str:
        done.remove(effect)
        return "refunded"

    @app.tool(risk="irreversible", control=["to"], status=status, undo=refund)
    def pay(to: str) -> str:
        done.append(to)
        return to

    @app.workflow
    def flow(to: str) -> str:
        return pay(to)

    def stop(event: Event, _: View) -> None:
        if isinstance(event, EffectStarted):
            raise Stopped

    with pytest.raises(Stopped):
        app.run(flow, to="Ada", model="scripted", dial=4, watch=stop)
    return app, store.runs()[0]


def test_after_a_crash_a_tool_that_can_tell_is_asked_whether_it_happened(store: Store) -> None:
    done, asked = ["Ada"], list[str]()

    def happened(key: str) -> str:
        asked.append(key)
        return "Ada"

    app, id = stopped_in_effect(store, happened, done)
    run = app.open(id).resume()
    assert (run.status, run.value, done) == ("done", "Ada", ["Ada"]), "not done again"
    assert asked == [run.view.effects["pay"]]
    run.undo("pay")
    assert done == []


def test_what_did_not_happen_is_done(store: Store) -> None:
    done = list[str]()
    app, id = stopped_in_effect(store, lambda key: None, done)
    assert app.open(id).resume().status == "done"
    assert done == ["Ada"]


def test_if_it_can_not_tell_a_person_is_asked(store: Store) -> None:
    def unsure(key: str) -> str:
        raise OSError("the bank does not answer")

    done = list[str]()
    app, id = stopped_in_effect(store, unsure, done)
    run = app.open(id).resume()
    assert "may have happened already" in " ".join(run.questions[0].verdict.reasons)
    assert done == []
    with pytest.raises(NotUndone, match="was never done|Nobody knows"):
        run.undo("pay")


def test_of_a_run_called_off_in_an_effect_the_tools_word_counts(store: Store) -> None:
    done = ["Ada"]
    app, id = stopped_in_effect(store, lambda key: "Ada", done)
    with pytest.raises(NotUndone, match="Nobody knows yet.*Go on with run"):
        app.open(id).undo("pay")
    run = app.open(id).cancel()
    assert run.view.nodes["pay"].status == "unknown"
    run.undo("pay")
    assert (done, run.effects[0].standing) == ([], "undone")


@pytest.mark.parametrize("honours", [True, False])
def test_an_undo_that_was_cut_off_is_repeated_only_under_its_key_or_on_a_persons_word(
    store: Store, honours: bool
) -> None:
    taken, trouble = list[str](), list[BaseException]([Stopped()])
    app = App("bank", store=store, gateway=ScriptedGateway([]))

    async def back(to: str) -> str:
        taken.append(to)
        if trouble:
            raise trouble.pop()
        return "back"

    async def back_once(to: str, idempotency_key: str) -> str:
        return await back(to)

    @app.tool(risk="local", control=["to"], undo=back_once if honours else back)
    def pay(to: str) -> str:
        return to

    @app.workflow
    def flow(to: str) -> str:
        return pay(to)

    run = app.run(flow, to="Ada", model="scripted", dial=4)
    with pytest.raises(Stopped):
        run.undo("pay")
    later = app.open(run.id)
    assert (later.effects[0].standing, later.view.nodes["pay"].status) == ("undoing", "undoing")
    if honours:
        later.undo("pay")
    else:
        with pytest.raises(NotUndone, match="Nobody knows whether 'pay' is undone.*Look first"):
            later.undo("pay")
        assert taken == ["Ada"]
        with pytest.raises(NotUndone, match="Nobody knows whether 'pay' is undone"):
            later.undo_to()
        later.undo("pay", again=True)
    assert taken == ["Ada", "Ada"]
    assert later.effects[0].standing == "undone"


def test_over_kill_9_at_any_step_nothing_is_done_or_undone_twice_or_forgotten() -> None:
    ended = subprocess.run([sys.executable, "-m", "tests.app_core.killed"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    approving, undoing = map(int, ended.stdout.split())
    assert approving > 8 and undoing > 8, "it was killed at each of several steps"
