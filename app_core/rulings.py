"""What a run's dial, policy, grants and tools say about an action, as they stand now."""

from __future__ import annotations

from rheostat.autonomy import Action, Grant, Question, Rule, Ruling, Verdict, verdict

from .around import dial_of
from .asking import clock
from .decisions import DialMoved, GrantGiven
from .declare import Tool
from .hold import Hold
from .label import join

AROUND_IT = "the run around it"
"""Who moves the dial of a run that another one started."""

UNKNOWN = Rule(
    name="unknown outcome",
    tool="*",
    at_least=Ruling.ASK,
    why="The process stopped while doing this, so it may have happened already. Look first; accept to do it.",
)
"""Asked about an effect that may have happened: it is never done again automatically."""

NO_END = Rule(
    name="no end in time",
    tool="*",
    at_least=Ruling.ASK,
    why="This was begun and had not ended in the time that it is given, so it may have happened, or happen yet. "
    "Look first; accept to do it once more.",
)
"""Asked about an effect that was given up while it went on."""

ELSEWHERE = Rule(
    name="leads elsewhere",
    tool="*",
    at_least=Ruling.ASK,
    why="Since this was decided, a link or a folder on the way was changed: a path in it leads elsewhere now.",
)
"""Asked about an effect on what is not where it was when it was decided on."""


def rule(hold: Hold, action: Action, *rules: Rule) -> Verdict:
    """Rules on an action, as things stand now. `rules` are those of its tool, and of what happened to it.

    The Log is told of a dial that the run around this one has lowered, and of a grant that lets go here what it never
    did before in this run: so that the decision can be taken again from the Log alone.
    """
    dial, grants = dial_of(hold), standing_grants(hold)
    if dial != hold.view.dial:
        hold.emit(DialMoved(dial=dial, by=AROUND_IT))
    ruled = verdict(
        dial.for_action(action),
        action,
        rules=(*hold.view.policy.rules, *rules),
        grants=grants,
        passed=passed(hold, action.node),
        app=hold.view.terms.app,
        by=hold.view.terms.asked_by,
        now=clock(hold),
        approvers=hold.view.approvers,
    )
    used = next((grant for grant in grants if ruled.decided_by == f"grant {grant.id}"), None)
    if used is not None and used.id not in hold.view.grants:
        hold.later(GrantGiven(grant=used))
    return ruled


def standing_grants(hold: Hold) -> tuple[Grant, ...]:
    """The grants that nobody has revoked: those of this run, and those of every run of its app as they are kept now.

    Only of people who may approve. Whoever may not any more, since the policy was changed, grants nothing any more.
    """
    given = (grant for grant in hold.view.grants.values() if grant.run)
    kept = (grant for grant in hold.grants.of(hold.view.terms.app) if not grant.run)
    return tuple(grant for grant in (*given, *kept) if grant.revoked_at is None and hold.view.policy.knows(grant.by))


def passed(hold: Hold, node: str) -> tuple[str, ...]:
    """The checks that passed on every model's answer that a node's arguments rest on; none if they rest on none."""
    return join(value.label for value in hold.state.arguments(node).values()).passed or ()


def rules_for(hold: Hold, question: Question) -> tuple[Rule, ...]:
    """The rules that an open question is decided on again by."""
    tool = hold.cast[hold.state.nodes[hold.view.asked_by[question.id]].node.calls]
    own = tool.rules if isinstance(tool, Tool) else ()
    return (*(rule for rule in (UNKNOWN, NO_END, ELSEWHERE) if rule.name in question.verdict.rules), *own)
