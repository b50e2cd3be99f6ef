"""A ready check for models that quote: every quote stands in the document, once, where it is said to stand."""

from collections.abc import Sequence

from rheostat.context import ContextError, Document, Quote, locate

from .declare import Score


def quotes_stand(document: Document, quotes: Sequence[Quote]) -> Score:
    """The share of the quotes that `locate` finds; the evidence says, a line each, what is wrong with the others."""
    problems = list[str]()
    for quote in quotes:
        try:
            locate(document, quote)
        except ContextError as error:
            problems.append(" ".join(str(error).split()))
    return Score(
        1 - len(problems) / len(quotes) if quotes else 0, "\n".join(problems) or ("" if quotes else "No quote.")
    )
