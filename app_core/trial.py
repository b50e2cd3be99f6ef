"""A question about documents, packed for a model the way a step of an app is."""

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rheostat.context import (
    ContextError,
    Document,
    Form,
    Pack,
    Section,
    Snippet,
    Window,
    find,
    pack,
    read,
    sentences,
)

from .compose import counter_for, default_gateway
from .prompt_view import OPENING, Other, PromptView, on_other_terms
from .run_errors import BadInput

_INSTRUCTION = (
    "Answer the question from the passages below, and from nothing else. Quote the words that decide, with their "
    "place. If the passages don't answer it, say so."
)
_OPENING_CHARACTERS = 80
_OPENING_WORTH = 0.2
"""Of a passage's: about its share of the sentences."""
_MOST_NAMED = 5


@dataclass(frozen=True)
class Terms:
    """What a prompt is packed for.

    Args:
        model: whose tokens are counted, and whose window it is.
        window_tokens: use no more of the window than this; None for all.
        answer_tokens: kept for the answer.
    """

    model: str
    window_tokens: int | None
    answer_tokens: int


@dataclass(frozen=True)
class WhatIf:
    """Other terms for the same question. What is None stays as it was.

    Args:
        model, window_tokens: instead.
        without: sources to leave out.
    """

    model: str | None = None
    window_tokens: int | None = None
    without: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is other, in words."""
        said = [f"with {self.model}"] if self.model else []
        said += [f"in a window of {self.window_tokens:,} tokens"] if self.window_tokens else []
        said += [f"without {' and '.join(self.without)}"] if self.without else []
        return ", ".join(said)


def documents_at(paths: Sequence[Path]) -> tuple[Document, ...]:
    """Reads documents. Two files of one name are told apart by their paths.

    Raises:
        BadInput: a file can't be read, and why.
    """
    distinct = {path.resolve(): path for path in paths}
    names = Tally(path.name for path in distinct.values())
    return tuple(_document(path, named=names[path.name] > 1) for path in distinct.values())


def _document(path: Path, *, named: bool) -> Document:
    try:
        document = read(path)
    except ContextError as error:
        raise BadInput(str(error)) from error
    return document.model_copy(update={"source": str(path)}) if named else document


def ask_about(
    documents: Sequence[Document], question: str, terms: Terms, *, why: str = "", what_if: WhatIf | None = None
) -> PromptView:
    """Packs the passages that bear on a question, each document a section of its own, to be looked at.

    Every passage is a candidate. They stand in the prompt in reading order. Nothing is sent.

    Args:
        documents: of different names.
        question: what is asked about them.
        terms: what it is packed for.
        why: how the model came to be chosen.
        what_if: other terms to compare with.

    Raises:
        BadInput: a what-if leaves out a source that is not there.
        BadWindow, MustNotFit: the window has no room for the question.
        GatewayError: nothing is known of the model, or its file is not there.
    """
    candidates = [snippet for document in documents for snippet in _candidates(document, question)]
    packed = pack(
        candidates,
        instruction=_INSTRUCTION,
        task=question,
        window=_window(terms),
        counter=counter_for(terms.model),
        sections=[Section(document.source) for document in documents],
    )
    return PromptView(
        title=question,
        model=terms.model,
        why=why,
        receipt=packed.receipt,
        source_map=packed.source_map,
        kept_for_answer=terms.answer_tokens,
        openings={index: snippet.text[:OPENING] for index, snippet in enumerate(candidates)},
        other=_other(packed, documents, terms, what_if) if what_if else None,
    )


def opening(text: str) -> str:
    """The first sentences of a passage: its heading, and what follows at least."""
    return next((text[:end] for _, end in sentences(text) if end >= _OPENING_CHARACTERS), text)


def _candidates(document: Document, question: str) -> list[Snippet]:
    found = find(document, question, limit=len(document.blocks))
    in_order = sorted(found, key=lambda snippet: snippet.origin.start if snippet.origin else 0)
    return [
        snippet.model_copy(update={"section": document.source, "shorter": _shorter(snippet.text)})
        for snippet in in_order
    ]


def _shorter(text: str) -> tuple[Form, ...]:
    short = opening(text)
    return (Form(text=short, name="opening", worth=_OPENING_WORTH),) if 2 * len(short) < len(text) else ()


def _window(terms: Terms) -> Window:
    held = default_gateway().facts(terms.model).window_tokens
    return Window(min(held, terms.window_tokens or held), terms.answer_tokens)


def _other(packed: Pack, documents: Sequence[Document], terms: Terms, what_if: WhatIf) -> Other:
    names = [document.source for document in documents]
    if unknown := next((name for name in what_if.without if name not in names), None):
        listed = ", ".join(names[:_MOST_NAMED]) + (" and others" if len(names) > _MOST_NAMED else "")
        raise BadInput(f"There is no document {unknown!r} to leave out.", f"Name one of these: {listed}.")
    other = Terms(what_if.model or terms.model, what_if.window_tokens or terms.window_tokens, terms.answer_tokens)
    try:
        repacked = packed.what_if(window=_window(other), counter=counter_for(other.model), without=what_if.without)
    except ContextError as error:
        raise BadInput(f"It can't be packed {what_if.sentence}.", str(error)) from error
    return on_other_terms(what_if.sentence, packed.receipt, repacked.receipt)
