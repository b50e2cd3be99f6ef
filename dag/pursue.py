"""What to do next about a node: its choice, and what came of the parts tried so far, say which parts to try now.

Pure, so that the real run, its resumption after a crash and its simulation go the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .choice import Call

Path = tuple[int, ...]
"""Where in a choice's tree a call stands: the index of the part at each level. A council's members are (0, i), their
rankings (1, i), its chair (2,)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of trying one call.

    Args:
        answered: whether it gave an answer of the declared type.
        score: what the checks say of it, in [0, 1]; without checks 1. `passed`: their word.
        says: the answer in a canonical form, by which a vote knows equal answers.
        ranking: of a member of a council: places in the list of answers it was shown, the best first.
    """

    answered: bool
    score: float = 0.0
    passed: bool = False
    says: str = ""
    ranking: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    """A call to make now.

    Args:
        path: where it stands; give its Attempt back under this.
        call: the model and how.
        role: "answer" the task, "rank" the answers in `shown`, or as "chair" answer with them at hand.
        shown: paths of the answers it is to see, in this order, without their authors.
    """

    path: Path
    call: Call
    role: Literal["answer", "rank", "chair"] = "answer"
    shown: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Trying:
    """Go on with these, side by side; none while others that were handed out before are in flight."""

    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer of this call is the node's."""

    path: Path


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No call gave an answer that may be used."""


Next = Trying | Taken | Exhausted


def pursue(choice: object, tried: Mapping[Path, Attempt], *, in_flight: frozenset[Path] = frozenset()) -> Next:
    """What to do next. To be written."""
    raise NotImplementedError
