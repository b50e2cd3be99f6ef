"""Who let what happen: each thing that was decided, done or undone, told once, with its reason and its proof."""

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.audit import Entry, audit
from rheostat.app_core.decisions import EffectStarted, Reminded, Withdrawn
from rheostat.app_core.erasing import erase
from rheostat.app_core.label import Untrusted
from rheostat.app_core.log import GENESIS, Record, Store, beginning, chained
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadInput, DamagedLog, ErasedLog, NotUndone
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import Grants, Patience, Policy, Rule, Ruling
from rheostat.autonomy.io import SqliteGrants

DENIED = Rule(name="press", tool="send", argument="to", value="press", at_least=Ruling.DENY, why="Never the press.")


class Post:
    """Sends letters that can be recalled; one to "gone" fails, and one to "stone" can't be recalled."""

    def __init__(self, store: Store, grants: Grants, **terms: Any) -> None:
        self.store = store
        policy = Policy(rules=(DENIED,), **terms)
        self.app = app = App("post", store=store, gateway=ScriptedGateway([]), policy=policy, grants=grants)

        def recall(to: str) -> str:
            if to == "stone":
                raise ValueError("it is set in stone")
            return "recalled"

        @app.tool(risk="outward", control=["to"], undo=recall)
        def send(to: str, text: str) -> str:
            if to == "gone":
                raise ValueError("nobody of that name")
            return f"sent to {to}"

        @app.workflow
        def letter(to: str, text: str = "Hello.") -> str:
            return send(to, text)

        @app.workflow
        def mail(to: Untrusted[str]) -> str:
            return send(to, "Hello.")

        self.send, self.letter, self.mail = send, letter, mail

    def write(self, to: str = "Ann", dial: int = 1, **terms: Any) -> Run[Any]:
        return self.app.run(self.letter, to=to, model="scripted", dial=dial, by="owner", **terms)

    def entries(self, run: Run[Any]) -> list[Entry]:
        return audit(self.store.read(run.id))

    def told(self, run: Run[Any]) -> list[tuple[str, str, str]]:
        """What, who and of which sort, of all that came after the beginning."""
        return [
            (each.what, each.by, each.sort) for each in self.entries(run) if each.what not in ("started", "policy set")
        ]


@pytest.fixture
def grants(tmp_path: Path) -> SqliteGrants:
    return SqliteGrants(tmp_path / "grants.sqlite")


@pytest.fixture
def post(store: Store, grants: SqliteGrants) -> Post:
    return Post(store, grants)


def test_what_the_dial_lets_go_is_told_as_done_by_the_dial(post: Post) -> None:
    run = post.write(dial=3)
    assert post.told(run) == [("done", "", "dial")]
    *_, done = post.entries(run)
    assert (done.tool, done.risk, done.taint, done.level) == ("send", "outward", "clean", 3)
    assert "At level 3 (delegate)" in done.why
    assert done.control == ('to="Ann", vouched for by the user',)


def test_the_beginning_says_who_asked_for_what(post: Post) -> None:
    first, *_ = post.entries(post.write(dial=3))
    assert (first.seq, first.what, first.by, first.action, first.level) == (0, "started", "owner", "post: letter", 3)


def test_what_a_person_accepts_is_done_by_their_word_and_bound_to_what_they_saw(post: Post) -> None:
    run = post.write()
    [question] = run.questions
    run.approve(by="bob")
    assert post.told(run) == [("asked", "", "dial"), ("accepted", "bob", "person"), ("done", "bob", "person")]
    asked, accepted, done = post.entries(run)[-3:]
    assert {each.digest for each in (asked, accepted, done)} == {question.digest}
    assert {each.question for each in (asked, accepted, done)} == {question.id}


def test_an_edit_is_told(post: Post) -> None:
    run = post.write()
    run.approve(by="bob", edits={"to": "Cay"})
    accepted = next(each for each in post.entries(run) if each.what == "accepted")
    assert accepted.why == "With to='Cay'."
    assert post.entries(run)[-1].control == ('to="Cay", vouched for by bob',)


def test_what_a_person_rejects_is_told_once_with_their_reason(post: Post) -> None:
    run = post.write()
    run.reject(by="bob", reason="Not today.")
    assert post.told(run) == [("asked", "", "dial"), ("rejected", "bob", "person")]
    assert post.entries(run)[-1].why == "Not today."


def test_what_a_rule_denies_is_told_once_with_the_rule(post: Post) -> None:
    run = post.write("press", dial=4)
    assert post.told(run) == [("refused", "press", "rule")]
    assert "Never the press." in post.entries(run)[-1].why


def test_silence_is_told_as_such(store: Store, grants: SqliteGrants) -> None:
    post = Post(store, grants, patience=Patience(expires_s=0.01))
    run = post.write()
    time.sleep(0.02)
    run.resume()
    assert post.told(run) == [("asked", "", "dial"), ("refused", "", "time")]


def test_what_is_steered_is_told_as_asked_for_that(post: Post) -> None:
    run = post.app.run(post.mail, to="Eve", model="scripted", dial=4)
    asked = post.entries(run)[-1]
    assert (asked.what, asked.sort, asked.taint) == ("asked", "taint", "steered")
    assert asked.control == ('to="Eve", from untrusted text',)


