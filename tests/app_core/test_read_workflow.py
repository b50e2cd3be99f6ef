"""A workflow that a model wrote runs like any other, calls nothing else, and steers nothing without a person."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.run_errors import BadDeclaration
from rheostat.app_core.testing import ScriptedGateway
from rheostat.autonomy import Taint
from rheostat.dag import InvalidGraph, WrittenGraph

MAIL: dict[str, Any] = {
    "nodes": [
        {"id": "reply", "calls": "draft", "args": {"ticket": {"ref": "ticket"}}},
        {"id": "sent", "calls": "send", "args": {"to": {"value": "eve@example.org"}, "text": {"ref": "reply.text"}}},
    ],
    "output": {"ref": "sent"},
}


class Reply(BaseModel):
    text: str


@pytest.fixture
def app(tmp_path: Path) -> App:
    app = App("mail", gateway=ScriptedGateway(lambda _: '{"text": "Hello"}'), store=SqliteStore(tmp_path / "r.sqlite"))

    @app.llm
    def draft(ticket: str) -> Reply:  # pyright: ignore[reportUnusedFunction]
        """Answer."""
        ...

    @app.tool(risk="outward", control=["to"])
    def send(to: str, text: str) -> str:  # pyright: ignore[reportUnusedFunction]
        return f"{to}: {text}"

    @app.tool(risk="local")
    def note(text: str) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(text)

    return app


def test_what_an_untrusted_author_chose_steers_nothing_without_a_person(app: App) -> None:
    plan = app.read_workflow("plan", MAIL, takes={"ticket": str}, gives=str)
    run = app.run(plan, ticket="help", dial=4)
    (question,) = run.view.open_questions()
    assert question.verdict.taint is Taint.STEERED
    assert question.action.arguments[0].untrusted and not question.action.declared


def test_not_even_an_action_without_control_arguments(app: App) -> None:
    data = {"nodes": [{"id": "n", "calls": "note", "args": {"text": {"ref": "ticket"}}}], "output": {"ref": "n"}}
    run = app.run(app.read_workflow("plan", data, takes={"ticket": str}), ticket="help", dial=4)
    assert run.view.open_questions()[0].verdict.taint is Taint.STEERED


def test_a_trusted_author_is_believed_like_the_builder(app: App) -> None:
    plan = app.read_workflow("plan", MAIL, takes={"ticket": str}, gives=str, trust="trusted")
    assert app.run(plan, ticket="help", dial=4).value == "eve@example.org: Hello"


def test_a_written_workflow_is_a_node_of_another(app: App) -> None:
    mail = app.read_workflow("plan", MAIL, takes={"ticket": str}, gives=str, trust="trusted")

    @app.workflow
    def both(tickets: list[str]) -> list[str]:
        return mail.each(tickets)

    run = app.run(both, tickets=["a", "b"], dial=4)
    assert run.value == ["eve@example.org: Hello"] * 2
    assert "plan[1]/plan/sent" in run.view.nodes


def test_it_may_call_what_is_declared_and_pass_what_fits(app: App) -> None:
    for change, said in (
        ({"calls": "system"}, "which is none of draft, send, note"),
        ({"args": {"ticket": {"value": 1}}}, "1 is 1, but draft() takes str"),
    ):
        data = {**MAIL, "nodes": [{**MAIL["nodes"][0], **change}]}
        with pytest.raises(InvalidGraph) as raised:
            app.read_workflow("plan", {**data, "output": {"ref": "reply"}}, takes={"ticket": str})
        assert said in str(raised.value)
    with pytest.raises(InvalidGraph, match="its output is str, and str is no int"):
        app.read_workflow("plan", MAIL, takes={"ticket": str}, gives=int)


def test_two_workflows_of_one_name_are_told_apart_by_nobody(app: App) -> None:
    app.read_workflow("plan", MAIL, takes={"ticket": str})
    with pytest.raises(BadDeclaration, match="Two functions"):
        app.read_workflow("plan", MAIL, takes={"ticket": str})


def test_a_model_can_write_a_graph(app: App) -> None:
    planned = (
        '{"nodes": [{"id": "r", "calls": "draft", "args": {"ticket": {"ref": "ticket"}}}], "output": {"ref": "r"}}'
    )
    app.gateway = ScriptedGateway(
        lambda request: planned if "Plan" in request.messages[0].content else '{"text": "Hi"}'
    )

    @app.llm
    def plan(task: str) -> WrittenGraph:
        """Plan how to do the task."""
        ...

    @app.workflow
    def planning(task: str) -> WrittenGraph:
        return plan(task)

    written = app.run(planning, task="answer").value
    assert written is not None
    answered = app.run(app.read_workflow("planned", written, takes={"ticket": str}, gives=Reply), ticket="?")
    assert answered.value == Reply(text="Hi")
