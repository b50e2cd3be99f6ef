"""Notices when what happens leaves what the plan expected, so that a new plan is worth making."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

from .desk import task_of
from .limits import Limits
from .plan import Chosen, Plan

_OF_COST = 0.1
"""Share of the planned cost by which what has ended must differ from its forecast."""

_OF_COUNT = 0.2
"""Share by which a list must be longer or shorter than planned."""

_EARLY = 0.75
"""Share of the planned time: a run that is about to end before it has time to spare."""


@dataclass(slots=True)
class Drift:
    """How the run has gone since the last plan.

    Args:
        plan: the last; without one, nothing can leave it.
        since_usd, since_s: what was spent and worked before it was made.
        expected_usd, variance, actual_usd: what the nodes that have ended since were to cost, and did.
        bills: what the nodes that have not ended have cost, by node.
        ended: how many nodes of each task have ended.
        copies: how many copies of each task have come up.
        reason: why a new plan is worth making; "" if it is not. Said once a plan.
        said: whether it was.
    """

    plan: Plan | None = None
    since_s: float = 0.0
    expected_usd: float = 0.0
    variance: float = 0.0
    actual_usd: float = 0.0
    bills: dict[str, float] = field(default_factory=dict[str, float])
    ended: dict[str, int] = field(default_factory=dict[str, int])
    copies: dict[str, int] = field(default_factory=dict[str, int])
    reason: str = ""
    said: bool = False

    def begin(self, plan: Plan, worked_s: float) -> None:
        """From here on the run is held against this plan."""
        self.plan, self.since_s = plan, worked_s
        self.expected_usd = self.variance = self.actual_usd = 0.0
        self.ended.clear()
        self.copies.clear()
        self.reason, self.said = "", False

    def bill(self, node_id: str, cost_usd: float) -> None:
        """A bill came for a call of a node."""
        self.bills[node_id] = self.bills.get(node_id, 0.0) + cost_usd

    def open(self, node_id: str, first_inside: str, count: int) -> None:
        """A map turns out to have this many copies; `first_inside` is the id of a node of its body."""
        task = f"{task_of(node_id)}/{first_inside}"
        plan = self.plan
        chosen = plan.tasks.get(task) if plan is not None else None
        if plan is None or chosen is None:
            return
        self.copies[task] = self.copies.get(task, 0) + count
        came, planned = self.copies[task], chosen.count
        # Of maps inside copies others may follow, so that so far there can only be too many.
        if came > (1 + _OF_COUNT) * planned + 0.5 or (came < (1 - _OF_COUNT) * planned - 0.5 and "[" not in node_id):
            self.reason = f"{task_of(node_id)!r} has {came} copies; the plan reckoned with {planned:.3g}."
        elif not chosen.known and (plan.usd_worth > 0 or plan.second_worth > 0):
            # What was kept back in case there were more can be spent.
            self.reason = f"{task_of(node_id)!r} has {came} copies, which the plan could only guess."

    def end(self, node_id: str, worked_s: float, deadline_s: float | None, limits: Limits) -> None:
        """A node ended."""
        cost_usd = self.bills.pop(node_id, 0.0)
        plan = self.plan
        if plan is None or (task := task_of(node_id)) not in plan.tasks:
            return
        chosen = plan.tasks[task]
        self.ended[task] = self.ended.get(task, 0) + 1
        self.expected_usd += chosen.forecast.cost_usd.mean
        self.variance += chosen.forecast.cost_usd.variance
        self.actual_usd += cost_usd
        self._compare_cost(plan)
        if deadline_s is not None:
            self._compare_time(plan, chosen, worked_s - self.since_s, self.ended[task], limits)

    def _compare_cost(self, plan: Plan) -> None:
        more_usd = self.actual_usd - self.expected_usd
        tolerated_usd = max(_OF_COST * plan.cost_usd.mean, 2 * sqrt(self.variance))
        matters = plan.budget.usd is not None if more_usd > 0 else plan.usd_worth > 0
        if abs(more_usd) > tolerated_usd and matters:
            word = "more" if more_usd > 0 else "less"
            self.reason = f"What has ended cost ${abs(more_usd):.4f} {word} than was planned."

    def _compare_time(self, plan: Plan, chosen: Chosen, gone_s: float, ended: int, limits: Limits) -> None:
        """Holds the time gone, and the longest way still to go from here, against the plan's."""
        waves = max(1.0, chosen.count / min(limits.nodes_at_once, limits.calls_at_once))
        done_s = chosen.forecast.latency_s.p50 * waves * min(1.0, ended / max(1.0, chosen.count))
        in_all_s = gone_s + max(0.0, chosen.rank_s - done_s)
        if in_all_s > plan.latency_s.p90:
            self.reason = f"The run is about to take {in_all_s:.1f} s instead of {plan.latency_s.p50:.1f} s."
        elif chosen.critical and plan.second_worth > 0 and in_all_s < _EARLY * plan.latency_s.p50:
            self.reason = f"The run is about to take no more than {in_all_s:.1f} s of {plan.latency_s.p50:.1f} s."
