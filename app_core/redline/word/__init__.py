"""Redlines in a Word file: tracked changes and comments in the terms of ECMA-376, part 1, chapter 17."""

from .redline import redlined
from .resolve import resolve

__all__ = ["redlined", "resolve"]
