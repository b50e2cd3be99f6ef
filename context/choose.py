"""Decides which form of which snippet is in the prompt: section by section, and so that the whole holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import NamedTuple

from .draft import Draft
from .duplicates import further_places, repeats
from .errors import MustNotFit, Part
from .fit import Candidate, Forms, fit, worth
from .layout import Prompt
from .newest import newest
from .receipt import Reason
from .rendered import rendered
from .screen import bereft, screen, superseded
from .section import Section
from .snippet import Need, Origin
from .units import Unit, together, units, with_needs

_REFINEMENTS = 3


class Stage(NamedTuple):
    """Units that competed with each other for room, and what came of it.

    Args:
        units, candidates, forms: the units, as `fit` saw them, and the form chosen for each.
        left_tokens: what they left of their room.
        share: of the window that this room is.
        each: whether each has this room for itself and those after it, as a turn of a conversation has.
    """

    units: Sequence[Unit]
    candidates: Sequence[Candidate]
    forms: Sequence[int | None]
    left_tokens: int
    share: float
    each: bool = False

    def missing_tokens(self, at: int, error: float) -> int:
        """How much larger the window would have to be for the next better form of a unit; 0 if it is whole."""
        candidate, form = self.candidates[at], self.forms[at]
        if form == 0:
            return 0
        longer = min(candidate.sizes[:form])
        longer += _size(self.candidates[at + 1 :], self.forms[at + 1 :]) if self.each else -candidate.size(form)
        needed = (i for i in with_needs(self.candidates, candidate.needs) if i != at and self.forms[i] is None)
        longer += sum(min(self.candidates[i].sizes) for i in needed) - self.left_tokens
        return max(1, ceil(longer * (1 + error) / self.share))


@dataclass
class Choice:
    """What is in the prompt, and what is not and why.

    Args:
        forms: index of each snippet shown, and its form.
        out: why others are not, as far as it is not for want of room.
        stand_ins: what stands for those that repeat another or that a later state supersedes.
        stages: all that competed for room.
        prompt: what was chosen, laid out.
        tokens: of the whole request.
        gap: of the worth kept to the best that could be.
    """

    forms: dict[int, int] = field(default_factory=dict[int, int])
    out: dict[int, Reason] = field(default_factory=dict[int, Reason])
    stand_ins: dict[int, int] = field(default_factory=dict[int, int])
    stages: list[Stage] = field(default_factory=list[Stage])
    prompt: Prompt = Prompt((), (), ())
    tokens: int = 0
    gap: float = 0.0


def choose(draft: Draft) -> Choice:
    """Chooses stable sections first, each by itself, then conversations, then the best of the rest for what is left.

    Raises:
        MustNotFit, BadSection, BadGroup: see `pack`.
    """
    ask = draft.ask
    sections = {section.name: section for section in ask.sections}
    choice = Choice(out=screen(ask.snippets, sections, ask.allow, ask.without))
    members = {name: list[int]() for name in sections}
    for index, snippet in enumerate(ask.snippets):
        if index not in choice.out:
            members[snippet.section].append(index)
    best = sorted(at for section in ask.sections if section.keep == "best" for at in members[section.name])
    for section in ask.sections:
        if section.keep == "stable":
            _choose_stable(draft, choice, section, members[section.name])
        elif section.keep == "newest":
            room = _room_beside(draft, choice, section, [at for at in best if ask.snippets[at].need is Need.MUST])
            _choose_newest(draft, choice, section, members[section.name], room)
    _choose_best(draft, choice, best)
    return choice


def _stand_in(draft: Draft, choice: Choice, indices: Sequence[int]) -> list[int]:
    """Leaves out what repeats another or is superseded, and gives the others."""
    snippets = draft.ask.snippets
    standing = {i for i, form in choice.forms.items() if form == 0 and not draft.keeps_newest(snippets[i])}
    older = superseded(snippets, indices, standing, choice.out)
    choice.out |= dict.fromkeys(older, "superseded")
    current = [index for index in indices if index not in choice.out]
    letters = {index: rendered(snippets[index]).letters for index in (*standing, *current)}
    repeating = repeats(snippets, letters, standing)
    for index, repeat in repeating.items():
        choice.out[index], choice.stand_ins[index] = repeat.reason, repeat.of
    choice.stand_ins |= {index: choice.stand_ins.get(latest, latest) for index, latest in older.items()}
    places = further_places(snippets, {index: repeat.of for index, repeat in repeating.items()})
    draft.also |= {index: also for index, also in places.items() if index not in standing}  # these are not to change
    return [index for index in current if index not in choice.out]


def _units(draft: Draft, choice: Choice, indices: Sequence[int]) -> list[Unit]:
    """Joins what belongs together, and leaves out what needs something that is not in the prompt."""
    snippets = draft.ask.snippets
    if any(snippets[index].needs for index in indices):
        lost = (
            unit for stage in choice.stages for unit, form in zip(stage.units, stage.forms, strict=True) if form is None
        )
        groups = {snippets[index].group for unit in lost for index in unit.members} - {""}
        choice.out |= dict.fromkeys(bereft(snippets, indices, groups), "needs")
    rivals = [index for index in indices if index not in choice.out]
    return units(snippets, rivals, choice.stand_ins, choice.forms.keys() | choice.out.keys())


def _share_tokens(draft: Draft, section: Section) -> int:
    return floor(draft.ask.window.room * section.share / (1 + draft.ask.counter.error))


def _choose_stable(draft: Draft, choice: Choice, section: Section, indices: Sequence[int]) -> None:
    joined = _units(draft, choice, _stand_in(draft, choice, indices))
    room = _share_tokens(draft, section)
    candidates = _candidates(draft, joined, {}, whole=True)
    if sum(candidate.sizes[0] for candidate in candidates) > room:
        candidates = _candidates(draft, joined, {})
    fitted = fit(candidates, room)
    choice.gap = max(choice.gap, fitted.gap)
    left = room - _size(candidates, fitted.forms)
    _keep(draft, choice, Stage(joined, candidates, fitted.forms, left, section.share))


def _room_beside(draft: Draft, choice: Choice, section: Section, musts: Sequence[int]) -> int:
    """A section's share, or what the request so far and these musts leave of the window if that is less."""
    share, left = _share_tokens(draft, section), _spare(draft, draft.tokens(draft.prompt(choice.forms)))
    if share + sum(draft.rated(index, whole=True)[0][0] for index in musts) <= left:
        return share  # without a look at shorter forms: to make them may cost much
    return max(0, min(share, left - sum(min(draft.rated(index)[0]) for index in musts)))


