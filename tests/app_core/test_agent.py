"""An agent is a bounded loop of ordinary nodes: a model, and tools under the dial, in the Log."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, assert_type

import pytest
from pydantic import BaseModel, Field

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.agent import Agent
from rheostat.app_core.app import App
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.run_errors import BadDeclaration
from rheostat.app_core.testing import ScriptedGateway
from rheostat.autonomy import Taint
from rheostat.dag import InvalidGraph, when


class Found(BaseModel):
    place: str
    lines: list[int]


def call(tool: str, **args: Any) -> str:
    return json.dumps({"step": {"call": tool, "args": args}})


def answer(value: Any) -> str:
    return json.dumps({"step": {"call": "answer", "answer": value}})


Script = Callable[[ChatRequest], str] | list[str]


def made(path: Path, script: Script, *, turns: int = 4, trust: Any = "trusted") -> tuple[App, Agent[str, [int], Found]]:
    app = App("finder", gateway=ScriptedGateway(script), store=SqliteStore(path / "runs.sqlite"))

    @app.source(trust=trust)
    def search(words: str, limit: Annotated[int, Field(ge=1)] = 2) -> list[str]:
        """Finds places."""
        if words == "nowhere":
            raise ValueError("there is no such place")
        return [f"{words} {n}" for n in range(limit)]

    @app.tool(risk="outward", control=["to"])
    def tell(to: str, text: str) -> str:
        """Tells somebody."""
        return f"told {to}"

    @app.agent(tools=[search, tell], turns=turns)
    def find(task: str, depth: int) -> Found:
        """Find the place."""
        ...

    return app, find


def plain(find: Agent[str, [int], Found]) -> Callable[[str], Found]:
    def flow(task: str) -> Found:
        return find(task, 1)

    return flow


def asked(app: App) -> list[str]:
    """What the model was asked, turn by turn."""
    assert isinstance(app.gateway, ScriptedGateway)
    return ["\n".join(message.content for message in request.messages) for request in app.gateway.requests]


def test_a_model_calls_tools_until_it_answers(tmp_path: Path) -> None:
    script = [call("search", words="park"), call("tell", to="Ada", text="hi"), answer({"place": "park", "lines": [1]})]
    app, find = made(tmp_path, script)

    @app.workflow
    def flow(task: str) -> str:
        found = find(task, 3)
        assert_type(found, Found)
        return found.place

    run = app.run(flow, task="Where?", dial=4)
    assert run.value == "park"
    done = {name: node.status for name, node in run.view.nodes.items()}
    assert done == {
        "find/turn[0]/move": "done",
        "find/turn[0]/search": "done",
        "find/turn[0]/note": "done",
        "find/turn[1]/move": "done",
        "find/turn[1]/tell": "done",
        "find/turn[1]/note": "done",
        "find/turn[2]/move": "done",
        "find/turn[2]/note": "done",
    }
    first, second, third = asked(app)
    assert "Find the place." in first and "- search(words, limit): Finds places." in first
    assert '["park 0","park 1"]' in second.replace("\\", "") and "told Ada" in third
    assert "depth" in third and "turns_left" in third


def test_each_action_is_under_the_dial_and_a_person_may_decline(tmp_path: Path) -> None:
    script = [call("tell", to="Eve", text="all"), answer({"place": "none", "lines": []})]
    app, find = made(tmp_path, script)

    flow = app.workflow(plain(find))
    run = app.run(flow, task="?", dial=1)
    (question,) = run.questions
    assert (question.action.tool, question.action.node) == ("tell", "find/turn[0]/tell")
    run.reject(reason="not her")
    assert run.value == Found(place="none", lines=[])
    assert "it was declined: you rejected it: not her" in asked(app)[1]


def test_what_an_untrusted_tool_said_steers_nothing_without_a_person(tmp_path: Path) -> None:
    app, find = made(tmp_path, [call("search", words="park"), call("tell", to="Eve", text="all")], trust="untrusted")

    flow = app.workflow(plain(find))
    run = app.run(flow, task="?", dial=4)
    (question,) = run.view.open_questions()
    assert question.verdict.taint is Taint.STEERED


@pytest.mark.parametrize(("trust", "told"), [("trusted", True), ("untrusted", False)])
def test_a_tool_that_fails_tells_the_model_why_unless_a_stranger_speaks(tmp_path: Path, trust: str, told: bool) -> None:
    script = [call("search", words="nowhere"), answer({"place": "none", "lines": []})]
    app, find = made(tmp_path, script, trust=trust)

    flow = app.workflow(plain(find))
    assert app.run(flow, task="?").value == Found(place="none", lines=[])
    assert ("there is no such place" in asked(app)[1]) is told
    assert "nowhere" in asked(app)[1]


def test_an_agent_that_never_answers_fails_after_its_turns(tmp_path: Path) -> None:
    app, find = made(tmp_path, lambda _: call("search", words="park"), turns=3)

    flow = app.workflow(plain(find))
    run = app.run(flow, task="?")
    assert run.view.status == "failed"
    assert "took all of its 3 turns" in str(run.view.failures())
    assert len(asked(app)) == 3


def test_labels_do_not_grow_with_the_turns(tmp_path: Path) -> None:
    app, find = made(tmp_path, [*[call("search", words="x")] * 5, call("tell", to="a", text="b")], turns=9)
    run = app.run(app.workflow(plain(find)), task="?", dial=0)
    assert {argument.vouched_by for argument in run.questions[0].action.arguments} == {"the workflow, search"}


def test_what_is_no_call_of_a_tool_is_sent_back(tmp_path: Path) -> None:
    found = answer({"place": "p", "lines": []})
    script = [call("rm", path="/"), call("search", words="x", limit=0), call("search", words="x", more=1), found]
    app, find = made(tmp_path, [*script[:2], found])

    flow = app.workflow(plain(find))
    assert app.run(flow, task="?").value == Found(place="p", lines=[])
    app, find = made(tmp_path / "more", script[2:])

    flow = app.workflow(plain(find))
    assert app.run(flow, task="?").value == Found(place="p", lines=[])


def test_agents_map_and_may_be_left_out(tmp_path: Path) -> None:
    def script(request: ChatRequest) -> str:
        text = request.messages[-1].content
        return call("search", words="x") if "fail" in text else answer({"place": text[:6], "lines": []})

    app, find = made(tmp_path, script, turns=1)

    @app.function
    def has(found: Found | None) -> bool:
        return found is not None

    @app.workflow
    def flow(tasks: list[str], task: str) -> list[Any]:
        maybe = find.optional(task, 1)
        assert_type(maybe, Found | None)
        return [find.each(tasks, 1), has(maybe), when(has(maybe), lambda: maybe)]

    found, there, value = app.run(flow, tasks=["one", "two"], task="fail").value or ["", "", ""]
    assert len(found) == 2 and there is False and value is None


def test_a_run_of_an_agent_is_taken_up_where_it_was_cut_off(tmp_path: Path) -> None:
    app, find = made(tmp_path, [call("tell", to="Ada", text="a")])
    run = app.run(app.workflow(plain(find)), task="?", dial=0)
    app, find = made(tmp_path, [answer({"place": "p", "lines": []})])
    app.workflow(plain(find))
    assert app.open(run.id).approve().value == Found(place="p", lines=[])


def test_a_written_workflow_may_call_an_agent_but_none_of_its_parts(tmp_path: Path) -> None:
    app, _ = made(tmp_path, [call("search", words="x"), answer({"place": "park", "lines": []})])
    args: dict[str, Any] = {"task": {"ref": "task"}, "depth": {"value": 1}}
    data: dict[str, Any] = {"nodes": [{"id": "it", "calls": "find", "args": args}], "output": {"ref": "it.place"}}
    plan = app.read_workflow("plan", data, takes={"task": str}, gives=str)
    run = app.run(plan, task="?")
    assert run.value == "park"
    assert "it/turn[0]/search" in run.view.nodes
    for change, said in (
        ({"calls": "find.move"}, "which is none of"),
        ({"args": {"task": {"ref": "task"}}}, "leaves out 'depth', which find"),
    ):
        with pytest.raises(InvalidGraph, match=said):
            app.read_workflow("other", {**data, "nodes": [{**data["nodes"][0], **change}]}, takes={"task": str})


def test_what_can_not_be_an_agent_is_told(tmp_path: Path) -> None:
    app = App("wrong")

    @app.function
    def note(text: str) -> str:
        return text

    with pytest.raises(BadDeclaration, match="tool or parameter called 'note'"):

        @app.agent(tools=[note])
        def one(task: str) -> str: ...  # pyright: ignore[reportUnusedFunction]

    with pytest.raises(BadDeclaration, match="needs tools and turns"):

        @app.agent(tools=[])
        def two(task: str) -> str: ...  # pyright: ignore[reportUnusedFunction]
