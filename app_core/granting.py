"""Grants that people give ahead, without having been asked: for one run, or for every run of an App."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from rheostat.autonomy import Bound, Grant, Grants, Taint

from .around import check_outside
from .compose import default_grants
from .declare import AnyTool, Tool
from .inputs import bad_terms
from .policies import policy_of
from .run_errors import BadInput
from .vertical import Vertical


class Granting(Vertical):
    """What people let an App do without being asked, in every run of it."""

    def grant(
        self,
        tool: AnyTool | str,
        *,
        by: str | Sequence[str],
        until: datetime,
        bounds: Iterable[Bound] = (),
        cost_usd: float = 0.0,
        rules: Iterable[str] = (),
        passed: str = "",
        why: str = "",
    ) -> Grant:
        """Lets a tool's actions go, in every run of this App, without a person being asked. They are told of.

        Never what is steered or denied, what is riskier than the tool declares, or what a rule asks about that is not
        named here.

        Args:
            tool: the tool, or its name.
            by: the person who gives it, or as many as would be asked.
            until: an aware time at which it ends.
            bounds: what arguments may be; one that no bound names may be anything.
            cost_usd: the most that one effect may cost by itself.
            rules: names of the rules in the face of which it is given.
            passed: a check that must have passed on what such an action rests on; "" for none.
            why: shown with everything that it lets go.

        Returns:
            The grant. It is revoked by its `id`.

        Raises:
            BadInput: there is no such tool, or the terms can't hold.
            GrantsUnreadable: it can't be kept.
        """
        given = grant_ahead(
            self,
            tool,
            by=by,
            until=until,
            bounds=tuple(bounds),
            cost_usd=cost_usd,
            rules=tuple(rules),
            passed=passed,
            why=why,
        )
        self._kept_grants.give(given)
        return given

    def revoke(self, grant: str, *, by: str) -> Grant:
        """Takes a grant for every run back: nothing goes by it from the next decision on, in whatever process.

        Args:
            grant: its id.
            by: who takes it back.

        Raises:
            UnknownGrant: there is none.
            GrantsUnreadable.
        """
        return self._kept_grants.revoke(grant, by=by, at=datetime.now(UTC))

    def granted(self) -> Sequence[Grant]:
        """The grants for every run of this App, as they were given, expired and revoked ones too.

        Raises GrantsUnreadable.
        """
        return self._kept_grants.of(self.name)

    @property
    def _kept_grants(self) -> Grants:
        return self.grants or default_grants()


def grant_ahead(
    app: Vertical, tool: AnyTool | str, *, by: str | Sequence[str], until: datetime, run: str = "", **terms: Any
) -> Grant:
    """A grant for a tool of an app, given now. Arguments and errors as of Granting.grant; `run` is the only one."""
    check_outside()
    named = tool if isinstance(tool, str) else tool.name
    known = app.declared.get(named)
    if not isinstance(known, Tool):
        tools = ", ".join(name for name, each in app.declared.items() if isinstance(each, Tool))
        raise BadInput(
            f"The App {app.name!r} has no tool {named!r}.", "", f"Grant one of: {tools or 'none is declared'}."
        )
    people = (by,) if isinstance(by, str) else tuple(by)
    policy = policy_of(app)
    if not policy.knows(people):
        raise BadInput(
            f"{' and '.join(people)} can't grant this.",
            "Not all of them may approve here.",
            "The policy names who may.",
        )
    roles = tuple(sorted({role for person in people for role in policy.people.get(person, ())}))
    try:
        return Grant(
            id=f"grant-{uuid4().hex[:8]}",
            by=people,
            roles=roles,
            app=app.name,
            run=run,
            tool=known.name,
            control=tuple(sorted(known.control)),
            risk=known.risk,
            taint=Taint.TAINTED,
            given_at=datetime.now(UTC),
            expires_at=until,
            **terms,
        )
    except ValidationError as error:
        raise bad_terms(error) from None
