"""What a run's dial, policy, grants and tools say about an action, as they stand now."""

from __future__ import annotations

from datetime import UTC, datetime

from rheostat.autonomy import Action, Question, Rule, Ruling, Verdict, verdict

from .declare import Tool
from .hold import Hold

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


def rule(hold: Hold, action: Action, *rules: Rule) -> Verdict:
    """Rules on an action, as things stand now. `rules` are those of its tool, and of what happened to it."""
    view = hold.view
    return verdict(
        view.dial.for_action(action),
        action,
        rules=(*view.policy.rules, *rules),
        grants=tuple(view.grants.values()),
        app=view.terms.app,
        now=datetime.now(UTC),
        approvers=view.terms.approvers,
    )


def rules_for(hold: Hold, question: Question) -> tuple[Rule, ...]:
    """The rules that an open question is decided on again by."""
    tool = hold.cast[hold.state.nodes[hold.view.asked_by[question.id]].node.calls]
    own = tool.rules if isinstance(tool, Tool) else ()
    return (*(rule for rule in (UNKNOWN, NO_END) if rule.name in question.verdict.rules), *own)
