"""What there is to see of a plan: every step once, what it takes with all its copies, and what it took."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from rheostat.app_core.entrypoints.page.plan import page
from rheostat.app_core.entrypoints.terminal.console import THEME
from rheostat.app_core.entrypoints.terminal.plan import copies, shortener
from rheostat.app_core.entrypoints.terminal.steps import drawn
from rheostat.app_core.events import (
    CallReserved,
    CallSettled,
    Event,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Planned,
    Request,
    RunStarted,
    Tried,
)
from rheostat.app_core.label import Label
from rheostat.app_core.log import GENESIS, Record, chained
from rheostat.app_core.plan_steps import planned, ran
from rheostat.app_core.plan_view import Actual, PlanView, Step, as_json, flat, followed
from rheostat.app_core.view import view
from rheostat.context import Trust
from rheostat.dag import (
    Budget,
    Call,
    Choice,
    Chosen,
    Forecast,
    Graph,
    Guard,
    Loop,
    Map,
    Node,
    Plan,
    Ref,
    Spread,
    cascade,
    choice_name,
)

CHEAP, DEAR = Call(model="cheap"), Call(model="dear")


def spread(p50: float) -> Spread:
    return Spread(p50=p50, p90=2 * p50)


def chosen(choice: Choice | None = None, *, usd: float = 0.0, seconds: float = 0.0, **more: Any) -> Chosen:
    return Chosen(choice=choice, forecast=Forecast(cost_usd=spread(usd), latency_s=spread(seconds)), **more)


def plan(tasks: dict[str, Chosen], **more: Any) -> Plan:
    terms: dict[str, Any] = {"budget": Budget(usd=0.5), "cost_usd": spread(0.1), "latency_s": spread(9)}
    return Plan(tasks=tasks, quality=0.9, gap=0.0, **terms | more)


def node(id: str, *after: str, **more: Any) -> Node:
    return Node(id=id, calls=id, args={f"a{n}": Ref(of=ref) for n, ref in enumerate(after)}, **more)


def graph(*nodes: Node) -> Graph:
    return Graph(name="w", inputs=("it",), nodes=nodes, output=Ref(of=nodes[-1].id))


def mapped(id: str, body: Graph, after: str) -> Node:
    return Node(id=id, calls=id, args={"it": Ref(of=after)}, body=body, runs=Map(over="it"))


REVIEW = graph(
    node("read", "$it"),
    mapped(
        "rule",
        graph(node("judge", "$it"), node("reword", "judge", guards=(Guard(condition=Ref(of="judge"), expected=True),))),
        "read",
    ),
    node("send", "rule", "read"),
)
TASKS = {
    "read": chosen(seconds=1, rank_s=9, critical=True),
    "rule/judge": chosen(cascade(CHEAP, DEAR), usd=0.01, seconds=3, count=10, rank_s=8, critical=True),
    "rule/reword": chosen(CHEAP, usd=0.002, seconds=2, count=4, rank_s=4, critical=True),
    "send": chosen(rank_s=1, critical=True),
}
KINDS: dict[str, Any] = {"read": "source", "judge": "model", "reword": "model", "send": "tool"}


def seen(of: Graph = REVIEW, tasks: dict[str, Chosen] = TASKS) -> PlanView:
    return planned("legal: review", of, plan(tasks), kinds=KINDS, models=("cheap", "dear"))


def by_id(of: PlanView) -> dict[str, Step]:
    return {step.id: step for step in flat(of.steps)}


def test_every_node_is_a_step_and_a_map_holds_those_of_its_body() -> None:
    steps = by_id(seen())
    assert [*steps] == ["read", "rule", "rule/judge", "rule/reword", "send"]
    assert (steps["rule"].repeats, steps["rule"].kind, steps["rule"].count) == ("each", "copies", 10)
    assert steps["rule/reword"].guarded and steps["rule/reword"].after == ("rule/judge",)
    assert steps["send"].after == ("rule", "read") and steps["send"].kind == "tool"
    assert steps["rule/judge"].way == "cascade(cheap, dear)" and steps["read"].way == ""


def test_a_step_costs_what_its_copies_cost_and_a_map_what_it_holds_costs() -> None:
    steps = by_id(seen())
    one = TASKS["rule/judge"].forecast.cost_usd
    judge, reword, rule = (steps[id].cost_usd for id in ("rule/judge", "rule/reword", "rule"))
    assert judge and reword and rule
    assert judge.mean == pytest.approx(10 * one.mean) and judge.p90 < 10 * one.p90
    assert rule.mean == pytest.approx(judge.mean + reword.mean)
    assert steps["rule"].latency_s is None and steps["rule/judge"].latency_s == spread(3)


def test_the_longest_way_is_told_from_its_start_to_its_end_and_drawn_along_one_arrow_each() -> None:
    view = seen()
    assert [step.id for step in view.critical] == ["read", "rule/judge", "rule/reword", "send"]
    assert followed(view.steps) == {("read", "rule"), ("rule", "send")}  # not from read to send, which passes by


def test_a_map_of_one_call_is_that_call() -> None:
    each = graph(node("read", "$it"), mapped("judge", graph(node("judge", "$it")), "read"))
    steps = by_id(seen(each, {"read": chosen(), "judge/judge": chosen(CHEAP, usd=0.01, count=3)}))
    assert [*steps] == ["read", "judge"]
    judge = steps["judge"]
    assert (judge.task, judge.kind, judge.repeats, judge.count, judge.after) == (
        "judge/judge",
        "model",
        "each",
        3,
        ("read",),
    )


def test_copies_are_known_guessed_or_turns_and_a_graph_that_runs_once_has_none() -> None:
    steps = by_id(seen())
    assert [copies(steps[id]) for id in ("read", "rule", "rule/reword")] == ["", "× 10", "× 4"]
    guess = {id: of.model_copy(update={"known": False}) for id, of in TASKS.items()}
    assert copies(by_id(seen(tasks=guess))["rule/judge"]) == "≈ 10"
    assert copies(replace(steps["rule"], repeats="loop")) == "↻ 10"
    assert copies(replace(steps["rule"], repeats="")) == ""


def test_a_loop_and_an_optional_node_are_told_apart() -> None:
    body = graph(node("improve", "$it"), node("look", "improve"))
    loop = Node(
        id="polish",
        calls="polish",
        args={"it": Ref(of="$it")},
        body=body,
        runs=Loop(carry="it", until=Ref(of="look"), at_most=3),
    )
    steps = by_id(seen(graph(loop, node("extra", "polish", optional=True)), {}))
    assert steps["polish"].repeats == "loop" and steps["extra"].optional
    assert steps["polish"].cost_usd is None and steps["polish"].count is None


def log(*events: Event) -> list[Record]:
    request = Request(
        app="legal", where="m", workflow="review", graph="", inputs={}, model="cheap", models=("cheap", "dear")
    )
    whole = [RunStarted(request=request), *events]
    records = list[Record]()
    for at, event in enumerate(whole):
        records += chained([event], seq=at, after=records[-1].digest if records else GENESIS, at=float(at))
    return records


def done(id: str) -> list[Event]:
    return [NodeStarted(node=id), NodeFinished(node=id, value=1, label=Label(trust=Trust.TRUSTED))]


def called(id: str, usd: float) -> list[Event]:
    return [
        CallReserved(call=f"{id}#1", node=id, model="cheap", worst_usd=usd, prompt_tokens=9),
        CallSettled(call=f"{id}#1", node=id, cost_usd=usd),
    ]


def tried(id: str, part: str, path: tuple[int, ...], *, passed: bool) -> Event:
    return Tried(node=id, path=path, choice="cascade(cheap, dear)", part=part, answered=True, passed=passed)


def seen_after(*events: Event, of: Graph | None = REVIEW) -> PlanView:
    records = log(*events)
    return ran(view("r1", records), records, of, kinds=KINDS)


JUDGED = [
    *done("read"),
    NodeStarted(node="rule[0]/judge"),
    *called("rule[0]/judge", 0.002),
    tried("rule[0]/judge", "cheap", (0,), passed=False),
    tried("rule[0]/judge", "cascade(cheap, dear)/1", (1,), passed=True),
    tried("rule[0]/judge", "cascade(cheap, dear)", (), passed=True),
    *done("rule[0]/judge")[1:],
    NodeStarted(node="rule[1]/judge"),
    *called("rule[1]/judge", 0.003),
    tried("rule[1]/judge", "cheap", (0,), passed=True),
    NodeFailed(node="rule[1]/judge", error="It broke."),
]


def test_what_the_copies_of_a_step_took_stands_beside_what_was_forecast() -> None:
    view = seen_after(Planned(plan=plan(TASKS)), *JUDGED, Planned(plan=plan({}), why="it costs more"))
    assert view.plan == plan(TASKS) and view.replanned == ("it costs more",) and view.drawn
    steps = by_id(view)
    judge = steps["rule/judge"].actual
    assert judge and judge.cost_usd == pytest.approx(0.005) and judge.calls == 2
    assert (judge.status, judge.copies, judge.reason) == ("partial", {"done": 1, "failed": 1}, "It broke.")
    assert [(part.name, part.tried, part.passed) for part in judge.parts] == [
        ("cheap", 2, 1),
        ("dear", 1, 1),
    ]
    rule, send = steps["rule"].actual, steps["send"].actual
    assert rule and (rule.status, rule.cost_usd) == ("partial", pytest.approx(0.005))
    assert send == Actual(status="not run")
    assert steps["rule/judge"].chosen == TASKS["rule/judge"]


def test_a_refused_action_is_no_failure() -> None:
    view = seen_after(*done("read"), NodeStarted(node="send"), NodeDeclined(node="send", reason="Too early."))
    actual = by_id(view)["send"].actual
    assert actual and (actual.status, actual.reason) == ("declined", "Too early.") and view.plan is None


@pytest.mark.parametrize("of", [None, graph(node("read", "$it"))])
def test_without_its_workflow_or_with_another_one_steps_are_listed_but_not_drawn(of: Graph | None) -> None:
    view = seen_after(Planned(plan=plan(TASKS)), *JUDGED, of=of)
    assert not view.drawn
    assert {*by_id(view)} == {*TASKS}
    assert by_id(view)["rule/judge"].way == "cascade(cheap, dear)"
    assert all(not step.after for step in view.steps)


def test_the_document_holds_plan_and_actuals_of_every_step() -> None:
    told = as_json(seen_after(Planned(plan=plan(TASKS)), *JUDGED))
    assert told["plan"]["gap"] == 0.0 and told["plan"]["cost_usd"] == {"p50": 0.1, "p90": 0.2}
    judge = told["steps"]["rule/judge"]
    assert judge["choice"]["kind"] == "cascade" and judge["count"] == 10
    assert judge["actual"]["copies"] == {"done": 1, "failed": 1}
    assert judge["forecast"]["latency_s"] == {"p50": 3.0, "p90": 6.0}
    assert told["critical"] == ["read", "rule/judge", "rule/reword", "send"]


def test_where_there_is_little_room_models_go_without_their_providers_unless_two_would_be_one() -> None:
    def short(*models: str) -> str:
        way = cascade(*models)
        view = seen(graph(node("judge", "$it")), {"judge": chosen(way)})
        return shortener(view)(choice_name(way))

    assert short("openai/gpt-5.4-mini", "openai/gpt-5.4") == "cascade(gpt-5.4-mini, gpt-5.4)"
    assert short("a/same", "b/same") == "cascade(a/same, b/same)"


def printed(of: PlanView, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, theme=THEME, markup=False, highlight=False, emoji=False).print(drawn(of))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 130])
def test_nothing_is_wider_than_the_screen_and_every_step_has_one_line(width: int) -> None:
    console = Console(width=width)
    for of in (seen(), seen_after(Planned(plan=plan(TASKS)), *JUDGED), seen_after(*JUDGED, of=None)):
        lines = printed(of, width)
        assert all(console.render_str(line, markup=False, emoji=False).cell_len <= width for line in lines)
        assert sum("●" in line or "○" in line for line in lines) == len(by_id(of)) + 1  # and what the mark means


def test_a_wide_graph_is_listed_with_words_where_lanes_would_not_fit() -> None:
    ids = [f"part_{n}" for n in range(40)]
    wide = graph(*(node(id, "$it") for id in ids), node("whole", *ids))
    lines = printed(seen(wide, {id: chosen(CHEAP, usd=0.1) for id in (*ids, "whole")}), 100)
    (whole,) = [line for line in lines if "whole" in line and "○" in line]
    assert "part_0, part_1, part_2 and 37 more" in whole
    assert not [line for line in lines if "│" in line]


def test_reasons_of_others_do_nothing_in_a_browser() -> None:
    hostile = '</text><script>alert(1)</script>"&\x1b[2J\u202e'
    failed = [NodeStarted(node="read"), NodeFailed(node="read", error=hostile)]
    html = page(seen_after(Planned(plan=plan(TASKS), why="x"), *failed, Planned(plan=plan({}), why=hostile)))
    assert "<script" not in html and "&lt;script&gt;" in html
    assert not set("\x1b\u202e") & set(html)


def test_a_page_is_drawn_for_one_step_and_for_none() -> None:
    alone = page(seen(graph(node("judge", "$it")), {"judge": chosen(CHEAP, usd=0.1)}))
    assert alone.count('class="box"') == 1 and "<svg" in alone
    nothing = Graph(name="w", inputs=("it",), nodes=(), output=Ref(of="$it"))
    assert "<svg" in page(seen(nothing, {})) and printed(seen(nothing, {}), 80)
