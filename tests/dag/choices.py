"""Random choices, and a world in which a choice is run as `pursue` says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp
from random import Random

from hypothesis import strategies as st

from rheostat.dag import (
    Attempt,
    Best,
    Call,
    Cascade,
    Choice,
    Council,
    Exhausted,
    Forecast,
    Path,
    Skip,
    Spread,
    Taken,
    Try,
    Trying,
    Vote,
    Worth,
    pursue,
)

CALLS: st.SearchStrategy[Call] = st.builds(Call, model=st.sampled_from(["small", "middle", "large"]))


def _composed(parts: st.SearchStrategy[Choice]) -> st.SearchStrategy[Choice]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Cascade, stages=several, until=st.sampled_from(["passed", "answered"])),
        st.builds(Best, of=several),
        st.builds(Vote, of=several),
    )


def _councils() -> st.SearchStrategy[Council]:
    return st.builds(Council, members=st.lists(CALLS, min_size=2, max_size=4).map(tuple), chair=CALLS)


CHOICES: st.SearchStrategy[Choice] = st.recursive(
    st.one_of(CALLS, CALLS, st.just(Skip()), _councils()), _composed, max_leaves=6
)

ATTEMPTS = st.builds(
    Attempt,
    answered=st.booleans(),
    score=st.sampled_from([0.0, 0.4, 0.4, 0.8, 1.0]),
    passed=st.booleans(),
    says=st.sampled_from(["yes", "no"]),
    ranking=st.lists(st.integers(-1, 5), max_size=5).map(tuple),
)


def forecast(
    usd: float = 0.001, seconds: float = 1.0, passes: float = 0.7, quality: float = 0.6, fails: float = 0.05
) -> Forecast:
    """Of one call; one in ten costs half as much again, and takes twice as long."""
    return Forecast(
        cost_usd=Spread(p50=usd, p90=1.5 * usd),
        latency_s=Spread(p50=seconds, p90=2 * seconds),
        passes=passes,
        quality=quality,
        fails=fails,
        worst_usd=3 * usd,
    )


def alike(each: Forecast) -> Callable[[Path, Call], Forecast]:
    """Every call is forecast the same."""
    return lambda path, call: each


@dataclass
class Went:
    """How running a choice once went: what was tried in which order, and the most that was in flight at one time."""

    end: Taken | Exhausted
    tried: dict[Path, Attempt]
    handed_out: list[Try]
    most_in_flight: int


def followed(
    choice: Choice,
    outcome: Callable[[Try], Attempt],
    picked: Callable[[list[Path]], Path],
    worth: Worth | None = None,
) -> Went:
    """Runs a choice; of the calls in flight, `picked` says which ends first."""
    tried, flying, handed_out, most = dict[Path, Attempt](), dict[Path, Try](), list[Try](), 0
    while isinstance(todo := pursue(choice, tried, in_flight=frozenset(flying), worth=worth), Trying):
        handed_out += todo.tries
        flying |= {one.path: one for one in todo.tries}
        assert flying, "nothing is in flight and nothing is to be tried: it would wait for ever"
        most = max(most, len(flying))
        ended = picked(sorted(flying))
        tried[ended] = outcome(flying.pop(ended))
    return Went(todo, tried, handed_out, most)


@dataclass
class Drawn:
    """Figures of many runs, as they came: cost in USD, time in seconds, the score of what was delivered."""

    usd: list[float]
    seconds: list[float]
    score: list[float]

    def p90_usd(self) -> float:
        return sorted(self.usd)[int(0.9 * len(self.usd))]

    def p90_s(self) -> float:
        return sorted(self.seconds)[int(0.9 * len(self.seconds))]


def drawn(choice: Choice, forecasts: Mapping[str, Forecast], runs: int = 4_000) -> Drawn:
    """Runs a choice many times in a world where each call does as its forecast says, independently of all others."""
    dice, found = Random(7), Drawn([], [], [])
    for _ in range(runs):
        usd, now_s = 0.0, 0.0
        ends_s, tried, flying = dict[Path, float](), dict[Path, Attempt](), dict[Path, Try]()
        while isinstance(todo := pursue(choice, tried, in_flight=frozenset(flying)), Trying):
            for one in todo.tries:
                expected = forecasts[one.call.model]
                usd += _amount(expected.cost_usd, dice)
                ends_s[one.path] = now_s + _amount(expected.latency_s, dice)
                flying[one.path] = one
            ended = min(flying, key=ends_s.__getitem__)
            now_s = ends_s[ended]
            tried[ended] = _attempt(forecasts[flying.pop(ended).call.model], dice, voted=isinstance(choice, Vote))
        taken = tried[todo.path] if isinstance(todo, Taken) else None
        right = taken is not None and taken.says == "right"
        found.usd.append(usd)
        found.seconds.append(now_s)
        found.score.append(float(right) if isinstance(choice, Vote) else taken.score if taken else 0.0)
    return found


def _amount(spread: Spread, dice: Random) -> float:
    return spread.p50 * exp(spread.sigma * dice.gauss(0, 1))


def _attempt(expected: Forecast, dice: Random, *, voted: bool) -> Attempt:
    came = dice.random()
    if came < expected.fails:
        return Attempt(answered=False)
    if came > expected.fails + expected.passes:
        return Attempt(answered=True)
    mean = expected.quality / expected.passes
    if voted:
        return Attempt(answered=True, score=1.0, passed=True, says="right" if dice.random() < mean else "wrong")
    return Attempt(answered=True, score=dice.random() ** (1 / mean - 1), passed=True)
