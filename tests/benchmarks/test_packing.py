"""The benchmarks' own code runs, on sizes too small to time anything."""

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]


def run(folder: Path, name: str, *arguments: str) -> dict[str, float | None]:
    """What a benchmark reports where no peer is installed."""
    command = [sys.executable, f"benchmarks/{name}.py", "--quick", "--json", "--peers", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "stdout is for one JSON object"
    return json.loads(done.stdout)


def test_packing_reports_every_key_and_no_guess_for_a_missing_peer(tmp_path: Path) -> None:
    document = ROOT / "docs" / "benchmarks.md"
    before = document.read_bytes()
    found = run(tmp_path, "packing", "--data", str(tmp_path), "--chunks", "60", "--window", "2000")
    for key in ("cold_ms", "warm_ms", "warm_fresh_ms", "cold_20k_ms", "receipt_ms", "what_if_ms"):
        assert (found[key] or 0) > 0, key
    assert found["overruns"] == 0
    assert 0 < (found["used_tokens"] or 0) <= 2000 - 2000 // 32
    assert 0.5 <= (found["worth_ratio"] or 0) <= 1
    peers = {key: found[key] for key in found if key.startswith("peer_")}
    assert {"peer_priomptipy_ms", "peer_langchain_ms", "peer_prompt_poet_ms"} <= peers.keys()
    assert set(peers.values()) == {None}
    assert document.read_bytes() == before, "only a full run belongs into the document"


def choices(number: int) -> Iterator[tuple[int, ...]]:
    for size in range(number + 1):
        yield from combinations(range(number), size)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), max_size=7), st.integers(0, 60))
def test_the_optimum_is_the_best_of_all_choices(items: Sequence[tuple[int, int]], room: int) -> None:
    worths, sizes = [worth for worth, _ in items], [size for _, size in items]
    fitting = (choice for choice in choices(len(items)) if sum(sizes[index] for index in choice) <= room)
    best = max(sum(worths[index] for index in choice) for choice in fitting)
    assert most_worth(worths, sizes, room) == best


most_worth = runpy.run_path(str(ROOT / "benchmarks" / "optimum.py"))["most_worth"]
