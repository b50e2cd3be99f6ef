"""The sandbox: what is tried in it changes nothing, what is shown is what is applied, and nothing gets out."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.autonomy import BadSandbox, ChangedSince, NotApplied, UnfitValue
from rheostat.autonomy.io import Allowance, Sandbox, Tryout, no_sandbox

from .escapes import ESCAPES, PYTHON, Escape, world

pytestmark = pytest.mark.skipif(bool(no_sandbox()), reason=no_sandbox())

GREEDY = f"for n in $(seq {{}}); do {PYTHON} -I -S -c 'x = bytearray({{}} << 20); input()' < <(sleep 5) & done; wait"
"""So many processes with so many megabytes each."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "folder"
    (found / "sub").mkdir(parents=True)
    (found / "a.txt").write_text("one\ntwo\n")
    (found / "sub" / "b.txt").write_text("b")
    return found


@pytest.fixture
def sandbox(folder: Path, tmp_path: Path) -> Sandbox:
    return Sandbox(folder, tmp_path / "kept")


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
def test_nothing_gets_out(escape: Escape, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with world(tmp_path, kept) as around:
        before = around.snapshot()
        tryout = Sandbox(around.folder, kept).try_out(around.line(escape))
        assert not around.shows_escape(before, tryout.stdout + tryout.stderr), tryout


@pytest.mark.parametrize("escape", [each for each in ESCAPES if each.open], ids=lambda escape: escape.name)
def test_what_would_get_out_is_seen_where_there_is_no_sandbox(escape: Escape, tmp_path: Path) -> None:
    with world(tmp_path, tmp_path / "kept") as around:
        before = around.snapshot()
        line = ["bash", "-c", around.line(escape)]
        done = subprocess.run(line, cwd=around.folder, capture_output=True, text=True, check=False, timeout=20)
        assert around.shows_escape(before, done.stdout + done.stderr), done


def tree(folder: Path) -> dict[str, tuple[str, int, str]]:
    """What stands in a folder: kind, permission bits, content."""
    found = dict[str, tuple[str, int, str]]()
    for path in sorted(folder.rglob("*")):
        name, mode = str(path.relative_to(folder)), path.lstat().st_mode & 0o7777
        if path.is_symlink():
            found[name] = ("link", 0, os.readlink(path))
        elif path.is_dir():
            found[name] = ("folder", mode, "")
        else:
            found[name] = ("file", mode, path.read_bytes().decode(errors="replace"))
    return found


def test_a_command_is_tried_shown_and_only_then_applied(sandbox: Sandbox, folder: Path) -> None:
    before = tree(folder)
    tryout = sandbox.try_out("sed -i s/two/three/ a.txt; rm -r sub; mkdir new; echo hi > new/c.txt; echo done; exit 3")
    assert (tryout.exit_code, tryout.stdout, tryout.stderr, tryout.unfit) == (3, "done\n", "", ())
    assert tree(folder) == before
    shown = {change.path: (change.kind, change.what) for change in sandbox.changes(tryout)}
    assert shown == {
        "a.txt": ("changed", "a file"),
        "new": ("added", "a folder"),
        "new/c.txt": ("added", "a file"),
        "sub": ("deleted", "a folder"),
        "sub/b.txt": ("deleted", "a file"),
    }
    diff = next(change.diff for change in sandbox.changes(tryout) if change.path == "a.txt")
    assert "-two\n+three\n" in diff
    sandbox.apply(tryout)
    assert (folder / "a.txt").read_text() == "one\nthree\n"
    assert (folder / "new" / "c.txt").read_text() == "hi\n" and not (folder / "sub").exists()
    sandbox.take_back(tryout)
    assert tree(folder) == before


def test_what_a_difference_of_texts_does_not_show_is_said(sandbox: Sandbox) -> None:
    command = (
        "chmod 755 a.txt; head -c 9 /dev/zero > zeros; rm -r sub; ln -s a.txt sub; cp /bin/true run; printf x > end"
    )
    found = {change.path: change for change in sandbox.changes(sandbox.try_out(command))}
    assert found["a.txt"].what == "a file with permissions 755 (so far 644)" and not found["a.txt"].diff
    assert found["zeros"].what == "a file, which is no text or too long to show,"
    assert found["sub"].what == "a link in place of a folder" and "+-> a.txt\n" in found["sub"].diff
    assert found["run"].what == "a file that can be run, which is no text or too long to show,"
    assert found["end"].diff.endswith("+x\n\\ No newline at end of file\n")


def test_a_difference_can_not_be_made_to_look_like_another(sandbox: Sandbox) -> None:
    command = r"""printf 'a\f+b\n' > $'odd\n+++ name'; ln -s $'a.txt\n+c' link"""
    odd, link = sorted(sandbox.changes(sandbox.try_out(command)), key=lambda change: change.what)
    assert odd.diff == "--- odd +++ name\n+++ odd +++ name\n@@ -0,0 +1 @@\n+a\f+b\n"
    assert link.diff.endswith("+-> a.txt +c\n")


NAMES = ("a.txt", "sub", "sub/b.txt", "sub/c", "d", "d/e", "d/e/f", "g")
STEPS = st.one_of(
    st.builds("echo {1} > {0}".format, st.sampled_from(NAMES), st.sampled_from("xyz")),
    st.builds("printf %s {1} >> {0}".format, st.sampled_from(NAMES), st.sampled_from("xyz")),
    st.builds("mkdir -p {0}".format, st.sampled_from(NAMES)),
    st.builds("rm -rf {0}".format, st.sampled_from(NAMES)),
    st.builds("mv {0} {1}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("cp -r {0} {1}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("ln -sfn {0} {1}".format, st.sampled_from(("a.txt", "d", "sub")), st.sampled_from(NAMES)),
    st.builds("ln -f {0} {1}".format, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds("chmod {0} {1}".format, st.sampled_from(("600", "755", "640")), st.sampled_from(("a.txt", "sub/c"))),
    st.builds("touch {0}".format, st.sampled_from(NAMES)),
)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_applying_comes_to_the_same_as_running_and_taking_back_to_the_same_as_before(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder, other = Path(root, "folder"), Path(root, "other")
        (folder / "sub").mkdir(parents=True)
        (folder / "a.txt").write_text("a")
        (folder / "sub" / "b.txt").write_text("b")
        shutil.copytree(folder, other)
        before, command = tree(folder), "umask 022\n" + "\n".join(steps)
        subprocess.run(["bash", "-c", command], cwd=other, capture_output=True, check=False)
        sandbox = Sandbox(folder, Path(root, "kept"))
        tryout = sandbox.try_out(command)
        assert not tryout.unfit and not tryout.stopped and tree(folder) == before
        sandbox.apply(tryout)
        after = tree(folder)
        assert after == tree(other)
        assert sandbox.apply(tryout) == () and tree(folder) == after
        sandbox.take_back(tryout)
        assert tree(folder) == before


def test_what_was_changed_since_it_was_tried_is_not_written_over(sandbox: Sandbox, folder: Path) -> None:
    tryout = sandbox.try_out("echo three >> a.txt; echo new > new.txt")
    (folder / "a.txt").write_text("somebody else's\n")
    with pytest.raises(NotApplied, match=r"\"a\.txt\" is not as it was"):
        sandbox.apply(tryout)
    assert (folder / "a.txt").read_text() == "somebody else's\n" and not (folder / "new.txt").exists()


def test_what_was_changed_while_it_was_tried_is_not_written_over(sandbox: Sandbox, folder: Path) -> None:
    started = threading.Timer(0.3, lambda: (folder / "a.txt").write_text("somebody else's\n"))
    started.start()
    tryout = sandbox.try_out("sleep 0.8; echo three >> a.txt")
    started.join()
    assert any("changed by somebody else while" in reason for reason in tryout.unfit)
    with pytest.raises(NotApplied):
        sandbox.apply(tryout)
    assert (folder / "a.txt").read_text() == "somebody else's\n"


def test_what_was_changed_since_it_was_applied_is_not_taken_back(sandbox: Sandbox, folder: Path) -> None:
    tryout = sandbox.try_out("echo three >> a.txt; rm sub/b.txt")
    sandbox.apply(tryout)
    (folder / "a.txt").write_text("more work\n")
    with pytest.raises(ChangedSince, match=r"a\.txt"):
        sandbox.take_back(tryout)
    assert (folder / "a.txt").read_text() == "more work\n" and not (folder / "sub" / "b.txt").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("ln -s /etc/shadow leak", "out of the folder"),
        ("ln -s ../kept leak", "out of the folder"),
        ("ln -s sub/../../kept leak", "out of the folder"),
        ("ln -s sub/.. a; ln -s a/../../kept leak", "out of the folder"),
        ("mkdir -p .git/hooks; echo x > .git/hooks/pre-commit", "no command may write"),
        ("git init -q .", "no command may write"),
        ("mkdir objects refs; echo 'ref: refs/heads/main' > HEAD", "no command may write"),
        ("mkdir -p sub/.git; echo x > sub/.git/config", "no command may write"),
        ("echo x > .envrc", "no command may write"),
        ("mkdir sub/.vscode; echo x > sub/.vscode/tasks.json", "no command may write"),
        ("mkfifo pipe", "neither a file nor a folder nor a link"),
        ("touch $(printf 'a\\377')", "no text"),
        ("for n in $(seq 2100); do : > f$n; done", "more than 2000 paths"),
    ],
)
def test_what_would_reach_beyond_the_folder_or_the_moment_is_not_applied(
    sandbox: Sandbox, folder: Path, command: str, why: str
) -> None:
    before = tree(folder)
    tryout = sandbox.try_out(command)
    assert why in " ".join(tryout.unfit)
    with pytest.raises(NotApplied, match="Nothing was changed"):
        sandbox.apply(tryout)
    assert tree(folder) == before


def test_links_within_the_folder_and_to_the_system_are_applied(sandbox: Sandbox, folder: Path) -> None:
    sandbox.apply(sandbox.try_out("ln -s ../a.txt sub/up; ln -s /usr/bin/env env; ln -s missing dangling"))
    links = {name: content for name, (kind, _, content) in tree(folder).items() if kind == "link"}
    assert links == {"sub/up": "../a.txt", "env": "/usr/bin/env", "dangling": "missing"}


def test_a_folder_swapped_for_a_link_is_not_written_through(sandbox: Sandbox, folder: Path, tmp_path: Path) -> None:
    tryout = sandbox.try_out("echo x > sub/new.txt")
    (tmp_path / "outside").mkdir()
    shutil.rmtree(folder / "sub")
    (folder / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(NotApplied):
        sandbox.apply(tryout)
    assert not [*(tmp_path / "outside").iterdir()]


def test_no_file_is_left_to_run_as_its_owner(sandbox: Sandbox, folder: Path) -> None:
    sandbox.apply(sandbox.try_out("cp /bin/true run; chmod 6755 run"))
    assert (folder / "run").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    ("allowance", "command", "why"),
    [
        (Allowance(deadline_s=0.5), "sleep 60", "had not ended after 0.5 seconds"),
        (Allowance(deadline_s=0.5), "trap '' TERM INT; while :; do :; done", "had not ended after 0.5 seconds"),
        (Allowance(processes=20), ":(){ :|:& };:; wait; sleep 5", "more than 20 processes"),
        (Allowance(memory_mb=200), GREEDY.format(20, 30), "together took more than 200 MB"),
        (
            Allowance(written_mb=5, file_mb=2),
            "for n in $(seq 20); do head -c 1M /dev/zero > f$n; done; sleep 5",
            "wrote more",
        ),
    ],
)
def test_what_takes_too_much_is_stopped_and_not_applied(
    folder: Path, tmp_path: Path, allowance: Allowance, command: str, why: str
) -> None:
    before = tree(folder)
    sandbox = Sandbox(folder, tmp_path / "kept", allowance=allowance)
    tryout = sandbox.try_out(command)
    assert why in tryout.stopped
    with pytest.raises(NotApplied, match="Nothing was changed"):
        sandbox.apply(tryout)
    assert tree(folder) == before


def test_the_kernel_holds_what_one_process_takes(folder: Path, tmp_path: Path) -> None:
    sandbox = Sandbox(folder, tmp_path / "kept", allowance=Allowance(memory_mb=100, file_mb=1, written_mb=8))
    greedy = sandbox.try_out(f"{PYTHON} -I -S -c 'bytearray(200 << 20)'")
    assert greedy.exit_code != 0 and "MemoryError" in greedy.stderr
    large = sandbox.try_out("head -c 3M /dev/zero > large; stat -c %s large; head -c 20M /dev/zero > /tmp/x; df /tmp")
    assert "1048576\n" in large.stdout and "9437184" not in large.stdout


def test_much_output_is_kept_at_both_ends(folder: Path, tmp_path: Path) -> None:
    sandbox = Sandbox(folder, tmp_path / "kept", allowance=Allowance(output_chars=100))
    said = sandbox.try_out("echo first; yes | head -c 3000000; echo last").stdout
    assert said.startswith("first\n") and said.endswith("last\n") and "left out here" in said and len(said) < 200


def test_a_tryout_is_found_again_until_it_is_forgotten(sandbox: Sandbox, folder: Path, tmp_path: Path) -> None:
    tryout = sandbox.try_out("echo x > x", name="one")
    again = Sandbox(folder, tmp_path / "kept")
    assert again.tried("one") == tryout and again.tried("two") is None
    assert (again.has_begun("one"), again.has_begun("two")) == (True, False)
    again.apply(Tryout.model_validate_json(tryout.model_dump_json()))
    assert (folder / "x").read_text() == "x\n"
    again.forget("one")
    assert again.tried("one") is None


@pytest.mark.parametrize("command", ["echo \0", "x" * 100_001, "echo \udcff"])
def test_what_no_shell_can_be_given_is_refused(sandbox: Sandbox, command: str) -> None:
    with pytest.raises(UnfitValue):
        sandbox.try_out(command)


def test_a_folder_that_holds_what_must_stay_hidden_is_refused(folder: Path, tmp_path: Path) -> None:
    for wrong, kept in ((Path.home(), tmp_path / "kept"), (Path("/"), tmp_path), (folder, folder / "kept")):
        with pytest.raises(BadSandbox, match="holds"):
            Sandbox(wrong, kept)
    with pytest.raises(BadSandbox, match="is no folder"):
        Sandbox(folder / "a.txt", tmp_path / "kept")
    with pytest.raises(BadSandbox, match="named"):
        Sandbox(folder, tmp_path / "kept").tried("../x")


def test_further_folders_can_be_read_and_not_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x").write_text("x")
    sandbox = Sandbox(folder, tmp_path / "kept", readable=[tmp_path / "more"], closed=["sub"])
    tryout = sandbox.try_out(f"cat {tmp_path}/more/x; echo y > {tmp_path}/more/x; ls sub")
    assert tryout.stdout == "x" and "Read-only" in tryout.stderr
    assert (tmp_path / "more" / "x").read_text() == "x"
