"""One text for one JSON value, so that equal digests mean equal actions."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, JsonValue

from .errors import UnfitValue

MOST_CHARACTERS = 1_000_000
"""The longest value an action may carry, as JSON. Nobody reads more before saying yes."""

MOST_LEVELS = 50
"""The deepest nesting of lists and objects. JSON readers stop near 200, and the Log wraps a value in its own levels."""


def canonical(value: object) -> str:
    """The one JSON text of a value: keys sorted, no spaces. 1, 1.0, "1" and true differ; so do letters that look alike.

    Raises UnfitValue for what JSON can't hold (NaN, infinity, half a character), or what is too long or too deep.
    """
    if _deeper_than(value, MOST_LEVELS):
        raise UnfitValue(f"The value nests lists or objects deeper than {MOST_LEVELS} levels. Flatten it.")
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise UnfitValue(
            f"The value is not plain JSON ({error}). Use finite numbers, text, true, false, null, lists and objects."
        ) from error
    if len(text) > MOST_CHARACTERS:
        raise UnfitValue(
            f"The value takes {len(text):,} characters; an action may carry {MOST_CHARACTERS:,}, "
            "because a person must be able to read it. Write it to a file and pass the file's name and hash."
        )
    return text


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list | tuple):
        return False
    inner: Iterable[Any] = cast(Any, value).values() if isinstance(value, dict) else cast(Any, value)
    return levels == 0 or any(_deeper_than(each, levels - 1) for each in inner)


def _fit(value: object) -> object:
    canonical(value)
    return value


Json = Annotated[JsonValue, BeforeValidator(_fit)]
"""A JSON value that can be written to the Log, read back and digested. Its lists and objects are copied in."""

Text = Annotated[str, BeforeValidator(_fit)]
"""Free text that can be written to the Log."""
