"""What `step` promises whatever happens, in whatever order: the cap, each node once, nothing forgotten, determinism.

The machine plays the driver, the models and the people: it starts nodes at once or late, answers, fails, overcharges,
sends late bills, lets time jump, calls the run off, and loses the process, so that the Log is all that is left.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import fsum, inf
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rheostat.dag import (
    Began,
    Cancelled,
    Command,
    Complete,
    Declined,
    Event,
    Failed,
    Finished,
    Grant,
    Hedge,
    Labeled,
    LetGo,
    Paused,
    Planned,
    Refuse,
    Replan,
    Reserved,
    Resumed,
    Retried,
    Settled,
    Start,
    Started,
    State,
    Status,
    Stop,
    Ticked,
    Wake,
    Wanted,
    Withdrawn,
    step,
    task_of,
)

from .graphs import CALLS, TERMS, Terms, plan_of

VALUES = st.sampled_from([True, False, 7, [], [1], [0, 1, 2]])
SOON_S, LONG_S = 5.0, 1e6
ENDED = {Status.DONE, Status.SKIPPED, Status.DECLINED, Status.FAILED, Status.BLOCKED, Status.CANCELLED}
AT_WORK = {Status.READY, Status.RUNNING}


def labels_seen(labels: Sequence[Any]) -> int:
    return max((label or 0 for label in labels), default=0)


class Driven(RuleBasedStateMachine):
    """A run, and all that can happen to it."""

    @initialize(terms=TERMS)
    def begin(self, terms: Terms) -> None:
        self.terms = terms
        self.state = State(terms.graph, labels_seen, terms.limits)
        self.told = list[tuple[Event, list[Command]]]()
        self.journal = list[Event]()
        self.to_start = dict[str, None]()
        self.wanting = dict[str, Wanted]()
        self.flying = dict[str, float]()
        self.settled = list[str]()
        self.sizes = dict[str, tuple[str, int]]()
        self.went = list[tuple[str, float, int]]()
        self.wakes = list[float]()
        self.now_s = 100.0
        self.starts, self.may_start = Counter[str](), Counter[str]()
        self.ended = dict[str, Status]()
        self.number = 0
        self.honest = True
        self.crashed = 0
        self.tell(Ticked(self.now_s))
        self.tell(Began({"x": Labeled([1, 2], label=1)}, terms.cap_usd, terms.deadline_s))

    # What the driver does

    def tell(self, event: Event) -> list[Command]:
        commands = step(self.state, event)
        self.told.append((event, commands))
        if not isinstance(event, Wanted | Withdrawn):
            self.journal.append(event)
        for command in commands:
            self.obey(command)
        return commands

    def obey(self, command: Command) -> None:
        match command:
            case Start():
                self.starts[command.node] += 1
                if self.terms.prompt:
                    self.tell(Started(command.node))
                else:
                    self.to_start[command.node] = None
            case Stop():
                self.to_start.pop(command.node, None)
                self.cut_off(command.node)
            case Grant():
                want = self.wanting.pop(command.call)
                self.fly(command.call, want.node, want.model, want.worst_usd, want.tokens)
            case Hedge():
                model, tokens = self.sizes[command.call]
                self.fly(command.twin, command.call, model, self.flying[command.call], tokens)
            case Refuse():
                self.check_refusal(self.wanting.pop(command.call), command)
            case Wake():
                self.wakes.append(command.at_s)
            case Replan() | Complete():
                pass

    def fly(self, call: str, node: str, model: str, worst_usd: float, tokens: int) -> None:
        """The driver makes the call at once, so that nothing is booked between."""
        cap_usd = self.state.ledger.cap_usd
        assert cap_usd is None or self.promised() <= cap_usd + 1e-12
        assert len(self.state.desk.flying) <= self.terms.limits.calls_at_once
        self.flying[call] = worst_usd
        self.sizes[call] = (model, tokens)
        self.went.append((model, self.now_s, tokens))
        self.tell(Reserved(call, worst_usd, node.partition(":")[0], model, tokens))

    def cut_off(self, node: str) -> None:
        """Nobody needs a node's calls any more: those that wait are withdrawn, those in flight booked."""
        for call in [call for call, want in self.wanting.items() if want.node == node]:
            if self.wanting.pop(call, None):  # it may have been refused since one before it was withdrawn
                self.tell(Withdrawn(call))
        for call in [call for call in self.flying if call.partition(":")[0] == node]:
            self.settle(call, 1.0)

    def settle(self, call: str, share: float) -> None:
        self.settled.append(call)
        self.tell(Settled(call, self.flying.pop(call) * share))

    def promised(self) -> float:
        return fsum((self.state.ledger.spent_usd, *self.state.ledger.open_usd.values()))

    def check_refusal(self, want: Wanted, refusal: Refuse) -> None:
        ledger = self.state.ledger
        if refusal.why == "budget":
            assert ledger.cap_usd is not None and ledger.spent_usd + want.worst_usd > ledger.cap_usd
        else:
            assert self.state.deadline_s is not None and self.state.worked_s >= self.state.deadline_s

    def running(self) -> list[str]:
        running = self.state.having(Status.RUNNING)
        return [n.id for n in running if n.node.body is None and n.id not in self.to_start]

    # What happens

    @precondition(lambda self: self.to_start)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        order = list(self.to_start)
        for node in data.draw(st.lists(st.sampled_from(order), min_size=1, max_size=len(order), unique=True)):
            if node in self.to_start:
                del self.to_start[node]
                self.tell(Started(node))

    @precondition(lambda self: self.running())
    @rule(data=st.data(), value=VALUES)
    def finish(self, data: st.DataObject, value: object) -> None:
        node = data.draw(st.sampled_from(self.running()))
        self.cut_off(node)
        self.tell(Finished(node, Labeled(value, label=1)))

    @precondition(lambda self: self.running())
    @rule(data=st.data(), how=st.sampled_from([Failed, Declined, LetGo]))
    def end_otherwise(self, data: st.DataObject, how: type[Failed | Declined | LetGo]) -> None:
        node = data.draw(st.sampled_from(self.running()))
        self.cut_off(node)
        self.tell(how(node, "for a reason"))

    @precondition(lambda self: self.running())
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        self.tell(Paused(data.draw(st.sampled_from(self.running()))))

    @precondition(lambda self: self.state.having(Status.WAITING))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        self.tell(Started(data.draw(st.sampled_from(self.state.having(Status.WAITING))).id))

    @precondition(lambda self: self.running() and len(self.wanting) < 8)
    @rule(data=st.data(), calls=st.lists(CALLS, min_size=1, max_size=4))
    def want(self, data: st.DataObject, calls: list[Wanted]) -> None:
        for call in calls:
            node = data.draw(st.sampled_from(self.running()))
            self.number += 1
            wanted = replace(call, call=f"{node}:{self.number}", node=node)
            self.wanting[wanted.call] = wanted
            self.tell(wanted)

    @precondition(lambda self: self.wanting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(list(self.wanting)))
        del self.wanting[call]
        self.tell(Withdrawn(call))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), share=st.floats(0, 1))
    def answer_call(self, data: st.DataObject, share: float) -> None:
        self.settle(data.draw(st.sampled_from(list(self.flying))), share)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), times=st.floats(1.01, 20))
    def overcharge(self, data: st.DataObject, times: float) -> None:
        self.honest = False
        self.settle(data.draw(st.sampled_from(list(self.flying))), times)

    @precondition(lambda self: self.settled)
    @rule(data=st.data(), usd=st.floats(0, 1))
    def bill_late(self, data: st.DataObject, usd: float) -> None:
        self.honest = False
        before_usd = self.state.ledger.spent_usd
        self.tell(Settled(data.draw(st.sampled_from(self.settled)), usd))
        assert self.state.ledger.spent_usd == before_usd + usd

    @rule(after_s=st.floats(0, SOON_S) | st.floats(-LONG_S, LONG_S))
    def tick(self, after_s: float) -> None:
        self.now_s = max(self.now_s, self.now_s + after_s)
        worked_s = self.state.worked_s
        self.wakes = [at_s for at_s in self.wakes if at_s > self.now_s]
        self.tell(Ticked(self.now_s if after_s >= 0 else self.now_s + after_s))
        assert worked_s <= self.state.worked_s <= worked_s + max(0.0, after_s) + 1e-6

    @precondition(lambda self: self.wanting or self.state.desk.ready)
    @rule(ranks=st.lists(st.floats(0, 100), min_size=1, max_size=4), usd=st.floats(0, 1))
    def plan(self, ranks: list[float], usd: float) -> None:
        self.tell(Planned(plan_of(self.terms.graph, ranks, usd)))

    @precondition(lambda self: not self.state.complete and len(self.told) > 60)
    @rule()
    def call_off(self) -> None:
        self.tell(Cancelled("enough"))
        assert self.state.complete

    @precondition(lambda self: self.state.having(Status.FAILED))
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(self.state.having(Status.FAILED))).id
        try:
            self.tell(Retried(node))
        except ValueError:  # what went on without it can't be taken back
            return
        self.ended = {n.id: n.status for n in self.state.nodes.values() if n.status in ENDED}
        for again in self.state.nodes.values():
            if again.status not in ENDED:
                self.may_start[again.id] += 1

    @precondition(lambda self: len(self.journal) > self.crashed + 15)
    @rule(gone_s=st.floats(0, LONG_S))
    def crash(self, gone_s: float) -> None:
        """The process dies, and another goes on from the Log."""
        again = State(self.terms.graph, labels_seen, self.terms.limits)
        for event in self.journal:
            step(again, event)
        self.check_same(again)
        self.state = again
        self.told = [(event, list[Command]()) for event in self.journal]
        self.wanting.clear()
        self.wakes.clear()
        at_work = [n for n in self.state.desk.at_work]
        self.may_start.update(at_work)
        self.to_start.clear()
        self.now_s += gone_s
        self.crashed = len(self.journal)
        worked_s = self.state.worked_s
        self.tell(Resumed(self.now_s))
        assert self.state.worked_s == worked_s
        assert self.terms.prompt or set(at_work) <= set(self.to_start)
        for call in list(self.flying):
            self.settle(call, 1.0)

    def check_same(self, again: State) -> None:
        def nodes(state: State) -> dict[str, tuple[Status, Labeled, str]]:
            return {n.id: (n.status, n.value, n.reason) for n in state.nodes.values()}

        assert nodes(again) == nodes(self.state)
        assert again.ledger == self.state.ledger
        assert again.worked_s == self.state.worked_s and again.complete == self.state.complete
        assert again.desk.flying.keys() == self.state.desk.flying.keys()
        assert again.desk.at_work == self.state.desk.at_work

    # What always holds

    @invariant()
    def the_cap_holds(self) -> None:
        assert set(self.state.ledger.open_usd) == set(self.flying) == set(self.state.desk.flying)
        if self.honest and self.terms.cap_usd is not None:
            assert self.promised() <= self.terms.cap_usd + 1e-12

    @invariant()
    def each_node_is_started_and_ends_once(self) -> None:
        assert all(count <= 1 + self.may_start[node] for node, count in self.starts.items())
        for node, status in self.ended.items():
            assert self.state.nodes[node].status is status
        self.ended = {n.id: n.status for n in self.state.nodes.values() if n.status in ENDED}
        assert self.state.complete is (len(self.ended) == len(self.state.nodes))

    @invariant()
    def nothing_is_forgotten(self) -> None:
        at_work = self.state.desk.at_work
        ready = [n.id for n in self.state.having(Status.READY) if n.id not in at_work]
        assert not ready or len(at_work) >= self.terms.limits.nodes_at_once
        assert set(self.to_start) <= set(at_work) and set(self.running()) <= set(at_work)
        if not self.state.complete:
            assert at_work or self.state.having(Status.WAITING)
        if self.wanting and not self.flying:
            assert any(at_s >= self.now_s for at_s in self.wakes), "a call waits for nothing"

    @invariant()
    def rates_hold(self) -> None:
        for model, rate in self.terms.limits.rates.items():
            went = [(at_s, tokens) for name, at_s, tokens in self.went if name == model]
            for at_s, _ in went:
                minute = [tokens for other_s, tokens in went if at_s <= other_s < at_s + 60]
                assert len(minute) <= (rate.requests_per_min or inf)
                assert sum(minute) <= (rate.tokens_per_min or inf) or len(minute) == 1

    def teardown(self) -> None:
        """Whatever was done, the run can be brought to its end; and the same events give the same commands again."""
        for _ in range(1_000):
            if self.state.complete and not self.flying:
                break
            self.go_on()
            self.nothing_is_forgotten()
        assert self.state.complete
        again = State(self.terms.graph, labels_seen, self.terms.limits)
        for event, commands in self.told:
            came = step(again, event)
            assert not commands or came == commands
        self.check_same(again)
        assert {task_of(node) for node in self.state.nodes} <= set(plan_of(self.terms.graph, [0], 0).tasks)

    def go_on(self) -> None:
        """What a driver does that nobody disturbs."""
        if self.flying:
            self.settle(next(iter(self.flying)), 1.0)
        elif self.wanting:
            self.now_s = max(self.now_s, min(self.wakes))
            self.wakes = [at_s for at_s in self.wakes if at_s > self.now_s]
            self.tell(Ticked(self.now_s))
        elif self.to_start:
            node = next(iter(self.to_start))
            del self.to_start[node]
            self.tell(Started(node))
        elif running := self.running():
            self.tell(Finished(running[0], Labeled(True)))
        elif waiting := self.state.having(Status.WAITING):
            self.tell(Started(waiting[0].id))


TestDriven = Driven.TestCase
TestDriven.settings = settings(stateful_step_count=60, deadline=None)
