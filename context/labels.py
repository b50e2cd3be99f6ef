"""Sentences with labels, so that a small model can cite one by its label and can't make a quote up."""

from collections.abc import Iterable
from typing import NamedTuple

from .quote import MAX_QUOTE_CHARS, Quote
from .sentences import sentences
from .snippet import Snippet


class Labelled(NamedTuple):
    """Snippets whose sentences begin with "[s1] ", "[s2] ", and the quote that each label stands for."""

    snippets: list[Snippet]
    quotes: dict[str, Quote]


def labelled(snippets: Iterable[Snippet]) -> Labelled:
    """Puts a label before every sentence of the snippets. Shorter forms, which would need labels of their own, go."""
    marked = list[Snippet]()
    quotes = dict[str, Quote]()
    for snippet in snippets:
        lines = list[str]()
        for start, end in sentences(snippet.text):
            label = f"s{len(quotes) + 1}"
            place = snippet.origin.place if snippet.origin else ""
            quotes[label] = Quote(place=place[:80], text=snippet.text[start:end][:MAX_QUOTE_CHARS])
            lines.append(f"[{label}] {snippet.text[start:end]}")
        marked.append(snippet.model_copy(update={"text": "\n".join(lines), "shorter": ()}))
    return Labelled(marked, quotes)
