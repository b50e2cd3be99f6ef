"""Logs in one SQLite file: write-ahead log, synchronous, safe with several processes at once."""

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..inbox import Waiting, app_of, as_card, asks, from_cards, moves, tells_of_questions
from ..log import TOMB, Record
from ..run_errors import RunTaken, StoreBusy, StoreDamaged, StoreFull, StoreTooNew, UnknownRun
from .file_lease import FileLease

_SCHEMAS = (
    """
    CREATE TABLE records (
        run TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at REAL NOT NULL,
        body TEXT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE stops (run TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE kept (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS words (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL,
        word TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS waiting (
        run TEXT NOT NULL,
        node TEXT NOT NULL,
        asked_at REAL NOT NULL,
        card TEXT NOT NULL,
        PRIMARY KEY (run, node)
    ) WITHOUT ROWID
    """,
)
"""What each version added to the one before. Since there are words, nothing is written into stops."""

_PATIENCE_S = 30.0
"""How long to wait for other processes that write."""

_INDEXES_QUESTIONS = 5
"""The version from which on open questions are indexed."""


class SqliteStore:
    """The Store in the file `path`, made on first use, for any number of threads. It may be closed and used again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        # Of the threads that share it, such as those of a run and of another inside it, one has its turn at a time.
        self._turn = threading.RLock()

    def append(self, run: str, expected_seq: int, records: Sequence[Record]) -> None:
        """See Store."""
        with self._translated(), self._connection() as db:
            _append(db, run, expected_seq, records)

    def erase(self, run: str, expected_seq: int, told: Record, tombstones: Sequence[Record]) -> None:
        """See Store. Raises StoreBusy if the words may still be in free parts of the file: another process reads it."""
        with self._translated(), self._connection() as db:
            _append(db, run, expected_seq, [told])
            graves = [(record.body, run, record.seq) for record in tombstones]
            db.executemany("UPDATE records SET body = ? WHERE run = ? AND seq = ?", graves)
            db.execute("DELETE FROM words WHERE run = ?", (run,))
        with self._translated(), self._connection() as db:
            db.execute("VACUUM")
            blocked, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if blocked:
                raise StoreBusy(self.path)

    def read(self, run: str) -> list[Record]:
        """See Store."""
        with self._translated(), self._connection() as db:
            try:
                rows = db.execute(_READ, (run,)).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
                rows = _read_what_is_no_text(db, run)
        if not rows:
            raise UnknownRun(run)
        return [Record(*row) for row in rows]

    def runs(self) -> list[str]:
        """See Store."""
        with self._translated(), self._connection() as db:
            return [run for run, opening in _beginnings(db) if opening not in (None, TOMB)]

    def unreadable(self) -> list[str]:
        """See Store."""
        with self._translated(), self._connection() as db:
            return [run for run, opening in _beginnings(db) if opening in (None, TOMB)]

    def waiting(self) -> list[Waiting]:
        """See Store."""
        with self._translated(), self._connection() as db:
            return from_cards(card for (card,) in db.execute("SELECT card FROM waiting ORDER BY asked_at, run, node"))

    def lease(self, run: str) -> FileLease:
        """See Store."""
        return FileLease(self.path.with_name(f"{self.path.name}-leases") / run, run)

    def leave_word(self, run: str, word: str) -> int:
        """See Store."""
        with self._translated(), self._connection() as db:
            left = db.execute("INSERT INTO words (run, word) VALUES (?, ?) RETURNING number", (run, word))
            return left.fetchone()[0]

    def words(self, run: str) -> list[tuple[int, str]]:
        """See Store."""
        with self._connection() as db:
            return db.execute("SELECT number, word FROM words WHERE run = ? ORDER BY number", (run,)).fetchall()

    def heard(self, run: str, upto: int) -> None:
        """See Store."""
        with self._translated(), self._connection() as db:
            db.execute("DELETE FROM words WHERE run = ? AND number <= ?", (run, upto))

    def keep(self, key: str, body: str) -> None:
        """See Store."""
        with self._translated(), self._connection() as db:
            db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, body))

    def kept(self, key: str) -> str | None:
        """See Store."""
        with self._connection() as db:
            found = db.execute("SELECT body FROM kept WHERE key = ?", (key,)).fetchone()
        return None if found is None else found[0]

    def close(self) -> None:
        """Closes the file; the next call opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        with self._turn:
            if self._db is None:
                self._db = _open(self.path)
            with self._db:
                yield self._db

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_FULL or "disk I/O" in str(error):
                raise StoreFull(self.path) from error
            if code == sqlite3.SQLITE_BUSY:
                raise StoreBusy(self.path) from error
            if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise StoreDamaged(self.path) from error
            raise


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Several threads of one process take turns: the driver runs in one, a person's answer may come in another.
    db = sqlite3.connect(path, timeout=_PATIENCE_S, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_SCHEMAS):
        db.close()
        raise StoreTooNew(path)
    if version < len(_SCHEMAS):
        _bring_up_to_date(db)
    return db


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        # Another process may have been quicker.
        version = db.execute("PRAGMA user_version").fetchone()[0]
        for schema in _SCHEMAS[version:]:
            db.execute(schema)
        if version < _INDEXES_QUESTIONS:
            _index_all(db)
        db.execute(f"PRAGMA user_version = {len(_SCHEMAS)}")


