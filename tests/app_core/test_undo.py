"""Taking effects back: what is given to an undo, what is said when there is none, and that nothing else is touched."""

import asyncio
import time
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.decisions import EffectStarted, UndoFailed, Undone, UndoStarted
from rheostat.app_core.events import Event
from rheostat.app_core.log import Store, verify
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadDeclaration, NotUndone, RunHeld
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.app_core.view import View
from rheostat.autonomy import Json

Letter = dict[str, str]


class Stopped(BaseException):
    """The process ends here."""


class Office:
    """An App that sends letters which can be recalled, signs what can't be undone, and fails on demand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.out = dict[str, str]()
        self.recalled = list[tuple[str, str, str]]()
        self.trouble = dict[str, BaseException]()
        self.app = app = App("office", store=store, gateway=ScriptedGateway([]))

        def recall(to: str, copies: int, effect: Letter, idempotency_key: str) -> str:
            assert isinstance(self.events()[-1], UndoStarted), "it is in the Log before it is done"
            self.raise_for("recall", to)
            self.recalled.append((to, effect["text"], idempotency_key))
            del self.out[to]
            return f"{copies} recalled"

        def shown(effect: Letter) -> Json:
            return {"title": f"Recall {effect['text']!r}"}

        @app.tool(risk="outward", control=["to"], undo=recall, preview_undo=shown)
        def send(to: str, text: str, copies: int = 2) -> Letter:
            self.raise_for("send", to)
            self.out[to] = text
            return {"text": text}

        @app.tool(risk="irreversible", control=["to"])
        def sign(to: str, letter: Letter) -> Letter:
            return letter

        @app.function
        def joined(letters: list[Letter]) -> str:
            return " ".join(letter["text"] for letter in letters)

        @app.workflow
        def mail(names: list[str]) -> str:
            return joined(send.each(names, "hello"))

        @app.workflow
        def chain(name: str) -> Letter:
            return sign(name, send(name, "hello"))

        @app.workflow
        def three(name: str) -> Letter:
            return send("c", send("b", send("a", name)["text"])["text"])

        self.mail, self.chain, self.three = mail, chain, three

    def raise_for(self, what: str, to: str) -> None:
        if trouble := self.trouble.get(f"{what} {to}"):
            raise trouble

    def events(self) -> list[Event]:
        return [record.event for record in self.store.read(self.store.runs()[0])]

    def run(self, *names: str, dial: int = 4) -> Run[str]:
        return self.app.run(self.mail, names=list(names), model="scripted", dial=dial)


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_one_effect_is_taken_back_and_no_other(office: Office) -> None:
    run = office.run("Ada", "Bo")
    assert [effect.node for effect in run.effects] == ["send[0]/send", "send[1]/send"]
    run.undo("send[0]/send", by="Eve")
    assert office.out == {"Bo": "hello"}
    key = next(e.key for e in office.events() if isinstance(e, EffectStarted) and e.node == "send[0]/send")
    assert office.recalled == [("Ada", "hello", key)]
    ada, bo = run.effects
    assert (ada.standing, ada.undone_by, ada.said, bo.standing) == ("undone", "Eve", "2 recalled", "done")
    started, undone = office.events()[-2:]
    assert started == UndoStarted(node="send[0]/send", key=key, by="Eve")
    assert undone == Undone(node="send[0]/send", said="2 recalled")
    assert (run.view.nodes["send[0]/send"].status, run.view.nodes["send[0]/send"].reason) == ("undone", "by Eve")
    assert (run.status, run.value) == ("done", "hello hello"), "what went on with the result is left as it is"
    verify(run.id, office.store.read(run.id))


def test_what_it_would_do_is_shown_before_and_nothing_is_done(office: Office) -> None:
    run = office.run("Ada")
    before = len(office.events())
    assert run.preview_undo("send[0]/send") == {"title": "Recall 'hello'"}
    assert (office.out, len(office.events())) == ({"Ada": "hello"}, before)


def test_the_undo_is_given_what_a_person_edited(office: Office) -> None:
    run = office.run("Ada", dial=1).approve(edits={"text": "goodbye", "to": "Cy"})
    run.undo("send[0]/send")
    assert [(to, text) for to, text, _ in office.recalled] == [("Cy", "goodbye")]


def test_a_run_that_waits_can_be_undone_and_then_goes_on(office: Office) -> None:
    run = office.app.run(office.chain, name="Ada", model="scripted", dial=2)
    assert run.status == "waiting"
    run.undo("send")
    assert office.out == {}
    assert run.status == "waiting"
    assert office.app.open(run.id).approve().status == "done"
    assert office.app.open(run.id).effects[0].standing == "undone"


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("send[9]/send", r"There is no step 'send\[9\]/send'.*Effects: send\[0\]/send, send\[1\]/send"),
        ("joined", "'joined' changed nothing"),
        ("", "There is no step ''"),
    ],
)
def test_what_did_nothing_is_not_undone(office: Office, node: str, said: str) -> None:
    run = office.run("Ada", "Bo")
    with pytest.raises(NotUndone, match=said):
        run.undo(node)
    assert not any(isinstance(event, UndoStarted) for event in office.events())


def test_undoing_twice_is_said(office: Office) -> None:
    run = office.run("Ada").undo("send[0]/send", by="Eve")
    with pytest.raises(NotUndone, match="was undone already, by Eve"):
        run.undo("send[0]/send", by="Bo")
    assert len(office.recalled) == 1


def test_what_was_never_done_is_not_undone(office: Office) -> None:
    run = office.run("Ada", "Bo", dial=1).reject("send[0]/send?1", reason="too short")
    with pytest.raises(NotUndone, match=r"was never done.*declined: .*too short"):
        run.undo("send[0]/send")
    with pytest.raises(NotUndone, match=r"was never done.*waiting"):
        run.undo("send[1]/send")


def test_what_has_no_undo_says_so(office: Office) -> None:
    run = office.app.run(office.chain, name="Ada", model="scripted", dial=4)
    with pytest.raises(NotUndone, match=r"'sign' can't be undone: sign\(\) has no undo. Mend by hand"):
        run.undo("sign")
    assert office.out == {"Ada": "hello"}


def test_an_undo_that_fails_says_so_and_can_be_tried_again(office: Office) -> None:
    run = office.run("Ada")
    office.trouble["recall Ada"] = ValueError("the post is closed \ud800")
    with pytest.raises(NotUndone, match=r"was not undone. recall\(\) raised ValueError: the post is closed"):
        run.undo("send[0]/send")
    assert isinstance(office.events()[-1], UndoFailed)
    assert (run.effects[0].standing, run.view.nodes["send[0]/send"].status) == ("done", "done")
    office.trouble.clear()
    assert run.undo("send[0]/send").effects[0].standing == "undone"


def test_back_to_a_point_the_newest_first(office: Office) -> None:
    run = office.app.run(office.three, name="x", model="scripted", dial=4)
    first = run.effects[0].node
    run.undo_to(first, by="Eve")
    assert [to for to, _, _ in office.recalled] == ["c", "b"]
    assert office.out == {"a": "x"}
    run.undo_to()
    assert office.out == {}
    assert run.undo_to() is run, "nothing is left, so nothing is done"
    assert len(office.recalled) == 3
    with pytest.raises(NotUndone, match="No such step has finished"):
        run.undo_to("nowhere")


def test_it_stops_at_the_first_that_fails_and_says_what_was_done(office: Office) -> None:
    run = office.app.run(office.three, name="x", model="scripted", dial=4)
    a, b, c = (effect.node for effect in run.effects)
    office.trouble["recall b"] = ValueError("no")
    with pytest.raises(NotUndone, match=f"{b!r} was not undone.*Undone before that: {c}. Not undone: {a}."):
        run.undo_to()
    assert office.out == {"a": "x", "b": "x"}


def test_if_one_has_no_undo_nothing_is_undone(office: Office) -> None:
    run = office.app.run(office.chain, name="Ada", model="scripted", dial=4)
    with pytest.raises(NotUndone, match="'sign' can't be undone.*Nothing was undone."):
        run.undo_to()
    assert office.out == {"Ada": "hello"}


def test_an_effect_that_failed_is_not_undone_since_nobody_knows_what_it_did(office: Office) -> None:
    office.trouble["send Ada"] = ValueError("the line broke")
    run = office.run("Ada")
    with pytest.raises(NotUndone, match=r"Nobody knows whether .* was done.*send\(\) has no `status`"):
        run.undo("send[0]/send")


def test_a_fork_does_not_take_over_what_was_undone(office: Office) -> None:
    run = office.run("Ada", "Bo").undo("send[0]/send")
    forked = run.fork().resume()
    assert office.out == {"Ada": "hello", "Bo": "hello"}
    assert [effect.node for effect in forked.effects] == ["send[0]/send"]
    with pytest.raises(NotUndone, match=f"was done in run {run.id}. Undo it there"):
        forked.undo("send[1]/send")


def test_the_time_while_nobody_worked_is_no_work(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(event: Event, _: View) -> None:
        if isinstance(event, EffectStarted) and event.node == "send[1]/send":
            raise Stopped

    with pytest.raises(Stopped):
        office.app.run(office.mail, names=["Ada", "Bo"], model="scripted", dial=4, deadline_s=60, watch=stop)
    run = office.app.open(office.store.runs()[0])
    worked_s = run.view.worked_s
    now = time.time()
    monkeypatch.setattr("rheostat.app_core.undo.time", lambda: now + 3_600)
    run.undo("send[0]/send")
    assert run.view.worked_s < worked_s + 60


def test_while_a_process_works_on_the_run_nothing_is_undone(office: Office) -> None:
    run = office.run("Ada")
    lease = office.store.lease(run.id)
    lease.take()
    with pytest.raises(RunHeld):
        run.undo("send[0]/send")
    lease.drop()
    assert office.out == {"Ada": "hello"}


def test_what_a_run_runs_can_not_undo(office: Office) -> None:
    before = office.run("Ada")

    @office.app.function
    def meddle(run: str) -> str:
        office.app.open(run).undo("send[0]/send", by="the model")
        return "done"

    @office.app.workflow
    def flow(run: str) -> str:
        return meddle(run)

    run = office.app.run(flow, run=before.id, model="scripted", dial=4)
    assert "Only people may, from outside." in run.view.reason
    assert office.out == {"Ada": "hello"}


def test_an_undo_that_hangs_is_given_up_and_nobody_knows(store: Store) -> None:
    app = App("slow", store=store, gateway=ScriptedGateway([]))

    async def hang(to: str) -> None:
        await asyncio.sleep(600)

    @app.tool(risk="local", undo=hang, timeout_s=0.1)
    def pay(to: str) -> str:
        return to

    @app.workflow
    def flow(to: str) -> str:
        return pay(to)

    run = app.run(flow, to="Ada", model="scripted", dial=4)
    with pytest.raises(NotUndone, match="Nobody knows whether 'pay' is undone.*given up"):
        run.undo("pay")
    assert run.effects[0].standing == "undoing"


def recall_nobody(nobody: str) -> None: ...
def recall_all(**everything: str) -> None: ...
def recall_path(path: str) -> None: ...


def declared(**options: Any) -> None:
    app = App("bad", store=MemoryStore(), gateway=ScriptedGateway([]))

    @app.tool(risk="local", **options)
    def tool(path: str) -> None:
        return None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"undo": recall_nobody}, r"wants nobody.*Choose from path, effect, idempotency_key"),
        ({"undo": recall_all}, r"wants \*everything"),
        ({"preview_undo": recall_path}, "shows an undo that it does not have"),
        ({"undo": recall_path, "changes": ["path"]}, "says twice how it is undone"),
        ({"changes": ["file"]}, r"has no parameter file. `changes` names"),
        ({"status": recall_path}, "gives no result"),
    ],
)
def test_an_undo_that_could_not_work_is_refused_when_it_is_declared(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadDeclaration, match=said):
        declared(**options)
