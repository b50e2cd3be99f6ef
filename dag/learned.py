"""Forecasts of single calls: from prices and sizes at first, then more and more from what calls really came to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import exp, log

from pydantic import BaseModel, ConfigDict, Field

from .forecast import Forecast
from .lesson import Lesson
from .spread import AMOUNTS, Spread, between, of_amounts

NEWEST = 200
"""Lessons of one part that count; models and prompts change, so older ones don't."""

PRIOR_RUNS = 3
"""Recorded runs that weigh as much as the prior."""

_TAIL = 2.0


class Prior(BaseModel):
    """What is known of a call before it was ever made.

    Args:
        prompt_tokens, answer_tokens: how many it is expected to read and to write.
        prompt_usd, answer_usd: list price of a token read, and of one written.
        tokens_per_s: how fast the model writes. `first_token_s`: seconds until it begins.
        quality: the score that an answer of this model is expected to get, in [0, 1].
        checked: whether the node has checks, which let only a share of the answers pass; else every answer passes.
        fails: the chance that it gives no answer of the declared type.
        worst_usd: the most that is reserved for it; None for twice the expected answer.
    """

    model_config = ConfigDict(frozen=True)

    prompt_tokens: float = Field(ge=0, allow_inf_nan=False)
    answer_tokens: float = Field(ge=0, allow_inf_nan=False)
    prompt_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    answer_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    tokens_per_s: float = Field(default=50.0, gt=0, allow_inf_nan=False)
    first_token_s: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    quality: float = Field(default=0.7, ge=0, le=1)
    checked: bool = False
    fails: float = Field(default=0.02, ge=0, le=1)
    worst_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @property
    def forecast(self) -> Forecast:
        """The forecast that rests on this alone. One answer in ten is at least twice as long as the median."""
        read_usd = self.prompt_tokens * self.prompt_usd
        written_usd = self.answer_tokens * self.answer_usd
        worst_usd = read_usd + _TAIL * written_usd if self.worst_usd is None else self.worst_usd
        latency_s = self.first_token_s + self.answer_tokens / self.tokens_per_s
        answers = 1 - self.fails
        return Forecast(
            cost_usd=Spread(p50=read_usd + written_usd, p90=read_usd + _TAIL * written_usd),
            latency_s=Spread(p50=latency_s, p90=_TAIL * latency_s),
            quality=answers * self.quality,
            passes=answers * self.quality if self.checked else answers,
            fails=self.fails,
            worst_usd=worst_usd,
        )


def learned(prior: Forecast, lessons: Sequence[Lesson]) -> Forecast:
    """A forecast after lessons.

    Lessons of a narrower place may follow those of a wider one: `learned(learned(prior, alone), in_this_cascade)`.

    Args:
        prior: the forecast without them; it weighs as much as PRIOR_RUNS of them.
        lessons: of one task and one part, the newest first. The newest NEWEST count.
    """
    lessons = list(islice(lessons, NEWEST))
    if not lessons:
        return prior
    fails = _shrunk(prior.fails, [float(not lesson.answered) for lesson in lessons])
    passes = _shrunk(prior.passes, [float(lesson.answered and lesson.passed) for lesson in lessons])
    unseen = prior.quality / (1 - prior.fails) if prior.fails < 1 else 0.0
    quality = _shrunk(prior.quality, [_delivered(lesson, unseen) for lesson in lessons])
    return Forecast(
        cost_usd=_seen(prior.cost_usd, [lesson.cost_usd for lesson in lessons]),
        latency_s=_seen(prior.latency_s, [lesson.latency_s for lesson in lessons]),
        quality=min(quality, passes),
        passes=min(passes, 1 - fails),
        fails=fails,
        worst_usd=prior.worst_usd,
        runs=max(prior.runs, len(lessons)),
    )


def _delivered(lesson: Lesson, unseen: float) -> float:
    """The score of what a call delivered; without checks it stays what it was thought to be."""
    if not (lesson.answered and lesson.passed):
        return 0.0
    return min(1.0, unseen) if lesson.score is None else lesson.score


def _shrunk(prior: float, seen: Sequence[float]) -> float:
    """The mean of a Beta distribution that began as the prior."""
    return min(1.0, (PRIOR_RUNS * prior + sum(seen)) / (PRIOR_RUNS + len(seen)))


def _seen(prior: Spread, amounts: Sequence[float]) -> Spread:
    """Each quantile of what was seen, drawn towards the prior's the fewer they are."""
    share = len(amounts) / (PRIOR_RUNS + len(amounts))
    before, seen = prior.amounts, _quantiles(sorted(amounts))
    if min(before[0], seen[0]) > 0:  # in proportion, so that a prior ten times too high is soon made up for
        return of_amounts([exp((1 - share) * log(a) + share * log(b)) for a, b in zip(before, seen, strict=True)])
    return of_amounts([(1 - share) * a + share * b for a, b in zip(before, seen, strict=True)])


def _quantiles(amounts: Sequence[float]) -> list[float]:
    """What the next amount will stay below, at the middle of each equal share.

    Of n amounts seen, the next is below the k-th with the chance k / (n + 1).
    """
    places = [(step + 0.5) / AMOUNTS * (len(amounts) + 1) - 1 for step in range(AMOUNTS)]
    return [between(amounts, place) for place in places]
