"""Where a value comes from that a model chose after it had read text from outside.

A model's word proves nothing. What vouches for a value is that it stands, as a whole, in the user's words or in trusted
data; or that it is a field of its own in a record that the user's words pick out. What stands only inside a text from
outside, or nowhere, was chosen by nobody who may choose.

Compare CaMeL (arXiv 2503.18813) and FIDES (arXiv 2505.23643), which follow labels through a program. Between a model's
turns there is no program to follow, so values are traced by what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import JsonValue

from .words import folded, links, names_in, number_stands_in, spelled_in, stands_in, tokens

LONGEST_FIELD_CHARS = 120
"""A field longer than this is a text, and a text from outside picks nothing out and is picked out by nothing."""

_LEAST_NAME_CHARS = 3
_LEAST_SHARE = 0.5


BY_THE_USER = "the user"
PICKED_OUT = "the user's words pick it out"
LEFT_TO_CHOOSE = "the user left the choice"
"""The weakest of all that vouch: any of those that exist will do, but there must be a choice of them."""


@dataclass(frozen=True)
class Witness:
    """What was there to be read before a model chose.

    Args:
        value: as it was given: a text, or a record as JSON.
        trust: "user" for the words of the one whom the run works for, and the builder's own; "trusted" for data that no
            outsider writes; "untrusted" for all else.
        by: its name, for the person who is asked.
        asked_with: the arguments that it was asked with.
    """

    value: JsonValue
    trust: Literal["user", "trusted", "untrusted"]
    by: str
    asked_with: JsonValue = None


def vouched_by(
    value: JsonValue, witnesses: Sequence[Witness], *, name: str = "", about: str = "", reading: bool = False
) -> str:
    """Who vouches for a value that a model chose; "" for nobody.

    Args:
        value: an argument's. Of a list or an object, all that it holds must be vouched for.
        witnesses: all that the model had read.
        name: of the argument; the user may have left the choice of one to the model ("find a channel with ...").
        about: the tool's name, which says what a `number` or an `id` is one of.
        reading: nothing is changed by it; at worst a link carries something out.
    """
    what = f"{name} {about}" if _PLAIN_NAMES & {*_parts(name)} else name
    asked = asked_in(witnesses)
    vouching = dict[str, None]()
    for leaf in leaves(value):
        by = _vouched(leaf, asked, witnesses, what, reading)
        if not by:
            return ""
        vouching[by] = None
    return ", ".join(vouching)


def asked_in(witnesses: Sequence[Witness]) -> str:
    """The words of the one whom the run works for, and the builder's own."""
    own = (witness.value for witness in witnesses if witness.trust == "user")
    return "\n".join(str(leaf) for value in own for leaf in leaves(value))


def unvouched_links(value: JsonValue, witnesses: Sequence[Witness]) -> tuple[str, ...]:
    """What in a content leads somewhere, mail addresses, web addresses, account numbers, and nobody vouches for.

    A text that others see says where they are to go or to pay. That is a "where", whichever argument holds it.
    """
    found = [link for leaf in leaves(value) if isinstance(leaf, str) for link in links(leaf)]
    return tuple(link for link in dict.fromkeys(found) if not vouched_by(link, witnesses))


def leaves(value: JsonValue) -> Iterator[JsonValue]:
    """What a value holds, at any depth; of objects the values."""
    match value:
        case dict():
            for inner in value.values():
                yield from leaves(inner)
        case list():
            for inner in value:
                yield from leaves(inner)
        case _:
            yield value


def _vouched(leaf: JsonValue, asked: str, witnesses: Sequence[Witness], what: str, reading: bool) -> str:
    if leaf is None or leaf is False or leaf == "":
        return "nothing is chosen"
    if _said(leaf, asked):
        return BY_THE_USER
    for witness in witnesses:
        if witness.trust == "trusted" and _held(leaf, witness.value):
            return witness.by
    for witness in witnesses:
        if witness.trust == "untrusted" and len(str(leaf)) <= LONGEST_FIELD_CHARS:
            if _picked_out(leaf, witness.value, asked) or _pointed_to(leaf, witness, asked):
                return PICKED_OUT
            if reading and _linked_to(leaf, witness.value, asked):
                return "the user's words pick out where it stands"
            if left_to_choose(what, asked) and any(_own_fields(leaf, witness.value)):
                return LEFT_TO_CHOOSE
    return ""


