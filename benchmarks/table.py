"""What every benchmark shares: its arguments, its one JSON object, its table, and its section of docs/benchmarks.md."""

import argparse
import contextlib
import json
import os
import platform
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
DATA = ROOT.parent / "shared" / "data"
PEERS = ROOT / ".venv-bench"

Options = argparse.Namespace
Numbers = Mapping[str, float | None]


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        key: of the number in the JSON object.
        what: says in words what was measured.
        aim: what it should be ("≤ 60"); "" where nothing is aimed at.
    """

    key: str
    what: str
    aim: str = ""


@dataclass(frozen=True)
class Measured:
    """What a run found.

    Args:
        numbers: by key; what could not be measured is None or absent.
        notes: sentences below the table: sizes, versions of peers, why a peer is missing.
    """

    numbers: Numbers
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Benchmark:
    """One claim.

    Args:
        name: of the script.
        about: what is measured and how, for the reader of the table: the script's docstring.
        rows: the keys, in the order of the table; or which they are, given the options.
        measure: does it. What it prints goes to stderr.
        arguments: adds the script's own arguments.
        full: whether a run with these options is one that docs/benchmarks.md should show.
    """

    name: str
    about: str
    rows: Sequence[Row] | Callable[[Options], Sequence[Row]]
    measure: Callable[[Options], Measured]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda parser: None
    full: Callable[[Options], bool] = lambda options: not options.quick

    def run(self) -> None:
        """The whole script: measures, prints, and writes the section of a full run."""
        parser = argparse.ArgumentParser(description=self.about, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true", help="smaller sizes, the same keys, within 50 s")
        parser.add_argument("--json", action="store_true", help="one flat object of numbers on stdout")
        parser.add_argument("--peers", type=Path, default=PEERS, help="where `make bench-deps` has put the peers")
        self.arguments(parser)
        options = parser.parse_args()
        rows = self.rows(options) if callable(self.rows) else self.rows
        facts = machine()
        with _stdout_to_stderr():
            measured = self.measure(options)
        if options.json:
            print(json.dumps({row.key: _rounded(measured.numbers.get(row.key)) for row in rows}))
        else:
            print(_table(rows, facts, measured))
        if self.full(options):
            _write_section(self.name, f"## {self.name}\n\n{self.about.strip()}\n\n{_table(rows, facts, measured)}")


def _table(rows: Sequence[Row], facts: str, measured: Measured) -> str:
    head = ("key", "what", "measured", "aim")
    lines = [(row.key, row.what, _shown(measured.numbers.get(row.key)), row.aim) for row in rows]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    table = "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (head, rule, *lines)
    )
    return "\n\n".join([table, "\n".join(f"- {note}" for note in (facts, *measured.notes))])


def machine() -> str:
    """What the figures depend on, and nothing that tells whose machine it is; taken before anything is measured."""
    try:
        ours = f"rheostat {version('rheostat')}"
    except PackageNotFoundError:
        ours = "a checkout of rheostat"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {ours}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f} when it began, "
        f"{platform.system()} {platform.machine()}."
    )


def _rounded(number: float | None) -> float | None:
    return number if number is None or isinstance(number, int) else float(f"{number:.4g}")


def _shown(number: float | None) -> str:
    rounded = _rounded(number)
    return "n/a" if rounded is None else f"{rounded:,}"


def _write_section(name: str, text: str) -> None:
    begin, end = f"<!-- {name}: written by benchmarks/{name}.py -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text}\n{end}\n"
    document = DOCUMENT.read_text(encoding="utf-8")
    before, found, after = document.partition(begin)
    if found:
        document = before + section + after.partition(f"{end}\n")[2]
    else:
        document = f"{document.rstrip()}\n\n{section}"
    DOCUMENT.write_text(document, encoding="utf-8")


@contextlib.contextmanager
def _stdout_to_stderr() -> Generator[None]:
    """Also for what a library prints past Python: stdout is kept for the result."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
