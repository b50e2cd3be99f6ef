"""Nesting clause numbers: which clause stands under which, told from the numbers alone."""

from dataclasses import dataclass, field

from .numbering import ATTACHMENT_STYLE, DIVISION_STYLES, Number, Reading

_RANKS = {ATTACHMENT_STYLE: 0} | dict.fromkeys(DIVISION_STYLES, 1)
_INNER = 2


@dataclass(frozen=True)
class _Open:
    """A clause that further clauses may stand under."""

    style: str
    values: tuple[int, ...]
    label: str

    @property
    def rank(self) -> int:
        return _RANKS.get(self.style, _INNER)


@dataclass
class Outline:
    """The clauses open at one point of a document, outermost first. Feed it numbers and titles in reading order."""

    _open: list[_Open] = field(default_factory=list[_Open])
    _last: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """The last number of each style that counts through the whole document."""

    @property
    def path(self) -> tuple[str, ...]:
        """Labels of the open clauses: the path of an unnumbered paragraph that stands here."""
        return tuple(entry.label for entry in self._open)

    def add(self, number: Number) -> tuple[str, ...]:
        """Opens the clause and returns its path: the labels above it."""
        style, values = self._reading(number)
        depth = self._depth(style, values)
        path = self.path[:depth]
        self._open[depth:] = [_Open(style, values, number.label)]
        if style == ATTACHMENT_STYLE:
            self._last.clear()
        self._last[style] = values
        return path

    def title(self, text: str) -> tuple[str, ...]:
        """Opens an unnumbered title; it closes clauses and earlier titles but not the article or exhibit around it."""
        outer = [entry for entry in self._open if entry.rank < _INNER]
        path = tuple(entry.label for entry in outer)
        self._open = [*outer, _Open("title", (), text)]
        return path

    def continues(self, number: Number) -> bool:
        """Whether the number carries on or begins a list here, unlike one that a sentence merely mentions."""
        style, values = self._reading(number)
        if style == "decimal":
            return self._is_next_decimal(values)
        if style in _RANKS:
            return values[0] == self._last.get(style, (0,))[0] + 1
        return values == (1,) or any(_follows(entry, (style, values)) for entry in self._open)

    def _is_next_decimal(self, values: tuple[int, ...]) -> bool:
        last = self._last.get("decimal", ())
        if not last:
            return values in ((1,), (1, 1))
        depth = len(values) - 1
        if len(values) > len(last):
            return values == (*last, 1)
        return values[:depth] == last[:depth] and values[depth] == last[depth] + 1

    def _reading(self, number: Number) -> Reading:
        """What the number means here: the next in an open list, else the first of a new one, else the likeliest."""
        for entry in reversed(self._open):
            for reading in number.readings:
                if _follows(entry, reading):
                    return reading
        first = (reading for reading in number.readings if reading[1] == (1,))
        known = {entry.style for entry in self._open}
        open_style = (reading for reading in number.readings if reading[0] in known)
        return next(first, None) or next(open_style, None) or number.readings[0]

    def _depth(self, style: str, values: tuple[int, ...]) -> int:
        if style in _RANKS:
            return self._inside(_RANKS[style])
        if style == "decimal":
            return self._decimal_depth(values)
        return next((depth for depth, entry in enumerate(self._open) if entry.style == style), len(self._open))

    def _decimal_depth(self, values: tuple[int, ...]) -> int:
        """Under the decimal it extends ("4" for "4.2"); else beside its like; else in the last title or article."""
        decimals = [(depth, entry.values) for depth, entry in enumerate(self._open) if entry.style == "decimal"]
        for depth, outer in reversed(decimals):
            if len(outer) < len(values) and outer == values[: len(outer)]:
                return depth + 1
        begins, innermost = values == (1,), self._open[-1].style if self._open else "title"
        in_clause = any(entry.style == "decimal" or entry.style in DIVISION_STYLES for entry in self._open[:-1])
        if begins and in_clause and innermost not in ("title", "decimal"):
            return len(self._open)
        like = [depth for depth, open_values in decimals if len(open_values) == len(values)]
        if like:
            return next(
                (depth for depth in reversed(like) if _follows(self._open[depth], ("decimal", values))), like[-1]
            )
        if begins and innermost == "decimal":
            return len(self._open)
        longer = [depth for depth, open_values in decimals if len(open_values) > len(values)]
        return longer[0] if longer else self._inside(_INNER)

    def _inside(self, rank: int) -> int:
        """The depth at which a clause of this rank opens: below every outer one, titles counted as outer to clauses."""
        for depth, entry in enumerate(self._open):
            if entry.rank >= rank and not (rank == _INNER and entry.style == "title"):
                return depth
        return len(self._open)


def _follows(entry: _Open, reading: Reading) -> bool:
    style, values = reading
    return entry.style == style and len(entry.values) == len(values) and entry.values[-1:] == (values[-1] - 1,)