def test_what_a_grant_lets_go_is_told_with_the_grant_and_who_gave_it(post: Post) -> None:
    run = post.write()
    run.approve(by="bob", like_this=True)
    given = next(each for each in post.entries(run) if each.what == "grant given")
    assert (given.by, given.sort, given.tool) == ("bob", "person", "send")
    soon = datetime.now(UTC) + timedelta(days=1)
    grant = post.app.grant(post.send, by="cay", until=soon, why="Routine.")
    done = post.entries(post.write())[-1]
    assert (done.what, done.by, done.sort) == ("done", grant.id, "grant")
    assert "cay" in done.why


def test_an_effect_that_failed_says_why(post: Post) -> None:
    run = post.write("gone", dial=3)
    done = post.entries(run)[-1]
    assert (done.what, "nobody of that name" in done.why) == ("failed", True)


def test_an_effect_whose_end_is_not_in_the_log_is_unknown(post: Post) -> None:
    run = post.write(dial=3)
    records = post.store.read(run.id)
    cut = next(record.seq for record in records if isinstance(record.event, EffectStarted))
    assert audit(records[: cut + 1])[-1].what == "unknown"
    assert audit(records)[-1].what == "done"


def test_taking_back_is_told_with_who_did_and_whether_it_could_be(post: Post) -> None:
    run = post.write(dial=3).undo("send", by="cay")
    assert post.told(run)[-2:] == [("done", "", "dial"), ("undone", "cay", "person")]
    stone = post.write("stone", dial=3)
    with pytest.raises(NotUndone):
        stone.undo("send", by="cay")
    assert post.told(stone)[-1] == ("not undone", "cay", "person")
    assert "set in stone" in post.entries(stone)[-1].why


def test_moving_the_dial_and_calling_off_are_told(post: Post) -> None:
    run = post.write()
    run.turn(3, by="cay")
    moved = next(each for each in post.entries(run) if each.what == "dial moved")
    assert (moved.by, moved.level, moved.action) == ("cay", 3, "the dial at level 3 (delegate)")
    assert [each.what for each in post.entries(run)[-2:]] == ["withdrawn", "done"]
    off = post.write().cancel("enough", by="cay")
    assert (post.entries(off)[-1].what, "enough" in post.entries(off)[-1].why) == ("called off", True)


def test_the_policy_in_force_is_told(post: Post) -> None:
    policy = next(each for each in post.entries(post.write()) if each.what == "policy set")
    assert policy.action == "rules: press"


def test_a_reminder_and_a_question_that_is_not_in_the_log_are_told_all_the_same() -> None:
    events = [Reminded(question="q?1", to="dan"), Withdrawn(node="n", question="q?1", reason="It is settled.")]
    entries = audit(chained(events, seq=0, after=beginning("r"), at=0.0))
    assert [(each.what, each.sort, each.why) for each in entries] == [
        ("reminded", "time", "dan may answer as well."),
        ("withdrawn", "", "It is settled."),
    ]


def test_every_entry_is_proved_by_the_record_it_names(post: Post) -> None:
    run = post.write()
    run.approve(by="bob")
    records = {record.seq: record for record in post.store.read(run.id)}
    for entry in post.entries(run):
        assert records[entry.seq].at == entry.at


# Erasing


def secret(store: Store, run: Run[Any]) -> bool:
    return any("classified" in record.body for record in store.read(run.id))


def test_what_is_erased_can_be_read_by_nobody_and_who_did_it_stays(post: Post) -> None:
    run = post.write(dial=3, text="classified")
    other = post.write(dial=3, text="classified")
    post.store.leave_word(run.id, "classified")
    assert secret(post.store, run)
    number = erase(post.store, run.id, by="ann", reason="They asked.")
    assert number == len(post.store.read(run.id)) - 1
    assert (secret(post.store, run), secret(post.store, other)) == (False, True)
    assert post.store.words(run.id) == []
    [entry] = audit(post.store.read(run.id))
    assert (entry.what, entry.by, entry.why) == ("erased", "ann", "They asked.")
    with pytest.raises(ErasedLog, match="was erased"):
        post.app.open(run.id)
    assert (post.store.runs(), post.store.unreadable()) == ([other.id], [run.id])
    assert post.app.open(other.id).status == "done"


def test_erasing_twice_erases_nothing_more_and_is_told(post: Post) -> None:
    run = post.write(dial=3)
    first = erase(post.store, run.id, by="ann")
    assert erase(post.store, run.id, by="bob") == first
    assert [each.by for each in audit(post.store.read(run.id))] == ["ann", "bob"]


def test_a_run_that_goes_on_is_not_erased(post: Post) -> None:
    run = post.write()
    with pytest.raises(BadInput, match="has not ended"):
        erase(post.store, run.id, by="ann")
    assert run.approve().status == "done"


def test_a_damaged_log_is_not_erased_over(post: Post) -> None:
    run = post.write(dial=3)
    records = post.store.read(run.id)
    broken = MemoryStore()
    broken.append(run.id, 0, [*records[:1], records[1]._replace(at=0.0), *records[2:]])
    with pytest.raises(DamagedLog):
        erase(broken, run.id, by="ann")


def test_a_log_of_the_first_version_is_refused_since_its_chain_is_over_the_words(post: Post) -> None:
    run = post.write(dial=3)
    old, before = list[Record](), GENESIS
    for record in post.store.read(run.id):
        before = sha256(f"{before}\n{record.seq}\n{record.at!r}\n{record.body}".encode()).hexdigest()
        old.append(record._replace(digest=before))
    store = MemoryStore()
    store.append(run.id, 0, old)
    with pytest.raises(BadInput, match="older version"):
        erase(store, run.id, by="ann")
