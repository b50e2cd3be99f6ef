"""The dial on the move: of a run that waits, of one that another thread drives, and of a run inside a run."""

from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from rheostat import App, Level
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.events import DialMoved, Ruled, Withdrawn
from rheostat.app_core.log import Store
from rheostat.app_core.run_errors import BadInput, RunHeld, UnfitAnswer
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.app_core.word import CallOff, Revoke, Turn, told
from rheostat.autonomy import Dial, Risk

from .office import Aside, Office


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_what_waits_goes_through_when_the_dial_is_turned_up_and_the_log_says_who_turned_it(office: Office) -> None:
    run = office.write(dial=1)
    assert (run.status, office.done) == ("waiting", [])
    run.turn(2, by="ann")
    assert (run.status, office.done) == ("done", ["sent ann"])
    events = [record.event for record in office.app.store.read(run.id)]  # type: ignore[union-attr]
    (moved,) = [event for event in events if isinstance(event, DialMoved)]
    assert (moved.dial, moved.by) == (Dial(level=Level.SHARE), "ann")
    assert [event.question for event in events if isinstance(event, Withdrawn)] == ["send?1"]
    (ruled,) = [event for event in events if isinstance(event, Ruled)]
    assert (ruled.verdict.level, ruled.verdict.decided_by) == (Level.SHARE, "the dial")


def test_turned_down_it_asks_about_what_it_would_have_done(office: Office) -> None:
    run = office.run(office.letters, to=["ann", "bo"], text="x", dial=1)
    run.turn(0).turn(1)
    assert (run.status, len(run.questions), office.done) == ("waiting", 2, [])
    # What is accepted at a lower dial is ruled on by that.
    run.turn(0)
    assert run.reject("letter[0]/send?1").status == "waiting"
    assert run.view.dial.level is Level.PROPOSE


def test_only_one_tool_or_one_kind_of_action_is_turned(office: Office) -> None:
    waiting = office.write(dial=1)
    waiting.turn(4, tool="pa*")
    assert (waiting.status, waiting.view.dial) == ("waiting", Dial(tools={"pa*": Level.ALONE}))
    waiting.turn(4, kind="outward")
    assert (waiting.status, office.done) == ("done", ["sent ann"])
    assert waiting.view.dial == Dial(tools={"pa*": Level.ALONE}, kinds={Risk.OUTWARD: Level.ALONE})


def test_a_level_alone_is_the_whole_dial(office: Office) -> None:
    run = office.run(office.paid, to="ann", usd=5.0, dial=Dial(level=Level.EDIT, tools={"send": Level.ALONE}))
    assert run.turn(0).view.dial == Dial(level=Level.PROPOSE)


def test_what_is_steered_waits_however_high_the_dial_is_turned(office: Office) -> None:
    run = office.run(office.mail, to="eve", text="x", dial=0)
    assert (run.turn(4).status, office.done) == ("waiting", [])


def test_who_works_on_the_run_hears_of_it_and_goes_by_it(office: Office) -> None:
    driven = Aside(lambda: office.write("slow", dial=4))
    assert office.begun.wait(10)
    store = office.app.store
    assert store is not None
    office.app.open(store.runs()[0]).turn(1, by="ann", patience_s=10)
    office.go_on.set()
    run = driven.ends()
    assert (run.status, office.done, run.view.dial) == ("waiting", [], Dial(level=Level.EDIT))
    assert store.words(run.id) == []


def test_a_process_that_does_not_hear_is_named_and_the_word_stays_for_whoever_comes_next(tmp_path: Path) -> None:
    office = Office(SqliteStore(tmp_path / "runs.sqlite"))
    run = office.write(dial=1)
    elsewhere = SqliteStore(tmp_path / "runs.sqlite")
    lease = elsewhere.lease(run.id)
    lease.take()
    with pytest.raises(RunHeld):
        run.turn(2, patience_s=0)
    assert len(elsewhere.words(run.id)) == 1
    lease.drop()
    assert office.app.open(run.id).resume().status == "done"
    assert (office.done, elsewhere.words(run.id)) == (["sent ann"], [])


