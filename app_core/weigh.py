"""What the arguments of one call come to: its risk, its cost, what it would give away, and where its paths lead."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rheostat.autonomy import Action, Argument, Raised, Risk, quoted
from rheostat.dag import Labeled

from .act import values
from .declare import AnyTool
from .run_errors import BadDeclaration


def weighed(tool: AnyTool, action: Action, arguments: Mapping[str, Labeled]) -> Action:
    """The action with its risk raised by what is in it, never lowered. Total: what can't be told counts as the worst.

    Args:
        tool: which is called.
        action: as proposed, or as a person edited it.
        arguments: what its node was given.
    """
    settled, found = _settled(tool, action)
    settled = settled.model_copy(update={"cost_usd": 0.0})
    try:
        given = values(tool, action, arguments)
    except Exception as error:  # an edited value is the person's, and a type's own code may raise anything
        found.append(_unknown("its arguments", error))
    else:
        found += _by_arguments(tool, given)
        cost_usd, costly = _by_cost(tool, given)
        settled = settled.model_copy(update={"cost_usd": cost_usd})
        found += costly
    risk = max([tool.risk, *(each.risk for each in found)])
    found += _by_secrets(settled, risk)
    return settled.model_copy(
        update={
            "risk": max([risk, *(each.risk for each in found)]),
            "why": tuple(dict.fromkeys(reason for each in found for reason in each.reasons)),
            "opaque": any(each.opaque for each in found),
        }
    )


def lead_elsewhere(action: Action) -> Action | None:
    """The action with its paths as they lead now, if one of them leads elsewhere than when it was decided on."""
    arguments = tuple(_at(argument) if argument.path else argument for argument in action.arguments)
    return None if arguments == action.arguments else action.model_copy(update={"arguments": arguments})


def check_weighing(tool: AnyTool) -> None:
    """Raises BadDeclaration if what weighs a tool's calls could not be asked about one."""
    for option, function in (("raises", tool.raises), ("cost", tool.cost)):
        if function is None:
            continue
        if inspect.iscoroutinefunction(function):
            raise BadDeclaration(
                f"`{option}` of {tool.name}() is async.",
                "It is asked in the midst of a decision.",
                "Make it plain code.",
            )
        wanted = inspect.signature(function).parameters.values()
        named = {each.name for each in wanted if each.default is each.empty and each.kind is not each.VAR_KEYWORD}
        unknown = sorted(named - {*tool.signature.takes})
        if unknown:
            raise BadDeclaration(
                f"`{option}` of {tool.name}() takes {', '.join(unknown)}.",
                "It is given arguments of the tool, by their names.",
                f"Choose from {', '.join(tool.signature.takes)}.",
            )


def _settled(tool: AnyTool, action: Action) -> tuple[Action, list[Raised]]:
    arguments, found = list[Argument](), list[Raised]()
    for argument in action.arguments:
        if argument.name in tool.path_names and argument.value is not None:
            try:
                argument = _at(argument)
            except (OSError, ValueError, TypeError) as error:
                found.append(_unknown(f"where {quoted(argument.name)} leads", error))
        arguments.append(argument)
    return action.model_copy(update={"arguments": tuple(arguments)}), found


def _at(argument: Argument) -> Argument:
    """With where its path leads now: links followed, from the folder that this process works in."""
    if not isinstance(argument.value, str):
        raise TypeError(f"{quoted(argument.value)} is no path")
    return Argument.model_validate(argument.model_dump() | {"path": os.path.realpath(Path(argument.value))})


def _by_arguments(tool: AnyTool, given: Mapping[str, Any]) -> Iterator[Raised]:
    if tool.raises is None:
        return
    try:
        said = _as_raised(_asked(tool, tool.raises, given))
    except Exception as error:  # the app's own code may raise anything
        yield _unknown("its risk", error)
        return
    plain = f"By its arguments it is {said.risk.name.lower()}; the tool itself is {tool.risk.name.lower()}."
    yield said if said.reasons or said.risk <= tool.risk else said._replace(reasons=(plain,))


def _by_cost(tool: AnyTool, given: Mapping[str, Any]) -> tuple[float, list[Raised]]:
    if tool.cost is None:
        return 0.0, []
    try:
        cost_usd = float(_asked(tool, tool.cost, given))
        if not math.isfinite(cost_usd) or cost_usd < 0:
            raise ValueError(f"{cost_usd} USD is no amount")
    except Exception as error:  # the app's own code may raise anything
        return 0.0, [_unknown("its cost", error)]
    return cost_usd, [Raised(Risk.IRREVERSIBLE, (f"It costs {cost_usd:,.2f} USD.",))] if cost_usd else []


def _by_secrets(action: Action, risk: Risk) -> Iterator[Raised]:
    for argument in action.arguments:
        if argument.secret and risk >= Risk.OUTWARD:
            why = f"{quoted(argument.name)} rests on what must not get out, and others would see it."
            yield Raised(Risk.IRREVERSIBLE, (why,))


def _asked(tool: AnyTool, function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """What a function of the app says of those arguments that it takes; what was left out is as the tool has it."""
    defaults = {name: each.default for name, each in inspect.signature(tool.function).parameters.items()}
    takes = inspect.signature(function).parameters.values()
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in takes):
        return function(**given)
    known = {name: value for name, value in defaults.items() if value is not inspect.Parameter.empty} | dict(given)
    return function(**{each.name: known[each.name] for each in takes if each.name in known})


def _as_raised(said: Any) -> Raised:
    if isinstance(said, Raised):
        return said
    return Raised(said if isinstance(said, Risk) else Risk.parse(said))


def _unknown(what: str, error: Exception) -> Raised:
    why = f"Nobody can tell {what} ({type(error).__name__}: {error}), so it counts as the worst."
    return Raised(Risk.IRREVERSIBLE, (why,), opaque=True)
