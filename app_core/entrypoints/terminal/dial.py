"""The dial on the screen: how often each level would have asked, what would have gone alone, and what was earned."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rheostat.autonomy import HABIT, Burden, Level, Ruling, Suggestion

from ...dial_view import DialView, EarnedView, Fate, Record
from .bars import Bar
from .console import indented, text
from .record import columns
from .words import count, phrase

_BAR_COLUMNS = 24
_MOST_FATES = 40
_WAS = {
    Ruling.ALLOW: "went alone",
    Ruling.NOTIFY: "went, and was told",
    Ruling.ASK: "asked",
    Ruling.ASK_TWO: "asked",
    Ruling.DENY: "refused",
}


def drawn(seen: DialView, *, one_run: bool, policy: str = "") -> RenderableType:
    """A view of the dial.

    Args:
        seen: what to draw.
        one_run: whether it is of a single run: then each action has a line.
        policy: the file that it was decided by instead; "" for what was in force.
    """
    over = count(seen.was.actions, "action") if one_run else f"{count(seen.runs, 'run')}, {seen.was.actions:,} actions"
    under = f" · under {policy}" if policy else ""
    parts: list[RenderableType] = [text((seen.title, "heading"), (f" · {over}{under}", "quiet")), Text()]
    parts += [indented(_levels(seen)), Text()]
    parts += [indented(line) for line in _notes(seen)]
    if seen.differences:
        parts += [Text(), text(("The rules", "heading"))]
        parts += [indented(text(one.sentence)) for one in seen.differences]
    if one_run:
        parts += [Text(), _fates(seen.fates)]
    return Group(*parts)


def _levels(seen: DialView) -> RenderableType:
    refuses = any(there.refused for there in (seen.was, *seen.at.values()))
    table = columns(
        "level", ">asks a run", "", ">of kinds", ">goes alone", ">is told", *([">refused"] if refuses else [])
    )
    most = max(there.asked for there in seen.at.values())
    for level, there in seen.at.items():
        stands = level is seen.stands
        name = (f"{'▸' if stands else ' '} {level} {level.name.lower()}", "key" if stands else "")
        _row(table, name, there, seen.runs, most, refuses=refuses)
    _row(table, ("  as it was", "quiet"), seen.was, seen.runs, most, refuses=refuses)
    return table


def _row(table: Table, name: tuple[str, str], there: Burden, runs: int, most: int, *, refuses: bool) -> None:
    table.add_row(
        text(name),
        text(_a_run(there.asked, runs)),
        Bar(there.asked, most, "waits", most=_BAR_COLUMNS),
        text((_a_run(there.kinds, runs), "quiet")),
        text((_share(there.alone, there.actions), "good")),
        text(_share(there.told, there.actions)),
        *([text((_share(there.refused, there.actions), "bad"))] if refuses else []),
    )


def _a_run(number: int, runs: int) -> str:
    return f"{number / runs:.1f}".removesuffix(".0") if runs else "0"


def _share(number: int, of: int) -> str:
    return f"{number / of:.0%}".replace("%", " %") if number else "–"


def _notes(seen: DialView) -> Iterator[Text]:
    yield text(
        (
            "Of kinds: where all of a kind is accepted at its first question. Nothing was run for this; what a model "
            "would have proposed after another answer, nobody knows.",
            "quiet",
        )
    )
    said = ""
    for level, there in seen.at.items():
        gone = _against_people(there)
        if gone and gone != said:
            yield text((f"From level {level} on {gone} would have gone as proposed.", "bad"))
        said = gone
    if seen.unlike:
        made = f"{count(seen.unlike, 'decision')} would be taken otherwise today with nothing changed"
        yield text((f"{made}: another version made them.", "waits"))


def _against_people(there: Burden) -> str:
    rejected, edited = count(there.rejected, "action"), count(there.edited, "action")
    gone = [f"{rejected} that a person rejected"] if there.rejected else []
    gone += [f"{edited} that a person changed first"] if there.edited else []
    return " and ".join(gone)


def _fates(fates: tuple[Fate, ...]) -> RenderableType:
    table = columns("as it was", "asked at", "action")
    for fate in fates[:_MOST_FATES]:
        said = f", {fate.said}" if fate.said else ""
        table.add_row(text(f"{_WAS[fate.was]}{said}"), text(_asked_at(fate)), text(fate.action))
    left = len(fates) - _MOST_FATES
    return Group(table, text((f"and {left} more: --json", "quiet"))) if left > 0 else table


def _asked_at(fate: Fate) -> tuple[str, str]:
    if fate.refused:
        return "refused everywhere", "bad"
    if len(fate.asked_at) == len(Level):
        return "every level", "waits"
    return ", ".join(map(str, map(int, fate.asked_at))) or "no level", "" if fate.asked_at else "good"


def stock(seen: EarnedView) -> RenderableType:
    """What people's answers have earned, and where that suggests to move the dial."""
    table = columns("kind of action", ">yes", ">edited", ">no", ">undone", ">clean runs", ">95 % sure", ">wants")
    table.columns[0].no_wrap = True
    for record in seen.records:
        table.add_row(*_cells(record))
    parts: list[RenderableType] = [table, Text(), indented(_what_it_takes())]
    for one in seen.suggestions:
        parts += [Text(), *_suggested(one)]
    if not seen.suggestions:
        parts += [Text(), text("Nothing here speaks for moving the dial.")]
    return Group(*parts)


def _cells(record: Record) -> Iterable[Text]:
    one = record.earned
    return (
        text(f"{one.kind.app}: {phrase(one.kind.tool)}", (f", {one.kind.risk.name.lower()}", "quiet")),
        text((str(one.accepted), "good")),
        text(str(one.edited)),
        text((str(one.rejected), "bad" if one.rejected else "")),
        text((str(one.regretted), "bad" if one.regretted else "")),
        text(f"{one.clean} of {one.runs}" if one.runs else ""),
        text(f"{100 * one.low:.0f}–{100 * one.high:.0f} %" if one.runs else ""),
        text((str(record.wanting) if one.answered and record.wanting else "", "quiet")),
    )


def _what_it_takes() -> Text:
    habit = f"{HABIT:.0%}".replace("%", " %")
    return text(
        (
            f"People accept {habit} of whatever they are asked, so a yes says something only where they come more "
            "often than that. Answers of one run count once: it is clean if all of them were yes. Wants: as many more "
            "clean runs would say so. Nothing is moved by itself.",
            "quiet",
        )
    )


def _suggested(one: Suggestion) -> Iterator[RenderableType]:
    turn = f"Turn {phrase(one.kind.tool)} {'up' if one.way == 'up' else 'back'} to level {one.level}"
    yield text((f"{turn} ({one.level.name.lower()})", "key"), (f"  {one.kind.app}", "quiet"))
    for why in one.why:
        yield indented(text(why))
    yield indented(
        text(("a run that goes on  ", "quiet"), f"rheostat dial RUN --to {int(one.level)} --tool {one.kind.tool}")
    )
    yield indented(
        text(
            ("later runs          ", "quiet"), f'app.run(..., dial=Dial(tools={{"{one.kind.tool}": {int(one.level)}}}))'
        )
    )
