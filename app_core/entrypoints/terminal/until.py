"""A time to come, as a person types it."""

import re
from datetime import datetime, timedelta

_SPAN = re.compile(r"(\d{1,4})\s*(minute|hour|day|week)s?")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def until(typed: str, now: datetime) -> datetime:
    """The time that somebody means: `3 days`, `tomorrow`, `friday`, `2026-12-01`, `2026-12-01 18:00`.

    A day is meant to its end, here.

    Args:
        typed: what they wrote.
        now: an aware time.

    Raises:
        ValueError: it can't be read, or is over; its words say so.
    """
    words = " ".join(typed.lower().split())
    ends = _read(words, now.astimezone())
    if ends is None:
        raise ValueError(f"{words!r} is no time. Type it like 3 days, friday, 2026-12-01 or 2026-12-01 18:00.")
    if ends <= now:
        raise ValueError(f"{ends:%d %b %Y %H:%M} is over. Give a time to come.")
    return ends


def _read(words: str, now: datetime) -> datetime | None:
    if found := _SPAN.fullmatch(words):
        return now + timedelta(**{f"{found[2]}s": int(found[1])})
    if words in ("today", "tomorrow"):
        return _end_of(now + timedelta(days=words == "tomorrow"))
    if (
        day := next((n for n, name in enumerate(_DAYS) if len(words) > 2 and name.startswith(words)), None)
    ) is not None:
        return _end_of(now + timedelta(days=(day - now.weekday()) % 7))
    try:
        read = datetime.fromisoformat(words)
    except ValueError:
        return None
    return _end_of(read.astimezone()) if len(words) <= len("2026-12-01") else read.astimezone()


def _end_of(day: datetime) -> datetime:
    return day.replace(hour=23, minute=59, second=59, microsecond=0)
