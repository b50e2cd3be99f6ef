"""Who let what happen, and why: a view of the Log. Pure; needs neither the App nor a model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from rheostat.autonomy import Action, Approval, Argument, Dial, Grant, Ruling, Verdict, plain

from .decisions import (
    Answered,
    Asked,
    DialMoved,
    EffectStarted,
    Erased,
    GrantGiven,
    GrantRevoked,
    PolicySet,
    Reminded,
    Ruled,
    UndoFailed,
    Undone,
    UndoStarted,
    Withdrawn,
)
from .events import (
    Event,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeRetried,
    RunEnded,
    RunStarted,
)
from .log import Record

_VALUE_CHARS = 120

What = Literal[
    "started",
    "dial moved",
    "policy set",
    "grant given",
    "grant revoked",
    "asked",
    "reminded",
    "accepted",
    "rejected",
    "withdrawn",
    "refused",
    "done",
    "failed",
    "unknown",
    "undone",
    "not undone",
    "retried",
    "called off",
    "erased",
]

Sort = Literal["person", "rule", "grant", "dial", "arguments", "taint", "time", ""]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was decided, done or undone.

    Args:
        seq, at: the record of the Log that proves it, and its time in epoch seconds.
        what: what happened. An effect is `done`, `failed`, or `unknown` while no end of it is in the Log.
        by: who decided so: a person's name, a rule's, a grant's id; "" for what has no name. Of an effect: who let it
            happen.
        sort: what that is; `time` where nobody answered in time, "" where nobody decided.
        action: one line for people; `tool` and `node` say whose.
        risk, taint: of the action, in words.
        level: of the dial by which it was decided; None where none was.
        control: its control arguments, and who vouches for each: `to="Ann", vouched for by the user`.
        why: sentences.
        question, digest: what was asked and answered, and the digest of exactly that.
    """

    seq: int
    at: float
    what: What
    by: str = ""
    sort: Sort = ""
    action: str = ""
    tool: str = ""
    node: str = ""
    risk: str = ""
    taint: str = ""
    level: int | None = None
    control: tuple[str, ...] = ()
    why: str = ""
    question: str = ""
    digest: str = ""


def audit(records: Iterable[Record]) -> list[Entry]:
    """What was decided in a run, by whom and why, what was done and undone, in order. Of erased records, nothing."""
    reader = _Reader()
    for record in records:
        if not record.is_tombstone:
            reader.take(record.event, record.seq, record.at)
    return reader.entries


