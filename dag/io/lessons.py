"""Lessons in one SQLite file: what past runs teach, for the plans to come."""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from ..errors import LessonsNotKept
from ..learned import NEWEST
from ..lesson import Copies, Lesson

_VERSION = 1
_SCHEMA = """
CREATE TABLE lessons (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    kind TEXT NOT NULL,
    task TEXT NOT NULL,
    part TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX lessons_by_part ON lessons (app, kind, task, part, number);
"""
_SUPERSEDED = """
DELETE FROM lessons WHERE app = ?1 AND kind = ?2 AND task = ?3 AND part = ?4 AND number <= (
    SELECT number FROM lessons WHERE app = ?1 AND kind = ?2 AND task = ?3 AND part = ?4
    ORDER BY number DESC LIMIT 1 OFFSET ?5
)
"""
_PATIENCE_S = 5.0

_Key = tuple[str, str, str]


class SqliteLessons:
    """The Lessons in the file `path`, made when the first are added.

    For any number of threads and processes. Of each part of each task it keeps the newest. A file that can't be read
    teaches nothing; it is left as it is, and writing to it says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, app: str, lessons: Sequence[Lesson | Copies]) -> None:
        """See Lessons."""
        newest = defaultdict[_Key, deque[Lesson | Copies]](lambda: deque(maxlen=NEWEST))
        for lesson in lessons:
            newest[_key(lesson)].append(lesson)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._opened() as db:
                _add(db, app, newest)
        except (sqlite3.Error, OSError) as error:
            raise LessonsNotKept(
                f"What this run taught can't be written to {self.path}: {error}. Forecasts stay as they were. "
                "Free the file or the disk; if the file is damaged, delete it, and learning begins anew."
            ) from error

    def of(self, app: str) -> tuple[list[Lesson], list[Copies]]:
        """See Lessons."""
        if self.path.exists():
            with suppress(sqlite3.Error, OSError), self._opened() as db:
                if _version(db) == _VERSION:
                    return _read(db, app)
        return [], []

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)) as db:
            yield db


def _key(lesson: Lesson | Copies) -> _Key:
    if isinstance(lesson, Copies):
        return "copies", lesson.task, ""
    return "lesson", lesson.task, lesson.part


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def _add(db: sqlite3.Connection, app: str, newest: dict[_Key, deque[Lesson | Copies]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    if _version(db) > _VERSION:
        raise sqlite3.NotSupportedError("a newer rheostat wrote it")
    if _version(db) == 0:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {_VERSION}")
    for key, lessons in newest.items():
        rows = [(app, *key, lesson.model_dump_json()) for lesson in lessons]
        db.executemany("INSERT INTO lessons (app, kind, task, part, body) VALUES (?, ?, ?, ?, ?)", rows)
        db.execute(_SUPERSEDED, (app, *key, NEWEST))
    db.execute("COMMIT")


def _read(db: sqlite3.Connection, app: str) -> tuple[list[Lesson], list[Copies]]:
    lessons, copies = list[Lesson](), list[Copies]()
    for kind, body in db.execute("SELECT kind, body FROM lessons WHERE app = ? ORDER BY number DESC", (app,)):
        with suppress(ValidationError):
            if kind == "copies":
                copies.append(Copies.model_validate_json(body))
            else:
                lessons.append(Lesson.model_validate_json(body))
    return lessons, copies
