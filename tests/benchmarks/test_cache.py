"""The benchmark of caching runs, on sizes too small to show anything."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_cache_reports_every_key_and_no_guess_for_what_it_could_not_measure(tmp_path: Path) -> None:
    document = ROOT / "docs" / "benchmarks.md"
    before = document.read_bytes()
    command = [sys.executable, "benchmarks/cache.py", "--quick", "--json", "--window", "9000", "--local-window", "0"]
    command += ["--data", str(tmp_path), "--peers", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["naive_dated"] < found["naive"] < found["stable_prefix"] <= 100
    assert found["read_tokens"] < found["prompt_tokens"] <= 9000
    assert found["peer_langchain"] is None and found["prediction_error"] is None
    assert document.read_bytes() == before, "only a full run belongs into the document"
