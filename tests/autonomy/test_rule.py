"""What a rule speaks about, and that it errs by speaking."""

from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from rheostat.autonomy import Action, Argument, Hours, Level, Risk, Rule, Ruling, verdict
from rheostat.autonomy.amount import amounts
from rheostat.autonomy.glob import exactly_like, like
from rheostat.autonomy.looks import looks


def action(value: JsonValue = "ann@firm.example", *, name: str = "to", path: str = "", tool: str = "send") -> Action:
    argument = Argument(name=name, value=value, control=True, untrusted=False, path=path)
    return Action(tool=tool, arguments=(argument,), risk=Risk.LOCAL, node="n", run="r")


def rule(**terms: object) -> Rule:
    return Rule.model_validate({"name": "house", "at_least": Ruling.ASK, "why": "The house says so."} | terms)


# Patterns


@pytest.mark.parametrize(
    "to",
    [
        "ann@press.example",
        "ANN@PRESS.EXAMPLE",
        "ann@ｐｒｅｓｓ．ｅｘａｍｐｌｅ",
        "ann@press。example",
        "ann@рrеѕѕ.example",  # Cyrillic р, е and ѕ
        "ann@pre\u200bss.example",
        "ann@pré\u0323ss.example",
        "ann@𝐩𝐫𝐞𝐬𝐬.example",
    ],
)
def test_a_rule_sees_through_letters_that_look_alike(to: str) -> None:
    press = rule(argument="to", value="*@press.example")
    assert press.matches(action(to))
    assert verdict(Level.ALONE, action(to), rules=[press]).rules == ("house",)
    assert press.matches(action([{"cc": to}]))
    assert not press.matches(action("ann@pass.example"))


@pytest.mark.parametrize("glob", ["*@рress.example", "*@PRESS.example", "*@pｒess.example"])
def test_a_rule_written_with_odd_letters_matches_the_plain_ones(glob: str) -> None:
    assert rule(value=glob).matches(action("ann@press.example"))


texts = st.text(st.sampled_from("aAbß.*?[]!-ａаİſﬁ\u0301\u200b\n"), max_size=8)
parts = st.sampled_from(["*", "?", "[a-b]", "[!a]", "[]]", "a", "A", "ß", "ﬁ", "а", "é", ".", "\n"])
globs = st.lists(parts, min_size=1, max_size=5).map("".join)


@given(texts, globs)
def test_whatever_a_glob_matches_as_it_stands_it_matches_with_look_alikes(text: str, glob: str) -> None:
    assert exactly_like(text, glob) == fnmatchcase(text, glob)
    assert like(text, glob) or not exactly_like(text, glob)


@given(st.text(), st.text())
def test_how_a_text_looks_is_how_its_letters_look(one: str, other: str) -> None:
    assert looks(one + other) == looks(one) + looks(other)
    assert looks(looks(one)) == looks(one)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_no_glob_takes_long(text: str) -> None:
    like(text * 200, "*a*" * 40)


@pytest.mark.parametrize(
    ("terms", "speaks"),
    [
        ({"argument": "to"}, True),
        ({"argument": "T?"}, True),
        ({"argument": "cc"}, False),
        ({"argument": "to", "value": "*@firm.example"}, True),
        ({"argument": "to", "value": "*@firm.example", "path": "/srv"}, False),
        ({"argument": "to", "value": "*@firm.example", "over": 1}, False),
        ({"argument": "to", "path": "/srv", "over": 1}, False),
        ({"value": "*firm*", "tool": "s*", "person": "ann"}, True),
        ({"value": "*firm*", "tool": "s*", "person": "bo"}, False),
        ({"value": "*firm*", "tool": "p*"}, False),
    ],
)
def test_a_rule_speaks_where_all_that_it_names_is_so(terms: dict[str, object], speaks: bool) -> None:
    assert rule(**terms).matches(action(), by="ann") is speaks
    assert bool(verdict(Level.ALONE, action(), rules=[rule(**terms)], by="ann").rules) is speaks


# How much


