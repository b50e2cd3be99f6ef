"""`app.shell`: commands that are tried, shown, applied as they were shown, and put back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.label import Untrusted
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.shell_tool import Ran
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import BadSandbox, Risk, Taint
from rheostat.autonomy.io import Allowance, no_sandbox
from rheostat.autonomy.io.wall import bubblewraps

ROOT = Path(__file__).parents[2]
sandboxed = pytest.mark.skipif(bool(no_sandbox()), reason=no_sandbox())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    (found / "a.txt").write_text("one\ntwo\n")
    return found


def started(folder: Path, command: str, dial: int, store: Store | None = None, **options: Any) -> Run[Any]:
    """A run whose only step is a command."""
    app = App("coder", store=store or MemoryStore(), gateway=ScriptedGateway([]))
    shell = app.shell(folder, **options)

    @app.workflow
    def flow(command: str) -> object:
        return shell(command)

    return app.run(flow, command=command, model="scripted", dial=dial)


def shown(run: Run[Any]) -> dict[str, Any]:
    [question] = run.questions
    assert isinstance(question.preview, dict)
    return question.preview


@sandboxed
def test_what_only_changes_the_folder_goes_alone_and_is_undone(folder: Path) -> None:
    run = started(folder, "sed -i s/two/three/ a.txt; echo x > b.txt; echo said", dial=1)
    assert run.status == "done" and not run.questions
    assert (folder / "a.txt").read_text() == "one\nthree\n"
    value: Any = run.value
    assert value == Ran(exit_code=0, stdout="said\n", stderr="", changed=("a.txt", "b.txt"))
    back: Any = run.preview_undo("shell")
    assert {"op": "insert", "text": "two\n"} in back["diff"]
    run.undo("shell")
    assert (folder / "a.txt").read_text() == "one\ntwo\n" and not (folder / "b.txt").exists()


@sandboxed
def test_accepting_makes_the_very_changes_that_were_shown_and_runs_nothing_again(folder: Path) -> None:
    run = started(folder, "echo $RANDOM$RANDOM$RANDOM > number.txt; rm a.txt", dial=0)
    assert run.status == "waiting" and (folder / "a.txt").exists() and not (folder / "number.txt").exists()
    preview = shown(run)
    assert preview["facts"]["changes"] == "1 deleted, 1 added"
    [number] = [piece["text"] for piece in preview["diff"] if piece["op"] == "insert"]
    run.approve()
    assert run.status == "done"
    assert (folder / "number.txt").read_text() == number and not (folder / "a.txt").exists()


@sandboxed
def test_odd_names_and_bytes_are_shown_and_kept(folder: Path) -> None:
    run = started(folder, "printf 'x\\0\\377\\033[31m' | tee $'odd\\nname'", dial=0)
    assert [piece["text"] for piece in shown(run)["diff"]] == [
        "odd name: a file, which is no text or too long to show, is added\n"
    ]
    run.approve()
    assert (folder / "odd\nname").read_bytes() == b"x\0\xff\x1b[31m" and run.value.stdout == "x\0\ufffd\x1b[31m"


@sandboxed
def test_what_is_rejected_changes_nothing(folder: Path) -> None:
    run = started(folder, "rm a.txt", dial=0).reject(reason="no")
    assert (folder / "a.txt").exists() and run.view.nodes["shell"].status == "declined"


@sandboxed
def test_an_edited_command_is_tried_anew(folder: Path) -> None:
    run = started(folder, "rm a.txt", dial=0).approve(edits={"command": "echo x > b.txt"})
    assert run.status == "done"
    assert (folder / "a.txt").exists() and (folder / "b.txt").exists()


@sandboxed
def test_what_only_reads_leaves_nothing_behind(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    run = started(folder, "cat a.txt; git status --short", dial=0)
    assert run.status == "done"
    value: Any = run.value
    assert value.stdout == "one\ntwo\n?? a.txt\n" and value.changed == ()
    assert run.view.nodes["shell"].action is not None and run.view.nodes["shell"].action.risk is Risk.READ


@sandboxed
def test_a_folder_that_has_changed_since_it_was_shown_is_left_alone_and_can_be_tried_again(folder: Path) -> None:
    run = started(folder, "echo three >> a.txt", dial=0)
    (folder / "a.txt").write_text("somebody else's\n")
    run.approve()
    assert run.status == "failed" and '"a.txt" is not as it was' in run.failures["shell"]
    assert (folder / "a.txt").read_text() == "somebody else's\n"
    run = run.retry("shell").approve()
    assert (folder / "a.txt").read_text() == "somebody else's\nthree\n"


@sandboxed
def test_a_command_that_is_stopped_or_reaches_too_far_changes_nothing_and_says_why(folder: Path) -> None:
    slow = started(folder, "rm a.txt; echo so far; sleep 60", dial=2, allowance=Allowance(deadline_s=0.5))
    assert "had not ended after 0.5 seconds" in slow.failures["shell"] and "so far" in slow.failures["shell"]
    planted = started(folder, "rm a.txt; echo x > .envrc", dial=2)
    assert "no command may write it" in planted.failures["shell"]
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


@sandboxed
def test_what_wants_the_network_is_not_tried_before_somebody_agrees(folder: Path) -> None:
    run = started(folder, "curl -s https://allowed.test > page.html", dial=1, domains=["allowed.test"])
    [question] = run.questions
    assert question.action.risk is Risk.OUTWARD
    assert "can't be tried before you agree" in shown(run)["note"]
    local = started(folder, "echo $HTTPS_PROXY > b.txt", dial=1, domains=["allowed.test"])
    assert local.status == "done" and (folder / "b.txt").read_text() == "\n", "what does not want it does not get it"


@sandboxed
def test_what_a_command_says_does_not_steer_unless_the_folder_is_trusted(folder: Path) -> None:
    def second(**options: Any) -> Run[Any]:
        app = App("coder", store=MemoryStore(), gateway=ScriptedGateway([]))
        shell = app.shell(folder, **options)

        @app.function
        def next_command(ran: Any) -> str:
            return ran.stdout.strip()

        @app.workflow
        def flow(command: str) -> object:
            return shell(next_command(shell(command)))

        (folder / "plan.txt").write_text("rm a.txt\n")
        return app.run(flow, command="cat plan.txt", model="scripted", dial=4)

    run = second()
    assert run.status == "waiting" and run.questions[0].verdict.taint is Taint.STEERED and (folder / "a.txt").exists()
    assert second(trusted=True).status == "done" and not (folder / "a.txt").exists()


@sandboxed
def test_a_command_from_outside_is_asked_about_at_every_level(folder: Path) -> None:
    app = App("coder", store=MemoryStore(), gateway=ScriptedGateway([]))
    shell = app.shell(folder)

    @app.workflow
    def flow(command: Untrusted[str]) -> object:
        return shell(command)

    assert app.run(flow, command="rm a.txt", model="scripted", dial=4).status == "waiting"


def test_a_folder_that_holds_your_home_is_refused_when_it_is_declared() -> None:
    with pytest.raises(BadSandbox, match="your home"):
        App("coder", store=MemoryStore(), gateway=ScriptedGateway([])).shell(Path.home())


CODER = """
import json, sys
from pathlib import Path
from rheostat import App
from rheostat.app_core.compose import default_store
from rheostat.app_core.run_errors import NotUndone
from rheostat.app_core.testing import ScriptedGateway

