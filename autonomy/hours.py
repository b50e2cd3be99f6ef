"""When a rule speaks: a stretch of the day, in somebody's time zone."""

from datetime import datetime, time
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .errors import BadRule
from .shown import quoted

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = get_args(Day)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadRule(f"{quoted(name)} is no time zone. Use a name like Europe/Berlin or UTC.") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Hours(BaseModel):
    """A stretch of the day, on some days of the week.

    Args:
        zone: the time zone's name, like "Europe/Berlin".
        days: of the week.
        start, end: from when until just before when; an end that is not after the start is on the next day. The day
            is the one on which the stretch begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Zone
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    start: time = time(0)
    end: time = time(0)

    @model_validator(mode="after")
    def _are_of_the_zone(self) -> Self:
        if self.start.tzinfo or self.end.tzinfo:
            raise BadRule("The hours are those of the zone. Write the time alone, like 18:00.")
        return self

    def hold(self, now: datetime) -> bool:
        """Whether an aware time falls into them. At the ends of the calendar, where nobody can tell, they do."""
        try:
            there = now.astimezone(ZoneInfo(self.zone))
        except OverflowError:
            return True
        begun_today = self.start <= there.time() and (there.time() < self.end or self.end <= self.start)
        before_end = there.time() < self.end <= self.start
        yesterday = DAYS[(there.weekday() - 1) % 7]
        return (begun_today and DAYS[there.weekday()] in self.days) or (before_end and yesterday in self.days)
