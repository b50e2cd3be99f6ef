"""What running a node in one way is expected to take, and to be worth: of a call, and of calls composed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from pydantic import BaseModel, ConfigDict, Field

from .choice import Best, Call, Cascade, Choice, Council, Path, Skip, Vote
from .spread import NOTHING, Spread, mixed, most, total


class Forecast(BaseModel):
    """What one choice for one node is expected to take and to be worth.

    Args:
        cost_usd, latency_s: of running the node once this way, asking again included.
        quality: the expected score of what it delivers, 0 for nothing delivered; in [0, 1].
        passes: the chance that its answer passes the node's checks.
        fails: the chance that it gives no answer at all.
        worst_usd: the most that may be reserved for it at one time.
        runs: how many recorded runs it rests on; 0 for prices and priors alone.
    """

    model_config = ConfigDict(frozen=True)

    cost_usd: Spread = NOTHING
    latency_s: Spread = NOTHING
    quality: float = Field(default=1.0, ge=0, le=1)
    passes: float = Field(default=1.0, ge=0, le=1)
    fails: float = Field(default=0.0, ge=0, le=1)
    worst_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    runs: int = Field(default=0, ge=0)


def composed(choice: Choice, of: Callable[[Path, Call], Forecast], at: Path = ()) -> Forecast:
    """The forecast of a choice from those of its calls.

    Parts side by side are taken to succeed independently of one another. A later stage of a cascade is forecast for
    the cases that reach it, so `of` is to say what it does with those. That a cascade may go on after an answer that
    passed (see `Worth`) is left out: it does so only where that is worth it.

    Args:
        of: the forecast of the call at a path.
        at: where the choice itself stands, if it is a part of another.
    """
    match choice:
        case Call():
            return of(at, choice)
        case Cascade():
            return _in_turn(choice, [composed(stage, of, (*at, i)) for i, stage in enumerate(choice.stages)])
        case Best():
            parts = [composed(part, of, (*at, i)) for i, part in enumerate(choice.of)]
            return _side_by_side(parts, _best_score(parts))
        case Vote():
            parts = [composed(part, of, (*at, i)) for i, part in enumerate(choice.of)]
            return _side_by_side(parts, _right_by_vote(parts))
        case Council():
            return _council(choice, of, at)
        case Skip():
            return Forecast(quality=0.0, passes=0.0, fails=1.0)


def _in_turn(cascade: Cascade, stages: Sequence[Forecast]) -> Forecast:
    reached, quality, passes = 1.0, 0.0, 0.0
    costs, latencies = list[tuple[float, Spread]](), list[tuple[float, Spread]]()
    for count, stage in enumerate(stages, 1):
        quality += reached * stage.quality
        passes += reached * stage.passes
        falls_short = stage.fails if cascade.until == "answered" else 1 - stage.passes
        ends = reached * (1 - falls_short if count < len(stages) else 1)
        costs.append((ends, total(part.cost_usd for part in stages[:count])))
        latencies.append((ends, total(part.latency_s for part in stages[:count])))
        reached *= falls_short
    return Forecast(
        cost_usd=mixed(costs),
        latency_s=mixed(latencies),
        quality=min(1.0, quality),
        passes=min(1.0, passes),
        fails=prod(stage.fails for stage in stages),
        worst_usd=max(stage.worst_usd for stage in stages),
        runs=max(stage.runs for stage in stages),
    )


def _side_by_side(parts: Sequence[Forecast], quality: float) -> Forecast:
    passes = 1 - prod(1 - part.passes for part in parts)
    return Forecast(
        cost_usd=total(part.cost_usd for part in parts),
        latency_s=most(part.latency_s for part in parts),
        quality=min(quality, passes),
        passes=passes,
        fails=prod(part.fails for part in parts),
        worst_usd=sum(part.worst_usd for part in parts),
        runs=max(part.runs for part in parts),
    )


def _score(part: Forecast) -> float:
    """The expected score of an answer that passed."""
    return min(1.0, part.quality / part.passes) if part.passes > 0 else 0.0


_STEPS = 100


def _best_score(parts: Sequence[Forecast]) -> float:
    """The expected score of the best answer that passes; 0 if none does.

    Scores of answers that pass are taken to be spread as u^(1/a) for an even u, with the `a` that gives their mean: all
    1 where the mean is 1, and with room above the mean where it is not. The mean of the maximum is the integral of the
    chance that it is above x.
    """
    powers = [(part.passes, _score(part) / max(1e-9, 1 - _score(part))) for part in parts]
    middles = ((step + 0.5) / _STEPS for step in range(_STEPS))
    return sum(1 - prod(1 - passes + passes * x**power for passes, power in powers) for x in middles) / _STEPS


def _right_by_vote(parts: Sequence[Forecast]) -> float:
    """The chance that the right answer gets the most votes, half of the draws counted.

    An answer that passes is right with the chance of its expected score. Wrong ones are taken to agree with one
    another, which is the worst case.
    """
    leads = {0: 1.0}  # votes by which the right answer leads → chance
    for part in parts:
        right, wrong = part.passes * _score(part), part.passes * (1 - _score(part))
        after = dict[int, float]()
        for lead, chance in leads.items():
            for step, share in ((1, right), (-1, wrong), (0, 1 - right - wrong)):
                after[lead + step] = after.get(lead + step, 0.0) + chance * share
        leads = after
    none_counted = prod(1 - part.passes for part in parts)
    return sum(chance for lead, chance in leads.items() if lead > 0) + max(0.0, leads[0] - none_counted) / 2


def _council(council: Council, of: Callable[[Path, Call], Forecast], at: Path) -> Forecast:
    """Members, rankings and chair, one after the other. Without a chair's answer a member's stands."""
    members = [of((*at, 0, i), member) for i, member in enumerate(council.members)]
    ranks = [of((*at, 1, i), member) for i, member in enumerate(council.members)]
    chair = of((*at, 2), council.chair)
    silent = prod(member.fails for member in members)
    none_passes = prod(1 - member.passes for member in members)
    expected = sum(member.passes for member in members)
    score = sum(member.quality for member in members) / expected if expected else 0.0
    passes = (1 - silent) * chair.passes + (1 - none_passes) * (1 - chair.passes)
    quality = (1 - silent) * chair.quality + (1 - none_passes) * (1 - chair.passes) * score
    phases = [_side_by_side(members, 0.0), _side_by_side(ranks, 0.0), chair]
    return Forecast(
        cost_usd=total(phase.cost_usd for phase in phases),
        latency_s=total(phase.latency_s for phase in phases),
        quality=min(quality, passes),
        passes=passes,
        fails=silent,
        worst_usd=max(phase.worst_usd for phase in phases),
        runs=max(phase.runs for phase in phases),
    )