def test_a_run_that_has_ended_or_a_dial_that_is_none_is_told(office: Office) -> None:
    run = office.write(dial=1)
    with pytest.raises(BadInput, match="goes from 0 to 4"):
        run.turn(5)
    with pytest.raises(BadInput, match="There are send, note, pay"):
        run.turn(2, tool="sent")
    with pytest.raises(BadInput, match="Turn twice"):
        run.turn(2, tool="send", kind="outward")
    run.turn(2)
    with pytest.raises(BadInput, match="It has ended: done"):
        run.turn(1)


def test_a_word_that_was_heard_before_the_process_died_changes_nothing_when_it_is_heard_again(store: Store) -> None:
    office = Office(store)
    run = office.write(dial=1)
    run.turn(0, by="ann")
    before = len(store.read(run.id))
    store.leave_word(run.id, Turn(dial=Dial(level=Level.PROPOSE), by="ann").model_dump_json())
    run = office.app.open(run.id).resume()
    assert [record.event.kind for record in store.read(run.id)][before:] == ["run_resumed"]


def test_words_are_heard_in_the_order_in_which_they_were_left(store: Store) -> None:
    office = Office(store)
    run = office.write(dial=1)
    for level in (4, 0):
        store.leave_word(run.id, Turn(dial=Dial(level=Level(level)), by="ann").model_dump_json())
    assert office.app.open(run.id).resume().status == "waiting"
    assert office.done == []
    numbers = [store.leave_word("another", "x"), store.leave_word("another", "y")]
    assert store.words("another") == [(numbers[0], "x"), (numbers[1], "y")] and store.words(run.id) == []
    store.heard("another", numbers[0])
    assert store.words("another") == [(numbers[1], "y")]


# A run inside a run


def nested(store: Store) -> tuple[Office, App, Any]:
    """A workflow of another App, in whose only step a run of the office is started at level 4."""
    office, outer = Office(store), App("outer", store=store, gateway=ScriptedGateway([]))

    @outer.function
    def inside(to: str) -> str:
        return office.write(to, dial=4).id

    @outer.workflow
    def flow(to: str) -> str:
        return inside(to)

    return office, outer, flow


@pytest.mark.parametrize("level", list(Level))
def test_a_run_inside_a_run_goes_no_further_than_that(level: Level) -> None:
    store = MemoryStore()
    office, outer, flow = nested(store)
    run = outer.run(flow, to="ann", model="scripted", dial=level, by="bo")
    inner = office.app.open(run.value)
    assert inner.view.dial == Dial(level=Level.ALONE, ceiling=Dial(level=level))
    assert (inner.status == "done") == (level >= Level.SHARE)
    assert inner.view.terms.asked_by == "bo"


def test_it_can_not_be_turned_past_it_later_either() -> None:
    store = MemoryStore()
    office, outer, flow = nested(store)
    inner = office.app.open(outer.run(flow, to="ann", model="scripted", dial=1).value)
    assert (inner.turn(4).status, office.done) == ("waiting", [])
    assert inner.view.dial == Dial(level=Level.ALONE, ceiling=Dial(level=Level.EDIT))


def test_a_run_inside_a_run_inside_a_run_goes_no_further_than_the_outermost() -> None:
    store = MemoryStore()
    office, middle, flow = nested(store)
    outermost = App("outermost", store=store, gateway=ScriptedGateway([]))

    @outermost.tool(risk="read")
    def deep(to: str) -> str:
        return middle.run(flow, to=to, model="scripted", dial=3).value

    @outermost.workflow
    def whole(to: str) -> str:
        return deep(to)

    run = outermost.run(whole, to="ann", model="scripted", dial=1)
    assert (office.app.open(run.value).status, office.done) == ("waiting", [])


def test_a_run_that_goes_on_inside_of_another_is_under_it_and_says_so() -> None:
    store = MemoryStore()
    office, outer = Office(store), App("outer", store=store, gateway=ScriptedGateway([]))
    waiting = office.write(dial=0)

    @outer.function
    def inside(run: str) -> str:
        return office.app.open(run).resume().status

    @outer.workflow
    def flow(run: str) -> str:
        return inside(run)

    store.leave_word(waiting.id, Turn(dial=Dial(level=Level.ALONE), by="ann").model_dump_json())
    assert outer.run(flow, run=waiting.id, model="scripted", dial=1).value == "waiting"
    seen = office.app.open(waiting.id).view
    assert seen.dial == Dial(level=Level.ALONE, ceiling=Dial(level=Level.EDIT)) and office.done == []


