"""The budget benchmark on a small world: its keys, and that the cap holds in it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORLD = {
    "models": {
        "a": {"prompt_usd": 1e-6, "answer_usd": 4e-6, "first_token_s": 0.5, "tokens_per_s": 90, "skill": 0.6},
        "b": {"prompt_usd": 1e-5, "answer_usd": 4e-5, "first_token_s": 0.5, "tokens_per_s": 40, "skill": 0.9},
    },
    "kinds": {"judge": {"prompt_tokens": 900, "answer_tokens": 90, "hard": 0.5}},
    "workflows": {
        "w": [
            {"id": "list"},
            {"id": "each", "after": ["list"], "each": [2, 4], "then": [{"id": "a", "kind": "judge"}]},
            {"id": "end", "after": ["each"], "kind": "judge"},
        ]
    },
    "calls_at_once": 2,
}


def test_budget_reports_every_key_on_a_world_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    file.write_text(json.dumps(WORLD), encoding="utf-8")
    command = [sys.executable, "benchmarks/budget.py", "--quick", "--json", "--world", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    assert {"runs", "deadline_met", "p90_coverage", "cost_ratio_same_quality", "makespan_ratio"} <= found.keys()
    assert found["runs"] > 0 and found["overruns"] == 0
    assert found["quality_cheapest"] < found["quality_best_single"], "the world is the one that was written down"
