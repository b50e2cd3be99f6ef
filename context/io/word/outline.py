"""Which clause stands under which in a Word file, by heading, list level and typed number."""

from dataclasses import dataclass, field

from ...numbering import Number, is_subclause
from ...outline import Outline
from .numbering import Numbered


@dataclass(frozen=True)
class _Open:
    """A heading or numbered paragraph that others may stand under. `level` is a heading's, None for the rest."""

    label: str
    level: int | None
    numbered: Numbered | None


@dataclass
class WordOutline:
    """The headings and clauses open at one point of the document. Feed it paragraphs in reading order."""

    _open: list[_Open] = field(default_factory=list[_Open])
    _typed: Outline = field(default_factory=Outline)

    @property
    def path(self) -> tuple[str, ...]:
        """Labels of all that is open, outermost first: the path of a plain paragraph that stands here."""
        return tuple(entry.label for entry in self._open) + self._typed.path

    def heading(self, label: str, level: int, numbered: Numbered | None) -> tuple[str, ...]:
        """Opens a heading, which closes all lists and the headings not above it; returns its path."""
        above = 0
        while above < len(self._open) and (outer := self._open[above].level) is not None and outer < level:
            above += 1
        return self._put(above, _Open(label, level, numbered))

    def item(self, numbered: Numbered) -> tuple[str, ...]:
        """Opens a paragraph that Word numbers; returns its path."""
        return self._put(self._depth(numbered), _Open(numbered.label, None, numbered))

    def typed(self, number: Number) -> tuple[str, ...]:
        """Opens a paragraph whose number was typed; returns its path."""
        outer = tuple(entry.label for entry in self._open)
        return outer + self._typed.add(number)

    def continues(self, number: Number) -> bool:
        """Whether a typed number carries on or begins a list here."""
        return self._typed.continues(number)

    def _put(self, depth: int, entry: _Open) -> tuple[str, ...]:
        self._open[depth:] = [entry]
        self._typed = Outline()
        return tuple(outer.label for outer in self._open[:depth])

    def _depth(self, numbered: Numbered) -> int:
        for depth in range(len(self._open) - 1, -1, -1):
            outer = self._open[depth].numbered
            if outer is not None and outer.list_id == numbered.list_id and outer.ilvl <= numbered.ilvl:
                return depth if outer.ilvl == numbered.ilvl else depth + 1
        # A list of its own: "(a)" stands under whatever is open, "1" only under the headings.
        if is_subclause(numbered.label):
            return len(self._open)
        return sum(entry.level is not None for entry in self._open)
