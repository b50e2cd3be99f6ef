"""An effect that is proposed. Nothing has happened yet."""

from enum import IntEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .canonical import Json
from .errors import UnfitValue, UnknownRisk
from .path import Path
from .shown import Line, Name, quoted


class Risk(IntEnum):
    """How bad an effect may be. Declared on the tool; arguments may raise it, a model never lowers it."""

    READ = 0
    """Changes nothing."""
    LOCAL = 1
    """Can be undone, and nobody else sees it."""
    OUTWARD = 2
    """Others see it."""
    IRREVERSIBLE = 3
    """Can't be undone; also whatever moves money or credentials."""

    @classmethod
    def parse(cls, word: str) -> "Risk":
        """The risk a tool declares: "read", "local", "outward" or "irreversible". Else raises UnknownRisk."""
        for risk in cls:
            if word == risk.name.lower():
                return risk
        choices = ", ".join(f'"{risk.name.lower()}"' for risk in cls)
        raise UnknownRisk(f"{quoted(word)} is not a risk. Declare the tool with one of {choices}.")


class Argument(BaseModel):
    """One argument of an action.

    Args:
        name: of the tool's parameter.
        value: any JSON value.
        control: decides who, where or how much; the rest is content.
        untrusted: untrusted text went into the value, as it does into whatever a model writes after reading such text.
        vouched_by: who vouches for the value all the same: "the user", "check quotes_stand", "playbook nda.yaml".
        path: where the value leads, if it names a file: absolute, links followed, without `..`; else empty.
        links: what in a content leads somewhere, untrusted text may have chosen it, and nobody vouches for it.
        secret: it holds what must not get out: a password, a key, somebody's personal data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    value: Json
    control: bool
    untrusted: bool
    vouched_by: Line = ""
    path: Path = ""
    secret: bool = False
    links: tuple[Line, ...] = ()


class Action(BaseModel):
    """A tool and its arguments, proposed by one node of one run.

    Args:
        tool: name of the tool.
        arguments: each name once; their order means nothing.
        risk: the tool's declared risk, raised by the arguments where the tool says so.
        node, run: where in which run it was proposed.
        declared: some node of the workflow declares this effect; False for a call that only the model thought of.
        read_untrusted: untrusted text was read on the way to this action, whether or not it went into an argument.
        summary: one line for the person who reads the question; cleaned of hidden characters.
        cost_usd: what the effect itself costs, apart from the models that led to it.
        why: sentences: what in its arguments raises the risk above the declared one, for whoever is asked.
        opaque: it can't be seen what it does, as with a script that runs another; asked about at every level.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: Name
    arguments: tuple[Argument, ...]
    risk: Risk
    node: Name
    run: Name
    declared: bool = True
    read_untrusted: bool = False
    summary: Line = ""
    cost_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    why: tuple[Line, ...] = ()
    opaque: bool = False

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [argument.name for argument in self.arguments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnfitValue(f"The action gives {quoted(twice[0])} twice. Give each argument once.")
        return self
