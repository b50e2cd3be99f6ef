"""Grants: what they let go, for how long, where, and who takes them back."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat import App
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.events import EffectStarted, GrantGiven, GrantRevoked, Ruled, RunResumed
from rheostat.app_core.label import Label, join
from rheostat.app_core.log import Store, chained
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadInput
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import (
    Bound,
    Grant,
    GrantsUnreadable,
    Policy,
    Risk,
    Rule,
    Ruling,
    Taint,
    UnknownGrant,
)
from rheostat.autonomy.io import SqliteGrants
from rheostat.context import Trust

from .office import Aside, Office


@pytest.fixture
def grants(tmp_path: Path) -> SqliteGrants:
    return SqliteGrants(tmp_path / "grants.sqlite")


@pytest.fixture
def office(store: Store, grants: SqliteGrants) -> Office:
    return Office(store, grants=grants)


def soon(days: float = 1.0) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def events(office: Office, run: Run[object]) -> Sequence[object]:
    assert office.app.store is not None
    return [record.event for record in office.app.store.read(run.id)]


# For every run of an App


def test_a_grant_lets_go_what_would_be_asked_and_the_log_says_whose_it_was(office: Office) -> None:
    given = office.app.grant(office.send, by="ann", until=soon(), why="Routine letters.")
    run = office.write(dial=1)
    assert (run.status, office.done) == ("done", ["sent ann"])
    ruled = run.view.ruled[0].verdict
    assert (ruled.ruling, ruled.decided_by) == (Ruling.NOTIFY, f"grant {given.id}")
    assert any("ann granted this until" in reason and "Routine letters." in reason for reason in ruled.reasons)
    kinds = [type(event) for event in events(office, run)]
    assert kinds.index(GrantGiven) < kinds.index(Ruled) < kinds.index(EffectStarted)
    assert run.view.grants == {given.id: given}


def test_it_is_written_down_once_in_each_run_that_goes_by_it(office: Office) -> None:
    given = office.app.grant("send", by="ann", until=soon())
    run = office.run(office.letters, to=["ann", "bo", "cy"], text="x", dial=1)
    assert [event.grant for event in events(office, run) if isinstance(event, GrantGiven)] == [given]
    assert len(office.done) == 3


@pytest.mark.parametrize(
    ("what", "terms"),
    [
        ("another value", {"bounds": [Bound(argument="to", equals="bo")]}),
        ("a look-alike", {"bounds": [Bound(argument="to", equals="аnn")]}),
        ("another argument", {"bounds": [Bound(argument="cc", equals="ann")]}),
        ("a check that did not pass", {"passed": "within_policy"}),
    ],
)
def test_what_a_grant_does_not_reach_is_asked(office: Office, what: str, terms: dict[str, object]) -> None:
    office.app.grant(office.send, by="ann", until=soon(), **terms)  # type: ignore[arg-type]
    assert (office.write(dial=1).status, office.done) == ("waiting", [])


def test_what_is_steered_is_asked_whatever_was_granted(office: Office) -> None:
    office.app.grant(office.send, by="ann", until=soon(), bounds=[Bound(argument="to", equals="eve")])
    run = office.run(office.mail, to="eve", text="x", dial=4)
    assert (run.status, run.questions[0].verdict.taint, office.done) == ("waiting", Taint.STEERED, [])


def test_a_rule_asks_all_the_same_unless_the_grant_names_it(store: Store, grants: SqliteGrants) -> None:
    rule = Rule(name="letters", tool="send", at_least=Ruling.ASK, why="Letters are looked at.")
    office = Office(store, grants=grants, policy=Policy(rules=(rule,)))
    office.app.grant(office.send, by="ann", until=soon())
    assert office.write(dial=3).status == "waiting"
    office.app.grant(office.send, by="ann", until=soon(), rules=["letters"])
    assert office.write(dial=3).status == "done"


def test_a_revoked_one_lets_nothing_go_any_more_and_is_still_listed(office: Office) -> None:
    given = office.app.grant(office.send, by="ann", until=soon())
    assert office.write(dial=1).status == "done"
    revoked = office.app.revoke(given.id, by="bo")
    assert (revoked.revoked_by, office.app.granted()) == ("bo", (revoked,))
    assert office.write(dial=1).status == "waiting"
    assert office.app.revoke(given.id, by="cy") == revoked
    with pytest.raises(UnknownGrant, match="no grant 'grant-0'"):
        office.app.revoke("grant-0", by="bo")


def test_revoked_while_a_run_goes_on_its_next_action_is_asked_about(office: Office) -> None:
    given = office.app.grant(office.send, by="ann", until=soon())
    driven = Aside(lambda: office.write("slow", dial=1))
    assert office.begun.wait(10)
    office.app.revoke(given.id, by="ann")
    office.go_on.set()
    assert (driven.ends().status, office.done) == ("waiting", [])


def test_a_grant_that_has_expired_is_none_and_one_without_an_end_or_a_tool_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="before it is given"):
        office.app.grant(office.send, by="ann", until=soon(-1))
    with pytest.raises(BadInput, match="expires_at can't be"):
        office.app.grant(office.send, by="ann", until=datetime.now())  # noqa: DTZ005
    with pytest.raises(BadInput, match="by can't be"):
        office.app.grant(office.send, by=[], until=soon())
    with pytest.raises(BadInput, match="no tool 'sent'"):
        office.app.grant("sent", by="ann", until=soon())
    past = office.app.grant(office.send, by="ann", until=datetime.now(UTC) + timedelta(milliseconds=50))
    while datetime.now(UTC) < past.expires_at:
        pass
    assert office.write(dial=1).status == "waiting"


def test_a_clock_that_is_set_back_brings_no_grant_back_in_a_run_that_has_seen_it_later(office: Office) -> None:
    run, store = office.write(dial=1), office.app.store
    assert store is not None
    records, later = store.read(run.id), soon(days=2).timestamp()
    store.append(run.id, len(records), chained([RunResumed()], seq=len(records), after=records[-1].digest, at=later))
    office.app.grant(office.send, by="ann", until=soon(days=1))
    assert office.app.open(run.id).resume().status == "waiting"
    assert office.write(dial=1).status == "done"


def test_only_who_may_approve_may_grant_and_what_they_granted_ends_with_that(
    store: Store, grants: SqliteGrants
) -> None:
    with_ann = Office(store, grants=grants, policy=Policy(people={"Ann": (), "bo": ()}))
    with pytest.raises(BadInput, match="eve can't grant this"):
        with_ann.app.grant(with_ann.send, by="eve", until=soon())
    with_ann.app.grant(with_ann.send, by="ann", until=soon())
    assert with_ann.write(dial=1).status == "done"
    assert Office(store, grants=grants, policy=Policy(people={"bo": ()})).write(dial=1).status == "waiting"


def test_a_waiting_run_that_is_taken_up_after_a_grant_goes_on(office: Office) -> None:
    run = office.write(dial=1)
    office.app.grant(office.send, by="ann", until=soon())
    assert (office.app.open(run.id).resume().status, office.done) == ("done", ["sent ann"])


# Never leaks


def test_no_other_app_and_no_other_store_goes_by_it(tmp_path: Path) -> None:
    shared, own = SqliteGrants(tmp_path / "a.sqlite"), SqliteGrants(tmp_path / "b.sqlite")
    offices = [
        Office(MemoryStore(), grants=shared),
        Office(MemoryStore(), "other", grants=shared),
        Office(MemoryStore(), grants=own),
    ]
    offices[0].app.grant("send", by="ann", until=soon())
    assert [office.write(dial=1).status for office in offices] == ["done", "waiting", "waiting"]
    assert [len(office.app.granted()) for office in offices] == [1, 0, 0]
    assert len(shared.of()) == 1


def test_a_grant_in_one_run_lets_nothing_go_in_runs_beside_it(tmp_path: Path) -> None:
    grants = SqliteGrants(tmp_path / "grants.sqlite")
    offices = [
        Office(SqliteStore(tmp_path / f"{name}.sqlite"), name, grants=grants) for name in ("one", "two") for _ in "ab"
    ]
    barrier = Barrier(len(offices))

    def go(office: Office, granting: bool) -> Run[object]:
        run = office.write(dial=1)
        barrier.wait(60)
        if granting:
            run.grant(office.send, by="ann", until=soon())
        barrier.wait(60)
        return office.app.open(run.id).resume()

    driven = [Aside(lambda o=office, g=number == 0: go(o, g)) for number, office in enumerate(offices)]
    assert [each.ends().status for each in driven] == ["done", "waiting", "waiting", "waiting"]
    assert [office.done for office in offices] == [["sent ann"], [], [], []]
    assert grants.of() == ()


def test_a_grant_tampered_with_in_the_file_so_as_to_name_a_run_counts_in_no_run(
    office: Office, grants: SqliteGrants
) -> None:
    given = office.app.grant(office.send, by="ann", until=soon())
    grants.give(given.model_copy(update={"id": "forged", "run": "x"}))
    office.app.revoke(given.id, by="ann")
    assert office.write(dial=1).status == "waiting"


# In one run


def test_a_grant_in_a_run_lets_what_waits_go_and_ends_when_it_is_revoked(store: Store) -> None:
    office = Office(store)
    run = office.run(office.letters, to=["ann", "bo"], text="x", dial=1)
    given = run.grant(office.send, by="ann", until=soon(), bounds=[Bound(argument="to", equals="ann")])
    assert (run.status, office.done, len(run.questions)) == ("waiting", ["sent ann"], 1)
    run.revoke(given.id, by="bo")
    assert run.view.grants[given.id].revoked_by == "bo"
    assert [event.by for event in events(office, run) if isinstance(event, GrantRevoked)] == ["bo"]
    run.turn(1, kind="outward")
    with pytest.raises(UnknownGrant):
        run.revoke("grant-0")
    assert run.revoke(given.id, by="cy").view.grants[given.id].revoked_by == "bo"


def test_revoked_in_a_run_that_another_thread_drives_what_comes_is_asked_about(store: Store) -> None:
    office = Office(store)
    driven = Aside(lambda: office.run(office.letters, to=["ann", "slow"], text="x", dial=1))
    assert office.begun.wait(10)
    run = office.app.open(store.runs()[0])
    given = run.grant(office.send, by="ann", until=soon(), patience_s=10)
    run.revoke(given.id, by="ann", patience_s=10)
    office.go_on.set()
    driven.ends()
    run = office.app.open(run.id)
    assert (run.status, office.done, len(run.questions)) == ("waiting", ["sent ann"], 1)


def test_a_grant_and_its_end_left_together_let_nothing_go(store: Store) -> None:
    from rheostat.app_core.granting import grant_ahead
    from rheostat.app_core.word import Give, Revoke

    office = Office(store)
    run = office.write(dial=1)
    given = grant_ahead(office.app, "send", by="ann", until=soon(), run=run.id)
    for word in (Give(grant=given), Revoke(grant=given.id, by="ann")):
        store.leave_word(run.id, word.model_dump_json())
    assert (office.app.open(run.id).resume().status, office.done) == ("waiting", [])


# Conditional on a check


def checked(store: Store, grants: SqliteGrants, answer: str) -> tuple[App, object, list[str]]:
    """An App that sends what a model drafted and a check `short` judged; only what another model said is not judged."""
    sent = list[str]()
    app = App("desk", store=store, grants=grants, gateway=ScriptedGateway(lambda request: answer))

    @app.llm(again=0)
    def draft(about: str) -> str:
        """Draft a letter."""
        ...

    @app.llm(again=0)
    def embellish(text: str) -> str:
        """Make it nicer."""
        ...

    @app.check(draft)
    def short(text: str) -> float:
        return float(len(text) < 20)

    @app.tool(risk="outward", control=["to"])
    def send(to: str, text: str) -> str:
        sent.append(text)
        return to

    @app.workflow
    def plain(to: str) -> str:
        return send(to, draft("us"))

    @app.workflow
    def nicer(to: str) -> str:
        return send(to, embellish(draft("us")))

    @app.workflow
    def no_model(to: str) -> str:
        return send(to, "by hand")

    app.grant(send, by="ann", until=soon(), passed="short")
    return app, {"plain": plain, "nicer": nicer, "no_model": no_model}, sent


@pytest.mark.parametrize(
    ("flow", "status"),
    [("plain", "done"), ("nicer", "waiting"), ("no_model", "waiting")],
)
def test_a_grant_for_what_passed_a_check_wants_it_passed_on_all_that_the_action_rests_on(
    store: Store, grants: SqliteGrants, flow: str, status: str
) -> None:
    app, flows, sent = checked(store, grants, "Hello.")
    run = app.run(flows[flow], to="ann", model="scripted", dial=1)  # type: ignore[index]
    assert (run.status, bool(sent)) == (status, status == "done")
    if status == "done":
        assert run.view.ruled[0].verdict.passed == ("short",)


def test_what_fell_short_of_the_check_is_not_sent_at_all(store: Store, grants: SqliteGrants) -> None:
    app, flows, sent = checked(store, grants, "This answer is longer than twenty letters.")
    run = app.run(flows["plain"], to="ann", model="scripted", dial=1)  # type: ignore[index]
    assert (run.status, sent) == ("failed", [])


names = st.sets(st.sampled_from(["short", "polite", "quotes"])).map(lambda given: tuple(sorted(given)))


@given(st.lists(st.none() | names, min_size=1, max_size=5))
def test_a_check_counts_where_it_passed_on_every_answer_and_what_rests_on_none_says_nothing(
    passed: list[tuple[str, ...] | None],
) -> None:
    labels = [Label(trust=Trust.TRUSTED, passed=each) for each in passed]
    of_models = [set(each) for each in passed if each is not None]
    whole = join(labels).passed
    assert (whole is None) == (not of_models)
    for name in ("short", "polite", "quotes") if of_models else ():
        assert (name in (whole or ())) == all(name in each for each in of_models)
    assert join(reversed(labels)).passed == whole == join([join(labels[:2]), *labels[2:]]).passed


# The file


def a_grant(id: str = "g1") -> Grant:
    return Grant(
        id=id,
        by=("ann",),
        app="office",
        tool="send",
        control=("to",),
        bounds=(Bound(argument="to", equals="ann"),),
        risk=Risk.OUTWARD,
        given_at=soon(-1),
        expires_at=soon(),
    )


def test_what_is_kept_is_read_back_as_it_was_and_kept_once(grants: SqliteGrants) -> None:
    assert grants.of("office") == ()
    assert not grants.path.exists()
    given = a_grant()
    grants.give(given)
    grants.give(given.model_copy(update={"why": "again"}))
    assert SqliteGrants(grants.path).of("office") == (given,)
    assert grants.of("elsewhere") == ()


def test_many_threads_give_and_revoke_and_nothing_is_lost(grants: SqliteGrants) -> None:
    def go(number: int) -> None:
        grants.give(a_grant(f"g{number}"))
        grants.revoke(f"g{number}", by="ann", at=datetime.now(UTC))

    driven = [Aside(lambda n=number: go(n)) for number in range(8)]
    for each in driven:
        each.ends()
    assert len(grants.of()) == 8 and all(grant.revoked_at for grant in grants.of())


def test_a_file_that_can_not_be_read_stops_the_run_before_anything_is_done(store: Store, grants: SqliteGrants) -> None:
    office = Office(store, grants=grants)
    waiting = office.write(dial=1)
    grants.path.write_bytes(b"no database at all, and longer than a header" * 10)
    with pytest.raises(GrantsUnreadable, match="nothing goes by them"):
        office.write(dial=4)
    with pytest.raises(GrantsUnreadable):
        office.app.revoke("g1", by="ann")
    grants.path.unlink()
    assert office.app.open(waiting.id).resume().status == "waiting"
    assert office.done == []


def test_a_file_of_a_newer_version_is_left_alone(grants: SqliteGrants) -> None:
    with sqlite3.connect(grants.path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(GrantsUnreadable, match="newer rheostat"):
        grants.of("office")
