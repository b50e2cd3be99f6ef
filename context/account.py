"""Draws up the receipt and the source map of a choice."""

from collections.abc import Iterable, Iterator

from .choose import Choice
from .draft import Draft
from .duplicates import further_places
from .receipt import Entry, Reason, Receipt, SectionUse
from .snippet import Origin, Snippet
from .source_map import SourceMap, Span


def receipt(draft: Draft, choice: Choice) -> Receipt:
    """What became of every candidate, and what the rest of the request took."""
    ask = draft.ask
    count = ask.counter.count_text
    entries = tuple(_entries(draft, choice))
    return Receipt(
        entries=entries,
        sections=tuple(_sections(draft, entries)),
        gap=choice.gap,
        tokens=choice.tokens,
        room=ask.window.room,
        instruction_tokens=count(ask.instruction) if ask.instruction else 0,
        task_tokens=count(ask.task) if ask.task else 0,
        schema_tokens=count(ask.schema) if ask.schema else 0,
        tools_tokens=count(ask.tools) if ask.tools else 0,
        overhead_tokens=ask.counter.per_request
        + ask.counter.per_message * len(choice.prompt.messages)
        + (count(draft.rule) if draft.rule else 0),
        counter=ask.counter.name,
        error=ask.counter.error,
    )


def _entries(draft: Draft, choice: Choice) -> Iterator[Entry]:
    also = further_places(draft.ask.snippets, _repeating(choice, "duplicate", "near-duplicate"))
    rivals = {
        index: (stage, at) for stage in choice.stages for at, unit in enumerate(stage.units) for index in unit.members
    }
    for index, snippet in enumerate(draft.ask.snippets):
        form, reason, missing = choice.forms.get(index), choice.out.get(index, ""), 0
        if not reason and form != 0:
            stage, at = rivals[index]
            reason, missing = "budget", stage.missing_tokens(at, draft.ask.counter.error)
        yield Entry(
            snippet=index,
            origin=snippet.origin,
            also=also.get(index, snippet.also),
            need=snippet.need,
            score=snippet.score,
            trust=snippet.trust,
            section=snippet.section,
            group=snippet.group,
            outcome="left out" if form is None else "shortened" if form else "kept",
            reason=reason,
            form=form,
            form_name="" if form is None else draft.shorter(index)[form - 1].name if form else "full",
            tokens=0 if form is None else draft.rated(index, whole=not form)[0][form],
            missing_tokens=missing,
            duplicate_of=choice.stand_ins.get(index),
            trouble=draft.trouble.get(index, ""),
        )


def _sections(draft: Draft, entries: tuple[Entry, ...]) -> Iterator[SectionUse]:
    for section in draft.ask.sections:
        own = [entry for entry in entries if entry.section == section.name]
        if own or section.name:
            yield SectionUse(
                name=section.name,
                keep=section.keep,
                share=section.share,
                room_tokens=int(draft.ask.window.room * section.share),
                tokens=sum(entry.tokens for entry in own),
                kept=sum(entry.form is not None for entry in own),
                offered=len(own),
            )


def source_map(draft: Draft, choice: Choice) -> SourceMap:
    """Where each snippet stands in the messages."""
    snippets = draft.ask.snippets
    also = further_places(snippets, _repeating(choice, "duplicate", "near-duplicate"))
    equal = dict[int, list[int]]()
    for index, of in _repeating(choice, "duplicate").items():
        equal.setdefault(of, [of]).append(index)
    spans = (
        Span(
            message=message,
            start=at + shown.fenced.start,
            end=at + shown.fenced.end,
            block_start=at,
            block_end=at + len(shown.fenced.block),
            snippet=shown.snippet,
            form=shown.form,
            trust=snippets[shown.snippet].trust,
            origin=snippets[shown.snippet].origin,
            also=also.get(shown.snippet, snippets[shown.snippet].also),
            verbatim=() if shown.form else _verbatim(snippets[i] for i in equal.get(shown.snippet, [shown.snippet])),
        )
        for shown, message, at in choice.prompt.laid
    )
    return SourceMap(messages=choice.prompt.messages, spans=tuple(spans))


def _repeating(choice: Choice, *reasons: Reason) -> dict[int, int]:
    return {index: of for index, of in choice.stand_ins.items() if choice.out[index] in reasons}


def _verbatim(equals: Iterable[Snippet]) -> tuple[Origin, ...]:
    """Where snippets of one text stand as they are: of a text without an origin, `also` says what it was made from."""
    places = ((place, len(one.text)) for one in equals if one.origin for place in (one.origin, *one.also))
    return tuple(dict.fromkeys(place for place, length in places if place.end - place.start == length))
