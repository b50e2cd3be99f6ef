"""What an approval is tied to."""

from collections.abc import Sequence
from hashlib import sha256

from .action import Action
from .canonical import canonical
from .part import Part
from .verdict import Verdict

_DOMAIN = b"rheostat action v1\n"
"""Keeps these digests apart from any other SHA-256 over JSON. Raise the number when the fields below change."""


def digest(action: Action, verdict: Verdict, parts: Sequence[Part] = ()) -> str:
    """SHA-256, in hex, of exactly what would be done, how it was ruled on, and what of it may be accepted by itself.

    The words that explain it (summary, reasons) stay outside: they may be phrased anew while a question waits. The
    fields are listed by hand, so that a field added later does not silently void the questions that wait.
    Raises UnfitValue if an argument was changed in place into something that is not JSON.
    """
    exact = {
        "tool": action.tool,
        "arguments": {
            argument.name: {
                "value": argument.value,
                "control": argument.control,
                "untrusted": argument.untrusted,
                "vouched_by": argument.vouched_by,
                **_set(path=argument.path, secret=argument.secret, links=list(argument.links)),
            }
            for argument in action.arguments
        },
        "risk": action.risk.name,
        "node": action.node,
        "run": action.run,
        "declared": action.declared,
        "read_untrusted": action.read_untrusted,
        "ruling": verdict.ruling.name,
        "level": verdict.level.name,
        "taint": verdict.taint.name,
        "rules": list(verdict.rules),
        **_set(cost_usd=action.cost_usd, opaque=action.opaque, roles=list(verdict.roles), four_eyes=verdict.four_eyes),
        **_set(people=verdict.people if verdict.people > 2 else 0),
        **_set(parts=[part.model_dump(mode="json") for part in parts]),
    }
    return sha256(_DOMAIN + canonical(exact).encode()).hexdigest()


def _set(**fields: object) -> dict[str, object]:
    """Fields that came later are in a digest only where they say something: so those from before still hold."""
    return {name: value for name, value in fields.items() if value}