def _said(leaf: JsonValue, words: str) -> bool:
    if isinstance(leaf, bool):
        return False
    if isinstance(leaf, int | float):
        return number_stands_in(leaf, words)
    text = str(leaf)
    if text.isdecimal() and len(text) < 5:
        return number_stands_in(float(text), words)
    return stands_in(text, words) or spelled_in(text, words)


def _held(leaf: JsonValue, value: JsonValue) -> bool:
    """Whether trusted data holds a value: as a field of its own, or as a whole in a text."""
    return any(_same(leaf, held) or (isinstance(held, str) and _said(leaf, held)) for held in leaves(value))


def _same(one: JsonValue, other: JsonValue) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    # Most pairs differ at once; folding both first would take most of the time.
    if isinstance(one, str) and isinstance(other, str) and one.isascii() and other.isascii() and len(one) != len(other):
        return one.casefold().split() == other.casefold().split() if " " in one or " " in other else False
    return folded(str(one)) == folded(str(other))


def _picked_out(leaf: JsonValue, value: JsonValue, asked: str) -> bool:
    """Whether a value is a field of its own in what came from outside, and the user's words pick that field out.

    Who writes a text into a record can't make a field of it.
    """
    fields = list(_own_fields(leaf, value))
    return bool(fields) and (_shares_a_name(leaf, asked) or any(_is_the_one(field, value, asked) for field in fields))


def _own_fields(leaf: JsonValue, value: JsonValue) -> Iterator[_Field]:
    return (field for field in _fields(value) if not _is_text(field.value) and _same(leaf, field.value))


def _linked_to(leaf: JsonValue, value: JsonValue, asked: str) -> bool:
    """Whether a link stands in a text of a record that the user's words pick out: "the article that Bob posted".

    To follow it, as it stands, carries nothing out that its author did not know. The words must speak of a page.
    """
    if not isinstance(leaf, str) or leaf not in links(leaf) or _PAGES.isdisjoint(tokens(asked)):
        return False
    texts = (field for field in _fields(value) if isinstance(field.value, str) and stands_in(leaf, field.value))
    return any(_fit(field, asked) for field in texts)


def _pointed_to(leaf: JsonValue, witness: Witness, asked: str) -> bool:
    """Whether the user named the place to look, and the value there bears a name of theirs.

    "You find Dora's address on www.dora.example" vouches for dora@mail.example on that page, and for no other.
    """
    places = (key for key in leaves(witness.asked_with) if isinstance(key, str) and _PLACE.fullmatch(key))
    named = any(stands_in(place, asked) for place in places)
    held = any(isinstance(text, str) and stands_in(str(leaf), text) for text in leaves(witness.value))
    return named and held and _shares_a_name(leaf, asked)


_PLACE = re.compile(r"\S+[./]\S+")
"""An address, a path or a file's name, and not just what is searched for."""


_Around = tuple[tuple[dict[str, JsonValue], str], ...]


_PAGES = frozenset(
    "link links url urls page pages webpage webpages website websites site sites article articles blog".split()
)


class _Field(NamedTuple):
    """A field, the name of its place, and the records around it, each with the key under which it lies."""

    place: str
    value: JsonValue
    around: _Around

    def beside(self) -> Iterator[str]:
        """The other fields of its record that are no texts."""
        for record, key in self.around:
            for name, other in record.items():
                if name != key:
                    yield from (leaf for leaf in leaves(other) if isinstance(leaf, str) and not _is_text(leaf))


