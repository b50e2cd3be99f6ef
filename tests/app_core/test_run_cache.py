"""What a run foretells of the provider's cache before each call, what it books after, and what a person sees."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.entrypoints.terminal.console import THEME
from rheostat.app_core.entrypoints.terminal.record import details, drawn
from rheostat.app_core.events import EVENT, CallReserved, CallSettled, Request, RunStarted
from rheostat.app_core.ports import CacheFacts, ChatRequest, ModelFacts, Price, Usage
from rheostat.app_core.testing import ScriptedGateway
from rheostat.app_core.view import View
from rheostat.context import Message, shared_prefix

PRICE = Price(prompt_usd=1e-6, answer_usd=4e-6, cached_read_usd=1e-7, cached_write_usd=1.25e-6)
STORY = "Once upon a time there was a clause that nobody had read. " * 20


def calls_of(folder: Path, gateway: ScriptedGateway) -> tuple[list[CallReserved], list[CallSettled], View]:
    """What a run of five calls, one after the other, reserved and settled."""
    store = SqliteStore(folder / "runs.sqlite")
    app = App("teller", gateway=gateway, store=store)

    @app.llm
    def go_on(story: str) -> str:
        """Go on with the story."""
        ...

    @app.workflow
    def tell(story: str) -> str:
        return go_on(go_on(go_on(go_on(go_on(story)))))

    run = app.run(tell, story=STORY)
    assert run.status == "done"
    events = [record.event for record in store.read(run.id)]
    reserved = [event for event in events if isinstance(event, CallReserved)]
    return reserved, [event for event in events if isinstance(event, CallSettled)], run.view


def longer(request: ChatRequest) -> str:
    """The task given, with more after it."""
    return f"{request.messages[-1].content.removeprefix('story:').strip()} {len(request.messages[-1].content)}."


def test_each_call_foretells_what_is_then_reported(tmp_path: Path) -> None:
    reserved, settled, view = calls_of(tmp_path, ScriptedGateway(longer, price=PRICE, cache=CacheFacts()))
    assert reserved[0].expected_cached_tokens == settled[0].usage.cached_tokens == 0
    for before, after in zip(reserved[1:], settled[1:], strict=True):
        assert after.usage.cached_tokens > 0.8 * after.usage.prompt_tokens
        assert before.expected_cached_tokens == pytest.approx(after.usage.cached_tokens, rel=0.03)
        assert after.cost_usd <= before.expected_usd <= before.worst_usd
        assert after.cost_usd == pytest.approx(PRICE.plain_usd(after.usage) - after.saved_usd)
    told = sum(after.usage.cached_tokens for after in settled) / sum(after.usage.prompt_tokens for after in settled)
    assert f"{told:.0%} reported, saved $" in page(view)
    assert sum(node["expected_cached_tokens"] for node in details(view)["nodes"].values()) > 0


def test_the_budget_does_not_rely_on_the_cache(tmp_path: Path) -> None:
    with_cache = calls_of(tmp_path / "with", ScriptedGateway(longer, price=PRICE, cache=CacheFacts()))[0]
    without = calls_of(tmp_path / "without", ScriptedGateway(longer, price=PRICE))[0]
    assert [call.worst_usd for call in with_cache] == [call.worst_usd for call in without]
    assert all(call.worst_usd >= call.prompt_tokens * 1.25e-6 for call in with_cache)


def test_a_run_without_a_cache_says_nothing_of_one(tmp_path: Path) -> None:
    reserved, settled, view = calls_of(tmp_path, ScriptedGateway(longer))
    assert {call.expected_cached_tokens for call in reserved} == {0}
    assert {call.saved_usd for call in settled} == {0.0}
    assert "prompt tokens expected" not in page(view) and "Not read from the cache" not in page(view)


def page(view: View) -> str:
    console = Console(theme=THEME, width=200)
    with console.capture() as captured:
        console.print(drawn(view))
    return captured.get()


def test_a_page_tells_where_prompts_changed_that_were_to_stay_the_same() -> None:
    old, new = ([Message(role="system", content=f"Today is {day}. Be brief.")] for day in ("Monday", "Tuesday"))
    broke = shared_prefix(old, new).broke
    view = View("r1")
    view.apply(RunStarted(request=Request(app="a", where="w", workflow="f", graph="g", inputs={}, model="m")), 1.0)
    for call in range(6):
        bill: dict[str, Any] = {"call": f"n:{call}", "node": "n"}
        view.apply(CallReserved(**bill, model="m", worst_usd=1, prompt_tokens=10, broke=broke), 2.0)
        view.apply(CallSettled(**bill, cost_usd=0.01, usage=Usage(prompt_tokens=10, cached_tokens=1)), 3.0)
    shown = page(view)
    assert shown.count('the cache broke at byte 9: message 0 (system), after "Today is ", was "Monday."') == 4
    assert "and 2 more" in shown
    assert "0% of 60 prompt tokens expected, 10% reported" in shown


def test_events_of_before_there_were_forecasts_are_read() -> None:
    old = '{"kind":"call_reserved","call":"n:1","node":"n","model":"m","worst_usd":0.5,"prompt_tokens":7}'
    assert EVENT.validate_json(old) == CallReserved(call="n:1", node="n", model="m", worst_usd=0.5, prompt_tokens=7)
    old = '{"kind":"call_settled","call":"n:1","node":"n","cost_usd":0.5,"usage":{"prompt_tokens":7}}'
    settled = CallSettled(call="n:1", node="n", cost_usd=0.5, usage=Usage(prompt_tokens=7))
    assert EVENT.validate_json(old) == settled


tokens = st.integers(0, 100_000)
prices = st.floats(0, 1e-4)
some_prices = st.none() | prices


@given(
    price=st.builds(
        Price, prompt_usd=prices, answer_usd=prices, cached_read_usd=some_prices, cached_write_usd=some_prices
    ),
    usage=st.builds(
        Usage, prompt_tokens=tokens, answer_tokens=st.integers(0, 500), cached_tokens=tokens, cache_write_tokens=tokens
    ),
    marked=st.booleans(),
)
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(price: Price, usage: Usage, marked: bool) -> None:
    facts = ModelFacts(
        name="m", window_tokens=9, max_answer_tokens=9, price=price, cache=CacheFacts(marked=marked) if marked else None
    )
    told = ChatRequest(
        model="m", messages=(Message(role="user", content="Hi", breakpoints=(2,)),), max_answer_tokens=500
    )
    cost_usd = price.cost_usd(usage)
    assert -1e-12 <= cost_usd <= facts.worst_usd(told, usage.prompt_tokens) * (1 + 1e-9) + 1e-12


def test_without_breakpoints_nothing_is_reserved_for_a_cache_that_must_be_told() -> None:
    facts = ModelFacts(name="m", window_tokens=9, max_answer_tokens=9, price=PRICE, cache=CacheFacts(marked=True))
    asked = ChatRequest(model="m", messages=(Message(role="user", content="Hi"),), max_answer_tokens=1)
    told = asked.model_copy(update={"messages": (Message(role="user", content="Hi", breakpoints=(2,)),)})
    assert facts.worst_usd(asked, 1000) == pytest.approx(1000 * 1e-6 + 4e-6)
    assert facts.worst_usd(told, 1000) == pytest.approx(1000 * 1.25e-6 + 4e-6)
