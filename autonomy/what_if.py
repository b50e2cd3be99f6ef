"""What would have been decided on other terms. Takes decisions on record again; does nothing and asks nobody."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from .decision import Decision, Kind
from .dial import Dial
from .grant import Grant
from .policy import Policy
from .rule import Rule, Ruling
from .taint import Taint
from .verdict import Verdict, verdict


def what_if(
    decision: Decision,
    *,
    dial: Dial | None = None,
    policy: Policy | None = None,
    grants: Collection[Grant] | None = None,
) -> Verdict:
    """The verdict there would have been. With nothing changed it is the one on record.

    Args:
        decision: on record.
        dial, policy, grants: in place of those that stood then; None keeps these. The tool's own rules always stay.
    """
    dial = decision.dial if dial is None else dial
    policy = decision.policy if policy is None else policy
    return verdict(
        dial.for_action(decision.action),
        decision.action,
        rules=(*policy.rules, *decision.own),
        grants=[grant for grant in (decision.grants if grants is None else grants) if policy.knows(grant.by)],
        passed=decision.passed,
        app=decision.app,
        by=decision.by,
        now=decision.at,
        approvers=len(policy.people) or decision.approvers,
    )


@dataclass(frozen=True)
class Burden:
    """What terms would have meant for people, over the actions of some runs.

    Args:
        alone: done without a word. told: done, and a person told of it. asked: put to a person first. refused: never.
        kinds: how many kinds the asked ones are of. Who accepts all of a kind at once is asked so often; what outside
            text may steer is asked one by one, and counted so.
        rejected: done alone or told of, though on record a person had rejected it.
        edited: the same, where a person had changed it first.
    """

    alone: int = 0
    told: int = 0
    asked: int = 0
    refused: int = 0
    kinds: int = 0
    rejected: int = 0
    edited: int = 0

    @property
    def actions(self) -> int:
        """All of them."""
        return self.alone + self.told + self.asked + self.refused


def burden(
    decisions: Iterable[Decision],
    *,
    dial: Dial | None = None,
    policy: Policy | None = None,
    grants: Collection[Grant] | None = None,
) -> Burden:
    """What these terms would have meant for people; None keeps what stood when each decision was taken.

    Counts each action once, as it was first proposed. It takes what was proposed for given: on other terms a model that
    was refused, or not, might have proposed something else.
    """
    first = [decision for decision in decisions if decision.first]
    ruled = [(decision, what_if(decision, dial=dial, policy=policy, grants=grants)) for decision in first]
    went = [decision for decision, verdict in ruled if verdict.ruling < Ruling.ASK]
    waits = [(decision, verdict) for decision, verdict in ruled if verdict.ruling in (Ruling.ASK, Ruling.ASK_TWO)]
    rulings = [verdict.ruling for _, verdict in ruled]
    return Burden(
        alone=rulings.count(Ruling.ALLOW),
        told=rulings.count(Ruling.NOTIFY),
        asked=len(waits),
        refused=rulings.count(Ruling.DENY),
        kinds=len({_asked_together(decision, verdict) for decision, verdict in waits}),
        rejected=sum(decision.said == "rejected" for decision in went),
        edited=sum(decision.said == "edited" for decision in went),
    )


def _asked_together(decision: Decision, ruled: Verdict) -> tuple[str, Kind, tuple[str, ...], str]:
    """The same for what one "accept all of this kind" covers: only within a run, and nothing that is steered."""
    alone = decision.action.node if ruled.taint is Taint.STEERED else ""
    return decision.action.run, decision.kind, ruled.rules, alone


@dataclass(frozen=True)
class Difference:
    """What one rule would have done to the actions of one tool.

    Args:
        rule, tool: which.
        refused: how many it would have denied.
        asked: how many would have gone without a person but for it.
        more: how many that people are asked about anyhow would have needed more of them, or others.
        of: all actions of this tool.
    """

    rule: str
    tool: str
    refused: int
    asked: int
    more: int
    of: int

    @property
    def sentence(self) -> str:
        """In words: "press would have refused 2 of the last 3 of send."."""
        done = {"refused": self.refused, "asked about": self.asked, "wanted more people, or others, for": self.more}
        said = [f"{did} {number} of the last {self.of}" for did, number in done.items() if number]
        return f"{self.rule} would have {' and '.join(said)} of {self.tool}."


def differences(decisions: Iterable[Decision], policy: Policy, *, dial: Dial | None = None) -> tuple[Difference, ...]:
    """What each rule of a policy would have changed, by rule and tool, as the policy lists them; none where nothing.

    Each rule is judged alone, against the same terms without any of them; so what two of them do counts for both.
    """
    tools = dict[str, list[Decision]]()
    for decision in decisions:
        if decision.first:
            tools.setdefault(decision.action.tool, []).append(decision)
    found = (_difference(rule, tool, of, policy, dial) for rule in policy.rules for tool, of in tools.items())
    return tuple(one for one in found if one.refused or one.asked or one.more)


def _difference(rule: Rule, tool: str, of: Sequence[Decision], policy: Policy, dial: Dial | None) -> Difference:
    terms, without = (policy.model_copy(update={"rules": rules}) for rules in ((rule,), ()))
    refused = asked = more = 0
    for decision in of:
        after = what_if(decision, dial=dial, policy=terms)
        if rule.name not in after.rules:
            continue
        before = what_if(decision, dial=dial, policy=without)
        refused += after.ruling is Ruling.DENY and before.ruling is not Ruling.DENY
        asked += before.ruling < Ruling.ASK <= after.ruling < Ruling.DENY
        more += Ruling.ASK <= before.ruling <= after.ruling < Ruling.DENY and _who(before) != _who(after)
    return Difference(rule.name, tool, refused, asked, more, len(of))


def _who(ruled: Verdict) -> tuple[int, tuple[str, ...], bool]:
    return ruled.people, ruled.roles, ruled.four_eyes
