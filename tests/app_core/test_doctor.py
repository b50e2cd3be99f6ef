"""The doctor says what is wrong and what to do."""

from pathlib import Path

import pytest

from rheostat.app_core.doctor import examine


def found(model: str | None = None) -> dict[str, tuple[str, bool]]:
    return {finding.what: (finding.found, finding.well) for finding in examine(model)}


def test_here_all_is_well() -> None:
    findings = found()
    assert [what for what, (_, well) in findings.items() if not well] == []
    assert findings["model"][0].startswith("local")


def test_a_model_that_is_unknown_or_not_allowed_is_not_well() -> None:
    findings = found("gpt-4o-mni")
    text, well = findings["its price and size"]
    assert "gpt-4o-mini" in text and not well
    assert not findings["RHEOSTAT_ALLOW_MODELS"][1]


def test_a_folder_that_cannot_be_written_is_not_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "file" / "rheostat"))
    text, well = found()["folder of runs"]
    assert "RHEOSTAT_HOME" in text and not well


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "none" / "yet"))
    examine()
    assert list(tmp_path.iterdir()) == []
