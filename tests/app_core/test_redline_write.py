"""Writing a redline: what is refused before anything is touched, and the file that is there afterwards."""

import errno
import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from rheostat.app_core.redline import Change, NotWritten, Refused, reject_all, write_redlines
from rheostat.app_core.redline.atomic import replace_file
from rheostat.context import read

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CHANGE = Change(start=0, end=3, new="Two")


@pytest.fixture(params=["nda.docx", "nda.md"])
def contract(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    if path.suffix == ".docx":
        file = docx.Document()
        file.add_paragraph("One party pays the other party.")
        file.save(str(path))
    else:
        path.write_text("One party pays the other party.\n")
    return path


def out_of(contract: Path) -> Path:
    return contract.with_name(f"out{contract.suffix}")


def refused(contract: Path, changes: list[Change], why: str, *, out: Path | None = None, author: str = "A") -> Refused:
    out = out or out_of(contract)
    existed = out.exists()
    with pytest.raises(Refused, match=why) as error:
        write_redlines(contract, read(contract), changes, out, author=author, at=AT)
    assert out.exists() == existed
    return error.value


def test_a_contract_that_changed_since_it_was_reviewed_is_refused(contract: Path) -> None:
    document = read(contract)
    contract.write_bytes(contract.read_bytes() + b"\n")
    with pytest.raises(Refused, match="the contract changed since it was reviewed"):
        write_redlines(contract, document, [CHANGE], out_of(contract), author="A", at=AT)


def test_overlapping_changes_are_refused_and_neighbours_are_not(contract: Path) -> None:
    error = refused(contract, [CHANGE, Change(start=2, end=5, new="x")], "overlap")
    assert error.change == Change(start=2, end=5, new="x")
    beside = [Change(start=3, end=9, new=" side"), CHANGE, Change(start=3, end=3, new=" (2)")]
    write_redlines(contract, read(contract), beside, out_of(contract), author="A", at=AT)
    assert reject_all(out_of(contract)) == read(contract).text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(start=5, end=5_000, new=""), "was made for another document"),
        (Change(start=0, end=3, new="a\0b"), r"U\+0000"),
        (Change(start=0, end=3, new="a\r\nb"), r"U\+000D"),
        (Change(start=0, end=3, new="a", comment="\x1b[31m"), r"U\+001B"),
        (Change(start=0, end=3, new="\ud800"), r"U\+D800"),
    ],
)
def test_a_change_that_can_t_be_written_is_refused_by_name(change: Change, why: str, contract: Path) -> None:
    assert refused(contract, [change], why).change == change


def test_names_that_can_t_be_right_are_refused(contract: Path) -> None:
    refused(contract, [CHANGE], "would overwrite the contract", out=contract)
    refused(contract, [CHANGE], "name it so instead", out=contract.with_suffix(".pdf"))
    refused(contract, [CHANGE], "author's name", author="A\0")
    other = contract.with_suffix(".pdf")
    other.write_bytes(contract.read_bytes())
    with pytest.raises(Refused, match="can't be redlined"):
        write_redlines(other, read(contract), [CHANGE], out_of(contract), author="A", at=AT)


def test_a_time_without_a_zone_is_refused_in_a_word_file(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    file = docx.Document()
    file.add_paragraph("One.")
    file.save(str(path))
    with pytest.raises(Refused, match="no time zone"):
        write_redlines(path, read(path), [CHANGE], tmp_path / "b.docx", author="A", at=AT.replace(tzinfo=None))


def test_a_change_ends_after_its_start() -> None:
    with pytest.raises(ValueError, match="before its start"):
        Change(start=4, end=3, new="")


def test_writing_again_gives_the_same_file_and_leaves_no_other(contract: Path) -> None:
    first = write_redlines(contract, read(contract), [CHANGE], out_of(contract), author="A", at=AT)
    again = write_redlines(contract, read(contract), [CHANGE], out_of(contract), author="A", at=AT)
    assert first == again
    assert first.sha256 == hashlib.sha256(out_of(contract).read_bytes()).hexdigest()
    assert {path.name for path in contract.parent.iterdir()} == {contract.name, out_of(contract).name}


def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_missing_folder_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match=os.strerror(errno.ENOENT)):
        replace_file(tmp_path / "nowhere" / "a.md", b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX's")
def test_a_disk_that_fills_up_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "redlined.docx"
    target.write_bytes(b"the old redline")
    program = """
import resource, signal, sys
from pathlib import Path
from rheostat.app_core.redline import NotWritten
from rheostat.app_core.redline.atomic import replace_file

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    replace_file(Path(sys.argv[1]), b"x" * 50_000)
except NotWritten as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(target)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "was not written" in ran.stdout
    assert "untouched" in ran.stdout
    assert target.read_bytes() == b"the old redline"
    assert [path.name for path in tmp_path.iterdir()] == ["redlined.docx"]
