"""Sentences with labels, so that a small model can cite one by its label and can't make a quote up."""

from collections.abc import Iterable
from typing import NamedTuple

from .numbering import read_number
from .quote import MAX_QUOTE_CHARS, Quote
from .sentences import sentences
from .snippet import Origin, Snippet

_PLACE_CHARS = 80
_FEWEST_WORDS = 4
_TITLE_WORDS = 8


class Labelled(NamedTuple):
    """Snippets whose sentences begin with "[s1] ", "[s2] ", and the quote that each label stands for."""

    snippets: list[Snippet]
    quotes: dict[str, Quote]


def labelled(snippets: Iterable[Snippet]) -> Labelled:
    """Puts a label before every sentence of the snippets but their headings, which say nothing that could be cited.

    What is offered twice gets the same labels twice, so that it still passes for the same. Shorter forms, which would
    need labels of their own, go.
    """
    quotes = dict[str, Quote]()
    texts = dict[tuple[str, Origin | None], str]()
    marked = list[Snippet]()
    for snippet in snippets:
        offered = snippet.text, snippet.origin
        if offered not in texts:
            texts[offered] = _marked(snippet, quotes)
        marked.append(snippet.model_copy(update={"text": texts[offered], "shorter": ()}))
    return Labelled(marked, quotes)


def _marked(snippet: Snippet, quotes: dict[str, Quote]) -> str:
    """The text with labels; adds the quotes that they stand for."""
    lines = list[str]()
    for line in snippet.text.splitlines():
        for start, end in sentences(line):
            sentence = line[start:end]
            if _is_title(sentence):
                lines.append(sentence)
                continue
            label = f"s{len(quotes) + 1}"
            quotes[label] = Quote(place=_place(line, snippet), text=_quotable(sentence))
            lines.append(f"[{label}] {sentence}")
    return "\n".join(lines)


def _place(line: str, snippet: Snippet) -> str:
    """Where a line stands, as far as it is sure: a passage may hold more clauses than the one its origin names."""
    number = read_number(line)
    if number is not None and "." in number.label:
        return number.label
    alone = len(snippet.text.splitlines()) == 1
    return snippet.origin.place[:_PLACE_CHARS] if alone and snippet.origin else ""


def _quotable(sentence: str) -> str:
    """A sentence, or as much of it in whole words as a quote can hold."""
    return sentence if len(sentence) <= MAX_QUOTE_CHARS else sentence[:MAX_QUOTE_CHARS].rpartition(" ")[0]


def _is_title(sentence: str) -> bool:
    """Whether a sentence is too short to say anything: "Exceptions.", "13 Governing law and courts"."""
    words = len(sentence.split())
    return words < _FEWEST_WORDS or words <= _TITLE_WORDS and sentence[-1].isalnum()
