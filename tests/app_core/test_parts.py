"""A person accepts some of what an action changes: just that is done, and the model is told what was not."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rheostat import App
from rheostat.app_core.log import Store
from rheostat.app_core.run_errors import BadDeclaration, UnfitAnswer
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import Ruling

BEFORE = "Dear Ann,\nwe meet on Monday.\nBring the file.\nYours\n"
AFTER = "Dear Ann,\nwe meet on Friday.\nBring the file.\nYours, Bo\n"


class Desk:
    """Writes a file and sends to a list of people; `sent` are its effects."""

    def __init__(self, folder: Path, store: Store, script: list[str] | None = None) -> None:
        self.file, self.sent = folder / "letter.txt", list[Any]()
        self.file.write_text(BEFORE, encoding="utf-8")
        self.app = app = App("desk", store=store, gateway=ScriptedGateway(script or []))

        def text_at(path: str) -> str:
            return Path(path).read_text(encoding="utf-8")

        @app.tool(risk="outward", control=["path"], parts={"text": text_at})
        def write(path: str, text: str) -> str:
            """Writes a file."""
            Path(path).write_text(text, encoding="utf-8")
            return "written"

        @app.tool(risk="outward", control=["to"], parts="to")
        def send(to: list[str], text: str) -> int:
            self.sent.append((to, text))
            return len(to)

        @app.workflow
        def writing(path: str, text: str) -> str:
            return write(path, text)

        @app.workflow
        def sending(to: list[str], text: str) -> int:
            return send(to, text)

        class Wrote(BaseModel):
            done: bool

        @app.agent(tools=[write], turns=3)
        def clerk(task: str) -> Wrote:
            """Write the letter."""
            ...

        @app.workflow
        def agreed(task: str) -> Wrote:
            return clerk(task)

        self.writing, self.sending, self.agreed = writing, sending, agreed

    def run(self, workflow: Any, **given: Any) -> Any:
        return self.app.run(workflow, model="scripted", dial=1, **given)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, MemoryStore())


def test_the_hunks_of_a_text_are_asked_about_and_only_those_accepted_are_written(desk: Desk) -> None:
    run = desk.run(desk.writing, path=str(desk.file), text=AFTER)
    (question,) = run.questions
    assert [part.old for part in question.parts] == ["we meet on Monday.\n", "Yours\n"]
    run.approve(parts=[2])
    assert (run.status, desk.file.read_text()) == ("done", BEFORE.replace("Yours\n", "Yours, Bo\n"))


def test_the_items_of_a_list_are_asked_about_and_only_those_accepted_are_done(desk: Desk) -> None:
    run = desk.run(desk.sending, to=["ann", "bo", "eve"], text="Hello")
    run.approve(parts=[1, 2])
    assert desk.sent == [(["ann", "bo"], "Hello")]


def test_all_that_was_accepted_is_done_as_it_was_asked(desk: Desk) -> None:
    run = desk.run(desk.writing, path=str(desk.file), text=AFTER)
    assert run.approve().status == "done"
    assert desk.file.read_text() == AFTER


@pytest.mark.parametrize("parts", [[0], [3], [1, 99], [-1]])
def test_a_part_that_there_is_none_of_is_not_accepted_and_nothing_is_recorded(desk: Desk, parts: list[int]) -> None:
    run = desk.run(desk.writing, path=str(desk.file), text=AFTER)
    with pytest.raises(UnfitAnswer, match="There is no part .* Accept some of the parts 1 to 2"):
        run.approve(parts=parts)
    assert (run.view.approvals, desk.file.read_text()) == ({}, BEFORE)
    again = desk.app.open(run.id)
    assert again.approve(parts=[1]).status == "done"


def test_what_is_one_whole_has_no_parts(desk: Desk) -> None:
    run = desk.run(desk.sending, to=["ann"], text="Hello")
    assert run.questions[0].parts == ()
    with pytest.raises(UnfitAnswer, match="as a whole"):
        run.approve(parts=[1])


def test_the_model_is_told_what_was_not_done_and_what_was_changed(tmp_path: Path) -> None:
    script = [
        json.dumps({"step": {"call": "write", "args": {"path": str(tmp_path / "letter.txt"), "text": AFTER}}}),
        json.dumps({"step": {"call": "write", "args": {"path": str(tmp_path / "letter.txt"), "text": "Bye.\n"}}}),
        json.dumps({"step": {"call": "answer", "answer": {"done": True}}}),
    ]
    desk = Desk(tmp_path, MemoryStore(), script)
    run = desk.run(desk.agreed, task="Move the meeting.")
    run.approve(parts=[2])
    assert run.questions[0].parts == (), "a text that is replaced as a whole has no parts"
    run.approve(edits={"text": "Good bye.\n"})
    assert run.value.done
    gateway = desk.app.gateway
    assert isinstance(gateway, ScriptedGateway)
    second, third = (request.messages[-1].content for request in gateway.requests[1:])
    assert "A person accepted 1 of 2 parts. The others were not done:" in second
    assert "we meet on Friday" in second.split("were not done:")[1]
    assert "Yours, Bo" not in second.split("were not done:")[1]
    assert "A person changed text before it was done." in third and "Good bye." in third


def test_one_of_two_people_who_wants_only_a_part_has_both_asked_about_that(desk: Desk) -> None:
    two = desk.app.declared["send"]
    question = desk.run(desk.sending, to=["ann", "bo"], text="Hello").questions[0]
    assert two is not None and question.verdict.ruling is Ruling.ASK
    run = desk.app.run(desk.sending, model="scripted", dial=0, approvers=2, to=["ann", "bo", "eve"], text="Hello")
    assert run.questions[0].people == 1, "outward asks one at level 0"


def test_parts_that_a_tool_does_not_have_are_refused_where_it_is_declared() -> None:
    app = App("wrong")
    with pytest.raises(BadDeclaration, match="`parts` names what a person may accept piece by piece"):

        @app.tool(risk="local", parts="lines")
        def write(text: str) -> str:
            return text

        write("x")


def test_what_tells_the_text_before_and_fails_fails_the_action_before_anybody_is_asked(desk: Desk) -> None:
    run = desk.run(desk.writing, path=str(desk.file.with_name("gone")), text=AFTER)
    assert (run.status, run.questions) == ("failed", [])
    assert "FileNotFoundError" in next(iter(run.failures.values()))


def test_a_question_with_parts_survives_the_log_and_another_process(tmp_path: Path, store: Store) -> None:
    desk = Desk(tmp_path, store)
    run = desk.run(desk.writing, path=str(desk.file), text=AFTER)
    again = Desk(tmp_path, store).app.open(run.id)
    assert again.questions == run.questions
    assert again.approve(parts=[1]).status == "done"
    assert desk.file.read_text() == BEFORE.replace("Monday", "Friday")
