"""What deciding costs: a verdict under a policy of 200 rules, a check of a long Log, a list of all that waits.

The policy is of the kinds that people write, in equal parts: a tool by name, a pattern of tools with an argument's
value, a value alone, a path, an amount, a person, hours. It is known to the process, as in a run that goes on;
`first_us` is with a policy that was never seen before. Every verdict is on another action: three arguments and a path,
one tool of 40. In `verdict_us` a few rules speak, as many as happen to; in `speaking_us` all 200 do.

The Log is one run of 100,000 records in the SQLite store: those of a review by the legal vertical, over and over.
`log_verify_100k_s` is to read it from the file and to check all of its chain; `log_chain_100k_s` the check alone.

The inbox has 10,000 questions that wait in 1,000 runs, beside 1,000 runs that have ended, in the SQLite store. To list
it is to get each with its tool, summary, risk, people and times, oldest first.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from reviews import SAMPLE, reviewed
from table import Benchmark, Measured, Options, Row

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.decisions import Asked
from rheostat.app_core.events import Request, RunEnded, RunStarted
from rheostat.app_core.log import GENESIS, Store, chained, linked, verify
from rheostat.app_core.testing import MemoryStore
from rheostat.autonomy import Action, Argument, Hours, Level, Policy, Risk, Rule, Ruling, ask, verdict

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SIZES = (1_000, 100_000, 10_000, 1_000)
VERBS = ("send", "write", "delete", "pay")
TOOLS = [f"{verb}_{thing}" for verb in VERBS for thing in "mail file page row bill team plan key log job".split()]

ROWS = [
    Row("verdict_us", "a verdict with 200 rules, of which those speak that happen to match", "≤ 50"),
    Row("verdict_0_us", "the same without a rule"),
    Row("verdict_1000_us", "with 1,000 rules"),
    Row("speaking_us", "with 200 rules that all speak"),
    Row("first_us", "the first verdict under a policy of 200 rules never seen before"),
    Row("spoke", "rules that spoke, a verdict"),
    Row("log_verify_100k_s", "100,000 records read from the file and verified", "≤ 2"),
    Row("log_chain_100k_s", "the check alone, once they are read"),
    Row("log_mb", "what the records hold"),
    Row("inbox_10k_ms", "10,000 waiting approvals listed", "≤ 50"),
    Row("inbox_cold_ms", "the same, the file opened for it"),
]


def rules(number: int, dice: random.Random, *, all_speak: bool = False) -> Iterator[Rule]:
    """Rules of the kinds that people write."""
    kinds = cycle(
        (
            lambda: {"tool": dice.choice(TOOLS)},
            lambda: {"tool": f"{dice.choice(VERBS)}_*", "argument": "to", "value": f"*@{_company(dice)}.example"},
            lambda: {"argument": "to", "value": f"*@{_company(dice)}.example"},
            lambda: {"path": f"/srv/{_company(dice)}/*"},
            lambda: {"tool": "pay_*", "argument": "amount", "over": float(dice.randrange(100, 100_000))},
            lambda: {"person": f"{_company(dice)}-*"},
            lambda: {"tool": dice.choice(TOOLS), "hours": Hours(zone="Europe/Berlin", days=("sat", "sun"))},
        )
    )
    for at, kind in zip(range(number), kinds, strict=False):
        said: dict[str, Any] = {} if all_speak else kind()
        at_least = dice.choice((Ruling.NOTIFY, Ruling.ASK, Ruling.ASK_TWO))
        yield Rule(name=f"rule {at}", at_least=at_least, why=f"The house says so in paragraph {at}.", **said)


def _company(dice: random.Random) -> str:
    return f"company{dice.randrange(200)}"


def actions(number: int, dice: random.Random) -> list[Action]:
    return [_action(at, dice) for at in range(number)]


def _action(at: int, dice: random.Random) -> Action:
    company = _company(dice)
    arguments = (
        Argument(name="to", value=f"ann{at}@{company}.example", control=True, untrusted=False, vouched_by="the user"),
        Argument(name="amount", value=dice.randrange(100_000), control=True, untrusted=False),
        Argument(
            name="file", value=f"notes {at}.txt", control=True, untrusted=False, path=f"/srv/{company}/notes {at}.txt"
        ),
        Argument(name="text", value=f"Dear Ann, this is letter {at}. " * 10, control=False, untrusted=True),
    )
    risk = dice.choice(list(Risk))
    return Action(
        tool=dice.choice(TOOLS), arguments=arguments, risk=risk, node=f"n{at}", run="run-1", read_untrusted=True
    )


def decide_us(policy: Policy, proposed: Sequence[Action]) -> float:
    """Microseconds of one verdict, each on an action that was never seen before."""
    started = time.perf_counter()
    for action in proposed:
        verdict(Level.SHARE, action, rules=policy.rules, app="desk", by="company7-ann", now=NOW, approvers=2)
    return (time.perf_counter() - started) / len(proposed) * 1e6


def verdicts(batch: int, times: int, dice: random.Random) -> dict[str, float]:
    numbers = dict[str, float]()
    found = list(rules(1_000, dice))
    policies = {"verdict_0_us": (), "verdict_us": found[:200], "verdict_1000_us": found}
    policies["speaking_us"] = list(rules(200, dice, all_speak=True))
    for key, of in policies.items():
        policy = Policy(rules=tuple(of))
        decide_us(policy, actions(batch, dice))
        numbers[key] = median(decide_us(policy, actions(batch, dice)) for _ in range(times))
    numbers["first_us"] = median(
        decide_us(Policy(rules=tuple(rules(200, dice))), actions(1, dice)) for _ in range(4 * times)
    )
    few = Policy(rules=tuple(found[:200]))
    ruled = [
        verdict(Level.SHARE, action, rules=few.rules, by="company7-ann", now=NOW) for action in actions(batch, dice)
    ]
    numbers["spoke"] = sum(len(each.rules) for each in ruled) / len(ruled)
    return numbers


def log_times(records: int, folder: Path, times: int) -> dict[str, float]:
    """Reads and verifies one long Log."""
    known = MemoryStore()
    run = reviewed(SAMPLE / "nda.docx", SAMPLE / "playbook.yaml", folder / "nda.docx", dial=2, store=known)
    bodies = [record.body for record in known.read(run.id)]
    long = linked(islice(cycle(bodies), records), seq=0, after=GENESIS, at=NOW.timestamp())
    store = SqliteStore(folder / "log.sqlite")
    store.append("long", 0, long)
    whole, check = list[float](), list[float]()
    for _ in range(times):
        started = time.perf_counter()
        read = store.read("long")
        between = time.perf_counter()
        verify("long", read)
        whole.append(time.perf_counter() - started)
        check.append(time.perf_counter() - between)
    store.close()
    return {
        "log_verify_100k_s": median(whole),
        "log_chain_100k_s": median(check),
        "log_mb": sum(len(record.body) for record in long) / 1e6,
    }


def inbox_times(waiting: int, runs: int, folder: Path, times: int) -> dict[str, float]:
    """Lists what waits in all runs."""
    store = SqliteStore(folder / "inbox.sqlite")
    dice = random.Random(7)
    for number in range(runs):
        append(store, f"waits-{number:05}", waiting // runs, dice, ended=False)
        append(store, f"ended-{number:05}", waiting // runs, dice, ended=True)
    assert len(store.waiting()) == waiting
    warm = median(timed(store.waiting) for _ in range(times))

    def opened() -> object:
        store.close()
        return store.waiting()

    cold = median(timed(opened) for _ in range(times))
    return {"inbox_10k_ms": warm * 1e3, "inbox_cold_ms": cold * 1e3}


def append(store: Store, run: str, questions: int, dice: random.Random, *, ended: bool) -> None:
    """A run that asks so many questions, and has ended or not."""
    request = Request(app="desk", where="desk", workflow="letters", graph="", inputs={}, model="local")
    events: list[Any] = [RunStarted(request=request), *(_asked(run, at, dice) for at in range(questions))]
    events += [RunEnded(status="cancelled", reason="called off")] if ended else []
    store.append(run, 0, chained(events, seq=0, after=GENESIS, at=NOW.timestamp()))


def _asked(run: str, at: int, dice: random.Random) -> Asked:
    action = _action(at, dice).model_copy(
        update={"run": run, "risk": Risk.OUTWARD, "summary": f"send mail: letter {at}"}
    )
    ruled = verdict(Level.EDIT, action, now=NOW)
    expires = NOW + timedelta(days=14)
    return Asked(node=action.node, question=ask(action, ruled, id=f"{action.node}?1", asked_at=NOW, expires_at=expires))


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def measure(options: Options) -> Measured:
    times = 5 if options.quick else 15
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        numbers = verdicts(options.batch, times, random.Random(5))
        numbers |= log_times(options.records, folder, 3 if options.quick else 7)
        numbers |= inbox_times(options.waiting, options.runs, folder, times)
    sizes = f"{options.records:,} records; {options.waiting:,} questions in {options.runs:,} runs."
    return Measured(numbers, [sizes, f"Verdicts: batches of {options.batch:,} actions, the median of {times} batches."])


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--batch", type=int, default=1_000, help="actions that are timed together")
    parser.add_argument("--records", type=int, default=100_000, help="of the Log; the keys keep their names")
    parser.add_argument("--waiting", type=int, default=10_000, help="questions in the inbox")
    parser.add_argument("--runs", type=int, default=1_000, help="that they wait in")


def is_full(options: Options) -> bool:
    return not options.quick and (options.batch, options.records, options.waiting, options.runs) == SIZES


if __name__ == "__main__":
    Benchmark("verdict", __doc__ or "", ROWS, measure, arguments, is_full).run()
