"""Forks: what is taken over, what is done anew."""

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.events import NodeFinished
from rheostat.app_core.log import Store
from rheostat.app_core.run_errors import BadInput
from rheostat.app_core.testing import ScriptedGateway


class Letters:
    """Two model-free steps and an effect, each of which notes that it ran."""

    def __init__(self, store: Store) -> None:
        self.ran = list[str]()
        self.app = app = App("letters", store=store, gateway=ScriptedGateway([]))

        @app.function
        async def name(of: str) -> str:
            self.ran.append("name")
            return of.title()

        @app.function
        async def write(to: str, text: str) -> str:
            self.ran.append("write")
            return f"Dear {to}, {text}"

        @app.tool(risk="outward")
        def send(letter: str) -> str:
            self.ran.append(f"sent {letter}")
            return letter

        @app.workflow
        def flow(of: str, text: str) -> str:
            return send(write(name(of), text))

        self.flow = flow
        self.name, self.write, self.send = name, write, send


def test_a_fork_takes_over_what_does_not_depend_on_the_change(store: Store) -> None:
    letters = Letters(store)
    run = letters.app.run(letters.flow, of="ada", text="hello", dial=2, model="scripted")
    assert letters.ran == ["name", "write", "sent Dear Ada, hello"]
    new = run.fork(inputs={"text": "bye"})
    assert (new.view.terms.forked_from, letters.ran[3:]) == (run.id, [])
    assert new.resume().value == "Dear Ada, bye"
    assert letters.ran[3:] == ["write", "sent Dear Ada, bye"]
    kept = [r.event for r in store.read(new.id) if isinstance(r.event, NodeFinished) and r.event.kept_from]
    assert [(event.node, event.kept_from) for event in kept] == [("name", run.id)]
    assert run.value == "Dear Ada, hello", "the old one is as it was"


def test_a_fork_with_nothing_changed_does_nothing_again(store: Store) -> None:
    letters = Letters(store)
    run = letters.app.run(letters.flow, of="ada", text="hello", dial=2, model="scripted")
    assert run.fork().resume().value == run.value
    assert len(letters.ran) == 3


def test_a_fork_goes_on_from_what_a_node_is_said_to_have_given(store: Store) -> None:
    letters = Letters(store)
    run = letters.app.run(letters.flow, of="ada", text="hello", dial=2, model="scripted")
    new = run.fork(values={"write": "Hi!"}).resume()
    assert (new.value, letters.ran[3:]) == ("Hi!", ["sent Hi!"])
    with pytest.raises(BadInput, match="There is no node 'wirte'"):
        run.fork(values={"wirte": "Hi!"})
    with pytest.raises(BadInput, match="does not fit"):
        run.fork(values={"write": 7})
    with pytest.raises(BadInput, match="argument text"):
        run.fork(inputs={"text": 7})
    with pytest.raises(BadInput, match="has to run first"):
        run.fork(inputs={"of": "bo"}, values={"write": "Hi!"})
