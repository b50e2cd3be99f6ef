"""How much a prompt may take."""

from dataclasses import dataclass

from .errors import BadWindow


@dataclass(frozen=True)
class Window:
    """A model's tokens less the share kept for its answer.

    Args:
        tokens: all that the model can hold, prompt and answer together.
        kept_for_answer: tokens that the prompt must leave free.

    Raises:
        BadWindow: if nothing is left for the prompt.
    """

    tokens: int
    kept_for_answer: int

    def __post_init__(self) -> None:
        if self.kept_for_answer < 0:
            raise BadWindow(f"A window can't keep {self.kept_for_answer:,} tokens for the answer; keep 0 or more.")
        if self.room < 1:
            raise BadWindow(
                f"A window of {self.tokens:,} tokens that keeps {self.kept_for_answer:,} for the answer leaves no room "
                "for a prompt. Keep less for the answer or use a model with a larger window."
            )

    @property
    def room(self) -> int:
        """Tokens that the prompt may take."""
        return self.tokens - self.kept_for_answer
