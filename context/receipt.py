"""The receipt of a Pack: what became of every candidate, why, and at what price. It repeats no text."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .snippet import Need, Origin, Trust


class Entry(BaseModel):
    """What became of one candidate.

    Args:
        snippet: its index in the snippets given.
        origin, need, score, trust: as given.
        outcome: kept whole, shortened, or left out.
        reason: why not whole: the budget did not stretch, an equal text is kept, or there was no text. "" if whole.
        form: the form shown, 0 being the full one; None if left out.
        tokens: of the form shown, fence included, counted alone; 0 if left out.
        missing_tokens: how much larger the window would have to be for the next better form to fit, if nothing else
            took the room; an estimate from tokens counted alone. 0 unless the reason is the budget.
        duplicate_of: index of the snippet kept in its stead.
    """

    model_config = ConfigDict(frozen=True)

    snippet: int
    origin: Origin | None
    need: Need
    score: float
    trust: Trust
    outcome: Literal["kept", "shortened", "left out"]
    reason: Literal["", "budget", "duplicate", "empty"] = ""
    form: int | None = None
    tokens: int = 0
    missing_tokens: int = 0
    duplicate_of: int | None = None

    @property
    def sentence(self) -> str:
        """The outcome and its reason, for a person."""
        match self.reason:
            case "budget":
                return f"{self.outcome}: fits with {self.missing_tokens:,} more tokens"
            case "duplicate":
                return f"{self.outcome}: duplicate of snippet {self.duplicate_of}"
            case "empty":
                return f"{self.outcome}: it has no text"
            case "":
                return self.outcome


class Receipt(BaseModel):
    """Every candidate of a Pack, and what the rest of the request took.

    The parts are counted alone; `tokens` is counted on the whole request and is what holds.

    Args:
        entries: one for each snippet given, in that order.
        tokens: the whole prompt, an upper bound.
        room: tokens it might have taken.
        instruction_tokens, task_tokens, schema_tokens: of these alone.
        overhead_tokens: what the chat format and the rule about fences take.
        counter: name of the Counter.
        error: the Counter's stated error, as a share.
    """

    model_config = ConfigDict(frozen=True)

    entries: tuple[Entry, ...]
    tokens: int
    room: int
    instruction_tokens: int
    task_tokens: int
    schema_tokens: int
    overhead_tokens: int
    counter: str
    error: float