@pytest.mark.parametrize(
    ("value", "above"),
    [
        (1000, False),
        (1000.01, True),
        (10**400, True),
        (-5000, False),
        (True, False),
        (None, False),
        ("1000.5", True),
        ("1,200 EUR", True),
        ("EUR 1.200,00", True),
        ("$1 200.50", True),
        ("1'200", True),
        ("１２００", True),
        ("nan", True),
        ("Infinity", True),
        ("1e9", True),
        ("9e999 USD", True),
        ("a thousand and one", False),
        ("0.500 kg", False),
        ("12.50", False),
        ({"amount": ["7", {"of": 1001}]}, True),
        ([], False),
    ],
)
def test_a_rule_finds_an_amount_however_it_is_written(value: JsonValue, above: bool) -> None:
    limit = rule(argument="amount", over=1000)
    assert limit.matches(action(value, name="amount")) is above
    assert bool(verdict(Level.ALONE, action(value, name="amount"), rules=[limit]).rules) is above
    assert not limit.matches(action(value, name="other"))


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ",")]))
def test_an_amount_is_read_in_every_common_way_of_writing(whole: int, cents: int, marks: tuple[str, str]) -> None:
    group, point = marks
    written = f"EUR {whole:,}".replace(",", group) + f"{point}{cents:02}"
    assert [*amounts(written)] == [pytest.approx(whole + cents / 100)]  # pyright: ignore[reportUnknownMemberType]


@given(st.text())
def test_any_text_can_be_looked_through_for_amounts(text: str) -> None:
    assert all(isinstance(found, float) for found in amounts(text))


# Paths


@pytest.mark.parametrize(
    ("glob", "path", "speaks"),
    [
        ("/srv/law", "/srv/law/a.docx", True),
        ("/srv/law", "/srv/law", True),
        ("/srv/law/", "/srv/law/a.docx", True),
        ("/srv/law", "/srv/lawless", False),
        ("/srv/*.docx", "/srv/law/A.DOCX", True),
        ("*/.ssh", "/srv/ann/.ssh/id", True),
        ("/", "/etc/passwd", True),
        ("/etc", "", False),
    ],
)
def test_a_rule_finds_a_path_and_all_that_a_folder_holds(glob: str, path: str, speaks: bool) -> None:
    assert rule(path=glob).matches(action("x", path=path)) is speaks


@pytest.mark.parametrize("text", ["/etc/passwd", "//etc//passwd", "/srv/../etc/./passwd", "/ETC/passwd"])
def test_a_text_that_reads_as_a_path_counts_as_one(text: str) -> None:
    assert rule(path="/etc").matches(action(text))
    assert rule(path="/etc").matches(action({"files": [text]}))
    assert verdict(Level.ALONE, action([text]), rules=[rule(path="/etc")]).rules == ("house",)


@pytest.mark.parametrize("path", ["etc", "~/.ssh", "../etc", "/srv/../etc", "/srv//law", "/srv/./law", "/a[b"])
def test_a_path_that_nothing_leads_to_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="would match nothing"):
        rule(path=path)


# When, and for whom


@pytest.mark.parametrize(
    ("at", "speaks"),
    [
        ("2026-11-24T17:59:59+00:00", False),  # a Tuesday
        ("2026-11-24T18:00:00+00:00", True),
        ("2026-11-25T07:59:59+00:00", True),
        ("2026-11-25T08:00:00+00:00", False),
        ("2026-11-27T23:00:00+00:00", True),
        ("2026-11-28T07:00:00+00:00", True),  # Friday's night ends on Saturday
        ("2026-11-28T19:00:00+00:00", False),
        ("2026-11-23T07:00:00+00:00", False),  # Sunday's night is none
        ("2026-11-24T19:30:00+02:00", False),
    ],
)
def test_hours_run_over_midnight(at: str, speaks: bool) -> None:
    days = ("mon", "tue", "wed", "thu", "fri")
    night = rule(hours=Hours(zone="UTC", days=days, start=time(18), end=time(8)))
    assert night.matches(action(), now=datetime.fromisoformat(at)) is speaks


