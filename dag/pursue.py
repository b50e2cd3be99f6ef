"""What to do next about a node: its choice, and what came of the calls tried so far, say which calls to make now.

Pure, so that the real run, its resumption after a crash and its simulation go the same way. Only what came of a call
counts, never when it came: calls in flight side by side may end in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from .choice import Best, Call, Cascade, Choice, Council, Path, Skip, Vote
from .forecast import Forecast, composed


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of trying one call.

    Args:
        answered: whether it gave an answer of the declared type.
        score: what the checks say of it, in [0, 1]; without checks 1. `passed`: their word; without checks True.
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


@dataclass(frozen=True, slots=True)
class Worth:
    """What a better answer is worth, beside what it takes. By it a cascade goes on after an answer that passed.

    Args:
        of: the forecast of each call by where it stands, as for `composed`.
        weight: what the node's quality is worth; `Task.weight`.
        usd_worth, second_worth: what a USD and a second would buy elsewhere; the plan's.
    """

    of: Callable[[Path, Call], Forecast]
    weight: float = 1.0
    usd_worth: float = 0.0
    second_worth: float = 0.0

    def goes_on(self, stage: Choice, at: Path, score: float) -> bool:
        """Whether trying `stage`, which stands at `at`, is worth it with an answer of this score at hand."""
        expected = composed(stage, self.of, at)
        gain = max(0.0, expected.quality - expected.passes * score)
        price = self.usd_worth * expected.cost_usd.mean + self.second_worth * expected.latency_s.mean
        return gain * self.weight > price


def pursue(
    choice: Choice,
    tried: Mapping[Path, Attempt],
    *,
    in_flight: frozenset[Path] = frozenset(),
    worth: Worth | None = None,
) -> Next:
    """What to do next.

    Args:
        choice: how the node is run.
        tried: what came of the calls that have ended.
        in_flight: the calls that were handed out and have not ended.
        worth: what decides whether a cascade goes on after an answer that passed with a score below 1; without it, it
            never does. What was begun is brought to its end all the same.

    Returns:
        Calls to make now, at most MOST_CALLS in all and none twice; or the answer that is taken, which passed the
        checks; or that there is none.
    """
    found = _Known(tried, in_flight, worth).look(choice, ())
    if isinstance(found, tuple):
        return Trying(found)
    return Exhausted() if found.path is None else Taken(found.path)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A part of the tree that is through: the call whose answer passed, if any, and whether there was any answer."""

    path: Path | None
    answered: bool


_Found = _Ended | tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    tried: Mapping[Path, Attempt]
    in_flight: frozenset[Path]
    worth: Worth | None

    def look(self, choice: Choice, at: Path) -> _Found:
        match choice:
            case Call():
                return self._call(Try(at, choice))
            case Cascade():
                return self._cascade(choice, at)
            case Best() | Vote():
                return self._side_by_side(choice, at)
            case Council():
                return self._council(choice, at)
            case Skip():
                return _Ended(None, answered=False)

    def _call(self, wanted: Try) -> _Found:
        attempt = self.tried.get(wanted.path)
        if attempt is None:
            return () if wanted.path in self.in_flight else (wanted,)
        passed = attempt.answered and attempt.passed
        return _Ended(wanted.path if passed else None, attempt.answered)

    def _all(self, tries: list[Try]) -> tuple[list[_Ended], tuple[Try, ...] | None]:
        """What has ended of these calls and, unless all have, what to try now."""
        return _sorted_out([self._call(wanted) for wanted in tries])

    def _cascade(self, cascade: Cascade, at: Path) -> _Found:
        best: Path | None = None
        answered = False
        for number, stage in enumerate(cascade.stages):
            place = (*at, number)
            if best is not None and not self._goes_on(stage, place, self.tried[best].score):
                break
            found = self.look(stage, place)
            if isinstance(found, tuple):
                return found
            best = self._better(best, found.path)
            answered = answered or found.answered
            if answered and cascade.until == "answered":
                break
        return _Ended(best, answered)

    def _goes_on(self, stage: Choice, at: Path, score: float) -> bool:
        begun = any(path[: len(at)] == at for path in (*self.tried, *self.in_flight))
        return begun or (score < 1 and self.worth is not None and self.worth.goes_on(stage, at, score))

    def _side_by_side(self, choice: Best | Vote, at: Path) -> _Found:
        ended, tries = _sorted_out([self.look(part, (*at, number)) for number, part in enumerate(choice.of)])
        if tries is not None:
            return tries
        passed = [part.path for part in ended if part.path is not None]
        best: Path | None = None
        for path in self._commonest(passed) if isinstance(choice, Vote) else passed:
            best = self._better(best, path)
        return _Ended(best, any(part.answered for part in ended))

    def _better(self, one: Path | None, other: Path | None) -> Path | None:
        """Of two calls whose answers passed the one with the higher score; of equals the first."""
        if one is None or other is None:
            return other if one is None else one
        return other if self.tried[other].score > self.tried[one].score else one

    def _commonest(self, paths: list[Path]) -> list[Path]:
        said = [self.tried[path].says for path in paths]
        most = max(map(said.count, said), default=0)
        return [path for path, says in zip(paths, said, strict=True) if said.count(says) == most]

    def _council(self, council: Council, at: Path) -> _Found:
        members = [Try((*at, 0, number), member) for number, member in enumerate(council.members)]
        answers, tries = self._all(members)
        if tries is not None:
            return tries
        shown = _worth_showing(members, answers)
        if not shown:
            return _Ended(None, answered=False)
        ranks = [
            Try((*at, 1, number), member, "rank", _turned(shown, number))
            for number, member in enumerate(council.members)
            if answers[number].answered and len(shown) > 1
        ]
        _, tries = self._all(ranks)
        if tries is not None:
            return tries
        ranked = self._ranked(shown, ranks)
        chair = self._call(Try((*at, 2), council.chair, "chair", ranked))
        if isinstance(chair, tuple) or chair.path is not None:
            return chair
        passed = {answer.path for answer in answers}
        return _Ended(next((path for path in ranked if path in passed), None), answered=True)

    def _ranked(self, shown: tuple[Path, ...], ranks: list[Try]) -> tuple[Path, ...]:
        """The answers, best first: by Borda count, then by the checks, then as the members stand."""
        points = dict.fromkeys(shown, 0)
        for rank in ranks:
            places = [place for place in self.tried[rank.path].ranking if 0 <= place < len(shown)]
            for better_than, place in enumerate(reversed(list(dict.fromkeys(places))), len(shown) - len({*places})):
                points[rank.shown[place]] += better_than
        return tuple(sorted(shown, key=lambda path: (-points[path], -self.tried[path].score, path)))


def _sorted_out(found: list[_Found]) -> tuple[list[_Ended], tuple[Try, ...] | None]:
    """What has ended and, unless all have, what to try now."""
    ended = [part for part in found if isinstance(part, _Ended)]
    if len(ended) == len(found):
        return ended, None
    return ended, tuple(wanted for part in found if isinstance(part, tuple) for wanted in part)


def _worth_showing(members: list[Try], answers: list[_Ended]) -> tuple[Path, ...]:
    """The members' answers that passed; if none did, all there are: the chair may make something of them."""
    passed = tuple(answer.path for answer in answers if answer.path is not None)
    return passed or tuple(member.path for member, answer in zip(members, answers, strict=True) if answer.answered)


def _turned(shown: tuple[Path, ...], by: int) -> tuple[Path, ...]:
    """Each member sees the answers in another order, since what stands first is liked better."""
    by %= len(shown)
    return shown[by:] + shown[:by]
