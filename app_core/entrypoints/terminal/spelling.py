"""Values as a person reads them."""

import json

from rheostat.autonomy import Json

_LONGEST_LINE = 60


def spelled(value: Json, *, short: bool = False) -> str:
    """A value as a person reads it: text as it is, anything else as JSON; `short` on a line if that is no long one."""
    if isinstance(value, str):
        return value
    line = json.dumps(value, ensure_ascii=False)
    return line if short and len(line) <= _LONGEST_LINE else json.dumps(value, indent=2, ensure_ascii=False)
