"""What a model chose after reading, as the arguments of an action, each with where it comes from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from .action import Argument, Risk
from .called_for import called_for, wants_change
from .provenance import BY_THE_USER, LEFT_TO_CHOOSE, PICKED_OUT, Witness, asked_in, leaves, unvouched_links, vouched_by
from .words import dates, wording_shared


class Traced(NamedTuple):
    """Arguments with their provenance, and whether the user's words call for the effect at all."""

    arguments: tuple[Argument, ...]
    declared: bool


def trace(
    tool: str,
    arguments: Mapping[str, JsonValue],
    witnesses: Sequence[Witness],
    *,
    control: Collection[str],
    risk: Risk,
) -> Traced:
    """Traces an effect that a model proposes by itself, rather than a node that the builder wrote.

    Args:
        tool: its name.
        arguments: by parameter.
        witnesses: all that the model had read.
        control: the parameters that say who, where or how much.
        risk: of the tool. What others see is looked through for links.
    """
    if all(witness.trust != "untrusted" for witness in witnesses):
        own = (
            Argument(name=name, value=value, control=name in control, untrusted=False)
            for name, value in arguments.items()
        )
        return Traced(tuple(own), True)
    reading = risk is Risk.READ
    traced = list[Argument]()
    for name, value in arguments.items():
        decides = name in control
        by = vouched_by(value, witnesses, name=name, about=tool, reading=reading) if decides else ""
        led_to = unvouched_links(value, witnesses) if not decides and risk >= Risk.OUTWARD else ()
        traced.append(Argument(name=name, value=value, control=decides, untrusted=True, vouched_by=by, links=led_to))
    names = any(argument.control and argument.vouched_by in (BY_THE_USER, PICKED_OUT) for argument in traced)
    asked = asked_in(witnesses)
    declared = reading or (names and wants_change(asked)) or (called_for(tool, asked) and _is_tied(traced, asked))
    return Traced(tuple(_with_yes_and_no(traced) if names else traced), declared)


def _with_yes_and_no(arguments: Sequence[Argument]) -> list[Argument]:
    """Whether or not is no destination: it is vouched for along with what the user named."""
    update = {"vouched_by": "it says yes or no of what the user named"}
    yes_or_no = [argument.control and isinstance(argument.value, bool) for argument in arguments]
    return [
        argument.model_copy(update=update) if settled else argument
        for argument, settled in zip(arguments, yes_or_no, strict=True)
    ]


def _is_tied(arguments: Sequence[Argument], asked: str) -> bool:
    """Whether anything ties an effect to what was asked for, rather than to another of its kind.

    A control argument does, unless the user left the choice. Else something in it has to: a name, a wording, a day.
    """
    given = [argument for argument in arguments if argument.value not in (None, "", [])]
    if any(argument.control and argument.vouched_by != LEFT_TO_CHOOSE for argument in given):
        return True
    texts = [leaf for argument in given if not argument.control for leaf in leaves(argument.value) if leaf]
    chosen = any(argument.control for argument in given)
    return (chosen and not texts) or any(_is_asked_for(text, asked) for text in texts if isinstance(text, str))


def _is_asked_for(text: str, asked: str) -> bool:
    return len(text) > 3 and (wording_shared(text, asked) >= 0.5 or bool(dates(text) & dates(asked)))