def test_hours_are_those_of_their_zone_in_summer_and_winter() -> None:
    morning = rule(hours=Hours(zone="Europe/Berlin", start=time(9), end=time(10)))
    assert morning.matches(action(), now=datetime(2026, 7, 1, 7, 30, tzinfo=UTC))
    assert not morning.matches(action(), now=datetime(2026, 12, 1, 7, 30, tzinfo=UTC))
    assert morning.matches(action(), now=datetime(2026, 12, 1, 8, 30, tzinfo=UTC))


@given(st.datetimes(timezones=st.just(UTC)), st.times(), st.times())
def test_hours_and_the_hours_between_them_make_a_day(now: datetime, start: time, end: time) -> None:
    if start != end:
        inside, outside = Hours(zone="UTC", start=start, end=end), Hours(zone="UTC", start=end, end=start)
        assert inside.hold(now) != outside.hold(now)


@pytest.mark.parametrize("now", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_hours_hold_at_the_ends_of_the_calendar_where_nobody_can_tell(now: datetime) -> None:
    assert Hours(zone="Pacific/Kiritimati", start=time(3), end=time(3, 1)).hold(now)


def test_a_rule_speaks_when_nobody_knows_the_time_or_the_person() -> None:
    never_now = rule(hours=Hours(zone="UTC", start=time(1), end=time(2)))
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert not never_now.matches(action(), now=noon)
    assert never_now.matches(action())
    assert never_now.matches(action(), now=noon.replace(tzinfo=None))
    assert rule(person="ann").matches(action(), by="ANN")
    assert not rule(person="ann").matches(action(), by="bo")
    assert rule(person="ann").matches(action())


@pytest.mark.parametrize(
    "broken",
    [
        {"hours": {"zone": "Mars/Olympus"}},
        {"hours": {"zone": "../../etc/passwd"}},
        {"hours": {"zone": "UTC", "days": ["today"]}},
        {"hours": {"zone": "UTC", "days": []}},
        {"hours": {"zone": "UTC", "start": "09:00+02:00"}},
        {"over": float("nan")},
        {"over": float("inf")},
        {"people": 0},
        {"people": 21},
        {"at_least": Ruling.DENY, "role": "counsel"},
        {"at_least": Ruling.NOTIFY, "four_eyes": True},
        {"at_least": Ruling.DENY, "people": 2},
    ],
)
def test_a_rule_that_could_not_do_what_it_says_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**broken)


def test_a_rule_for_several_people_asks_two() -> None:
    found = verdict(Level.ALONE, action(), rules=[rule(people=3)], approvers=5)
    assert (found.ruling, found.people, found.decided_by) == (Ruling.ASK_TWO, 3, "rule house")
    assert verdict(Level.ALONE, action(), rules=[rule(people=3)], approvers=2).people == 2
    alone = verdict(Level.ALONE, action(), rules=[rule(people=3)], approvers=1)
    assert (alone.ruling, alone.people) == (Ruling.ASK, 1)
    assert "This asks for 3 people, but only one can approve here." in alone.reasons


def test_every_rule_that_asks_has_its_say_on_who_accepts() -> None:
    rules = [rule(name="a", role="counsel"), rule(name="b", role="finance"), rule(name="c", four_eyes=True)]
    found = verdict(Level.ALONE, action(), rules=rules, approvers=3)
    assert (found.roles, found.four_eyes, found.people) == (("counsel", "finance"), True, 1)
    denied = verdict(Level.ALONE, action(), rules=[*rules, rule(name="d", at_least=Ruling.DENY)])
    assert (denied.roles, denied.four_eyes, denied.people) == ((), False, 1)


def test_a_huge_text_is_looked_through_soon() -> None:
    rules = [rule(name=f"r{number}", value=f"*secret {number}*") for number in range(200)]
    started = datetime.now(UTC)
    assert verdict(Level.ALONE, action("x" * 900_000), rules=rules).ruling is Ruling.ALLOW
    assert datetime.now(UTC) - started < timedelta(seconds=2)