def _spare(draft: Draft, tokens: int) -> int:
    """What a request of so many tokens leaves, before the stated error."""
    return floor((draft.ask.window.room - tokens) / (1 + draft.ask.counter.error))


def _choose_newest(draft: Draft, choice: Choice, section: Section, indices: Sequence[int], room: int) -> None:
    joined = _units(draft, choice, indices)
    candidates = _candidates(draft, joined, {}, whole=True)
    if any(candidate.sizes[0] > room for candidate in candidates):
        candidates = _candidates(draft, joined, {})
    bound = with_needs(candidates, (at for at, of in enumerate(candidates) if of.need is Need.MUST))
    forms = [_largest(of, room, at in bound) for at, of in enumerate(candidates)]
    turns = [at for at, form in enumerate(forms) if form is not None and at not in bound]
    left = room - sum(candidates[at].size(forms[at]) for at in bound)
    first = newest([candidates[at].size(forms[at]) for at in turns], max(0, left))
    reason: Reason = "older"
    leaving = turns[:first]
    while leaving:
        for at in leaving:
            forms[at] = None
            choice.out |= dict.fromkeys(joined[at].members, reason)
        reason = "needs"
        leaving = [at for at in turns if forms[at] is not None and any(forms[n] is None for n in candidates[at].needs)]
    _keep(draft, choice, Stage(joined, candidates, forms, room, section.share, each=True))


def _largest(candidate: Candidate, room: int, bound: bool) -> int | None:
    """The longest form that fits alone; if none does and it is bound to stay, the shortest."""
    fitting = next((form for form, size in enumerate(candidate.sizes) if size <= room), None)
    return candidate.sizes.index(min(candidate.sizes)) if fitting is None and bound else fitting


def _candidates(
    draft: Draft, joined: Iterable[Unit], sections: Mapping[str, int], *, whole: bool = False
) -> list[Candidate]:
    """The units as `fit` sees them, with `whole` in full alone; `sections` are those with a share, by name."""
    snippets, rated = draft.ask.snippets, draft.rated
    made = list[Candidate]()
    for unit in joined:
        first = snippets[unit.members[0]]
        section = sections.get(first.section)
        if len(unit.members) == 1:
            sizes, shares = rated(unit.members[0], whole)
            made.append(Candidate(first.need, first.score, sizes, shares, section, unit.needs))
        else:
            made.append(together(snippets, unit, [rated(index, whole) for index in unit.members], section))
    return made


def _size(candidates: Iterable[Candidate], forms: Iterable[int | None]) -> int:
    return sum(candidate.sizes[form] for candidate, form in zip(candidates, forms, strict=True) if form is not None)


def _keep(draft: Draft, choice: Choice, stage: Stage) -> None:
    """Books what was chosen."""
    choice.stages.append(stage)
    choice.forms |= _forms(draft, stage.units, stage.forms)


def _forms(draft: Draft, joined: Iterable[Unit], forms: Iterable[int | None]) -> dict[int, int]:
    """The form of each snippet that is shown. A member with fewer forms than its unit stays at its last."""
    return {
        index: min(form, len(draft.shorter(index))) if form else 0
        for unit, form in zip(joined, forms, strict=True)
        if form is not None
        for index in unit.members
    }


@dataclass(frozen=True)
class _Attempt:
    """A choice of forms, the tokens of its parts counted alone, and its whole request with its tokens."""

    forms: Forms
    gap: float
    sum: int
    prompt: Prompt
    tokens: int


