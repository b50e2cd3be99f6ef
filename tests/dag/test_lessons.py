"""Lessons in a file: kept apart by App, the newest of each part, by several processes, and never in a run's way."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rheostat.dag import Copies, Lesson, Lessons, LessonsNotKept, SqliteLessons


def lesson(number: int = 0, part: str = "small") -> Lesson:
    return Lesson(task="review/judge", part=part, score=0.5, cost_usd=0.001, prompt_tokens=number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "lessons.sqlite"


def test_lessons_come_back_newest_first_and_apart_for_each_app(path: Path) -> None:
    kept: Lessons = SqliteLessons(path)
    assert kept.of("legal") == ([], [])
    assert not path.exists(), "reading makes no file"
    kept.add("legal", [lesson(1), Copies(task="review", count=7), lesson(2)])
    kept.add("refunds", [lesson(3)])
    SqliteLessons(path).add("legal", [lesson(4)])
    assert kept.of("legal") == ([lesson(4), lesson(2), lesson(1)], [Copies(task="review", count=7)])
    assert kept.of("refunds") == ([lesson(3)], [])


def test_of_each_part_the_newest_are_kept_and_the_file_does_not_grow(path: Path) -> None:
    kept = SqliteLessons(path)
    kept.add("legal", [lesson(0, "rare")])
    for start in range(0, 1000, 250):
        kept.add("legal", [lesson(start + n) for n in range(250)])
    often = [one.prompt_tokens for one in kept.of("legal")[0] if one.part == "small"]
    assert often == [*range(999, 799, -1)]
    assert [one.part for one in kept.of("legal")[0]].count("rare") == 1
    size = path.stat().st_size
    kept.add("legal", [lesson(n) for n in range(100_000)])
    assert path.stat().st_size <= 2 * size


def test_a_damaged_file_teaches_nothing_and_says_so_when_written_to(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, and long enough to be looked at" * 100)
    before = path.read_bytes()
    assert SqliteLessons(path).of("legal") == ([], [])
    with pytest.raises(LessonsNotKept, match="delete it, and learning begins anew"):
        SqliteLessons(path).add("legal", [lesson()])
    assert path.read_bytes() == before


def test_a_newer_file_is_left_alone(path: Path) -> None:
    SqliteLessons(path).add("legal", [lesson()])
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert SqliteLessons(path).of("legal") == ([], [])
    with pytest.raises(LessonsNotKept, match="a newer rheostat wrote it"):
        SqliteLessons(path).add("legal", [lesson()])


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LessonsNotKept, match="can't be written"):
        SqliteLessons(tmp_path / "file" / "lessons.sqlite").add("legal", [lesson()])


def test_a_row_that_says_nothing_is_left_out(path: Path) -> None:
    SqliteLessons(path).add("legal", [lesson(1), lesson(2)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE lessons SET body = '{' WHERE number = 1")
    db.close()
    assert SqliteLessons(path).of("legal")[0] == [lesson(2)]


WRITER = """
import sys
from pathlib import Path
from rheostat.dag import Lesson, SqliteLessons
for number in range(20):
    SqliteLessons(Path(sys.argv[1])).add("legal", [Lesson(task="t", part=sys.argv[2], prompt_tokens=number)])
"""


def test_several_processes_write_at_once(path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), part]) for part in ("a", "b", "c")]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    kept, _ = SqliteLessons(path).of("legal")
    for part in "abc":
        assert [one.prompt_tokens for one in kept if one.part == part] == [*range(19, -1, -1)]
