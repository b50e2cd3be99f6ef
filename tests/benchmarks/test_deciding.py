"""The benchmarks of deciding run, on sizes too small to time anything."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(name: str, *arguments: str) -> dict[str, float]:
    """What a benchmark reports; it leaves the document alone."""
    document = ROOT / "docs" / "benchmarks.md"
    before = document.read_bytes()
    command = [sys.executable, f"benchmarks/{name}.py", "--quick", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert document.read_bytes() == before, "only a full run belongs into the document"
    return json.loads(done.stdout)


def test_verdict_reports_every_key() -> None:
    found = run("verdict", "--records", "400", "--waiting", "40", "--runs", "4", "--batch", "20")
    assert {"verdict_us", "log_verify_100k_s", "inbox_10k_ms"} <= found.keys()
    assert all(number > 0 for number in found.values())
    assert 0 < found["spoke"] < 40, "a few rules speak, not all"


def test_a_person_is_asked_less_where_questions_come_together_and_as_often_as_foretold(tmp_path: Path) -> None:
    found = run("asks", "--data", str(tmp_path))
    assert found["contracts"] == 1 and found["foretold_wrong"] == 0 and found["unlike"] == 0
    for level in range(5):
        assert found[f"asks_{level}"] == found[f"foretold_{level}"]
        assert found[f"both_{level}"] <= min(found[f"grouped_{level}"], found[f"granted_{level}"])
        assert max(found[f"grouped_{level}"], found[f"granted_{level}"]) <= found[f"asks_{level}"]
    assert found["both_0"] < found["asks_0"]
