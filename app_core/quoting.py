"""Quotes in answers: where their words come from, and whether they stand where they are said to stand."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from typing import Any, cast

from pydantic import BaseModel

from rheostat.context import Citation, ContextError, Document, NotThere, Quote, SourceMap, citation, locate

from .declare import Score


def quotes_in(answer: object) -> Iterator[Quote]:
    """The quotes that an answer holds, at any depth, in order."""
    match answer:
        case Quote():
            yield answer
        case BaseModel():
            for _, value in answer:
                yield from quotes_in(value)
        case Mapping():
            for value in cast("Mapping[Any, object]", answer).values():
                yield from quotes_in(value)
        case list() | tuple() | Set():
            for value in cast("Sequence[object]", answer):
                yield from quotes_in(value)
        case _ if is_dataclass(answer):
            for field in fields(answer):
                yield from quotes_in(getattr(answer, field.name))
        case _:
            pass


def resolved(
    answer: object, shown: SourceMap, documents: Sequence[Document]
) -> tuple[tuple[Citation, ...], tuple[str, ...]]:
    """Where the words come from that an answer quotes, and a sentence on each quote that the model was never shown.

    Args:
        answer: of any type.
        shown: what the model saw.
        documents: that it saw parts of.
    """
    citations, made_up = list[Citation](), list[str]()
    for quote in dict.fromkeys(quotes_in(answer)):
        try:
            citations.append(citation(quote, shown, documents))
        except NotThere as error:
            made_up.append(" ".join(str(error).split()))
    return tuple(citations), tuple(made_up)


def quotes_stand(document: Document, quotes: Sequence[Quote]) -> Score:
    """A ready check: every quote stands in the document, once, at the place that it names.

    That a model was shown the words it quotes is checked of every answer anyway. This one is for those that go on to
    act on the quoted words, and so have to know which of several equal ones is meant: it minds the quote's place.

    Args:
        document: what is quoted.
        quotes: out of an answer.

    Returns:
        The share of the quotes that `locate` finds; the evidence says, a line each, what is wrong with the others.
    """
    problems = list[str]()
    for quote in quotes:
        try:
            locate(document, quote)
        except ContextError as error:
            problems.append(" ".join(str(error).split()))
    return Score(
        1 - len(problems) / len(quotes) if quotes else 0, "\n".join(problems) or ("" if quotes else "No quote.")
    )
