"""Tracked changes: `w:ins` and `w:del` around runs (ECMA-376 part 1, 17.13.5) and in the mark that ends a paragraph."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rheostat.context.io.word import Element, Package, clone, new, w

from ..errors import Refused

P, R = w("p"), w("r")
_IDS = re.compile(rb':id="(\d{1,9})"')
_AS_DELETED = {w("t"): w("delText"), w("instrText"): w("delInstrText")}
_KEPT_BY_SECOND_PART = (w("sectPr"), w("pPrChange"))
_MARK_CHANGES = tuple(w(name) for name in ("ins", "del", "moveFrom", "moveTo", "rPrChange"))


@dataclass
class Marks:
    """Makes marks with one author and date and with ids that the file does not use yet; `made` are those given out."""

    author: str
    date: str
    next_id: int
    made: set[str] = field(default_factory=set[str])

    @classmethod
    def for_package(cls, package: Package, author: str, at: datetime) -> "Marks":
        """Marks for one file.

        Raises:
            Refused: `at` has no time zone.
        """
        if at.tzinfo is None:
            raise Refused("The time of the changes has no time zone; give one, such as datetime.now(UTC).")
        used = (
            int(found) for name, part in package.parts.items() if name.endswith(".xml") for found in _IDS.findall(part)
        )
        date = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(author, date, max(used, default=0) + 1)

    def attributes(self) -> dict[str, str]:
        """A fresh id with author and date."""
        number = str(self.next_id)
        self.next_id += 1
        self.made.add(number)
        return {w("id"): number, w("author"): self.author, w("date"): self.date}

    def delete(self, runs: Iterable[Element]) -> list[Element]:
        """Strikes runs out; those that follow each other share one mark."""
        struck: list[Element] = []
        for run in runs:
            if not struck or struck[-1].getnext() is not run:
                struck.append(new(w("del"), self.attributes()))
                run.addprevious(struck[-1])
            struck[-1].append(run)
            for node in run.iter(*_AS_DELETED):
                node.tag = _AS_DELETED[node.tag]
        return struck

    def insert(self, runs: Iterable[Element]) -> Element:
        """Runs marked as inserted, to be put in their place."""
        return new(w("ins"), self.attributes(), *runs)

    def split(self, first: Element, following: Element | None) -> Element:
        """Ends a paragraph before one of its children; returns the new paragraph, which holds that and what follows.

        As in Word, the first part's end is what is marked: rejecting it joins the two under the properties of the
        second, which are the old ones (17.13.5.20).
        """
        second = new(P)
        properties = first.find(w("pPr"))
        if properties is not None:
            first.insert(0, _properties_of_first_part(properties))
            second.append(properties)
        if following is not None:
            second.extend([following, *following.itersiblings()])
        first.addnext(second)
        self._mark_end(first, "ins")
        return second

    def delete_end(self, paragraph: Element) -> None:
        """Marks a paragraph's end as deleted, so that nothing of it is left once that is accepted (17.13.5.15)."""
        self._mark_end(paragraph, "del")

    def _mark_end(self, paragraph: Element, change: str) -> None:
        properties = paragraph.find(w("pPr"))
        if properties is None:
            properties = new(w("pPr"))
            paragraph.insert(0, properties)
        mark = properties.find(w("rPr"))
        if mark is None:
            mark = new(w("rPr"))
            # These come last (17.3.1.26).
            after = [child for child in properties if child.tag in _KEPT_BY_SECOND_PART]
            properties.insert(properties.index(after[0]) if after else len(properties), mark)
        if mark.find(w(change)) is None:  # else another has marked it already
            mark.insert(sum(child.tag == w("ins") for child in mark), new(w(change), self.attributes()))


def _properties_of_first_part(properties: Element) -> Element:
    """A copy without a section's end, which stays with the second part, and without others' tracked changes."""
    copy = clone(properties)
    _remove(copy, _KEPT_BY_SECOND_PART)
    mark = copy.find(w("rPr"))
    if mark is not None:
        _remove(mark, _MARK_CHANGES)
    return copy


def _remove(parent: Element, tags: Iterable[str]) -> None:
    for tag in tags:
        for child in parent.findall(tag):
            parent.remove(child)