class _Pool:
    """What competes for the room that stable sections and conversations leave."""

    def __init__(self, draft: Draft, choice: Choice, indices: Sequence[int]) -> None:
        self.draft, self.kept = draft, dict(choice.forms)
        self.units = _units(draft, choice, _stand_in(draft, choice, indices))
        shared = [section for section in draft.ask.sections if section.keep == "best" and section.share]
        self.shares = [_share_tokens(draft, section) for section in shared]
        self.sections = {section.name: at for at, section in enumerate(shared)}
        self.candidates = _candidates(draft, self.units, self.sections, whole=True)
        self.whole = any(snippet.shorter for snippet in draft.ask.snippets)
        """Whether the candidates have shorter forms that nobody has asked for yet: to make them may cost much."""

    def attempt(self, room: int) -> _Attempt:
        """The best choice for a room, counted as a whole."""
        if self.whole and sum(candidate.sizes[0] for candidate in self.candidates) > room:
            self.candidates, self.whole = _candidates(self.draft, self.units, self.sections), False
        fitted = fit(self.candidates, room, self.shares)
        prompt = self.draft.prompt(self.kept | _forms(self.draft, self.units, fitted.forms))
        size = _size(self.candidates, fitted.forms)
        return _Attempt(fitted.forms, fitted.gap, size, prompt, self.draft.tokens(prompt))

    def spare(self, tokens: int) -> int:
        """What a request of so many tokens leaves, before the stated error."""
        return _spare(self.draft, tokens)


def _choose_best(draft: Draft, choice: Choice, indices: Sequence[int]) -> None:
    pool = _Pool(draft, choice, indices)
    settled = _settle(pool)
    choice.prompt, choice.tokens = settled.prompt, settled.tokens
    choice.gap = max(choice.gap, settled.gap)
    _keep(draft, choice, Stage(pool.units, pool.candidates, settled.forms, pool.spare(settled.tokens), 1.0))


def _settle(pool: _Pool) -> _Attempt:
    """The best choice found whose request, counted as a whole, fits the window.

    Tokens don't always add up: joined texts may count less than their parts, or more. So the room handed to `fit` is a
    guess that each count puts right: down, in steps that at least double, until the request fits; then a few times up,
    for room that the sums hid.
    """
    window = pool.draft.ask.window
    room = pool.spare(pool.draft.tokens(pool.draft.prompt(pool.kept)))
    best, fails, step = pool.attempt(room), None, 1
    while best.tokens > window.room:
        if room < 0:  # nothing but the musts in their shortest forms was tried
            raise _must_not_fit(pool, best)
        fails, room, step = room, min(best.sum, room) - max(-pool.spare(best.tokens), step), 2 * step
        best = pool.attempt(room)

    for _ in range(_REFINEMENTS):
        target = best.sum + pool.spare(best.tokens)
        if fails is not None and target >= fails:
            target = (room + fails) // 2
        if target <= room or pool.spare(best.tokens) < _least_step_up(pool.candidates, best.forms):
            break
        tried = pool.attempt(target)
        if tried.tokens > window.room:
            fails = target
            continue
        room = target
        if worth(pool.candidates, tried.forms) > worth(pool.candidates, best.forms):
            best = tried
    return best


def _least_step_up(candidates: Sequence[Candidate], forms: Forms) -> float:
    """Tokens of the smallest thing that is still wanted; infinite if everything is whole."""
    wanted = ((c, form) for c, form in zip(candidates, forms, strict=True) if form != 0)
    return min((min(c.sizes[:form]) - c.size(form) for c, form in wanted), default=inf)


def _must_not_fit(pool: _Pool, least: _Attempt) -> MustNotFit:
    ask = pool.draft.ask
    listed = sorted((part for part in _parts(pool, least) if part.tokens), key=lambda part: -part.tokens)
    return MustNotFit(tuple(listed), least.tokens, ask.window.tokens, ask.window.kept_for_answer)


def _parts(pool: _Pool, least: _Attempt) -> Iterator[Part]:
    ask, draft = pool.draft.ask, pool.draft
    count = ask.counter.count_text
    prompt = draft.prompt(pool.kept)
    yield Part("the instruction", count(ask.instruction))
    yield Part("the task", count(ask.task))
    yield Part("the answer's schema", count(ask.schema))
    yield Part("the tools", count(ask.tools))
    around = ask.counter.per_request + ask.counter.per_message * len(prompt.messages)
    yield Part("the chat format and the rule about fences", around + count(draft.rule))
    for section in ask.sections:
        kept = [i for i in pool.kept if ask.snippets[i].section == section.name]
        sizes = (count(draft.fenced(index, pool.kept[index]).block) for index in kept)
        yield Part(f"the section {section.name!r}", sum(sizes))
    for unit, of, form in zip(pool.units, pool.candidates, least.forms, strict=True):
        if form is not None:
            yield Part(_name(unit.members[0], ask.snippets[unit.members[0]].origin), of.size(form))


def _name(index: int, origin: Origin | None) -> str:
    known = ", ".join(text for text in (origin.source, origin.place) if text) if origin else ""
    return f"snippet {index} ({known})" if known else f"snippet {index}"
