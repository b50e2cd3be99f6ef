"""What an eval's trials say of each way to run a node: how often it passed, how sure that is, and which one is better.

Pure. Intervals are Wilson's (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22, 1927). Two ways are compared on what both of them ran, by the exact
sign test, at a level that allows for as many comparisons as there are pairs of ways (Bonferroni).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, comb, sqrt
from statistics import NormalDist, mean

SURE = 0.95
"""How sure an interval is, and a finding."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One node, run once in one way on one case.

    Args:
        case: its name. `instance` is the node's id in the run: `review[3]/judge`.
        node: the function it calls.
        choice: the way it was run, as `rheostat plan` names it.
        repetition: which run of the same case in the same way, from 0.
        passed: whether there is an answer that passed all checks; None if something else than the model was in the
            way (network, keys, money), so that nothing is learned of its quality.
        score: what the checks gave the answer, in [0, 1]; None where the node has none, or nothing came to them.
        checked: whether the node has checks.
        cost_usd, seconds: what it took, asking again included.
        trouble: why it did not pass.
    """

    case: str
    instance: str
    node: str
    choice: str
    passed: bool | None
    repetition: int = 0
    score: float | None = None
    checked: bool = True
    cost_usd: float = 0.0
    seconds: float = 0.0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one way to run one node.

    Args:
        node, choice: which.
        runs: those that say something of its quality; `passed` of them passed. `broken` are those that don't.
        low, high: between these the true share of passing runs lies, with a confidence of 95 %.
        score: the mean; None without checks.
        cost_usd: of a run, on average; p50_s and p90_s seconds that half, and nine in ten, took at most.
        checked: whether the node has checks. Without, a run passes with any answer of the declared type.
    """

    node: str
    choice: str
    runs: int
    passed: int
    broken: int
    low: float
    high: float
    score: float | None
    cost_usd: float
    p50_s: float
    p90_s: float
    checked: bool


def wilson(passed: float, runs: float, sure: float = SURE) -> tuple[float, float]:
    """Wilson's score interval for a share: between which bounds it lies, with this confidence.

    Args:
        passed: of `runs`; both may be fractions, where runs are averaged.
        sure: the confidence, in (0, 1).
    """
    if runs <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + sure) / 2)
    share, shrink = passed / runs, 1 + z * z / runs
    middle = (share + z * z / (2 * runs)) / shrink
    reach = z / shrink * sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))  # rounding must not exclude it


def sign_test(better: int, worse: int) -> float:
    """How likely it is that chance alone splits so many differences so unevenly, in either direction."""
    differences = better + worse
    tail = sum(comb(differences, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**differences)


def tallies(trials: Iterable[Trial]) -> list[Tally]:
    """One for each node and way, in the order in which they first came, a node's together."""
    grouped = defaultdict[tuple[str, str], list[Trial]](list)
    nodes = dict[str, None]()
    for trial in trials:
        grouped[trial.node, trial.choice].append(trial)
        nodes[trial.node] = None
    return [_tally(of) for node in nodes for (named, _), of in grouped.items() if named == node]


def findings(trials: Iterable[Trial]) -> dict[str, list[str]]:
    """By node with checks, what can be said of its ways beside one another, in sentences; nothing if there was one."""
    by_node = defaultdict[str, dict[str, list[Trial]]](lambda: defaultdict(list))
    for trial in trials:
        if trial.passed is not None and trial.checked:
            by_node[trial.node][trial.choice].append(trial)
    return {node: _findings(ways) for node, ways in by_node.items() if len(ways) > 1}


def _tally(trials: Sequence[Trial]) -> Tally:
    counted = [trial for trial in trials if trial.passed is not None]
    shares = _shares(counted)
    # What is repeated on the same case makes its share surer, but is no new case: the interval counts cases.
    low, high = wilson(sum(shares.values()), len(shares))
    scores = [trial.score for trial in counted if trial.score is not None]
    took_s = sorted(trial.seconds for trial in counted)
    return Tally(
        node=trials[0].node,
        choice=trials[0].choice,
        runs=len(counted),
        passed=sum(bool(trial.passed) for trial in counted),
        broken=len(trials) - len(counted),
        low=low,
        high=high,
        score=mean(scores) if scores else None,
        cost_usd=mean(trial.cost_usd for trial in counted) if counted else 0.0,
        p50_s=_percentile(took_s, 0.5),
        p90_s=_percentile(took_s, 0.9),
        checked=trials[0].checked,
    )


def _shares(trials: Iterable[Trial]) -> dict[tuple[str, str], float]:
    """For each thing that was tried, once or several times, the share of tries that passed."""
    passed = defaultdict[tuple[str, str], list[bool]](list)
    for trial in trials:
        passed[trial.case, trial.instance].append(bool(trial.passed))
    return {what: mean(tries) for what, tries in passed.items()}


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[ceil(share * len(ordered)) - 1] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class _Way:
    choice: str
    shares: Mapping[tuple[str, str], float]
    cost_usd: float

    @property
    def share(self) -> float:
        return mean(self.shares.values())

    @property
    def said(self) -> str:
        """`gpt-5 (18 of 20)`: repetitions of a case count as the share that they are."""
        return f"{self.choice} ({sum(self.shares.values()):.4g} of {len(self.shares)})"


def _findings(ways: Mapping[str, Sequence[Trial]]) -> list[str]:
    ranked = sorted(
        (_Way(choice, _shares(trials), mean(t.cost_usd for t in trials)) for choice, trials in ways.items()),
        key=lambda way: (-way.share, way.cost_usd),
    )
    best, others = ranked[0], ranked[1:]
    pairs = len(ranked) * len(others) / 2
    worse = [way for way in others if _chance(best, way) * pairs < 1 - SURE]
    alike = [best, *(way for way in others if way not in worse)]
    said = list[str]()
    if worse:
        said.append(f"{best.said} passes significantly more often than {_listed([way.said for way in worse])}.")
    if len(alike) > 1:
        said.append(f"{_listed([way.said for way in alike])} can't be told apart yet; more cases may.")
        cheapest = min(alike, key=lambda way: way.cost_usd)
        if cheapest.cost_usd < max(way.cost_usd for way in alike):
            said.append(f"Of these {cheapest.choice} costs least.")
    return said


def _chance(one: _Way, other: _Way) -> float:
    """The chance that two ways differ so much on what both of them ran although they are equally good."""
    both = one.shares.keys() & other.shares.keys()
    better = sum(one.shares[what] > other.shares[what] for what in both)
    worse = sum(one.shares[what] < other.shares[what] for what in both)
    return sign_test(better, worse)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
