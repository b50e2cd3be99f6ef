"""Values as a person reads them."""

import json

from rheostat.autonomy import Json


def spelled(value: Json) -> str:
    """A value as a person reads it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
