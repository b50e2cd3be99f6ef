"""A run as its Log tells it: journal, bill, questions, effects, receipts. Pure; needs neither the app nor a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rheostat.autonomy import Action, Approval, Dial, Grant, Json, Policy, Question
from rheostat.context import Break, Citation, Receipt, SourceMap
from rheostat.dag import Choice, Plan

from .events import (
    Answered,
    Asked,
    CallReserved,
    CallSettled,
    Checked,
    Cited,
    DialMoved,
    EffectStarted,
    Event,
    GrantGiven,
    GrantRevoked,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeLetGo,
    NodeRetried,
    NodeStarted,
    Packed,
    Planned,
    PolicySet,
    Reminded,
    Request,
    Ruled,
    RunEnded,
    RunResumed,
    RunStarted,
    Tombstone,
    Tried,
    UndoFailed,
    Undone,
    UndoStarted,
)
from .log import Record
from .run_errors import ErasedLog


@dataclass(slots=True)
class NodeView:
    """What is known of one node.

    `status` is running, waiting, done, failed, declined, let go, cancelled, unknown (cancelled in the middle of an
    effect), undoing (if nobody is at it any more: cut off) or undone. For those from failed on `reason` says why,
    `mend` who can mend it. `choice` is how the plan had it run when it started, and `tried` what came of that, by part.
    """

    id: str
    status: str = "running"
    value: Json = None
    reason: str = ""
    mend: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0
    expected_cached_tokens: int = 0
    saved_usd: float = 0.0
    breaks: list[Break] = field(default_factory=lambda: [])
    receipt: Receipt | None = None
    source_map: SourceMap | None = None
    citations: tuple[Citation, ...] = ()
    checks: list[Checked] = field(default_factory=lambda: [])
    action: Action | None = None
    started_at: float = 0.0
    choice: Choice | None = None
    tried: dict[tuple[int, ...], Tried] = field(default_factory=lambda: {})


@dataclass(slots=True)
class View:
    """Everything that can be known of a run from its Log.

    Args:
        run: its id.
        nodes: by id, in the order they started.
        more: what more money or time would have bought; "" if neither ran out. plan: the last that was made.
        ways: by task, how the last plan that spoke of it has it run.
        questions: all that were asked, by id; `open_questions()` are those that still wait.
        approvals: what people said, by question.
        granted: ids of the questions whose action was started; each is used once.
        reminded: of which question whom; "" is whoever was asked at first.
        effects: idempotency keys of the effects that were started, by node.
        spent_usd: the settled bills; open_usd what running calls may cost at most, by call.
        expected_tokens: what running calls are expected to read from the provider's cache, by call.
        answered: the settled calls that gave an answer, by node.
        worked_s: seconds in which some node was running; waiting for people does not count.
        shape: of the graph that it goes by, as `shape` tells it.
        moved: where the dial was moved to, if it was. policy: the one in force. grants: those given in this run, by id.
    """

    run: str
    request: Request | None = None
    started_at: float = 0.0
    last_at: float = 0.0
    status: str = "running"
    reason: str = ""
    more: str = ""
    plan: Plan | None = None
    ways: dict[str, Choice | None] = field(default_factory=lambda: {})
    nodes: dict[str, NodeView] = field(default_factory=dict[str, NodeView])
    questions: dict[str, Question] = field(default_factory=dict[str, Question])
    asked_by: dict[str, str] = field(default_factory=dict[str, str])
    approvals: dict[str, list[Approval]] = field(default_factory=dict[str, "list[Approval]"])
    granted: set[str] = field(default_factory=set[str])
    reminded: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])
    effects: dict[str, str] = field(default_factory=dict[str, str])
    ruled: list[Ruled] = field(default_factory=list[Ruled])
    open_usd: dict[str, float] = field(default_factory=dict[str, float])
    expected_tokens: dict[str, int] = field(default_factory=dict[str, int])
    answered: dict[str, list[CallSettled]] = field(default_factory=dict[str, "list[CallSettled]"])
    spent_usd: float = 0.0
    assumed_usd: float = 0.0
    worked_s: float = 0.0
    running: set[str] = field(default_factory=set[str])
    shape: dict[str, str] = field(default_factory=dict[str, str])
    moved: Dial | None = None
    policy: Policy = field(default_factory=Policy)
    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])

    @property
    def terms(self) -> Request:
        """What was asked. Every Log begins with it."""
        assert self.request is not None, "a Log begins with run_started"
        return self.request

    @property
    def dial(self) -> Dial:
        """How far the run goes alone, as it stands now."""
        return self.moved or self.terms.dial

    @property
    def approvers(self) -> int:
        """How many people could approve: whom the policy names, or as many as the request says."""
        return len(self.policy.people) or self.terms.approvers

    def open_questions(self) -> list[Question]:
        """The questions that wait for a person, oldest first."""
        latest = {node: question for question, node in self.asked_by.items()}
        waiting = (node for node in self.nodes.values() if node.status == "waiting")
        return [self.questions[latest[node.id]] for node in waiting if node.id in latest]

    def worked_until(self, now: float) -> float:
        """Seconds of work so far, the stretch in progress included."""
        return self.worked_s + (max(0.0, now - self.last_at) if self.running else 0.0)

    def failures(self) -> dict[str, str]:
        """Why each failed node failed, by node."""
        return {node.id: node.reason for node in self.nodes.values() if node.status == "failed"}

    def apply(self, event: Event, at: float) -> None:
        """Takes one event in."""
        if self.running and not isinstance(event, RunResumed):  # until then nobody was at work
            self.worked_s += max(0.0, at - self.last_at)
        self.last_at = at
        match event:
            case NodeFinished():
                node = self._leave(event.node, "done")
                node.value = event.value
                if node.started_at and not event.kept_from:
                    node.seconds += at - node.started_at
            case RunStarted():
                self.request, self.started_at, self.shape = event.request, at, event.request.shape
            case RunResumed():
                self.running.clear()
                self.shape = event.shape or self.shape
            case RunEnded():
                self._end(event)
            case Planned():
                self.plan = event.plan
                self.ways |= {task: chosen.choice for task, chosen in event.plan.tasks.items()}
            case Asked():
                self.questions[event.question.id] = event.question
                self.asked_by[event.question.id] = event.node
                self._node(event.node).action = event.question.action
                self._leave(event.node, "waiting")
            case Answered():
                self.approvals.setdefault(event.approval.question, []).append(event.approval)
            case CallReserved() | CallSettled():
                self._bill(event)
            case UndoStarted() | Undone() | UndoFailed():
                self._undo(self._node(event.node), event)
            case _:
                self._of_node(event, at)

    def _of_node(self, event: Event, at: float) -> None:
        match event:
            case NodeStarted():
                node = self._node(event.node)
                node.status, node.started_at = "running", at
                node.checks.clear()  # started again after a crash, it checks its answers again
                self.running.add(event.node)
            case NodeFailed():
                self._leave(event.node, "failed", event.error).mend = event.mend
            case NodeDeclined():
                self._leave(event.node, "declined", event.reason)
            case NodeLetGo():
                self._leave(event.node, "let go", event.reason).mend = event.mend
            case NodeRetried():
                self._begin_anew(event.node)
            case Tried():
                self._node(event.node).tried[event.path] = event
            case Packed():
                node = self._node(event.node)
                node.receipt, node.source_map = event.receipt, event.source_map
                node.choice = event.choice or node.choice
            case Checked():
                self._node(event.node).checks.append(event)
            case Cited():
                self._node(event.node).citations = event.citations
            case Ruled():
                self.ruled.append(event)
                self._node(event.node).action = event.action
            case EffectStarted():
                self.effects[event.node] = event.key
                self.granted |= {event.question} - {""}
                self._node(event.node).action = event.action
                self._node(event.node).status = "running"
                self._node(event.node).started_at = at
                self.running.add(event.node)
            case Tombstone():
                raise ErasedLog(self.run)
            case _:
                self._of_deciding(event, at)

    def _of_deciding(self, event: Event, at: float) -> None:
        match event:
            case DialMoved():
                self.moved = event.dial
            case Reminded():
                self.reminded.setdefault(event.question, set()).add(event.to)
            case PolicySet():
                self.policy = event.policy
            case GrantGiven():
                self.grants[event.grant.id] = event.grant
            case GrantRevoked():
                revoked_at = datetime.fromtimestamp(at, UTC)
                self.grants[event.grant] = self.grants[event.grant].revoked(by=event.by, at=revoked_at)
            case _:
                pass

    def _undo(self, node: NodeView, event: UndoStarted | Undone | UndoFailed) -> None:
        if node.status == "failed":  # what it had done by then is undone; that it failed stays so
            return
        match event:
            case UndoStarted():
                node.status, node.reason = "undoing", f"by {event.by}"
            case Undone():
                node.status = "undone"
            case UndoFailed():
                node.status, node.reason = "done", ""

    def _begin_anew(self, node_id: str) -> None:
        """A node that failed is to run once more: what it paid for then is of no use to it now."""
        self.status, self.reason, self.more = "running", "", ""
        node = self._node(node_id)
        node.choice = None
        node.tried.clear()
        self.answered.pop(node_id, None)
        self.effects.pop(node_id, None)

    def _end(self, event: RunEnded) -> None:
        self.status, self.reason, self.more = event.status, event.reason, event.more
        for node in self.nodes.values() if event.status == "cancelled" else ():
            if node.status in ("running", "waiting"):
                # Of an effect that was begun nobody knows then whether it happened.
                begun = node.status == "running" and node.id in self.effects
                node.status, node.reason = "unknown" if begun else "cancelled", event.reason
        self.running.clear()

    def _bill(self, event: CallReserved | CallSettled) -> None:
        node = self._node(event.node)
        if isinstance(event, CallReserved):
            self.open_usd[event.call] = event.worst_usd
            self.expected_tokens[event.call] = event.expected_cached_tokens
            node.breaks += [event.broke] if event.broke else []
            node.calls += 1
            return
        self.open_usd.pop(event.call, None)
        expected_tokens = self.expected_tokens.pop(event.call, 0)
        if event.usage.prompt_tokens:  # what was reported, and what was foretold of it, are about the same calls
            node.expected_cached_tokens += expected_tokens
        if event.answer is not None:
            self.answered.setdefault(event.node, []).append(event)
        self.spent_usd += event.cost_usd
        self.assumed_usd += event.cost_usd if event.assumed else 0.0
        node.cost_usd += event.cost_usd
        node.prompt_tokens += event.usage.prompt_tokens
        node.answer_tokens += event.usage.answer_tokens
        node.cached_tokens += event.usage.cached_tokens
        node.saved_usd += event.saved_usd

    def _leave(self, node_id: str, status: str, reason: str = "") -> NodeView:
        node = self._node(node_id)
        node.status, node.reason = status, reason
        self.running.discard(node_id)
        return node

    def _node(self, node_id: str) -> NodeView:
        node = self.nodes.get(node_id)
        if node is None:
            node = self.nodes[node_id] = NodeView(node_id)
        return node

    def standing(self) -> str:
        """How the run stands.

        done, partial, failed, cancelled, waiting (for a person) or unfinished (someone works on it, or it was cut off).
        """
        if self.status != "running":
            return self.status
        return "waiting" if self.open_questions() and not self.running else "unfinished"

    def as_json(self) -> Mapping[str, Any]:
        """The essentials as plain data, for `--json`."""
        return {
            "run": self.run,
            "status": self.standing(),
            "reason": self.reason,
            "app": self.terms.app,
            "workflow": self.terms.workflow,
            "model": self.terms.model,
            "dial": int(self.dial.level),
            "budget_usd": self.terms.budget_usd,
            "spent_usd": self.spent_usd,
            "worked_s": round(self.worked_s, 3),
            "started_at": self.started_at,
            "questions": [q.model_dump(mode="json") for q in self.open_questions()],
            "failures": self.failures(),
            "nodes": {
                n.id: {"status": n.status, "cost_usd": n.cost_usd, "calls": n.calls} for n in self.nodes.values()
            },
        }


def view(run: str, records: Iterable[Record]) -> View:
    """Reads a Log from its beginning."""
    seen = View(run)
    for record in records:
        seen.apply(record.event, record.at)
    return seen
