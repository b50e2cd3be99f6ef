"""What can go wrong in this room. Each error is a sentence that says what is wrong, why, and what to do."""

from typing import ClassVar, Literal, NamedTuple


class ContextError(Exception):
    """Anything this room refuses to do. `mend` says who can put it right."""

    mend: ClassVar[Literal["builder", "model", "operator"]] = "builder"


class BadWindow(ContextError, ValueError):
    """A Window that leaves no room for a prompt."""


class BadSection(ContextError, ValueError):
    """Sections that no prompt can be made of, or a snippet that names one that isn't there."""


class BadGroup(ContextError, ValueError):
    """A snippet that needs a group which no snippet belongs to."""


class Uncountable(ContextError, ValueError):
    """Something whose tokens nobody can state, so that no limit would hold."""


class Unreadable(ContextError):
    """A file that can't be read as what it claims to be: damaged, encrypted, of another kind, or built to do harm."""

    mend: ClassVar[Literal["builder", "model", "operator"]] = "operator"


class Part(NamedTuple):
    """A named piece of a request and its tokens, counted alone."""

    name: str
    tokens: int


class MustNotFit(ContextError):
    """What must be in the prompt is larger than the room for it, even with every must in its shortest form.

    Args:
        parts: everything that must be in, largest first.
        tokens: the smallest request that holds all of it, as counted.
        window_tokens, kept_for_answer: the Window it was meant for.
    """

    def __init__(self, parts: tuple[Part, ...], tokens: int, window_tokens: int, kept_for_answer: int) -> None:
        super().__init__(parts, tokens, window_tokens, kept_for_answer)
        self.parts = parts
        self.tokens = tokens
        self.window_tokens = window_tokens
        self.kept_for_answer = kept_for_answer

    def __str__(self) -> str:
        room = self.window_tokens - self.kept_for_answer
        listed = ", ".join(f"{name} {tokens:,}" for name, tokens in self.parts[:8])
        more = f" and {len(self.parts) - 8:,} smaller ones" if len(self.parts) > 8 else ""
        return (
            f"What must be in the prompt takes {self.tokens:,} tokens, but there is room for {room:,} "
            f"(a window of {self.window_tokens:,} less {self.kept_for_answer:,} kept for the answer). "
            f"The parts, in tokens: {listed}{more}. "
            "Use a model with a larger window, keep less for the answer, lower the shares of sections, "
            "mark fewer snippets as must, or give the large ones shorter forms."
        )
