"""Data into a page: what others wrote is escaped, and its hidden characters are written out."""

from pathlib import Path
from typing import Any, cast

from ...report import render
from ..terminal.words import harmless

Facts = dict[str, Any]


def written(template: str, facts: Facts) -> str:
    """A page. Whatever the facts hold, it shows and does nothing."""
    return render(Path(__file__).with_name(template), cast(Facts, _harmless(facts)))


def _harmless(value: object) -> object:
    """The same data with all text written out in visible characters."""
    match value:
        case str():
            return harmless(value)
        case dict():
            return {key: _harmless(each) for key, each in cast(Facts, value).items()}
        case list():
            return [_harmless(each) for each in cast("list[object]", value)]
        case _:
            return value
