"""Logs in one SQLite file: write-ahead log, synchronous, safe with several processes at once."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..log import Record
from ..run_errors import RunTaken, StoreFull, StoreTooNew, UnknownRun

_VERSION = 1
_SCHEMA = """
CREATE TABLE records (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
"""


class SqliteStore:
    """The Store in the file `path`, made on first use. One per thread of control; it may be closed and used again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None

    def append(self, run: str, expected_seq: int, records: Sequence[Record]) -> None:
        """See Store."""
        with self._translated(), self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT max(seq) FROM records WHERE run = ?", (run,)).fetchone()[0]
            if expected_seq != (0 if last is None else last + 1):
                raise RunTaken(run)
            rows = [(run, r.seq, r.at, r.body, r.digest) for r in records]
            db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)

    def read(self, run: str) -> list[Record]:
        """See Store."""
        with self._translated(), self._connection() as db:
            rows = db.execute("SELECT seq, at, body, digest FROM records WHERE run = ? ORDER BY seq", (run,)).fetchall()
        if not rows:
            raise UnknownRun(run)
        return [Record(seq=seq, at=at, body=body, digest=digest) for seq, at, body, digest in rows]

    def runs(self) -> list[str]:
        """See Store."""
        with self._translated(), self._connection() as db:
            return [run for (run,) in db.execute("SELECT run FROM records WHERE seq = 0 ORDER BY at DESC, run")]

    def close(self) -> None:
        """Closes the file; the next call opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        if self._db is None:
            self._db = _open(self.path)
        with self._db:
            yield self._db

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL or "disk I/O" in str(error):
                raise StoreFull(self.path) from error
            raise


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Several threads of one process take turns: the driver runs in one, a person's answer may come in another.
    db = sqlite3.connect(path, timeout=30, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        db.close()
        raise StoreTooNew(path)
    if version == 0:
        _create(db)
    return db


def _create(db: sqlite3.Connection) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        # Another process may have been quicker.
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            db.execute(_SCHEMA)
            db.execute(f"PRAGMA user_version = {_VERSION}")
