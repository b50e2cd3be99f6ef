"""What a run has done to the world, and what undoing it would do, as a person reads it."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from rheostat.autonomy import Json

from ...done import Effect
from .console import results, text
from .preview import drawn
from .record import columns
from .words import moment

_STYLES = {"done": "good", "undone": "quiet", "undoing": "bad", "unknown": "bad", "failed": "bad"}
_SAID = {"undoing": "undoing, or cut off"}


def listed(run: str, effects: Sequence[Effect]) -> RenderableType:
    """The effects of a run, one a row, oldest first."""
    if not effects:
        return text("This run has changed nothing.")
    table = columns("step", "what", "risk", "when", "standing")
    for effect in effects:
        by = f" by {effect.undone_by}" if effect.undone_by and effect.standing in ("undone", "undoing") else ""
        table.add_row(
            text(effect.node),
            text(effect.name),
            text(effect.action.risk.name.lower()),
            text((moment(effect.at), "quiet")),
            text((_SAID.get(effect.standing, effect.standing), _STYLES[effect.standing]), by),
        )
    if all(effect.standing == "undone" for effect in effects):
        return table
    return Group(table, Text(), text("Undo with: ", (f"rheostat undo {run} STEP", "key"), ", or all of it with --all"))


def announced(effect: Effect, preview: Json) -> RenderableType:
    """What undoing an effect would do."""
    outward = " Others have seen it, and may see this, too." if effect.action.risk.name != "LOCAL" else ""
    said = text(("Undo ", "heading"), f"{effect.name}  ", (f"{effect.node}, {moment(effect.at)}.{outward}", "quiet"))
    return Group(said, drawn(preview, coloured=results().is_terminal), Text()) if preview else said


def as_document(effect: Effect) -> dict[str, Any]:
    """An effect as plain data."""
    return {
        "step": effect.node,
        "what": effect.name,
        "risk": effect.action.risk.name.lower(),
        "key": effect.key,
        "at": effect.at,
        "standing": effect.standing,
        "result": effect.result,
        "undone_by": effect.undone_by,
        "said": effect.said,
    }
