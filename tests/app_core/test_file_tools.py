"""The ready-made tools for files: they stay in their folder, show what they do, and can be undone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.file_tools import FileTools
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.testing import ScriptedGateway


class Desk:
    def __init__(self, store: Store, folder: Path) -> None:
        self.folder, self.store = folder, store
        self.app = app = App("desk", store=store, gateway=ScriptedGateway([]))
        self.tools: FileTools = app.files(folder)
        write, replace, delete = self.tools

        @app.workflow
        def writing(path: Path, text: str) -> str:
            return write(path, text)

        @app.workflow
        def replacing(path: Path, old: str, new: str) -> str:
            return replace(path, old, new)

        @app.workflow
        def deleting(path: Path) -> str:
            return delete(path)

        self.workflows: dict[str, Any] = {"write": writing, "replace": replacing, "delete": deleting}

    def run(self, what: str, path: str, *, dial: int = 2, **rest: Any) -> Run[str]:
        return self.app.run(self.workflows[what], path=path, **rest, model="scripted", dial=dial)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    return Desk(store, tmp_path / "desk")


def test_a_file_is_written_shown_before_and_undone(desk: Desk) -> None:
    run = desk.run("write", "new/a.txt", dial=0, text="one\n")
    [question] = run.questions
    assert question.preview == {
        "title": "Write a.txt",
        "facts": {"file": str(desk.folder / "new/a.txt")},
        "diff": [{"op": "insert", "text": "one\n"}],
    }
    run.approve()
    assert (desk.folder / "new/a.txt").read_text() == "one\n"
    run.undo("write_file")
    assert list(desk.folder.iterdir()) == []


def test_a_passage_is_replaced_where_it_stands_exactly_once(desk: Desk) -> None:
    file = desk.folder / "a.txt"
    file.write_text("one two two")
    run = desk.run("replace", "a.txt", old="one", new="1")
    assert file.read_text() == "1 two two"
    run.undo("replace_in_file")
    assert file.read_text() == "one two two"
    for old, said in (("two", "2 times"), ("three", "0 times"), ("", "being empty")):
        refused = desk.run("replace", "a.txt", old=old, new="x")
        assert said in refused.failures["replace_in_file"]
    assert file.read_text() == "one two two"


def test_a_file_is_deleted_and_comes_back(desk: Desk) -> None:
    file = desk.folder / "a.txt"
    file.write_text("a")
    run = desk.run("delete", str(file))
    assert not file.exists()
    run.undo("delete_file")
    assert file.read_text() == "a"
    assert "no such file" in desk.run("delete", "b.txt").failures["delete_file"]


@pytest.mark.parametrize(
    "path", ["../outside.txt", "inner/../../outside.txt", "out/outside.txt", "{outside}", "link", ".", "a\0b"]
)
@pytest.mark.parametrize("what", ["write", "replace", "delete"])
def test_nothing_leads_out_of_the_folder(desk: Desk, what: str, path: str) -> None:
    outside = desk.folder.parent / "outside.txt"
    outside.write_text("of somebody else")
    (desk.folder / "out").symlink_to(desk.folder.parent)
    (desk.folder / "link").symlink_to(outside)
    rest = {"write": {"text": "x"}, "replace": {"old": "of", "new": "x"}, "delete": {}}[what]
    run = desk.run(what, path.format(outside=outside), dial=4, **rest)
    assert run.status == "failed"
    assert "was left alone" in run.view.reason
    assert outside.read_text() == "of somebody else"
    assert os.readlink(desk.folder / "link") == str(outside)


def test_what_is_no_text_is_left_alone(desk: Desk) -> None:
    file = desk.folder / "a.bin"
    file.write_bytes(b"\xff\xfe")
    run = desk.run("replace", "a.bin", old="a", new="b")
    assert "no text in UTF-8" in run.failures["replace_in_file"]
    assert file.read_bytes() == b"\xff\xfe"


def test_a_person_and_a_rule_see_where_a_path_leads(desk: Desk) -> None:
    (desk.folder / "inner").mkdir()
    (desk.folder / "short").symlink_to("inner")
    run = desk.run("write", "short/a.txt", dial=0, text="a")
    [path, _] = run.questions[0].action.arguments
    assert path.value == path.path == str(desk.folder / "inner/a.txt")


def test_a_link_that_is_turned_after_the_decision_leads_nowhere_else(desk: Desk) -> None:
    (desk.folder / "inner").mkdir()
    (desk.folder / "other").mkdir()
    (desk.folder / "short").symlink_to("inner")
    run = desk.run("write", "short/a.txt", dial=0, text="a")
    (desk.folder / "short").unlink()
    (desk.folder / "short").symlink_to("other")
    run.approve()
    assert not (desk.folder / "other/a.txt").exists()
    assert (desk.folder / "inner/a.txt").read_text() == "a"


def test_an_agent_writes_in_its_folder_and_is_told_where_it_may_not(store: Store, tmp_path: Path) -> None:
    def call(tool: str, **args: str) -> str:
        return json.dumps({"step": {"call": tool, "args": args}})

    script = [
        call("write_file", path="../outside.txt", text="x"),
        call("write_file", path="notes/a.txt", text="one"),
        call("replace_in_file", path="notes/a.txt", old="one", new="two"),
        json.dumps({"step": {"call": "answer", "answer": "done"}}),
    ]
    (tmp_path / "desk").mkdir()
    gateway = ScriptedGateway(script)
    app = App("desk", store=store, gateway=gateway)
    tools = app.files(tmp_path / "desk")

    @app.agent(tools=tools, turns=6)
    def work(task: str) -> str:
        """Do it."""
        ...

    @app.workflow
    def flow(task: str) -> str:
        return work(task)

    run = app.run(flow, task="note it", model="scripted", dial=2)
    assert (run.status, run.value) == ("done", "done"), run.failures
    assert not (tmp_path / "outside.txt").exists()
    assert "which is not in" in str(gateway.requests[1].messages)
    file = tmp_path / "desk/notes/a.txt"
    assert file.read_text() == "two"
    run.undo_to(run.effects[0].node)
    assert file.read_text() == "one"
    run.undo_to()
    assert list((tmp_path / "desk").iterdir()) == []
