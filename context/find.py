"""Finding the passages of a document that a question is about: BM25, shared with neighbours, deterministic, offline."""

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from .document import Document
from .passages import Passage, passages
from .snippet import Snippet

_TERM = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\W\d_]\w*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been being but by can could did do does for from had has have he"
    " her here hers him his how i if in into is it its may me might mine must my no nor not of on or our ours"
    " shall she should so such than that the their theirs them then there these they this those to under up us was"
    " we were what when where which who whom whose why will with would you your yours".split()
)
_ENDINGS = (
    "ications ication ations ation ities ments ions ings ates ated ment ion ing ity ate"
    " ies ied ers ors er or ed es al y s e".split()
)
_STEM = 3
"""The fewest letters that are left of a word."""
_NEIGHBOUR = 0.25
"""How much of a passage's score its neighbours share: what answers a question often runs on, or is led up to."""


def find(document: Document, query: str, *, limit: int = 8) -> list[Snippet]:
    """The passages of a document that a question is about, best first.

    A passage that finishes a sentence begun above it ("Recipient will:") comes with that sentence, at the same score.
    If no word of the question is in the document, the first passages are returned with score 0; a document of at most
    `limit` passages is returned whole.

    Args:
        document: what to search.
        query: a question, a clause's title or the words looked for; names_like_this and 4.2 are understood.
        limit: the most snippets to return.
    """
    found = passages(document)
    scores = _smooth(_index(document).scores(query))
    order = sorted(range(len(found)), key=lambda index: (-scores[index], index))
    chosen: dict[int, float] = {}
    for index in order:
        if len(chosen) >= limit:
            break
        for wanted in (index, _lead_in(found, index)):
            chosen.setdefault(wanted, scores[index])
    return [found[index].snippet(document, score=score) for index, score in list(chosen.items())[: max(limit, 0)]]


def _lead_in(found: tuple[Passage, ...], index: int) -> int:
    """The passage whose sentence this one finishes; itself if it stands alone."""
    at = found[index].lead_in
    return index if at is None else bisect_right(found, at, key=lambda passage: passage.start) - 1


def _smooth(scores: list[float]) -> list[float]:
    around = zip([0.0, *scores], scores, [*scores[1:], 0.0], strict=False)
    return [round(own + _NEIGHBOUR * max(before, after), 6) for before, own, after in around]


@dataclass(frozen=True)
class _Index:
    ranker: Any
    vocabulary: dict[str, int]
    size: int

    def scores(self, query: str) -> list[float]:
        """The BM25 score of each passage; all 0 if the document holds no word of the query."""
        wanted = Counter(term for term in _terms(query) if term in self.vocabulary)
        if not wanted:
            return [0.0] * self.size
        ids = [self.vocabulary[term] for term in wanted]
        return [max(float(score), 0.0) for score in self.ranker.get_scores_from_ids(ids)]


@lru_cache(maxsize=8)
def _index(document: Document) -> _Index:
    bm25s: Any = import_module("bm25s")  # heavy and untyped
    vocabulary: dict[str, int] = {}
    numbered = [
        [vocabulary.setdefault(term, len(vocabulary)) for term in _terms(f"{passage.around} {passage.text}")]
        for passage in passages(document)
    ]
    if not vocabulary:
        return _Index(None, {}, len(numbered))
    ranker = bm25s.BM25(dtype="float64")
    ranker.index((numbered, dict(vocabulary)), show_progress=False, create_empty_token=False)
    return _Index(ranker, vocabulary, len(numbered))


def _terms(text: str) -> list[str]:
    """The words that rank: "renewalTerm" also as its parts, "1,000" as "1000", plurals and verb endings made alike."""
    terms: list[str] = []
    for found in _TERM.findall(text):
        if found[0].isdigit():
            terms.append(found.replace(",", ""))
            continue
        parts = _HUMP.split(found)
        words = parts if len(parts) == 1 else [*parts, found]
        terms += [_stem(word.lower()) for word in words if word.lower() not in _STOP_WORDS]
    return terms


def _stem(word: str) -> str:
    """Strips the commonest English endings, so that "terminated", "terminates" and "termination" meet."""
    word = word.removesuffix("'s").removesuffix("’s")
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= _STEM), word)
