"""What certainly can't fit is told from the annotations, and nothing else is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Protocol, TypedDict, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field

from rheostat.dag.types import item, misfit, part, spelled

T = TypeVar("T")
Euro = NewType("Euro", float)


class Reply(BaseModel):
    text: str
    to: "Address | None" = None

    @property
    def words(self) -> int:
        return len(self.text.split())


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Short(Reply):
    pass


@dataclass
class Address:
    city: str


class Colour(StrEnum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: str


class Row(TypedDict):
    id: int


class Readable(Protocol):
    def read(self) -> str: ...


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (str, str),
        (Short, Reply),
        (Reply, Short),
        (bool, float),
        (int, complex),
        (Colour, str),
        (str, Colour),
        (Reply | None, Reply),
        (Reply, Reply | None),
        (str, Any),
        (Any, str),
        (str, object),
        (T, str),
        (Reply, Readable),
        (list[int], Sequence[float]),
        (list[Short], list[Reply]),
        (list[Any], list[Reply]),
        (list, list[Reply]),
        (tuple[int, str], tuple[int, ...]),
        (dict[str, int], Mapping[str, float]),
        (Row, Mapping[str, Any]),
        (Row, dict[str, int]),
        (Annotated[str, Field(max_length=3)], str),
        (Euro, float),
        (Literal["a", "b"], str),
        (Literal["a", "b"], Literal["b", "c"]),
        (str, Literal["a"]),
        (None, str | None),
        (type[Reply], Reply),
        ("Reply", int),
    ],
    ids=str,
)
def test_what_may_fit_is_let_through(given: Any, wanted: Any) -> None:
    assert misfit(given, wanted) == ""


@pytest.mark.parametrize(
    ("given", "wanted", "why"),
    [
        (Reply, str, "Reply is no str"),
        (str, int, "str is no int"),
        (float, int, "float is no int"),
        (None, str, "None is no str"),
        (Reply | None, str | int, "Reply | None is no str | int"),
        (list[Reply], list[str], "list[Reply] is no list[str]"),
        (list[Reply], Reply, "list[Reply] is no Reply"),
        (Reply, list[Reply], "Reply is no list[Reply]"),
        (tuple[int, ...], list[int], "tuple[int, ...] is no list[int]"),
        (tuple[int, str], tuple[int, int], "tuple[int, str] is no tuple[int, int]"),
        (tuple[int, int], tuple[int], "tuple[int, int] is no tuple[int]"),
        (dict[str, Reply], Mapping[str, str], "dict[str, Reply] is no Mapping[str, str]"),
        (Literal["a"], Literal["b"], "'a' is no 'b'"),
        (Literal["a"], int, "'a' is no int"),
        (int, Literal["a"], "int is no 'a'"),
        (list[list[int]], list[list[str]], "list[list[int]] is no list[list[str]]"),
    ],
)
def test_what_can_not_fit_is_named(given: Any, wanted: Any, why: str) -> None:
    assert misfit(given, wanted) == why


@pytest.mark.parametrize(
    ("of", "step", "hint"),
    [
        (Reply, "text", str),
        (Reply, "words", int),
        (Reply | None, "text", str),
        (Address, "city", str),
        (Pair, "right", str),
        (Pair, 0, Any),
        (Row, "id", int),
        (dict[str, Reply], "any", Reply),
        (list[Reply], 3, Reply),
        (tuple[int, str], 1, str),
        (str, 0, str),
        (Open, "whatever", Any),
        (object, "whatever", Any),
        (Any, "whatever", Any),
        (Readable, "whatever", Any),
    ],
    ids=str,
)
def test_parts_have_the_types_that_their_owner_says(of: Any, step: str | int, hint: Any) -> None:
    assert part(of, step) == (hint, "")


def test_a_part_that_can_not_be_there_is_named() -> None:
    assert part(Reply, "txt")[1] == "Reply has no 'txt'"
    assert part(Address | None, "town")[1] == "Address has no 'town'"
    assert part(Row, "name")[1] == "Row has no 'name'"


def test_items_and_spelling() -> None:
    assert item(Sequence[Reply]) is Reply
    assert item(dict[str, int]) is str
    assert item(tuple[int, int]) is int
    assert item(Reply) is Any
    assert spelled(dict[str, list[Reply | None]]) == "dict[str, list[Reply | None]]"
    assert spelled(Annotated[Literal["a", 1], "note"]) == "'a' | 1"
