"""How a policy file spells what a person would say: `two days`' worth of waiting, office hours, an amount, a yes.

Each function raises BadRule, with a sentence that says how to write it, for what it can't read.
"""

import re
from datetime import time

from .errors import BadRule
from .hours import DAYS, Day, Hours
from .shown import quoted

_SECONDS = {
    1: ("s", "sec", "second", "seconds"),
    60: ("min", "minute", "minutes"),
    3600: ("h", "hour", "hours"),
    86_400: ("d", "day", "days"),
    604_800: ("w", "week", "weeks"),
}
_UNITS = {unit: seconds for seconds, units in _SECONDS.items() for unit in units}
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def duration_s(text: str) -> float:
    """Seconds: "45 min", "2 days", "1 day 12 h"."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.lower())
    if not parts or re.sub(r"[\d.\sa-z]", "", text.lower()) or _joined(parts) != "".join(text.lower().split()):
        raise BadRule(
            f"{quoted(text)} is no length of time. Write a number and a unit, like 45 min, 36 hours or 2 days."
        )
    unknown = next((unit for _, unit in parts if unit not in _UNITS), None)
    if unknown:
        raise BadRule(f"{quoted(unknown)} is no unit of time. Write s, min, h, days or weeks.")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _joined(parts: list[tuple[str, str]]) -> str:
    return "".join(number + unit for number, unit in parts)


def amount(text: str) -> float:
    """A number: "10000", "10,000", "10 000.50"."""
    if not re.fullmatch(r"-?(\d+|\d{1,3}([,_ ']\d{3})+)(\.\d+)?", text, flags=re.ASCII):
        raise BadRule(
            f"{quoted(text)} is no number. Write it like 10000, 10,000 or 0.50, without a currency: what it is "
            "compared with has none."
        )
    return float(re.sub(r"[,_ ']", "", text))


def yes_or_no(text: str) -> bool:
    """Whether it says yes."""
    word = text.lower()
    if word not in ("yes", "no", "true", "false"):
        raise BadRule(f"{quoted(text)} is neither yes nor no. Write one of them.")
    return word in ("yes", "true")


def yes(text: str) -> bool:
    """Always true; a no has to be left out."""
    if not yes_or_no(text):
        raise BadRule("It says no, which a rule can't: it only raises. Leave it out, or write yes.")
    return True


def people_asked(text: str) -> int:
    """How many people are asked: "yes" and "one" are 1; "two", "3"."""
    word = text.lower()
    if word in ("yes", "true"):
        return 1
    number = _NUMBERS.index(word) + 1 if word in _NUMBERS else int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0
    if not 1 <= number <= 20:
        raise BadRule(f"{quoted(text)} does not say how many people are asked. Write one, two, or a number up to 20.")
    return number


_CLOCK = r"([01]?\d|2[0-4]):([0-5]\d)"


def hours(text: str) -> Hours:
    """A stretch of the day: "mon-fri 18:00-08:00 Europe/Berlin", "sat,sun UTC"."""
    *when, zone = text.split() or [""]
    days: tuple[Day, ...] = DAYS
    start = end = time(0)
    if when and not re.match(r"\d", when[0]):
        days = _days(when.pop(0).lower())
    if when:
        clock = re.fullmatch(rf"{_CLOCK}-{_CLOCK}", when.pop(0), flags=re.ASCII)
        if clock is None:
            raise _no_hours(text)
        start, end = _time(clock[1], clock[2], text), _time(clock[3], clock[4], text)
    if when or not re.search(r"[A-Za-z]", zone) or zone.lower()[:3] in DAYS:
        raise _no_hours(text)
    return Hours(zone=zone, days=days, start=start, end=end)


def _days(text: str) -> tuple[Day, ...]:
    found: list[Day] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        from_, to = _day(first), _day(last or first)
        found.extend(DAYS[(from_ + step) % 7] for step in range((to - from_) % 7 + 1))
    return tuple(day for day in DAYS if day in found)


def _day(word: str) -> int:
    for place, day in enumerate(DAYS):
        if word in (day, _FULL_DAYS[place]):
            return place
    raise BadRule(f"{quoted(word)} is no day. Write {', '.join(DAYS)}, like mon-fri or sat,sun.")


_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _time(hour: str, minute: str, text: str) -> time:
    if hour == "24" and minute != "00":
        raise _no_hours(text)
    return time(int(hour) % 24, int(minute))


def _no_hours(text: str) -> BadRule:
    return BadRule(
        f"{quoted(text)} are no hours. Write days, times and the time zone, like mon-fri 18:00-08:00 Europe/Berlin; "
        "days or times may be left out."
    )