def test_turning_the_outer_run_down_holds_for_what_the_inner_one_decides_next(store: Store) -> None:
    office, outer, flow = nested(store)
    driven = Aside(lambda: outer.run(flow, to="slow", model="scripted", dial=4))
    assert office.begun.wait(10)
    (outer_run,) = [run for run in store.runs() if outer.open(run).view.terms.app == "outer"]
    outer.open(outer_run).turn(1, patience_s=10)
    office.go_on.set()
    inner = office.app.open(driven.ends().value)
    assert (inner.status, office.done) == ("waiting", [])
    moves = [record.event for record in store.read(inner.id) if isinstance(record.event, DialMoved)]
    assert [move.by for move in moves] == ["the run around it"]


def test_what_runs_inside_of_a_run_neither_turns_it_nor_gives_it_leave(store: Store) -> None:
    office, outer = Office(store), App("outer", store=store, gateway=ScriptedGateway([]))
    refused = list[str]()

    @outer.function
    def inside(run: str) -> str:
        from datetime import UTC, datetime, timedelta

        for steer in (
            lambda: office.app.open(run).turn(4),
            lambda: office.app.grant(office.send, by="eve", until=datetime.now(UTC) + timedelta(days=1)),
        ):
            try:
                steer()
            except BadInput as error:
                refused.append(str(error))
        return run

    @outer.workflow
    def flow(run: str) -> str:
        return inside(run)

    outer.run(flow, run=office.write(dial=1).id, model="scripted", dial=4)
    assert len(refused) == 2 and all("from inside of a run" in why for why in refused)


def test_who_it_is_for_is_the_login_name_unless_somebody_is_named(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setenv("LOGNAME", "login")
    assert office.write(dial=1).view.terms.asked_by == "login"
    assert office.write(dial=1, by="bo").view.terms.asked_by == "bo"


def test_words_that_change_nothing_are_not_written_down(office: Office) -> None:
    view = office.write(dial=1).view
    assert told(view, [Turn(dial=Dial(level=Level.EDIT), by="ann"), CallOff(why="x"), Revoke(grant="?", by="x")]) == []


# A level that changed between ask and answer


def test_what_was_accepted_at_a_higher_level_is_asked_again_where_a_lower_one_wants_more(office: Office) -> None:
    run = office.run(office.paid, to="ann", usd=5.0, dial=1, approvers=2)
    assert run.questions[0].people == 1
    run.turn(0).approve(by="ann")
    assert (run.status, office.done, run.questions[0].people) == ("waiting", [], 2)
    run.approve(by="ann").approve(by="bo")
    assert (run.status, office.done) == ("done", ["paid ann"])


def test_an_answer_to_what_the_dial_has_let_go_meanwhile_is_turned_away(office: Office) -> None:
    run = office.run(office.letters, to=["ann", "bo"], text="x", dial=1)
    asked = run.questions[0].id
    run.turn(2)
    with pytest.raises(UnfitAnswer):
        office.app.open(run.id).reject(asked, by="eve")
    assert sorted(office.done) == ["sent ann", "sent bo"]


def test_a_level_lowered_between_accepting_and_doing_it_does_not_do_it_twice_or_lose_it(office: Office) -> None:
    run = office.run(office.letters, to=["ann", "bo"], text="x", dial=1)
    run.approve("letter[0]/send?1", by="ann").turn(0)
    assert (office.done, run.status, len(run.questions)) == (["sent ann"], "waiting", 1)


def test_threads_that_share_a_store_take_turns_in_it(store: Store) -> None:
    """As the threads of a run and of the run inside it do."""

    together = Barrier(4)

    def leave(number: int) -> None:
        together.wait(10)
        for _ in range(30):
            store.leave_word(f"run {number}", "x")
            assert len(store.words(f"run {number}")) == 1
            store.heard(f"run {number}", max(n for n, _ in store.words(f"run {number}")))
            assert store.words(f"run {number}") == []

    for each in [Aside(lambda n=number: leave(n)) for number in range(4)]:
        each.ends()
