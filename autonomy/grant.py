"""A standing permission: the one thing that loosens, for a narrow kind of action, until a stated time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from .action import Action, Argument, Risk
from .canonical import Json, canonical
from .errors import BadGrant
from .path import Path, within
from .shown import Line, Name, quoted
from .taint import Taint


class Bound(BaseModel):
    """What one argument may be, under a grant: exactly a value, or a path in a folder, or a number from 0 to a limit.

    Matches as it stands, letter by letter: a grant errs by asking.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    argument: Name
    equals: Json = None
    folder: Path = ""
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        # Read back from the Log all three are set, and two of them to nothing: then it is that the argument is null.
        said = (self.equals is not None) + bool(self.folder) + (self.at_most is not None)
        if said > 1 or not self.model_fields_set & {"equals", "folder", "at_most"}:
            raise BadGrant(f"Say one thing of {self.argument}: what it equals, its folder, or the most it may be.")
        return self

    def holds(self, argument: Argument) -> bool:
        """Whether an argument is the one that is bound, and within the bound."""
        if argument.name != self.argument:
            return False
        if self.folder:
            return within(argument.path, self.folder)
        if self.at_most is not None:
            value = argument.value
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= self.at_most
        return argument.value == self.equals and canonical(argument.value) == canonical(self.equals)


class Grant(BaseModel):
    """Lets actions of one tool go without being asked about; they are told of. Never what is steered or denied.

    Args:
        id: by which it is listed and revoked.
        by: the people who gave it, each by their one stable id. It covers what needs no more people than these.
        roles: the roles they had among them. It covers what needs no other.
        app, run: where it holds; an empty `run` is every run of the app.
        tool: exactly this one.
        control: the names that the action's control arguments must have. A tool that changed since is another tool.
        bounds: what arguments may be; one that no bound names may be anything.
        risk, taint, cost_usd: the worst it covers. Taint is never steered; the cost is that of one effect by itself.
        rules: the rules that asked when it was given. One that joined since still asks.
        passed: a check that must have passed on what the action rests on; "" for none.
        given_at, expires_at: from when until just before when it holds.
        why: shown with everything that it lets go.
        revoked_by, revoked_at: who took it back, and when; "" and None while it stands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    by: Annotated[tuple[Name, ...], Field(min_length=1)]
    roles: tuple[Name, ...] = ()
    app: Name
    run: Name | Annotated[str, Field(max_length=0)] = ""
    tool: Name
    control: tuple[Name, ...]
    bounds: tuple[Bound, ...] = ()
    risk: Risk
    taint: Taint = Taint.CLEAN
    cost_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    rules: tuple[Name, ...] = ()
    passed: Name | Annotated[str, Field(max_length=0)] = ""
    given_at: AwareDatetime
    expires_at: AwareDatetime
    why: Line = ""
    revoked_by: Name | Annotated[str, Field(max_length=0)] = ""
    revoked_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_narrow(self) -> Self:
        if self.taint is Taint.STEERED:
            raise BadGrant("No grant covers what is steered: that always reaches a person.")
        if self.expires_at <= self.given_at:
            raise BadGrant("The grant expires before it is given. Let it end later.")
        return self

    def revoked(self, *, by: str, at: datetime) -> "Grant":
        """The same, taken back: it covers nothing from then on, whatever the clock says. The first to do it stays."""
        return self if self.revoked_at else self.model_copy(update={"revoked_by": by, "revoked_at": at})

    def covers(
        self,
        action: Action,
        taint: Taint,
        *,
        app: str,
        now: datetime | None,
        passed: Collection[str] = (),
    ) -> bool:
        """Whether the grant reaches an action, whoever else may have to be asked about it.

        Args:
            action: what is proposed; its taint.
            taint: of it.
            app: whose action it is.
            now: an aware time; None, or one without its zone, if nobody knows, and then it holds no longer.
            passed: checks that passed on what the action rests on.
        """
        return (
            now is not None
            and now.utcoffset() is not None
            and self.revoked_at is None
            and self.given_at <= now < self.expires_at
            and self.app == app
            and self.run in ("", action.run)
            and self.tool == action.tool
            and action.declared
            and action.risk <= self.risk
            and taint <= self.taint
            and action.cost_usd <= self.cost_usd
            and (not self.passed or self.passed in passed)
            and all(any(map(bound.holds, action.arguments)) for bound in self.bounds)
            and {argument.name for argument in action.arguments if argument.control} == set(self.control)
        )


class GrantScope(BaseModel):
    """How far a yes reaches beyond the one action that it was said to. By default to all of its kind in this run.

    "This exact call" is `GrantScope.exactly(action)`, "this folder until Friday" is
    `GrantScope(bounds=(Bound(argument="path", folder="/srv/drafts"),), every_run=True, until=friday)`.

    Args:
        bounds: what arguments may be; one that no bound names may be anything.
        every_run: also in the app's other runs, of now and later. Then it says `until` when.
        until: an aware time at which it ends; None for when the question would have expired.
        passed: a check that must have passed on what such an action rests on; "" for none.
        why: shown with everything that it lets go.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bounds: tuple[Bound, ...] = ()
    every_run: bool = False
    until: AwareDatetime | None = None
    passed: Name | Annotated[str, Field(max_length=0)] = ""
    why: Line = ""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.every_run and self.until is None:
            raise BadGrant(
                "A grant for every run of the app has no question to expire with. Say `until` when it holds."
            )
        return self

    @classmethod
    def exactly(cls, action: Action, *, until: datetime | None = None, every_run: bool = False) -> Self:
        """This exact call once more: every argument as it is here."""
        bounds = tuple(Bound(argument=argument.name, equals=argument.value) for argument in action.arguments)
        return cls(bounds=bounds, until=until, every_run=every_run)

    def grant(
        self,
        action: Action,
        *,
        taint: Taint,
        rules: Sequence[str],
        id: str,
        by: Sequence[str],
        roles: Sequence[str] = (),
        app: str,
        given_at: datetime,
        expires_at: datetime,
    ) -> Grant:
        """The grant that people give who accept an action and all within this scope. It covers that action itself.

        Args:
            action: what they accepted; its `taint`, and the names of the `rules` that asked.
            id: by which it is listed and revoked.
            by: who accepted, and the `roles` they have among them.
            app: whose action it is.
            given_at: now, as an aware time.
            expires_at: when it ends if the scope does not say.

        Raises:
            BadGrant, inside pydantic's ValidationError: the action is steered, or the end is past.
            BadGrant: a bound that the accepted action itself is not within.
        """
        given = Grant(
            id=id,
            by=tuple(by),
            roles=tuple(roles),
            app=app,
            run="" if self.every_run else action.run,
            tool=action.tool,
            control=tuple(sorted(argument.name for argument in action.arguments if argument.control)),
            bounds=self.bounds,
            risk=action.risk,
            taint=taint,
            cost_usd=action.cost_usd,
            rules=tuple(rules),
            passed=self.passed,
            given_at=given_at,
            expires_at=self.until or expires_at,
            why=self.why,
        )
        arguments = {argument.name: argument for argument in action.arguments}
        for bound in self.bounds:
            if bound.argument not in arguments or not bound.holds(arguments[bound.argument]):
                raise BadGrant(
                    f"The accepted action is itself not within the bound on {quoted(bound.argument)}. "
                    "Set the bound so that it covers what was looked at."
                )
        return given
