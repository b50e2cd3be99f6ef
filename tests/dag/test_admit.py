"""Who goes first: ready nodes by the way that lies ahead of them; and what time, and a plan, have to do with it."""

import pytest

from rheostat.dag import (
    Began,
    Complete,
    Failed,
    Finished,
    Graph,
    Labeled,
    Limits,
    Map,
    Node,
    Paused,
    Planned,
    Ref,
    Replan,
    Resumed,
    Settled,
    Started,
    State,
    Ticked,
    step,
)

from .one_run import Run, no_label, planned, side_by_side, starts

# Nodes


def test_only_so_many_nodes_are_at_work_and_one_that_waits_for_a_person_is_not() -> None:
    state = State(side_by_side("a", "b", "c", "d"), no_label, Limits(nodes_at_once=2))
    assert starts(step(state, Began({"x": Labeled(1)}))) == ["a", "b"]
    assert step(state, Started("a")) == step(state, Started("b")) == []
    assert starts(step(state, Paused("a"))) == ["c"]
    assert step(state, Started("c")) == []
    assert step(state, Started("a")) == [], "the person has answered; it goes on, but nobody new starts"
    assert starts(step(state, Finished("b", Labeled(1)))) == []
    assert starts(step(state, Failed("a", "no"))) == ["d"]
    assert step(state, Finished("c", Labeled(1))) == []
    assert step(state, Finished("d", Labeled(1))) == [Complete()]


def test_what_has_the_longest_way_to_the_end_starts_first() -> None:
    state = State(side_by_side("a", "b", "c", "d"), no_label, Limits(nodes_at_once=1))
    assert starts(step(state, Began({"x": Labeled(1)}))) == ["a"]
    assert step(state, planned(ranks={"b": 1, "c": 9, "d": 9})) == []
    assert starts(step(state, Finished("a", Labeled(1)))) == ["c"], "of equals the one that came up first"
    assert starts(step(state, Finished("c", Labeled(1)))) == ["d"]
    assert starts(step(state, Finished("d", Labeled(1)))) == ["b"]


def test_time_counts_as_work_only_while_some_node_is_at_work() -> None:
    run = Run("a", deadline_s=10.0)
    run.tell(Ticked(3.0), Paused("a"), Ticked(1_000_000.0), Started("a"), Ticked(1_000_002.0))
    assert run.state.worked_s == pytest.approx(5.0)
    run.tell(Ticked(5.0))
    assert run.state.worked_s == pytest.approx(5.0) and run.state.now_s == 1_000_002.0, "it never goes back"


def test_the_first_tick_is_no_stretch_of_work() -> None:
    state = State(side_by_side("a"), no_label)
    step(state, Began({"x": Labeled(1)}, deadline_s=1.0))
    step(state, Ticked(1_700_000_000.0))
    assert state.worked_s == 0.0


def test_after_a_crash_what_was_at_work_starts_again_and_the_time_between_was_no_work() -> None:
    state = State(side_by_side("a", "b", "c"), no_label, Limits(nodes_at_once=2))
    for event in (Ticked(0.0), Began({"x": Labeled(1)}), Started("a"), Ticked(2.0)):
        step(state, event)
    assert starts(step(state, Resumed(5_000.0))) == ["a", "b"]
    step(state, Ticked(5_001.0))
    assert state.worked_s == pytest.approx(3.0)
    assert starts(step(state, Finished("a", Labeled(1)))) == ["c"]


# Plans made anew


def test_a_new_plan_is_asked_for_once_when_costs_leave_the_forecast() -> None:
    plan = planned(ranks=dict.fromkeys("abc", 1.0), usd=0.1, whole_usd=0.3, cap_usd=1.0)
    run = Run("a", "b", "c", cap_usd=1.0, plan=plan)
    run.wanted_and_made("a:1", "a", usd=0.3)
    run.tell(Settled("a:1", 0.1))
    assert run.tell(Finished("a", Labeled(1))) == [], "as was forecast"
    run.wanted_and_made("b:1", "b", usd=0.3)
    run.tell(Settled("b:1", 0.2))
    (asked,) = run.tell(Finished("b", Labeled(1)))
    assert isinstance(asked, Replan) and "$0.1000 more" in asked.reason
    assert run.tell(Finished("c", Labeled(1))) == [Complete()], "nothing is left to be planned"


def test_money_left_over_is_worth_a_new_plan_only_where_it_could_buy_something() -> None:
    for usd_worth, replans in ((0.0, False), (2.0, True)):
        plan = planned(ranks=dict.fromkeys("ab", 1.0), usd=0.1, whole_usd=0.2, cap_usd=1.0, usd_worth=usd_worth)
        run = Run("a", "b", cap_usd=1.0, plan=plan)
        assert any(isinstance(c, Replan) for c in run.tell(Finished("a", Labeled(1)))) is replans


def test_a_new_plan_is_asked_for_when_the_run_is_about_to_take_longer() -> None:
    plan = planned(ranks={"a": 10.0, "b": 5.0}, latency_s=5.0, whole_s=10.0)
    run = Run("a", "b", deadline_s=60.0, plan=plan)
    run.tell(Ticked(7.0))
    (asked,) = run.tell(Finished("a", Labeled(1)))
    assert isinstance(asked, Replan) and "12.0 s instead of 10.0 s" in asked.reason


def test_a_list_longer_than_planned_is_worth_a_new_plan() -> None:
    judge = Node(id="judge", calls="judge", args={"x": Ref(of="$item")})
    body = Graph(name="one", inputs=("item",), nodes=(judge,), output=Ref(of="judge"))
    mapped = Node(id="one", calls="one", args={"item": Ref(of="list")}, body=body, runs=Map(over="item"))
    first = Node(id="list", calls="list", args={"x": Ref(of="$x")})
    graph = Graph(name="g", inputs=("x",), nodes=(first, mapped), output=Ref(of="one"))
    for length, replans in ((10, False), (11, False), (15, True), (4, True)):
        state = State(graph, no_label)
        step(state, Began({"x": Labeled(1)}))
        step(state, planned(ranks={"one/judge": 1.0}, count=10.0))
        commands = step(state, Finished("list", Labeled(list(range(length)))))
        assert len(starts(commands)) == length
        assert any(isinstance(c, Replan) for c in commands) is replans, length


def test_a_length_that_was_only_guessed_is_worth_a_new_plan_if_the_budget_binds() -> None:
    judge = Node(id="judge", calls="judge", args={"x": Ref(of="$item")})
    body = Graph(name="one", inputs=("item",), nodes=(judge,), output=Ref(of="judge"))
    mapped = Node(id="one", calls="one", args={"item": Ref(of="$x")}, body=body, runs=Map(over="item"))
    after = Node(id="after", calls="after", args={"x": Ref(of="$x")})
    graph = Graph(name="g", inputs=("x",), nodes=(after, mapped), output=Ref(of="one"))
    for known, usd_worth, replans in ((True, 1.0, False), (False, 0.0, False), (False, 1.0, True)):
        state = State(graph, no_label)
        made = planned(ranks={"one/judge": 1.0}, count=10.0, usd_worth=usd_worth).plan
        chosen = made.tasks["one/judge"].model_copy(update={"known": known})
        step(state, Planned(made.model_copy(update={"tasks": {"one/judge": chosen}})))
        commands = step(state, Began({"x": Labeled([*range(10)])}))
        assert any(isinstance(c, Replan) for c in commands) is replans
