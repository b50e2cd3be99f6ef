"""Grants in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from ..errors import GrantsUnreadable, UnknownGrant
from ..grant import Grant

_VERSION = 1
_SCHEMA = """
CREATE TABLE grants (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    body TEXT NOT NULL
)
"""
_PATIENCE_S = 5.0


class SqliteGrants:
    """The Grants in the file `path`, made when the first is given. For any number of threads and processes.

    The file is looked at each time: a grant that another process revoked is revoked from the next look on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def give(self, grant: Grant) -> None:
        """See Grants."""
        with self._opened("IMMEDIATE") as db:
            row = (grant.id, grant.app, grant.model_dump_json())
            db.execute("INSERT OR IGNORE INTO grants (id, app, body) VALUES (?, ?, ?)", row)

    def revoke(self, id: str, *, by: str, at: datetime) -> Grant:
        """See Grants."""
        if not self.path.exists():
            raise UnknownGrant(id)
        with self._opened("IMMEDIATE") as db:
            found = db.execute("SELECT body FROM grants WHERE id = ?", (id,)).fetchone()
            if found is None:
                raise UnknownGrant(id)
            revoked = _as_written(found[0]).revoked(by=by, at=at)
            db.execute("UPDATE grants SET body = ? WHERE id = ?", (revoked.model_dump_json(), id))
        return revoked

    def of(self, app: str = "") -> tuple[Grant, ...]:
        """See Grants."""
        if not self.path.exists():
            return ()
        with self._opened("DEFERRED") as db:
            rows = db.execute("SELECT body FROM grants WHERE app = ?1 OR ?1 = '' ORDER BY number", (app,)).fetchall()
            return tuple(_as_written(body) for (body,) in rows)

    @contextmanager
    def _opened(self, transaction: str) -> Generator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)) as db:
                _bring_up_to_date(db)
                db.execute(f"BEGIN {transaction}")
                yield db
                db.execute("COMMIT")
        except (sqlite3.Error, OSError, ValidationError) as error:
            raise GrantsUnreadable(str(self.path), str(error).splitlines()[0]) from error


@lru_cache(maxsize=4096)
def _as_written(body: str) -> Grant:
    """The same text is the same grant: most of them are read again and again, at every decision."""
    return Grant.model_validate_json(body)


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    if (version := _version(db)) > _VERSION:
        raise sqlite3.NotSupportedError("a newer rheostat wrote it")
    if version < _VERSION:
        db.execute("BEGIN IMMEDIATE")
        if _version(db) < _VERSION:  # another process may have been quicker
            db.execute(_SCHEMA)
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]
