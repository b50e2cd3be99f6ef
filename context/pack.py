"""Packs snippets into a window: exactly what the model will see, and a receipt for it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import ceil, floor, inf

from pydantic import BaseModel, ConfigDict

from .errors import MustNotFit, Part
from .fence import FENCE_RULE, Fenced, clean, fence
from .fit import Candidate, Forms, fit, worth
from .receipt import Entry, Receipt
from .snippet import Origin, Snippet, Trust
from .tokens import Counter, Message
from .window import Window

_GAP = "\n\n"
_REFINEMENTS = 3


class Span(BaseModel):
    """Which characters of a message come from a snippet: `messages[message].content[start:end]` is the form shown.

    Args:
        message: index of the message.
        start, end: characters of its content, without the fence.
        snippet: index in the snippets given.
        form: the form shown, 0 being the full one.
        trust, origin: the snippet's.
    """

    model_config = ConfigDict(frozen=True)

    message: int
    start: int
    end: int
    snippet: int
    form: int
    trust: Trust
    origin: Origin | None

    @property
    def verbatim(self) -> Origin | None:
        """The origin, if each character shown is one of its characters: the full form, and as long as the origin."""
        if self.origin and self.form == 0 and self.end - self.start == self.origin.end - self.origin.start:
            return self.origin
        return None


class Pack(BaseModel):
    """Exactly what the model will see.

    Args:
        messages: the request, ready to send.
        tokens: an upper bound of what the request takes, schema included; never more than `window.room`.
        window: the window it was packed for.
        receipt: every candidate kept, shortened or left out, with reason and price.
        spans: where each snippet stands in the messages, in their order.
        trust: the least trusted of what was kept; USER if nothing was.
    """

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    tokens: int
    window: Window
    receipt: Receipt
    spans: tuple[Span, ...]
    trust: Trust

    def origin_at(self, message: int, char: int) -> Origin | None:
        """Where a character of a message comes from.

        Returns:
            The one character of the source where the text is shown verbatim; the snippet's whole origin where a shorter
            form is shown (place, page and line are the snippet's in both cases); None for text that no source wrote.
        """
        at = bisect_right(self.spans, (message, char), key=lambda span: (span.message, span.start)) - 1
        if at < 0 or self.spans[at].message != message or char >= self.spans[at].end:
            return None
        span = self.spans[at]
        if not span.verbatim:
            return span.origin
        start = span.verbatim.start + char - span.start
        return span.verbatim.model_copy(update={"start": start, "end": start + 1})

    def shown_at(self, source: str, char: int) -> tuple[int, int] | None:
        """Where the model first sees a character of a source verbatim: (index of the message, character), or None."""
        for span in self.spans:
            origin = span.verbatim
            if origin and origin.source == source and origin.start <= char < origin.end:
                return span.message, span.start + char - origin.start
        return None


def pack(
    snippets: Sequence[Snippet],
    *,
    instruction: str,
    task: str,
    window: Window,
    counter: Counter,
    schema: str = "",
) -> Pack:
    """Packs what fits, and most of what matters, into the window.

    The system message is the instruction, followed by the rule about fences if any snippet is untrusted (kept or not:
    what fits must not change the message that comes first). The user message is the kept snippets, then the task.
    Trusted snippets stand before untrusted ones, else in the order given: what is the same from call to call comes
    first, where a provider's prompt cache can use it, and no text from outside comes after the task.

    All musts are kept, then what is worth most (see `fit`). The request is then counted as a whole and packed anew
    until it holds. Texts that are equal and equally trusted are kept once; a stranger's copy of a trusted text stays in
    its own fence, since that he says it too is a fact. Texts are shown as given, but that characters which no request
    can carry are replaced, and in untrusted text also what might pass for a fence or a chat format's mark.

    Args:
        snippets: the candidates.
        instruction: what the builder tells the model to be and do; always kept.
        task: what is asked this time; always kept.
        window: how much the prompt may take.
        counter: how the model counts tokens. Each text is counted once.
        schema: the JSON schema of the answer as sent, where the provider counts it as prompt.

    Returns:
        The Pack. Equal input gives an equal Pack.

    Raises:
        MustNotFit: if the instruction, the task, the schema and the musts in their shortest forms exceed the window.
    """
    counter = replace(counter, count_text=cache(counter.count_text))
    draft = _Draft(tuple(snippets), clean(instruction), clean(task), clean(schema), counter)
    settled = _settle(draft, window)
    spans = tuple(draft.spans(settled.forms))
    return Pack(
        messages=draft.messages(settled.forms),
        tokens=settled.tokens,
        window=window,
        receipt=_receipt(draft, settled, window),
        spans=spans,
        trust=max((span.trust for span in spans), default=Trust.USER),
    )


@dataclass(frozen=True)
class _Draft:
    """What was given, and how a choice of forms is rendered and counted."""

    snippets: tuple[Snippet, ...]
    instruction: str
    task: str
    schema: str
    counter: Counter

    @cached_property
    def stand_ins(self) -> dict[int, int]:
        """For each snippet that repeats another, the index of the one kept for both: the most needed, then the best."""
        by_rank = sorted(enumerate(self.snippets), key=lambda pair: (pair[1].need, -pair[1].score))
        first: dict[tuple[str, Trust], int] = {}
        for index, snippet in by_rank:
            first.setdefault((snippet.text, snippet.trust), index)
        kept = ((index, first[s.text, s.trust]) for index, s in enumerate(self.snippets) if s.text.strip())
        return {index: stand_in for index, stand_in in kept if stand_in != index}

    @cached_property
    def rivals(self) -> list[int]:
        """Indices of the snippets that compete for the room, in the order in which the kept ones will stand."""
        indices = (i for i, s in enumerate(self.snippets) if s.text.strip() and i not in self.stand_ins)
        return sorted(indices, key=lambda i: self.snippets[i].trust is Trust.UNTRUSTED)

    @cached_property
    def fenced(self) -> list[tuple[Fenced, ...]]:
        """The forms of each rival as the model would see them."""
        rivals = (self.snippets[index] for index in self.rivals)
        return [tuple(fence(form, s.trust, s.origin) for form in _texts(s)) for s in rivals]

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Sizes and worths of the rivals."""
        sizes = (tuple(self.counter.count_text(form.block + _GAP) for form in forms) for forms in self.fenced)
        rivals = (self.snippets[index] for index in self.rivals)
        return [Candidate(s.need, s.score, of_forms) for s, of_forms in zip(rivals, sizes, strict=True)]

    @cached_property
    def rule(self) -> str:
        """The rule about fences, if there may be any."""
        return FENCE_RULE if any(s.trust is Trust.UNTRUSTED for s in self.snippets) else ""

    @cached_property
    def system(self) -> str:
        return _GAP.join(text for text in (self.instruction, self.rule) if text)

    def messages(self, forms: Forms) -> tuple[Message, ...]:
        """The request of a choice of forms. A message without content is not sent: some providers refuse it."""
        user = "".join(shown.block + _GAP for _, _, shown in self._shown(forms)) + self.task
        both = (Message(role="system", content=self.system), Message(role="user", content=user))
        return tuple(message for message in both if message.content)

    def spans(self, forms: Forms) -> Iterator[Span]:
        """Where each text stands in `messages(forms)`."""
        at = 0
        for index, form, shown in self._shown(forms):
            snippet = self.snippets[index]
            yield Span(
                message=1 if self.system else 0,
                start=at + shown.start,
                end=at + shown.end,
                snippet=index,
                form=form,
                trust=snippet.trust,
                origin=snippet.origin,
            )
            at += len(shown.block) + len(_GAP)

    def count(self, forms: Forms) -> int:
        """An upper bound on the tokens of the whole request as it would be sent."""
        return self.counter.count(self.messages(forms), self.schema)

    def tokens(self, text: str) -> int:
        """Tokens of a text counted alone, without the stated error."""
        return self.counter.count_text(text) if text else 0

    def overhead(self, forms: Forms) -> int:
        """Tokens of the chat format and of the rule about fences, without the stated error."""
        around = self.counter.per_request + self.counter.per_message * len(self.messages(forms))
        return around + self.tokens(self.rule)

    def _shown(self, forms: Forms) -> Iterator[tuple[int, int, Fenced]]:
        for index, form, fenced in zip(self.rivals, forms, self.fenced, strict=True):
            if form is not None:
                yield index, form, fenced[form]


def _texts(snippet: Snippet) -> tuple[str, ...]:
    made = (form.text if isinstance(form.text, str) else form.text(snippet.text) for form in snippet.shorter)
    return (snippet.text, *made)


@dataclass(frozen=True)
class _Attempt:
    """A choice of forms, the tokens of its parts counted alone, and of its whole request."""

    forms: Forms
    sum: int
    tokens: int


def _settle(draft: _Draft, window: Window) -> _Attempt:
    """The best choice found whose request, counted as a whole, fits the window.

    Tokens don't add up: joined texts may count less than their parts, or more. So the room handed to `fit` is a guess
    that each count puts right: down, in steps that at least double, until the request fits; then a few times up, for
    room that the sums hid.
    """

    def attempt(room: int) -> _Attempt:
        forms = fit(draft.candidates, room)
        parts = sum(c.size(form) for c, form in zip(draft.candidates, forms, strict=True))
        return _Attempt(forms, parts, draft.count(forms))

    def spare(tokens: int) -> int:
        return floor((window.room - tokens) / (1 + draft.counter.error))

    room = spare(draft.count((None,) * len(draft.candidates)))
    best, fails, step = attempt(room), None, 1
    while best.tokens > window.room:
        if room < 0:  # nothing but the musts in their shortest forms was tried
            raise _must_not_fit(draft, best, window)
        fails, room, step = room, min(best.sum, room) - max(-spare(best.tokens), step), 2 * step
        best = attempt(room)

    for _ in range(_REFINEMENTS):
        target = best.sum + spare(best.tokens)
        if fails is not None and target >= fails:
            target = (room + fails) // 2
        if target <= room or spare(best.tokens) < _least_step_up(draft, best.forms):
            break
        tried = attempt(target)
        if tried.tokens > window.room:
            fails = target
            continue
        room = target
        if worth(draft.candidates, tried.forms) > worth(draft.candidates, best.forms):
            best = tried
    return best


def _least_step_up(draft: _Draft, forms: Forms) -> float:
    """Tokens of the smallest thing that is still wanted; infinite if everything is whole."""
    wanted = ((c, form) for c, form in zip(draft.candidates, forms, strict=True) if form != 0)
    return min((_step_up(candidate, form) for candidate, form in wanted), default=inf)


def _must_not_fit(draft: _Draft, least: _Attempt, window: Window) -> MustNotFit:
    parts = [
        Part("the instruction", draft.tokens(draft.instruction)),
        Part("the task", draft.tokens(draft.task)),
        Part("the answer's schema", draft.tokens(draft.schema)),
        Part("the chat format and the rule about fences", draft.overhead(least.forms)),
    ]
    for index, candidate, form in zip(draft.rivals, draft.candidates, least.forms, strict=True):
        if form is not None:
            parts.append(Part(_name(index, draft.snippets[index].origin), candidate.size(form)))
    largest_first = sorted((part for part in parts if part.tokens), key=lambda part: -part.tokens)
    return MustNotFit(tuple(largest_first), least.tokens, window.tokens, window.kept_for_answer)


def _name(index: int, origin: Origin | None) -> str:
    known = ", ".join(text for text in (origin.source, origin.place) if text) if origin else ""
    return f"snippet {index} ({known})" if known else f"snippet {index}"


def _receipt(draft: _Draft, settled: _Attempt, window: Window) -> Receipt:
    return Receipt(
        entries=tuple(_entries(draft, settled.forms, window.room - settled.tokens)),
        tokens=settled.tokens,
        room=window.room,
        instruction_tokens=draft.tokens(draft.instruction),
        task_tokens=draft.tokens(draft.task),
        schema_tokens=draft.tokens(draft.schema),
        overhead_tokens=draft.overhead(settled.forms),
        counter=draft.counter.name,
        error=draft.counter.error,
    )


def _entries(draft: _Draft, forms: Forms, free_tokens: int) -> Iterator[Entry]:
    rivals = dict(zip(draft.rivals, zip(draft.candidates, forms, strict=True), strict=True))
    for index, snippet in enumerate(draft.snippets):
        candidate, form = rivals.get(index, (None, None))
        stand_in = draft.stand_ins.get(index)
        missing = 0
        if candidate and form != 0:
            missing = max(1, ceil(_step_up(candidate, form) * (1 + draft.counter.error)) - free_tokens)
        yield Entry(
            snippet=index,
            origin=snippet.origin,
            need=snippet.need,
            score=snippet.score,
            trust=snippet.trust,
            outcome="kept" if form == 0 else "left out" if form is None else "shortened",
            reason="budget" if missing else "" if candidate else "empty" if stand_in is None else "duplicate",
            form=form,
            tokens=candidate.size(form) if candidate else 0,
            missing_tokens=missing,
            duplicate_of=stand_in,
        )


def _step_up(candidate: Candidate, form: int | None) -> int:
    """Tokens that the next better form takes over this one."""
    better = range(len(candidate.sizes) if form is None else form)
    return min(candidate.size(f) for f in better) - candidate.size(form)
