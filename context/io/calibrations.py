"""Calibrations kept in one SQLite file, a row for each model: what providers report, for the runs to come."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from ..calibration import Calibration, observed
from ..tokens import Measure

_SCHEMA = "CREATE TABLE IF NOT EXISTS calibrations (model TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"
_PATIENCE_S = 1.0


class Calibrations:
    """The calibrations in the file `path`, made when the first report is noted.

    For any number of threads and processes. Nothing here raises: a calibration that can't be read or kept leaves the
    stated errors as they are, which hold without any. A damaged file is begun anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, model: str) -> Calibration | None:
        """What is known of a model's counter; None without reports."""
        if not self.path.exists():
            return None
        with suppress(sqlite3.Error, OSError), self._opened() as db:
            return _read(db, model)
        return None

    def note(self, model: str, counter: str, measure: Measure, reported: int | None) -> None:
        """Adds a report; see `observed`. Reports of another counter than the last one's replace what is known.

        Args:
            model, counter: whose request it was, and the name of the counter that measured it, not yet calibrated.
            measure, reported: as for `observed`.
        """
        try:
            self._note(model, counter, measure, reported)
        except sqlite3.OperationalError:
            pass  # busy, full, or not to be written to
        except sqlite3.DatabaseError:
            with suppress(sqlite3.Error, OSError):
                self.path.unlink(missing_ok=True)
                self._note(model, counter, measure, reported)
        except OSError:
            pass

    def _note(self, model: str, counter: str, measure: Measure, reported: int | None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._opened() as db:
            db.execute(_SCHEMA)
            db.execute("BEGIN IMMEDIATE")
            known = _read(db, model)
            if known is None or known.counter != counter:
                known = Calibration(counter=counter)
            after = observed(known, measure, reported)
            if after != known:
                db.execute("REPLACE INTO calibrations VALUES (?, ?)", (model, after.model_dump_json()))
            db.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)) as db:
            yield db


def _read(db: sqlite3.Connection, model: str) -> Calibration | None:
    row = db.execute("SELECT body FROM calibrations WHERE model = ?", (model,)).fetchone()
    try:
        return Calibration.model_validate_json(row[0]) if row else None
    except ValidationError:
        return None
