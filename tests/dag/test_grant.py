"""Which model call may be made: by rank, under limits of number, rate, money and time; prefixes, and twins."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import (
    Began,
    Command,
    Finished,
    Grant,
    Hedge,
    Labeled,
    Limits,
    Rate,
    Refuse,
    Reserved,
    Settled,
    Started,
    State,
    Ticked,
    Wake,
    Withdrawn,
    step,
)

from .one_run import Run, no_label, planned, side_by_side, starts

# Calls


def test_calls_wait_for_a_slot_and_go_by_rank() -> None:
    run = Run("a", "b", "c", limits=Limits(calls_at_once=1), plan=planned(ranks={"a": 1, "b": 2, "c": 3}))
    run.wanted_and_made("a:1", "a")
    assert run.want("a:2", "a") == run.want("b:1", "b") == run.want("c:1", "c") == run.want("c:2", "c") == []
    order = list[str]()
    flying = "a:1"
    while flying:
        granted = [c.call for c in run.tell(Settled(flying, 0.0)) if isinstance(c, Grant)]
        order += granted
        flying = granted[0] if granted else ""
    assert order == ["c:1", "c:2", "b:1", "a:2"]


def test_a_call_waits_for_the_bills_of_others_and_nobody_of_less_rank_overtakes_it() -> None:
    run = Run("a", "b", cap_usd=1.0, plan=planned(ranks={"a": 2, "b": 1}))
    run.wanted_and_made("a:1", usd=0.7)
    assert run.want("a:2", usd=0.5) == []
    assert run.want("b:1", "b", usd=0.1) == []
    assert run.tell(Settled("a:1", 0.2)) == [Grant("a:2"), Grant("b:1")]


def test_what_can_never_fit_is_refused_at_once_even_with_calls_in_flight() -> None:
    run = Run("a", cap_usd=1.0)
    run.wanted_and_made("a:1", usd=0.5)
    run.tell(Settled("a:1", 0.5))
    run.wanted_and_made("a:2", usd=0.3)
    assert run.want("a:3", usd=0.6) == [Refuse("a:3", "budget", 0.5, float("inf"))]


def test_after_a_bill_above_its_reservation_nothing_more_is_granted() -> None:
    run = Run("a", cap_usd=1.0)
    run.wanted_and_made("a:1", usd=0.1)
    run.tell(Settled("a:1", 1.2))
    assert run.want("a:2", usd=0.001) == [Refuse("a:2", "budget", 0.0, float("inf"))]
    assert run.want("a:3", usd=0.0) == [Refuse("a:3", "budget", 0.0, float("inf"))]


def test_a_late_bill_takes_from_what_is_left() -> None:
    run = Run("a", cap_usd=1.0)
    run.wanted_and_made("a:1", usd=0.5)
    run.tell(Settled("a:1", 0.1), Settled("a:1", 0.6))
    assert run.state.ledger.spent_usd == pytest.approx(0.7)
    (refused,) = run.want("a:2", usd=0.4)
    assert isinstance(refused, Refuse) and refused.left_usd == pytest.approx(0.3)


def test_after_the_deadline_calls_are_refused_and_nodes_still_start() -> None:
    run = Run("a", "b", limits=Limits(nodes_at_once=1), deadline_s=5.0)
    run.tell(Ticked(6.0))
    assert run.want("a:1") == [Refuse("a:1", "deadline", float("inf"), 0.0)]
    state = State(side_by_side("a", "b"), no_label, Limits(nodes_at_once=1))
    for event in (Ticked(0.0), Began({"x": Labeled(1)}, deadline_s=1.0), Started("a"), Ticked(9.0)):
        step(state, event)
    assert starts(step(state, Finished("a", Labeled(1)))) == ["b"], "a merge of what there is costs nothing"


def test_a_call_that_is_wanted_no_more_leaves_the_line_or_gives_its_money_back() -> None:
    run = Run("a", cap_usd=1.0, limits=Limits(calls_at_once=1))
    assert run.want("a:1", usd=1.0) == [Grant("a:1")]
    assert run.want("a:2", usd=0.5) == run.want("a:3", usd=0.5) == []
    assert run.tell(Withdrawn("a:2")) == []
    assert run.tell(Withdrawn("a:1")) == [Grant("a:3")]
    assert run.state.ledger.open_usd == {"a:3": 0.5}


def test_calls_of_a_node_that_has_ended_are_forgotten() -> None:
    run = Run("a", "b", limits=Limits(calls_at_once=1))
    run.wanted_and_made("b:1", "b")
    assert run.want("a:1") == run.want("b:2", "b") == []
    run.tell(Finished("a", Labeled(1)))
    assert run.tell(Settled("b:1", 0.0)) == [Grant("b:2")]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_a_worst_case_that_is_no_amount_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match="a price must be"):
        Run("a").want("a:1", usd=bad)


def test_ids_of_calls_are_used_once() -> None:
    run = Run("a")
    run.wanted_and_made("a:1")
    for _ in range(2):
        with pytest.raises(ValueError, match="used once"):
            run.want("a:1")
        if "a:1" in run.state.ledger.open_usd:
            run.tell(Settled("a:1", 0.0))


# Rates


def test_a_minute_has_no_more_calls_than_allowed_and_another_model_does_not_wait() -> None:
    run = Run("a", limits=Limits(calls_at_once=100, rates={"m": Rate(requests_per_min=2)}))
    run.wanted_and_made("a:1")
    run.tell(Ticked(10.0))
    run.wanted_and_made("a:2")
    assert run.want("a:3") == [Wake(60.0)]
    assert run.want("a:4") == []
    assert run.want("a:5", model="other") == [Grant("a:5")]
    assert run.tell(Ticked(59.0)) == []
    assert run.tell(Ticked(60.0)) == [Grant("a:3"), Wake(70.0)]
    assert run.tell(Ticked(500_000.0)) == [Grant("a:4")], "a jump of days does no harm"


def test_a_call_of_more_tokens_than_a_minute_has_goes_alone() -> None:
    run = Run("a", limits=Limits(calls_at_once=100, rates={"m": Rate(tokens_per_min=100)}))
    assert run.want("a:1", tokens=30) == [Grant("a:1")]
    assert run.want("a:2", tokens=1_000) == [Wake(60.0)]
    assert run.tell(Ticked(60.0)) == [Grant("a:2")]
    assert run.want("a:3", tokens=1) == [Wake(120.0)]


def test_a_rate_below_one_a_minute_is_one_in_several() -> None:
    run = Run("a", limits=Limits(rates={"m": Rate(requests_per_min=0.5)}))
    assert run.want("a:1") == [Grant("a:1")]
    assert run.want("a:2") == [Wake(120.0)]


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(0, 60)), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(60, 200),
)
def test_in_no_minute_more_is_started_than_the_rate_allows(
    calls: list[tuple[float, int]], requests: int, tokens: int
) -> None:
    rate = Rate(requests_per_min=requests, tokens_per_min=tokens)
    run = Run("a", limits=Limits(calls_at_once=1000, rates={"m": rate}))
    now_s, started = 0.0, list[tuple[float, int]]()
    sizes = dict[str, int]()

    def took(commands: list[Command]) -> None:
        wakes.extend(c.at_s for c in commands if isinstance(c, Wake))
        started.extend((now_s, sizes[c.call]) for c in commands if isinstance(c, Grant))

    wakes = list[float]()
    for number, (gap_s, size) in enumerate(calls):
        while wakes and min(wakes) <= now_s + gap_s:
            gap_s -= min(wakes) - now_s
            now_s = min(wakes)
            wakes.remove(now_s)
            took(run.tell(Ticked(now_s)))
        now_s += max(0.0, gap_s)
        took(run.tell(Ticked(now_s)))
        sizes[f"a:{number}"] = size
        took(run.want(f"a:{number}", tokens=size))
    while wakes:
        now_s = max(now_s, min(wakes))
        wakes.remove(min(wakes))
        took(run.tell(Ticked(now_s)))
    assert len(started) == len(calls), "none is forgotten"
    for at_s, _ in started:
        minute = [size for other_s, size in started if at_s <= other_s < at_s + 60]
        assert len(minute) <= requests
        assert sum(minute) <= tokens or len(minute) == 1
    assert all(one <= other for (one, _), (other, _) in pairwise(started))


# Prefixes


def test_calls_that_share_a_prefix_wait_for_the_first_to_bring_it_into_the_cache() -> None:
    run = Run("a")
    assert run.want("a:1", prefix="p") == [Grant("a:1")]
    assert run.want("a:2", prefix="p") == run.want("a:3", prefix="p") == []
    assert run.want("a:4", prefix="q") == [Grant("a:4")]
    assert run.want("a:5", prefix="p", model="other") == [Grant("a:5")], "each provider has its own cache"
    run.tell(Reserved("a:1", 0.0))
    assert run.tell(Settled("a:1", 0.0)) == [Grant("a:2"), Grant("a:3")]
    assert run.want("a:6", prefix="p") == [Grant("a:6")]


def test_if_the_first_is_withdrawn_the_next_one_leads() -> None:
    run = Run("a")
    assert run.want("a:1", prefix="p") == [Grant("a:1")]
    assert run.want("a:2", prefix="p") == run.want("a:3", prefix="p") == []
    assert run.tell(Withdrawn("a:1")) == [Grant("a:2")]


def test_a_tight_deadline_leaves_no_time_to_wait_for_a_prefix() -> None:
    for deadline_s, granted in ((20.0, False), (11.0, True)):
        run = Run("a", deadline_s=deadline_s, plan=planned(ranks={"a": 10.0}, latency_s=2.0))
        run.want("a:1", prefix="p")
        assert bool(run.want("a:2", prefix="p")) is granted


# Hedges


def test_a_call_that_takes_long_gets_a_twin_once() -> None:
    run = Run("a", cap_usd=1.0)
    assert run.wanted_and_made("a:1", usd=0.4, hedge_after_s=5.0) == [Wake(5.0)]
    assert run.tell(Ticked(4.9)) == []
    assert run.tell(Ticked(5.0)) == [Hedge("a:1", "a:1~twin")]
    assert run.state.ledger.left_usd() == pytest.approx(0.2)
    run.tell(Reserved("a:1~twin", 0.4))
    assert run.tell(Ticked(50.0)) == []
    run.tell(Settled("a:1~twin", 0.1), Settled("a:1", 0.4))
    assert run.state.ledger.spent_usd == pytest.approx(0.5)


def test_no_twin_for_what_was_quick_nor_where_the_money_is_short() -> None:
    run = Run("a", cap_usd=1.0)
    run.wanted_and_made("a:1", usd=0.4, hedge_after_s=5.0)
    run.tell(Ticked(1.0), Settled("a:1", 0.4))
    assert run.tell(Ticked(5.0)) == []
    run.wanted_and_made("a:2", usd=0.4, hedge_after_s=5.0)
    assert run.tell(Ticked(10.0)) == [], "refused twins are done without"
    assert run.want("a:3", usd=0.1) == [Grant("a:3")]


def test_a_twin_that_waits_for_a_slot_is_given_up_when_its_call_ends() -> None:
    run = Run("a", limits=Limits(calls_at_once=1))
    run.wanted_and_made("a:1", hedge_after_s=5.0)
    assert run.tell(Ticked(6.0)) == []
    assert run.tell(Settled("a:1", 0.0)) == []
    assert run.want("a:2") == [Grant("a:2")]


def test_what_comes_due_earlier_is_not_slept_through_nor_is_what_comes_later() -> None:
    run = Run("a", limits=Limits(calls_at_once=100, rates={"m": Rate(requests_per_min=2)}))
    run.wanted_and_made("a:1")
    assert run.wanted_and_made("a:2", hedge_after_s=5.0) == [Wake(5.0)]
    assert run.want("a:3") == []
    assert run.tell(Ticked(5.0)) == [Wake(60.0)], "its twin has to wait for the rate as well"
    assert run.tell(Ticked(60.0)) == [Grant("a:3"), Hedge("a:2", "a:2~twin")]
    run = Run("a", limits=Limits(calls_at_once=100, rates={"m": Rate(requests_per_min=1)}))
    run.wanted_and_made("a:1")
    assert run.want("a:2") == [Wake(60.0)]
    assert run.want("b:1", model="other", hedge_after_s=5.0) == [Grant("b:1")]
    assert run.tell(Reserved("b:1", 0.0)) == [Wake(5.0)]
    assert run.tell(Ticked(5.0)) == [Wake(60.0), Hedge("b:1", "b:1~twin")]
