"""Many rules at once: finds those that speak about an action without asking each of them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from .action import Action
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
    if book is None or book.rules != rules:
        book = _keep(_books, key, Rulebook(rules))
    return book.speaking(action, by=by, now=now)


class Rulebook:
    """Rules, sorted by what they could speak about. It only leaves out what can't match; each rule has the last word.

    Args:
        rules: in any order.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        named = len({rule.name for rule in rules}) == len(rules)
        # A tool's own rule may have the name of a policy's.
        self._in_order = sorted(rules, key=lambda rule: rule.name if named else f"{rule.name} {rule.model_dump_json()}")
        self._chapters: dict[tuple[str, str], _Chapter] = {}

    def speaking(self, action: Action, *, by: str, now: datetime | None) -> list[Rule]:
        """The rules that match an action, by name."""
        chapter = self._chapters.get((action.tool, by))
        if chapter is None:
            about = [(place, rule) for place, rule in enumerate(self._in_order) if rule.concerns(action.tool, by)]
            chapter = _keep(self._chapters, (action.tool, by), _Chapter(about))
        return [rule for _, rule in sorted(chapter.at(now) + chapter.fitting(action, now), key=_place)]


_Placed = tuple[int, Rule]
"""A rule and its place in the book."""


def _place(placed: _Placed) -> int:
    return placed[0]


class _Chapter:
    """The rules about one tool, used on behalf of one person."""

    def __init__(self, rules: Sequence[_Placed]) -> None:
        self._by_hours: dict[Hours | None, list[_Placed]] = {}
        for placed in rules:
            if not placed[1].needs_argument:
                self._by_hours.setdefault(placed[1].hours, []).append(placed)
        self._of_arguments: list[_Placed] = []
        self._pages: dict[str, _Page] = {}
        self._anywhere = _Sieve()
        for placed in rules:
            rule = placed[1]
            if rule.needs_argument and _has_open_ends(rule.value):
                self._anywhere.add(rule.value, placed)
            elif rule.needs_argument:
                self._of_arguments.append(placed)

    def at(self, now: datetime | None) -> list[_Placed]:
        """Those that look at no argument and speak at this time."""
        at_once = (placed for placed in self._by_hours.values() if placed[0][1].speaks_at(now))
        return list(chain.from_iterable(at_once))

    def fitting(self, action: Action, now: datetime | None) -> list[_Placed]:
        """Those that are about these arguments and speak at this time."""
        found: dict[int, Rule] = {}
        certain: dict[int, Rule] = {}
        if not self._anywhere.is_empty:
            # One search through all of them is less than one through each.
            found.update(self._anywhere.candidates(["\n".join(chain.from_iterable(map(texts, action.arguments)))]))
        for argument in action.arguments if self._of_arguments else ():
            page = self._page(argument.name)
            if not page.is_empty:
                said = texts(argument)
                certain.update(page.certain(said))
                found.update(page.candidates(said, paths(argument)))
        fitting = certain | {place: rule for place, rule in found.items() if place not in certain and rule.fits(action)}
        return [placed for placed in fitting.items() if placed[1].speaks_at(now)]

    def _page(self, name: str) -> "_Page":
        page = self._pages.get(name)
        if page is None:
            about = [placed for placed in self._of_arguments if like(name, placed[1].argument)]
            page = _keep(self._pages, name, _Page(about))
        return page


def _has_open_ends(glob: str) -> bool:
    made = pattern(glob)
    return glob != "*" and not made.head and not made.tail


class _Page:
    """The rules about one argument of a tool, each under the one thing by which it is found soonest."""

    def __init__(self, rules: Sequence[_Placed]) -> None:
        self.is_empty = not rules
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

    def candidates(self, said: Sequence[str], led_to: Sequence[str]) -> list[_Placed]:
        """Those that the texts in an argument, and the paths that it leads to, let through."""
        return [*self._values.candidates(said), *self._paths.candidates(led_to)]

    def certain(self, said: Sequence[str]) -> list[_Placed]:
        """Those that fit for sure: without a value or a path of their own, and with no limit or one that it exceeds."""
        return [*self._any, *self._exceeded(said)]

    def _exceeded(self, said: Sequence[str]) -> list[_Placed]:
        if not self._over:
            return []
        found = [amount for text in said for amount in amounts(text)]
        if any(amount != amount for amount in found):
            return self._over
        return self._over[: bisect_left(self._limits, max(found))] if found else []


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

    def candidates(self, said: Iterable[str]) -> list[_Placed]:
        if self.is_empty:
            return []
        found: list[_Placed] = []
        for seen in map(looks, said):
            for length, placed in self._tails.items():
                found += placed.get(seen[-length:], ())
            for length, placed in self._heads.items():
                found += placed.get(seen[:length], ())
            for held in [part for part in self._inside if part in seen]:
                found += self._inside[held]
        return found


_books: dict[tuple[int, int, int], Rulebook] = {}
"""By the number of the rules, and by which are the first and the last; the book itself knows the others."""


def _keep(kept: dict[_Key, _Kept], key: _Key, value: _Kept) -> _Kept:
    """Remembers a value, and forgets all the others when they have become many."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value