folder, command, dial, *answers = sys.argv[1:]
app = App("coder", gateway=ScriptedGateway([]))
shell = app.shell(Path(folder))

@app.workflow
def flow(command: str) -> object:
    return shell(command)

known = default_store().runs()
run = app.open(known[0]).resume() if known else app.run(flow, command=command, model="scripted", dial=int(dial))
asked = [question.model_dump(mode="json") for question in run.questions]
not_undone = ""
for answer in answers:
    try:
        run = getattr(run, answer)(*(["shell"] if answer == "undo" else []))
    except NotUndone as error:
        not_undone = str(error)
value = run.value.model_dump() if run.status == "done" else None
print(json.dumps({"status": run.status, "value": value, "asked": asked, "not_undone": not_undone}))
"""


def coder(folder: Path, command: str, dial: int, *answers: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """A process that does the same as `started`, in a home of its own."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "RHEOSTAT_HOME": str(folder.parent / "home"),
    }
    line = [*before, sys.executable, "-c", CODER, str(folder), command, str(dial), *answers]
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    return json.loads(out)


def processes(command: str) -> list[str]:
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if line == command]


@sandboxed
def test_over_kill_9_a_command_leaves_nothing_behind_and_counts_once(folder: Path) -> None:
    nap = f"sleep 1.{os.getpid()}"
    command = f"echo begun >> a.txt; {nap}; echo done >> a.txt"
    first = coder(folder, command, 2)
    until_s = time.monotonic() + 20
    while not processes(nap) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert processes(nap)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    time.sleep(0.2)
    assert not processes(nap) and (folder / "a.txt").read_text() == "one\ntwo\n"
    assert told(coder(folder, command, 2))["status"] == "done"
    assert (folder / "a.txt").read_text() == "one\ntwo\nbegun\ndone\n"


def without_sandboxes() -> list[str]:
    """What to put before a command so that it runs as where the kernel forbids sandboxes."""
    places = ("--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc")
    if no_sandbox():
        return []
    return [[*bubblewraps()][-1], *places, "--unshare-user", "--disable-userns", "--die-with-parent", "--"]


@pytest.mark.parametrize("command", ["cat a.txt", "echo three >> a.txt"])
def test_where_no_sandbox_can_run_each_command_is_asked_about_and_runs_never_if_it_is_rejected(
    folder: Path, command: str
) -> None:
    found = told(coder(folder, command, 4, "reject", before=without_sandboxes()))
    assert (folder / "a.txt").read_text() == "one\ntwo\n"
    [question] = found["asked"]
    assert "No sandbox can run here" in " ".join(question["verdict"]["reasons"])
    assert "What it would do is not known" in question["preview"]["note"]


def test_where_no_sandbox_can_run_an_accepted_command_runs_as_you_but_without_your_secrets(folder: Path) -> None:
    os.environ["SECRET_OF_THE_OUTSIDE"] = "42"
    try:
        found = told(coder(folder, "echo three >> a.txt; env", 4, "approve", "undo", before=without_sandboxes()))
    finally:
        del os.environ["SECRET_OF_THE_OUTSIDE"]
    assert found["status"] == "done" and (folder / "a.txt").read_text() == "one\ntwo\nthree\n"
    assert found["value"]["changed"] is None and "SECRET" not in found["value"]["stdout"]
    assert "What the command changed is not known" in found["not_undone"]


def test_outside_a_sandbox_a_command_that_was_cut_off_is_not_run_again_without_a_word(folder: Path) -> None:
    nap = f"sleep 2.{os.getpid()}"
    command = f"echo begun >> a.txt; {nap}"
    first = coder(folder, command, 4, "approve", before=without_sandboxes())
    until_s = time.monotonic() + 20
    while not processes(nap) and time.monotonic() < until_s:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    found = told(coder(folder, command, 4, before=without_sandboxes()))
    assert found["status"] == "waiting" and "may have happened already" in " ".join(
        found["asked"][0]["verdict"]["reasons"]
    )
    assert (folder / "a.txt").read_text() == "one\ntwo\nbegun\n"
