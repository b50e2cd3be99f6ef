"""The sandbox: what is tried in it changes nothing, what is shown is what is applied, and nothing gets out."""

import os
import subprocess
from pathlib import Path

import pytest

from rheostat.autonomy import BadSandbox, ChangedSince, NotApplied, UnfitValue
from rheostat.autonomy.io import Limits, Sandbox, Trial, no_sandbox

from .escapes import ESCAPED, ESCAPES, SECRET, Escape, World, world

pytestmark = pytest.mark.skipif(bool(no_sandbox()), reason=no_sandbox())


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


def got_out(around: World, before: dict[str, str], said: str) -> bool:
    return (
        ESCAPED in said
        or SECRET in said
        or around.snapshot() != before
        or around.was_spoken_to()
        or around.has_leftovers()
    )


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
def test_nothing_gets_out(escape: Escape, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with world(tmp_path, kept) as around:
        before = around.snapshot()
        trial = Sandbox(around.folder, kept).try_out(around.line(escape))
        assert not got_out(around, before, trial.stdout + trial.stderr), trial


@pytest.mark.parametrize("escape", [each for each in ESCAPES if each.open], ids=lambda escape: escape.name)
def test_what_would_get_out_is_seen_where_there_is_no_sandbox(escape: Escape, tmp_path: Path) -> None:
    with world(tmp_path, tmp_path / "kept") as around:
        before = around.snapshot()
        line = ["bash", "-c", around.line(escape)]
        done = subprocess.run(line, cwd=around.folder, capture_output=True, text=True, check=False, timeout=20)
        assert got_out(around, before, done.stdout + done.stderr), done
