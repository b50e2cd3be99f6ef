"""Many rules at once: finds those that speak about an action without asking each of them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from .action import Action, Argument
from .amount import amounts
from .glob import like, pattern
from .hours import Hours
from .looks import looks
from .rule import Rule, paths, texts

_MOST_KEPT = 256
_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


def speaking(rules: Sequence[Rule], action: Action, *, by: str, now: datetime | None) -> list[Rule]:
    """The rules that match an action, as `Rule.matches` has it, in an order that does not hang on theirs.

    Rules that were seen before are not looked through again.
    """
    if not rules:
        return []
    rules = tuple(rules)
    key = (len(rules), id(rules[0]), id(rules[-1]))
    book = _books.get(key)
    if book is None or (book.rules is not rules and book.rules != rules):
        book = _keep(_books, key, Rulebook(rules))
    return book.speaking(action, by=by, now=now)


class Rulebook:
    """Rules, sorted by what they could speak about. It only leaves out what can't match; each rule has the last word.

    Args:
        rules: in any order.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        # A tool's own rule may have the name of a policy's.
        self._in_order = sorted(dict.fromkeys(rules), key=lambda rule: (rule.name, rule.model_dump_json()))
        self._chapters: dict[tuple[str, str], _Chapter] = {}

    def speaking(self, action: Action, *, by: str, now: datetime | None) -> list[Rule]:
        """The rules that match an action, by name."""
        chapter = self._chapters.get((action.tool, by))
        if chapter is None:
            about = [(place, rule) for place, rule in enumerate(self._in_order) if rule.concerns(action.tool, by)]
            chapter = _keep(self._chapters, (action.tool, by), _Chapter(about))
        found = chapter.at(now) | chapter.fitting(action, now)
        return [found[place] for place in sorted(found)]


_Placed = tuple[int, Rule]
"""A rule and its place in the book."""


class _Chapter:
    """The rules about one tool, used on behalf of one person."""

    def __init__(self, rules: Sequence[_Placed]) -> None:
        self._by_hours: dict[Hours | None, list[_Placed]] = {}
        self._anywhere = _Sieve()
        self._of_arguments: list[_Placed] = []
        self._pages: dict[str, _Page] = {}
        for placed in rules:
            rule = placed[1]
            if not rule.needs_argument:
                self._by_hours.setdefault(rule.hours, []).append(placed)
            elif _has_open_ends(rule.value):
                self._anywhere.add(rule.value, placed)
            else:
                self._of_arguments.append(placed)

    def at(self, now: datetime | None) -> dict[int, Rule]:
        """Those that look at no argument and speak at this time."""
        at_once = (placed for placed in self._by_hours.values() if placed[0][1].speaks_at(now))
        return dict(chain.from_iterable(at_once))

    def fitting(self, action: Action, now: datetime | None) -> dict[int, Rule]:
        """Those that are about these arguments and speak at this time."""
        sure, possible = list[_Placed](), list[_Placed]()
        if not self._anywhere.is_empty:
            # One search through all of them is less than one through each.
            self._anywhere.sift(["\n".join(chain.from_iterable(map(texts, action.arguments)))], possible)
        for argument in action.arguments if self._of_arguments else ():
            page = self._pages.get(argument.name) or self._page(argument.name)
            page.sift(argument, sure, possible)
        fitting = dict(sure)
        fitting.update((place, rule) for place, rule in possible if place not in fitting and rule.fits(action))
        return {place: rule for place, rule in fitting.items() if rule.speaks_at(now)}

    def _page(self, name: str) -> "_Page":
        about = [placed for placed in self._of_arguments if like(name, placed[1].argument)]
        return _keep(self._pages, name, _Page(about))


def _has_open_ends(glob: str) -> bool:
    made = pattern(glob)
    return glob != "*" and not made.head and not made.tail


class _Page:
    """The rules about one argument of a tool, each under the one thing by which it is found soonest."""

    def __init__(self, rules: Sequence[_Placed]) -> None:
        self._any: list[_Placed] = []
        self._values, self._paths = _Sieve(), _Sieve()
        over: list[tuple[float, _Placed]] = []
        for placed in rules:
            rule = placed[1]
            if rule.value != "*":
                self._values.add(rule.value, placed)
            elif rule.path:
                for glob in rule.path_globs:
                    self._paths.add(glob, placed)
            elif rule.over is not None:
                over.append((rule.over, placed))
            else:
                self._any.append(placed)
        over.sort(key=lambda limited: limited[0])
        self._limits, self._over = [limit for limit, _ in over], [placed for _, placed in over]

    def sift(self, argument: Argument, sure: list[_Placed], possible: list[_Placed]) -> None:
        """Adds the rules that fit the argument, and those that may."""
        sure += self._any
        if self._over:
            sure += self._exceeded([amount for text in texts(argument) for amount in amounts(text)])
        if not self._values.is_empty:
            self._values.sift(texts(argument), possible)
        if not self._paths.is_empty:
            self._paths.sift(paths(argument), possible)

    def _exceeded(self, said: Sequence[float]) -> list[_Placed]:
        if any(amount != amount for amount in said):
            return self._over
        return self._over[: bisect_left(self._limits, max(said))] if said else []


class _Sieve:
    """Rules by a literal part of their glob: what a text ends with, else begins with, else holds."""

    def __init__(self) -> None:
        self.is_empty = True
        self._tails: dict[int, dict[str, list[_Placed]]] = {}
        self._heads: dict[int, dict[str, list[_Placed]]] = {}
        self._inside: dict[str, list[_Placed]] = {}

    def add(self, glob: str, placed: _Placed) -> None:
        self.is_empty = False
        made = pattern(glob)
        if made.tail:
            self._tails.setdefault(len(made.tail), {}).setdefault(made.tail, []).append(placed)
        elif made.head:
            self._heads.setdefault(len(made.head), {}).setdefault(made.head, []).append(placed)
        else:
            self._inside.setdefault(made.inside, []).append(placed)

    def sift(self, said: Iterable[str], found: list[_Placed]) -> None:
        """Adds the rules that some of these texts may be meant by."""
        for seen in map(looks, said):
            for length, placed in self._tails.items():
                found += placed.get(seen[-length:], ())
            for length, placed in self._heads.items():
                found += placed.get(seen[:length], ())
            for held in [part for part in self._inside if part in seen]:
                found += self._inside[held]


_books: dict[tuple[int, int, int], Rulebook] = {}
"""By the number of the rules, and by which are the first and the last; the book itself knows the others."""


def _keep(kept: dict[_Key, _Kept], key: _Key, value: _Kept) -> _Kept:
    """Remembers a value, and forgets all the others when they have become many."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value
