"""The receipt of a Pack: what became of every candidate, why, and at what price. It repeats no text."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .section import Keep
from .snippet import Name, Need, Origin, Trust

Reason = Literal[
    "",
    "budget",
    "older",
    "duplicate",
    "near-duplicate",
    "below floor",
    "untrusted",
    "superseded",
    "needs",
    "without",
    "empty",
]

_SENTENCES: dict[Reason, str] = {
    "": "{outcome}",
    "budget": "{outcome}: fits with {missing_tokens:,} more tokens",
    "older": "{outcome}: older than what its section has room for",
    "duplicate": "{outcome}: duplicate of snippet {duplicate_of}",
    "near-duplicate": "{outcome}: the same words as snippet {duplicate_of}",
    "below floor": "{outcome}: its score of {score:g} is below its section's floor",
    "untrusted": "{outcome}: untrusted, and this prompt takes nothing that is",
    "superseded": "{outcome}: superseded by snippet {duplicate_of}",
    "needs": "{outcome}: what it needs is not in the prompt",
    "without": "{outcome}: this is a prompt without it",
    "empty": "{outcome}: it has no text",
}


class Entry(BaseModel):
    """What became of one candidate.

    Args:
        snippet: its index in the snippets given.
        origin, need, score, trust, section, group: as given.
        also: further places where the text stands: as given, and those of the repeats that it stands for.
        outcome: kept whole, shortened, or left out.
        reason: why not whole. "budget": the tokens did not stretch. "older": its section keeps the newest. "duplicate",
            "near-duplicate": the same is kept. "below floor": its score is too low for its section. "untrusted": the
            prompt takes no untrusted text, or none of what it belongs to. "superseded": a later state was given.
            "needs": a section before it has left out what it needs. "without": a what-if asked for that. "empty": there
            was no text. "" if whole.
        form: the form shown, 0 being the full one; None if left out.
        form_name: what that form is called; "full" for the full one, "" if left out.
        tokens: of the form shown, fence included, counted alone; 0 if left out.
        missing_tokens: how much larger the window would have to be for the next better form to fit, if nothing else
            took the room; an estimate from tokens counted alone, with what it is grouped with and needs. 0 unless the
            reason is the budget.
        duplicate_of: index of the snippet kept in its stead.
        trouble: what was wrong with a function that should have made a shorter form; "" if nothing was.
    """

    model_config = ConfigDict(frozen=True)

    snippet: int
    origin: Origin | None
    also: tuple[Origin, ...] = ()
    need: Need
    score: float
    trust: Trust
    section: Name = ""
    group: Name = ""
    outcome: Literal["kept", "shortened", "left out"]
    reason: Reason = ""
    form: int | None = None
    form_name: Name = ""
    tokens: int = 0
    missing_tokens: int = 0
    duplicate_of: int | None = None
    trouble: Name = ""

    @property
    def sentence(self) -> str:
        """The outcome and its reason, for a person."""
        said = _SENTENCES[self.reason].format_map(dict(self))
        return f"{said} ({self.trouble})" if self.trouble else said


class SectionUse(BaseModel):
    """What a section took.

    Args:
        name, keep, share: as given.
        room_tokens: what its share amounts to.
        tokens: of what is kept of it, counted alone; in a section that keeps the best it may exceed the share.
        kept, offered: how many of its snippets are in the prompt, whole or shortened, of how many.
    """

    model_config = ConfigDict(frozen=True)

    name: Name
    keep: Keep
    share: float
    room_tokens: int
    tokens: int
    kept: int
    offered: int


class Receipt(BaseModel):
    """Every candidate of a Pack, and what the rest of the request took.

    The parts are counted alone; `tokens` is counted on the whole request and is what holds.

    Args:
        entries: one for each snippet given, in that order.
        sections: in the order in which they stand in the prompt.
        gap: the worth kept is at most this share below the most that could be kept, as proven; see `Fit`.
        tokens: the whole prompt, an upper bound.
        room: tokens it might have taken.
        instruction_tokens, task_tokens, schema_tokens, tools_tokens: of these alone.
        overhead_tokens: what the chat format and the rule about fences take.
        counter: name of the Counter.
        error: the Counter's stated error, as a share.
    """

    model_config = ConfigDict(frozen=True)

    entries: tuple[Entry, ...]
    sections: tuple[SectionUse, ...] = ()
    gap: float = 0.0
    tokens: int
    room: int
    instruction_tokens: int
    task_tokens: int
    schema_tokens: int
    tools_tokens: int = 0
    overhead_tokens: int
    counter: Name
    error: float


def differences(before: Receipt, after: Receipt) -> tuple[tuple[Entry, Entry], ...]:
    """What became otherwise: pairs of entries, before and after, whose outcome or form differs.

    Args:
        before, after: receipts of the same snippets, such as a Pack's and its what-if's.
    """
    pairs = zip(before.entries, after.entries, strict=True)
    return tuple((was, now) for was, now in pairs if (was.outcome, was.form) != (now.outcome, now.form))
