"""What a grant covers: never more than what its givers had before their eyes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from rheostat.autonomy import Action, Argument, Bound, Grant, GrantScope, Risk, Taint

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def action(value: JsonValue = "ann@firm.example", *, path: str = "", cost_usd: float = 0, run: str = "r1") -> Action:
    to = Argument(name="to", value=value, control=True, untrusted=False, path=path)
    body = Argument(name="body", value="Hello", control=False, untrusted=False)
    return Action(tool="send", arguments=(to, body), risk=Risk.OUTWARD, node="n", run=run, cost_usd=cost_usd)


def granted(scope: GrantScope, accepted: Action) -> Grant:
    return scope.grant(
        accepted,
        taint=Taint.CLEAN,
        rules=("press",),
        id="g",
        by=("ann",),
        app="mail",
        given_at=NOON,
        expires_at=NOON + DAY,
    )


def covers(given: Grant, proposed: Action, *, now: datetime | None = NOON, taint: Taint = Taint.CLEAN) -> bool:
    return given.covers(proposed, taint, app="mail", now=now)


def test_this_exact_call_is_that_and_no_other() -> None:
    given = granted(GrantScope.exactly(action()), action())
    assert covers(given, action())
    for other in ("Ann@firm.example", "ann@firm.example ", "аnn@firm.example", "ann@ﬁrm.example"):
        assert not covers(given, action(other))
    assert not covers(given, action(["ann@firm.example"]))
    assert not covers(given, action(run="r2"))
    assert not covers(given, action(cost_usd=0.01))
    assert not covers(given, action(), taint=Taint.TAINTED)


@pytest.mark.parametrize(("accepted", "other"), [(1, 1.0), (1, True), (0, False), (1, "1"), (None, "null"), ({}, [])])
def test_values_that_python_takes_for_equal_are_not_the_same(accepted: JsonValue, other: JsonValue) -> None:
    given = granted(GrantScope.exactly(action(accepted)), action(accepted))
    assert covers(given, action(accepted))
    assert not covers(given, action(other))


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/srv/drafts", True),
        ("/srv/drafts/a/b.docx", True),
        ("/srv/drafts2/a", False),
        ("/srv", False),
        ("/SRV/drafts/a", False),
        ("", False),
    ],
)
def test_a_folder_until_friday(path: str, inside: bool) -> None:
    scope = GrantScope(bounds=(Bound(argument="to", folder="/srv/drafts"),), every_run=True, until=NOON + 3 * DAY)
    given = granted(scope, action("a", path="/srv/drafts/a"))
    assert covers(given, action("x", path=path, run="r2")) is inside
    assert not covers(given, action("x", path="/srv/drafts/a"), now=NOON + 3 * DAY)


@pytest.mark.parametrize("path", ["srv", "/srv/../etc", "/srv//a", "//srv", "/srv/", "/srv/.", "/a\0b"])
def test_a_path_that_is_not_settled_is_none(path: str) -> None:
    with pytest.raises(ValidationError, match="Resolve it first"):
        action(path=path)
    with pytest.raises(ValidationError, match="Resolve it first"):
        Bound(argument="to", folder=path)


@pytest.mark.parametrize(
    ("value", "within"),
    [(0, True), (100, True), (99.9, True), (100.1, False), (-1, False), (True, False), ("5", False), (10**400, False)],
)
def test_an_amount_up_to_a_limit(value: JsonValue, within: bool) -> None:
    given = granted(GrantScope(bounds=(Bound(argument="to", at_most=100),)), action(1))
    assert covers(given, action(value)) is within


def test_a_tool_that_changed_since_is_another() -> None:
    given = granted(GrantScope(), action())
    first, second = action().arguments
    assert covers(given, action())
    loose = first.model_copy(update={"control": False})
    assert not covers(given, action().model_copy(update={"arguments": (loose, second)}))
    more = second.model_copy(update={"control": True})
    assert not covers(given, action().model_copy(update={"arguments": (first, more)}))
    assert not covers(given, action().model_copy(update={"risk": Risk.IRREVERSIBLE}))
    assert not covers(given, action().model_copy(update={"declared": False}))


def test_a_grant_holds_from_when_it_is_given_until_just_before_its_end() -> None:
    given = granted(GrantScope(), action())
    assert covers(given, action(), now=NOON)
    assert covers(given, action(), now=NOON + DAY - timedelta(microseconds=1))
    assert not covers(given, action(), now=NOON + DAY)
    assert not covers(given, action(), now=NOON - timedelta(microseconds=1)), "a clock set back gives nothing"
    assert not covers(given, action(), now=NOON.replace(tzinfo=None))
    assert not covers(given, action(), now=None)


def test_a_grant_never_leaks_to_another_app_or_run() -> None:
    given = granted(GrantScope(), action())
    assert not given.covers(action(), Taint.CLEAN, app="Mail", now=NOON)
    assert not given.covers(action(), Taint.CLEAN, app="", now=NOON)
    assert not covers(given, action(run="r2"))


@pytest.mark.parametrize(
    "broken",
    [
        {"taint": Taint.STEERED},
        {"expires_at": NOON},
        {"given_at": NOON.replace(tzinfo=None)},
        {"by": ()},
        {"tool": ""},
        {"app": ""},
        {"cost_usd": float("inf")},
        {"cost_usd": -1},
        {"forever": True},
    ],
)
def test_a_grant_that_would_loosen_more_than_it_may_is_refused(broken: dict[str, object]) -> None:
    terms = granted(GrantScope(), action()).model_dump()
    Grant.model_validate(terms)
    with pytest.raises(ValidationError):
        Grant.model_validate(terms | broken)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"folder": "/a", "at_most": 1},
        {"equals": 1, "folder": "/a"},
        {"at_most": float("nan")},
        {"at_most": float("inf")},
    ],
)
def test_a_bound_says_one_thing(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Bound.model_validate({"argument": "to"} | broken)


def test_a_scope_that_leaves_out_what_was_accepted_is_refused() -> None:
    with pytest.raises(ValueError, match="not within the bound"):
        granted(GrantScope(bounds=(Bound(argument="to", equals="bo@firm.example"),)), action())
    with pytest.raises(ValueError, match="not within the bound"):
        granted(GrantScope(bounds=(Bound(argument="cc", equals="x"),)), action())


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)


@given(values | st.lists(values, max_size=3), values)
def test_a_grant_is_the_same_after_the_log(value: JsonValue, other: JsonValue) -> None:
    given = granted(GrantScope.exactly(action(value)), action(value))
    kept = Grant.model_validate_json(given.model_dump_json())
    assert kept == given
    assert covers(kept, action(value))
    assert covers(kept, action(other)) == covers(given, action(other))
