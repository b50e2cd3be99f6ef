"""A run as a stream of what happens in it."""

import asyncio
from typing import Any

from rheostat.app_core.app import App
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.testing import ScriptedGateway


def greeter(store: Store) -> tuple[App, Any]:
    app = App("greeter", store=store, gateway=ScriptedGateway(lambda request: "Hello dear Ada"))

    @app.llm
    def greet(name: str) -> str:
        """Greet."""
        ...

    @app.workflow
    def flow(name: str) -> str:
        return greet(name)

    return app, flow


def begun(app: App, workflow: Any) -> Run[str]:
    """A run that is recorded and not driven yet."""
    return app.run(workflow, name="Ada", model="scripted").fork(inputs={"name": "Bo"})


def test_a_stream_tells_every_event_in_order_and_answers_as_they_come(store: Store) -> None:
    run = begun(*greeter(store))

    async def listen() -> list[Any]:
        return [event async for event in run.stream()]

    told = asyncio.run(listen())
    kinds = [event.kind for event in told if event.kind != "token"]
    assert kinds == [record.event.kind for record in store.read(run.id)][1:]
    assert "".join(event.text for event in told if event.kind == "token") == "Hello dear Ada"
    assert {event.node for event in told if event.kind == "token"} == {"greet"}
    assert (run.status, run.value) == ("done", "Hello dear Ada")
    assert asyncio.run(listen()) == [], "nothing more happens"


def test_who_stops_listening_leaves_the_run_to_be_resumed(store: Store) -> None:
    run = begun(*greeter(store))

    async def listen() -> None:
        stream = run.stream()
        async for event in stream:
            if event.kind == "node_started":
                break
        await stream.aclose()

    asyncio.run(listen())
    assert run.status == "unfinished"
    assert run.resume().value == "Hello dear Ada"
