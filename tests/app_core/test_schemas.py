"""Bounds in answer schemas."""

from enum import Enum
from typing import Annotated, Any, Literal

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from rheostat.app_core.schemas import tighten, unbounded


class Kind(Enum):
    GOOD = "good"
    BAD = "bad"


class Inner(BaseModel):
    kind: Kind
    note: str | None = None
    share: float


class Loose(BaseModel):
    type: str
    properties: list[Inner]
    counts: dict[str, int]
    pair: tuple[int, str]
    either: Inner | Literal["none"]


class Bounded(BaseModel):
    kind: Kind
    why: str = Field(max_length=80)
    share: float = Field(ge=0, le=1)
    items: list[Literal["a", "b"]] = Field(max_length=3)


class Endless(BaseModel):
    inside: list["Endless"] = Field(max_length=2)


def test_every_unbounded_part_is_named_once_by_where_it_stands() -> None:
    problems = unbounded(Loose.model_json_schema())
    for place in (
        "the answer.type may be a text",
        "the answer.properties may be a list",
        "each item of the answer.properties.note may be a text",
        "each item of the answer.properties.share may be a number",
        "the answer.counts may hold any number of keys",
        "each value of the answer.counts may be a number",
        "the answer.pair may be a number",
        "the answer.pair may be a text",
        "the answer.either.note may be a text",
    ):
        assert len([problem for problem in problems if problem.startswith(place)]) == 1, (place, problems)


def test_bounds_that_are_there_satisfy_and_stay() -> None:
    schema = Bounded.model_json_schema()
    assert unbounded(schema) == ()
    assert tighten(schema)["properties"]["why"]["maxLength"] == 80


def test_a_type_that_holds_itself_has_no_bound() -> None:
    assert any("without end" in problem for problem in unbounded(Endless.model_json_schema()))


def test_tightening_bounds_everything_and_takes_only_what_it_must() -> None:
    tight = tighten(Loose.model_json_schema())
    assert unbounded(tight) == ()
    assert tight["additionalProperties"] is False
    assert tight["properties"].keys() == Loose.model_fields.keys()
    assert tight["properties"]["type"]["maxLength"] == 600


def test_a_lower_bound_above_the_default_is_kept_satisfiable() -> None:
    text = Annotated[str, Field(min_length=900)]
    numbers = Annotated[list[Annotated[int, Field(ge=5_000_000_000)]], Field(min_length=20)]
    assert tighten(TypeAdapter[Any](text).json_schema())["maxLength"] >= 900
    tight = tighten(TypeAdapter[Any](numbers).json_schema())
    assert tight["maxItems"] >= 20
    assert tight["items"]["maximum"] >= 5_000_000_000


plain = st.sampled_from([str, int, float, bool, Kind, Inner, Bounded])
types = st.recursive(
    plain,
    lambda inner: st.one_of(
        inner.map(lambda t: list[t]),
        inner.map(lambda t: dict[str, t]),
        st.tuples(inner, inner).map(lambda ts: ts[0] | ts[1]),
    ),
    max_leaves=5,
)


@given(types)
def test_whatever_pydantic_says_can_be_tightened_and_only_once(made: Any) -> None:
    tight = tighten(TypeAdapter(made).json_schema())
    assert unbounded(tight) == ()
    assert tighten(tight) == tight