@dataclass
class _Reader:
    """What has been read so far."""

    entries: list[Entry] = field(default_factory=list[Entry])
    asked: dict[str, Asked] = field(default_factory=dict[str, Asked])
    accepted: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])
    ruled: dict[str, Ruled] = field(default_factory=dict[str, Ruled])
    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])
    done: dict[str, EffectStarted] = field(default_factory=dict[str, EffectStarted])
    begun: dict[str, int] = field(default_factory=dict[str, int])
    """Where the entry is that tells of an effect, or of taking it back, whose end was not read yet; by node."""
    last: dict[str, Entry] = field(default_factory=dict[str, Entry])
    """The last entry about each node."""
    seq: int = 0
    at: float = 0.0

    def take(self, event: Event, seq: int, at: float) -> None:
        """Takes one event in."""
        self.seq, self.at = seq, at
        match event:
            case Ruled():
                self.ruled[event.node] = event
                if event.verdict.ruling is Ruling.DENY:
                    self._add("refused", **_action(event.action), **_verdict(event.verdict))
            case Asked():
                self.asked[event.question.id] = event
                self._add("asked", **_question(event))
            case Answered():
                self._answered(event.approval)
            case Withdrawn():
                self._about(event.question, "withdrawn", **_by(""), why=event.reason)
            case Reminded():
                why = f"{event.to} may answer as well." if event.to else ""
                self._about(event.question, "reminded", **_by("", "time"), why=why)
            case NodeDeclined():
                self._declined(event)
            case EffectStarted():
                self.done[event.node] = event
                self._begin(event.node, self._let_go(event))
            case UndoStarted():
                of = self.done.get(event.node)
                self._begin(event.node, (_action(of.action) if of else {}) | _by(event.by) | {"node": event.node})
            case Undone():
                self._end(event.node, "undone", event.said if isinstance(event.said, str) else "")
            case UndoFailed():
                self._end(event.node, "not undone", event.error)
            case NodeFinished():
                self._end(event.node, "done")
            case NodeFailed():
                self._end(event.node, "failed", event.error)
            case _:
                self._of_the_run(event)

    def _of_the_run(self, event: Event) -> None:
        match event:
            case RunStarted():
                asked = event.request
                what, level = f"{asked.app}: {asked.workflow}", int(asked.dial.level)
                self._add("started", **_by(asked.asked_by), action=what, level=level, why=f"With {_dial(asked.dial)}.")
            case DialMoved():
                self._add("dial moved", **_by(event.by), action=_dial(event.dial), level=int(event.dial.level))
            case PolicySet():
                names = ", ".join(rule.name for rule in event.policy.rules)
                self._add("policy set", action=f"rules: {names}" if names else "no rules")
            case GrantGiven():
                self.grants[event.grant.id] = grant = event.grant
                about = {"tool": grant.tool, "risk": grant.risk.name.lower(), "why": _reach(grant)}
                self._add("grant given", **_by(" and ".join(grant.by)), action=grant.id, **about)
            case GrantRevoked():
                self._add("grant revoked", **_by(event.by), action=event.grant)
            case NodeRetried():
                self._add("retried", **_by(event.by), node=event.node)
            case RunEnded(status="cancelled"):
                self._add("called off", why=event.reason)
            case Erased():
                self._add("erased", **_by(event.by), why=event.reason)
            case _:
                pass

    def _add(self, what: What, **facts: Any) -> None:
        entry = Entry(self.seq, self.at, what, **facts)
        self.entries.append(entry)
        self.last[entry.node] = entry

    def _about(self, question: str, what: What, **facts: Any) -> None:
        """Adds what is told of a question."""
        self._add(what, **_question(self.asked.get(question)) | {"level": None} | facts)

    def _begin(self, node: str, facts: dict[str, Any]) -> None:
        """What has begun is unknown until its end is read."""
        self.begun[node] = len(self.entries)
        self._add("unknown", **facts)

    def _end(self, node: str, what: What, why: str = "") -> None:
        place = self.begun.pop(node, None)
        if place is not None:
            self.entries[place] = replace(self.entries[place], what=what, **{"why": why} if why else {})

    def _answered(self, approval: Approval) -> None:
        if approval.accepts:
            self.accepted.setdefault(approval.question, []).append(approval.by)
        edits = ", ".join(f"{name}={value!r}" for name, value in approval.edits.items())
        said = [approval.reason, f"With {edits}." if edits else "", _parts(approval)]
        why = " ".join(filter(None, said))
        self._about(approval.question, "accepted" if approval.accepts else "rejected", **_by(approval.by), why=why)

    def _declined(self, event: NodeDeclined) -> None:
        """That it is not done; by whom, where no entry before has said so."""
        last = self.last.get(event.node)
        if last is None or last.what not in ("refused", "rejected"):
            who = _by(event.by) if event.by else _by("", "time")
            self._about(last.question if last else "", "refused", **who | {"node": event.node, "why": event.reason})

    def _let_go(self, event: EffectStarted) -> dict[str, Any]:
        """Who let an effect happen: the people who accepted it, or whatever decided that nobody had to."""
        asked, ruled = self.asked.get(event.question), self.ruled.get(event.node)
        if asked is not None:
            people = " and ".join(dict.fromkeys(self.accepted.get(event.question, [])))
            return _question(asked) | _action(event.action) | _by(people) | {"level": None, "why": ""}
        if ruled is None:
            return _action(event.action) | {"why": "It was begun before; its tool knows it by its key."}
        facts = _action(event.action) | _verdict(ruled.verdict)
        grant = self.grants.get(facts["by"]) if facts["sort"] == "grant" else None
        if grant is not None and grant.passed:
            facts["why"] += f" The check {grant.passed} passed."
        return facts


def _by(name: str, sort: Sort = "person") -> dict[str, Any]:
    return {"by": name, "sort": sort if name or sort != "person" else ""}


def _action(action: Action) -> dict[str, Any]:
    return {
        "action": action.summary or action.tool,
        "tool": action.tool,
        "node": action.node,
        "risk": action.risk.name.lower(),
        "control": tuple(_argument(each) for each in action.arguments if each.control),
    }


def _argument(argument: Argument) -> str:
    """An argument on one line, and where it comes from."""
    value = plain(json.dumps(argument.value, ensure_ascii=False), at_most=_VALUE_CHARS)
    whose = f", vouched for by {argument.vouched_by}" if argument.vouched_by else ""
    return f"{argument.name}={value}{whose or (', from untrusted text' if argument.untrusted else '')}"


def _verdict(ruled: Verdict) -> dict[str, Any]:
    """Who decided: the dial, the arguments or the taint, a rule or a grant by its name."""
    sort, _, name = ruled.decided_by.removeprefix("the ").partition(" ")
    known: dict[str, Sort] = {each: each for each in ("rule", "grant", "dial", "arguments", "taint")}
    return {
        **_by(name, known.get(sort, "")),
        "level": int(ruled.level),
        "taint": ruled.taint.name.lower(),
        "why": ruled.why or " ".join(ruled.reasons),
    }


def _question(asked: Asked | None) -> dict[str, Any]:
    if asked is None:
        return {}
    question = asked.question
    facts = _action(question.action) | _verdict(question.verdict)
    return facts | {"node": asked.node, "question": question.id, "digest": question.digest}


def _dial(dial: Dial) -> str:
    """Where the dial stands, in words: the level, and what has one of its own."""
    own = [(risk.name.lower(), level) for risk, level in dial.kinds.items()] + [*dial.tools.items()]
    exceptions = "".join(f", {name} at {level.name.lower()}" for name, level in own)
    return f"the dial at level {int(dial.level)} ({dial.level.name.lower()}){exceptions}"


def _parts(approval: Approval) -> str:
    if approval.parts is None:
        return ""
    return f"Of its parts: {', '.join(map(str, approval.parts))}."


def _reach(grant: Grant) -> str:
    where = "in this run" if grant.run else "in every run of the app"
    return f"{grant.why} Holds {where} until {grant.expires_at:%Y-%m-%d %H:%M %Z}.".strip()