_READ = "SELECT seq, at, CAST(body AS TEXT), CAST(digest AS TEXT) FROM records WHERE run = ? ORDER BY seq"


def _append(db: sqlite3.Connection, run: str, expected_seq: int, records: Sequence[Record]) -> None:
    db.execute("BEGIN IMMEDIATE")
    last = db.execute("SELECT max(seq) FROM records WHERE run = ?", (run,)).fetchone()[0]
    if expected_seq != (0 if last is None else last + 1):
        raise RunTaken(run)
    db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", [(run, *record) for record in records])
    _index(db, run, records)


def _read_what_is_no_text(db: sqlite3.Connection, run: str) -> list[tuple[Any, ...]]:
    """A Log that something else wrote into: as text all the same, so that it can be said which record that is."""
    db.text_factory = _as_text
    try:
        return db.execute(_READ, (run,)).fetchall()
    finally:
        db.text_factory = str


def _as_text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _beginnings(db: sqlite3.Connection) -> list[tuple[str, str | None]]:
    """All runs, newest first, each with how its first record opens; None if it is missing."""
    return db.execute(_BEGINNINGS, (len(TOMB),)).fetchall()


_BEGINNINGS = """
    WITH RECURSIVE ids(run) AS (  -- from each to the next, past all that is in between
        SELECT min(run) FROM records
        UNION ALL
        SELECT (SELECT min(run) FROM records WHERE run > ids.run) FROM ids WHERE ids.run IS NOT NULL
    )
    SELECT ids.run, substr(first.body, 1, ?)
    FROM ids LEFT JOIN records AS first ON first.run = ids.run AND first.seq = 0
    WHERE ids.run IS NOT NULL
    ORDER BY first.at DESC, ids.run
"""


def _index(db: sqlite3.Connection, run: str, records: Sequence[Record]) -> None:
    """Keeps the index of open questions in step with a Log, in the transaction that adds these records to it."""
    telling = [record for record in records if tells_of_questions(record)]
    if not telling or not (any(map(asks, telling)) or _has_questions(db, run)):
        return
    for move in moves(run, telling):
        match move.what:
            case "asked" if move.question is not None:
                first = db.execute("SELECT seq, at, body, digest FROM records WHERE run = ? AND seq = 0", (run,))
                asked = move.question._replace(app=app_of(Record(*first.fetchone())))
                row = (run, move.node, asked.asked_at, as_card(asked))
                db.execute("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", row)
            case "left":
                db.execute("DELETE FROM waiting WHERE run = ? AND node = ?", (run, move.node))
            case _:
                db.execute("DELETE FROM waiting WHERE run = ?", (run,))


def _has_questions(db: sqlite3.Connection, run: str) -> bool:
    return db.execute("SELECT 1 FROM waiting WHERE run = ? LIMIT 1", (run,)).fetchone() is not None


def _index_all(db: sqlite3.Connection) -> None:
    """Makes the index anew from all Logs. One that is damaged is left out: nobody can answer there anyway."""
    db.execute("DELETE FROM waiting")
    for run, _ in _beginnings(db):
        rows = db.execute(_READ, (run,))
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            _index(db, run, [Record(*row) for row in rows])
