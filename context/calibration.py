"""How far off a count is, learnt from the usage that providers report, and the error that follows from it."""

from dataclasses import replace
from math import ceil, isfinite, sqrt
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from .attachment import Attachment
from .tokens import Counter, Measure

FEWEST_CALLS: Final = 5
"""Reports before which no error is made smaller."""

_BELIEVABLE: Final = (0.5, 4.0)
"""No tokenizers in use differ by more; a report that does is of something else, say without its cached tokens."""

_FEWEST_TOKENS: Final = 1000
"""In smaller requests it is the format that makes the difference: some tokens, but no share of anything."""

_TEXT_PER_OVERHEAD: Final = 10
"""With less text, the supposed overhead blurs the tokenizer's own ratio by more than a tenth."""


class Calibration(BaseModel):
    """What providers' reports say of one counter on one model's requests.

    The format's tokens around the texts are not known, only bounded. So a report gives two ratios, and the tokenizer's
    own lies between them: reported tokens to all that was counted, and reported tokens to the texts alone.

    Args:
        counter: the name of the counter; another counter's reports say nothing about this one.
        calls: reports of requests large enough to learn from.
        lowest, highest: of those, the ratios of reported tokens to the texts' alone.
        needed: the highest ratio of reported tokens to all that was counted, also where the format's tokens weigh too
            much to learn from: no error below `needed - 1` would have held.
    """

    model_config = ConfigDict(frozen=True)

    counter: str
    calls: int = Field(default=0, ge=0)
    lowest: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    highest: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    needed: float = Field(default=0.0, ge=0, allow_inf_nan=False)


def observed(calibration: Calibration, measure: Measure, reported: float | None) -> Calibration:
    """A calibration with one more report.

    A report that can't be true changes nothing, nor does one of a small request, nor of one with attachments, whose
    tokens are bounded rather than counted. A request of which the format may be a large part can only raise the error:
    its texts alone say too little.

    Args:
        calibration: what was known until now.
        measure: the request, as the counter measured it.
        reported: its prompt tokens, cached ones included, as the provider counted them; None if it did not.
    """
    counted = measure.text + measure.overhead
    if measure.attached or measure.text < _FEWEST_TOKENS or reported is None or not isfinite(reported):
        return calibration
    if not _BELIEVABLE[0] <= reported / counted <= _BELIEVABLE[1]:
        return calibration
    needed = max(calibration.needed, reported / counted)
    if measure.text < _TEXT_PER_OVERHEAD * measure.overhead:
        return calibration.model_copy(update={"needed": needed})
    ratio = reported / measure.text
    return Calibration(
        counter=calibration.counter,
        calls=calibration.calls + 1,
        lowest=min(calibration.lowest or ratio, ratio),
        highest=max(calibration.highest, ratio),
        needed=needed,
    )


def calibrated(counter: Counter, calibration: Calibration | None) -> Counter:
    """The counter with the error that its reports justify; unchanged if they are another counter's, or too few.

    A request that needed more than the stated error raises it at once, by half as much again as was missing. From the
    fifth report on the error falls towards the highest ratio seen, what is left of the way as one over the root of
    their number, but stays above it by a quarter of the spread of what was seen. It is never below what any request
    needed.
    """
    if calibration is None or calibration.counter != counter.name or not counter.error:
        return counter
    error = max(_raised(counter.error, calibration), min(counter.error, _narrowed(counter.error, calibration)))
    if error == counter.error:
        return counter

    def count_attachment(attachment: Attachment) -> int:
        # Its bound was made with the stated error, and may hold text.
        return ceil(counter.count_attachment(attachment) * max(1.0, (1 + error) / (1 + counter.error)))

    name = f"{counter.name}, calibrated on {calibration.calls} call{'' if calibration.calls == 1 else 's'}"
    return replace(counter, name=name, error=error, count_attachment=count_attachment)


def _raised(stated: float, calibration: Calibration) -> float:
    needed = calibration.needed - 1
    return needed + max(0.0, needed - stated) / 2


def _narrowed(stated: float, calibration: Calibration) -> float:
    if calibration.calls < FEWEST_CALLS:
        return stated
    seen = max(0.0, calibration.highest - 1)
    spread = calibration.highest - calibration.lowest
    return seen + max(spread / 4, (stated - seen) / sqrt(calibration.calls))
