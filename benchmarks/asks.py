"""The approver's load: how often a person is asked in a review of a contract, at each level of the dial.

Reviews by the legal vertical of real contracts and the sample, each by the sample's playbook of seven rules, and of
Bonterms' NDA by the playbook that Bonterms wrote for it. The model is scripted: it objects to two rules of three and
quotes what the contract says, so every run has redlines (outward) and a delivery (local). Redlines whose wording has
blanks ask at every level. The person says yes to everything and answers when the run waits for nothing else.

Each contract is reviewed anew for every figure: `asks` is with every question answered by itself, `grouped` with those
that belong together on one screen, `granted` with "all of this kind in this run" said at the first of each kind, `both`
with both. Counted is what the person looks at: an answer, or a screen. Where a question stands alone, the four are one.

`foretold` asks nobody: it takes the decisions of the runs at level 0 again at each level, as `rheostat dial` does, and
`foretold_wrong` counts the runs for which that differs from what was really asked.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from reviews import pairs, reviewed
from table import DATA, Benchmark, Measured, Options, Row

from rheostat import Run
from rheostat.app_core.testing import MemoryStore
from rheostat.app_core.what_if import decisions
from rheostat.autonomy import Decision, Dial, Level, burden, what_if

WAYS = {
    "asks": "each question by itself",
    "grouped": "those that belong together on one screen",
    "granted": "all of a kind accepted at its first question",
    "both": "both",
}

ROWS = [
    Row("contracts", "reviewed"),
    Row("actions", "proposed in a run"),
    *(
        Row(f"{way}_{level}", f"asks a run at level {level}: {what}")
        for way, what in WAYS.items()
        for level in range(5)
    ),
    *(Row(f"foretold_{level}", f"asks a run that the what-if foretells for level {level}") for level in range(5)),
    Row("foretold_wrong", "runs that asked otherwise than foretold", "0"),
    Row("unlike", "recorded verdicts that come out otherwise when taken again with nothing changed", "0"),
]


def looks(run: Run[Any], way: str) -> int:
    """Says yes until nothing waits; how often the person had to look."""
    looked = 0
    while run.questions:
        first = run.questions[0]
        like_this = way in ("granted", "both") and not first.is_steered
        run.approve(first.id, group=way in ("grouped", "both"), like_this=like_this)
        looked += 1
    assert run.status == "done", run.view.reason
    return looked


def measure_one(contract: Path, playbook: Path, folder: Path) -> tuple[dict[str, float], Sequence[Decision]]:
    """The figures of one contract, and what was decided in its run at level 0."""
    found, at_0 = dict[str, float](), tuple[Decision, ...]()
    out = folder / f"copy{'.docx' if contract.suffix == '.docx' else '.md'}"
    for level in Level:
        for way in WAYS:
            store = MemoryStore()
            run = reviewed(contract, playbook, out, dial=level, store=store)
            found[f"{way}_{level}"] = looks(run, way)
            if way == "asks" and level is Level.PROPOSE:
                at_0 = decisions(run.id, store.read(run.id))
    return found, at_0


def foretold(found: dict[str, float], at_0: Sequence[Decision]) -> dict[str, float]:
    """What the run at level 0 tells of all levels."""
    told = {f"foretold_{level}": float(burden(at_0, dial=Dial(level=level)).asked) for level in Level}
    wrong = sum(told[f"foretold_{level}"] != found[f"asks_{level}"] for level in Level)
    unlike = sum(what_if(decision) != decision.verdict for decision in at_0)
    return {**told, "foretold_wrong": wrong, "unlike": unlike, "actions": burden(at_0).actions}


def measure(options: Options) -> Measured:
    chosen = pairs(options.data)
    if options.quick:
        chosen = list(dict.fromkeys([chosen[0], chosen[len(chosen) // 2], chosen[-1]]))
    figures = list[dict[str, float]]()
    with tempfile.TemporaryDirectory() as folder:
        for contract, playbook in chosen:
            found, at_0 = measure_one(contract, playbook, Path(folder))
            figures.append(found | foretold(found, at_0))
    numbers = {key: mean(each[key] for each in figures) for key in figures[0]}
    for key in ("foretold_wrong", "unlike"):
        numbers[key] = sum(each[key] for each in figures)
    numbers["contracts"] = len(chosen)
    return Measured(numbers, [f"{len(chosen)} contracts: {', '.join(path.name for path, _ in chosen)}."])


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, help="a folder with contracts/; the sample alone without it")


def is_full(options: Options) -> bool:
    return not options.quick and options.data == DATA and DATA.is_dir()


if __name__ == "__main__":
    Benchmark("asks", __doc__ or "", ROWS, measure, arguments, is_full).run()
