"""What people let go without being asked, as a list in the terminal."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import RenderableType

from rheostat.autonomy import Bound, Grant, Taint, quoted

from .console import text
from .record import columns
from .words import usd


def listed(grants: Iterable[Grant], now: datetime) -> RenderableType:
    """Grants, one a row, with what became of those that hold no more."""
    table = columns("grant", "app", "what goes without a question", "by", "holds")
    for grant in grants:
        standing = standing_of(grant, now)
        table.add_row(
            text(grant.id),
            text(grant.app),
            text(reach(grant)),
            text(", ".join(grant.by)),
            text((holds(grant, now), "" if standing == "holds" else "quiet")),
        )
    return table


def standing_of(grant: Grant, now: datetime) -> str:
    """holds, revoked or expired."""
    return "revoked" if grant.revoked_at else "expired" if grant.expires_at <= now else "holds"


def holds(grant: Grant, now: datetime) -> str:
    """Until when a grant holds, or since when no longer and why."""
    ended = grant.revoked_at or grant.expires_at
    told = f"{ended.astimezone():%d %b %Y %H:%M}"
    return {"holds": f"until {told}", "expired": f"expired {told}"}.get(
        standing_of(grant, now), f"revoked {told} by {grant.revoked_by}"
    )


def reach(grant: Grant) -> str:
    """What a grant covers, on one line."""
    said = [grant.tool, *map(_bound, grant.bounds)]
    said += [f"up to {usd(grant.cost_usd)}"] if grant.cost_usd else []
    said += [f"if the check {grant.passed} passed"] if grant.passed else []
    said += ["where nothing untrusted was read"] if grant.taint is Taint.CLEAN else []
    said += [f"despite the rule {', '.join(grant.rules)}"] if grant.rules else []
    said += [f"only in run {grant.run}"] if grant.run else []
    said += [f"({grant.why})"] if grant.why else []
    return " · ".join(said)


def _bound(bound: Bound) -> str:
    if bound.folder:
        return f"{bound.argument} in {bound.folder}"
    if bound.at_most is not None:
        return f"{bound.argument} at most {bound.at_most:g}"
    return f"{bound.argument} = {quoted(bound.equals)}"