def _fields(value: JsonValue, place: str = "", around: _Around = ()) -> Iterator[_Field]:
    """All fields of a value. Keys are fields, too: some tools give a dictionary by name."""
    match value:
        case dict():
            for key, inner in value.items():
                yield _Field(f"{place}.", key, around)
                yield from _fields(inner, f"{place}.{key}", (*around, (value, key)))
        case list():
            for inner in value:
                yield from _fields(inner, f"{place}[]", around)
        case _:
            yield _Field(place, value, around)


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value) > LONGEST_FIELD_CHARS


def _is_the_one(field: _Field, value: JsonValue, asked: str) -> bool:
    """Whether the user's words pick out the field's record. Where several fit as well, they must hold the same."""
    fit = _fit(field, asked)
    if not fit:
        return False
    if field.place.endswith("[]") or _SEVERAL & set(tokens(asked)):
        return True
    rivals = [rival for rival in _fields(value) if rival.place == field.place and _fit(rival, asked) >= fit]
    return all(_same(rival.value, field.value) for rival in rivals)


def _fit(field: _Field, asked: str) -> float:
    """How well the user's words name a record: the largest share of one of its fields in them; 0 below half."""
    named = (text for text in field.beside() if _is_name(text) or _shares_a_name(text, asked))
    share = max((_share_said(text, asked) for text in named), default=0.0)
    return share if share >= _LEAST_SHARE else 0.0


def _share_said(text: str, asked: str) -> float:
    """The share of a text's words that stand in other words, next to each other and in the same order."""
    if stands_in(text, asked):
        return 1.0
    words, said = tokens(text), f" {' '.join(tokens(asked))} "
    for length in range(len(words), 0, -1):
        for at in range(len(words) - length + 1):
            run = words[at : at + length]
            if any(_is_name(word) for word in run) and f" {' '.join(run)} " in said:
                return length / len(words)
    return 0.0


def _is_name(text: str) -> bool:
    """Whether a field is a name, rather than a number or a short word that may stand anywhere by chance."""
    return len(text) > _LEAST_NAME_CHARS and not text.isdecimal()


def _shares_a_name(leaf: JsonValue, asked: str) -> bool:
    """Whether the user's words hold a name that is a part of a value: `Mark` in `mark.davies@hotmail.com`."""
    names = names_in(asked)
    return isinstance(leaf, str) and any(len(token) >= _LEAST_NAME_CHARS and token in names for token in tokens(leaf))


_PLAIN_NAMES = frozenset("id number no key name code ref".split())
"""Names of arguments that do not say what they are of."""

_CHOOSING = frozenset(
    "find choose pick recommend suggest select which whatever whichever whoever any each every everything everybody "
    "all both most least best worst top first last next starting".split()
)

_SEVERAL = frozenset("all each every everything everybody everyone both".split())


def left_to_choose(what: str, asked: str) -> bool:
    """Whether the user left it to the model to choose what an argument is: "find a channel with the most users".

    True if a name of it, or a word for that, stands within a few words of one that says that there is a choice.
    """
    wanted = {form for part in _parts(what) if part not in _PLAIN_NAMES for form in _KINDS.get(part, (part,))}
    said = tokens(asked)
    choices = (at for at, word in enumerate(said) if word in _CHOOSING or _is_superlative(word))
    return any(near.removesuffix("s") in wanted for at in choices for near in said[max(0, at - 4) : at + 5])


def _is_superlative(word: str) -> bool:
    return word.endswith("est") and len(word) > 4 and word not in _ENDING_LIKE_IT


_ENDING_LIKE_IT = frozenset("request interest guest suggest invest digest harvest honest protest contest".split())


def _parts(name: str) -> list[str]:
    return tokens(name.replace("_", " "))


_KINDS: Mapping[str, tuple[str, ...]] = {
    "recipient": ("recipient", "user", "person", "people", "member", "colleague"),
    "recipients": ("recipient", "user", "person", "people", "member", "colleague"),
    "user": ("user", "person", "people", "member", "colleague"),
    "to": ("recipient", "user", "person", "people", "member", "colleague"),
    "participants": ("participant", "person", "people", "member", "colleague"),
}
