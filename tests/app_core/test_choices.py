"""Nodes that may be run in several ways: which models are asked, what they are shown, and whose answer is taken."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from rheostat import App, best_of, cascade, council, fallback, retry, vote
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.declare import Score
from rheostat.app_core.errors import ModelBusy, NotPermitted
from rheostat.app_core.events import CallReserved, CallSettled, NodeFinished
from rheostat.app_core.label import Untrusted
from rheostat.app_core.ports import ChatRequest, Price
from rheostat.app_core.run import Run
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.context import Snippet
from rheostat.dag import Call, Choice
from rheostat.dag.io.lessons import SqliteLessons

PRICES = {
    "small": Price(prompt_usd=1e-7, answer_usd=4e-7),
    "large": Price(prompt_usd=1e-5, answer_usd=4e-5),
}


class Sum(BaseModel):
    total: int


class Sums:
    """An App whose only model call adds two numbers, with a check that knows the sum."""

    def __init__(
        self, folder: Path, script: Callable[[ChatRequest], Answer], *choices: Choice | str, again: int = 0
    ) -> None:
        self.gateway = ScriptedGateway(script, price=PRICES)
        self.store = SqliteStore(folder / "runs.sqlite")
        lessons = SqliteLessons(folder / "lessons.sqlite")
        self.app = app = App("sums", gateway=self.gateway, store=self.store, lessons=lessons)

        @app.llm(choices=choices, again=again)
        def add(numbers: list[int]) -> Sum:
            """Add the numbers."""
            ...

        @app.check(add, at_least=0.5)
        def right(numbers: list[int], answer: Sum) -> Score:
            off = abs(answer.total - sum(numbers))
            return Score(max(0.0, 1 - off / 10), "" if off == 0 else f"{answer.total} is off by {off}.")

        @app.workflow
        def sums(numbers: list[int]) -> Sum:
            return add(numbers)

        self.add, self.sums = add, sums

    def go(self) -> Run[Sum]:
        return self.app.run(self.sums, numbers=[1, 2])

    def asked(self) -> list[str]:
        return [request.model for request in self.gateway.requests]


def total(value: int) -> str:
    return Sum(total=value).model_dump_json()


def by_model(**answers: Answer) -> Callable[[ChatRequest], Answer]:
    return lambda request: answers[request.model]


def test_a_cascade_stops_at_the_first_answer_that_is_right(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(3), large=total(3)), cascade("small", "large"))
    assert (sums.go().value.total, sums.asked()) == (3, ["small"])


def test_a_cascade_goes_on_after_an_answer_that_fails_its_check(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(40), large=total(3)), cascade("small", "large"))
    run = sums.go()
    assert (run.value.total, sums.asked()) == (3, ["small", "large"])
    tried = run.view.nodes["add"].tried
    assert [(t.part, t.answered, t.passed) for _, t in sorted(tried.items())] == [
        ("cascade(small, large)", True, True),
        ("small", True, False),
        ("cascade(small, large)/1", True, True),
    ]
    assert tried[()].cost_usd == pytest.approx(run.spent_usd) and tried[0,].cost_usd < tried[1,].cost_usd


def test_an_answer_that_passes_with_a_low_score_is_kept_if_the_next_stage_does_worse(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(5), large=total(60)), cascade("small", "large"))
    run = sums.go()
    assert (run.value.total, sums.asked()) == (5, ["small", "large"])
    assert (run.view.nodes["add"].tried[()].score, run.status) == (0.8, "done")


def test_of_several_samples_the_checks_choose(tmp_path: Path) -> None:
    given = iter([total(40), total(6), total(3)])
    sums = Sums(tmp_path, lambda request: next(given), best_of(3, "small"))
    run = sums.go()
    assert (run.value.total, Counter(sums.asked())) == (3, {"small": 3})
    assert {request.temperature for request in sums.gateway.requests} == {0.7}


def test_a_vote_takes_the_commonest_answer(tmp_path: Path) -> None:
    given = iter([total(4), total(2), total(4)])
    sums = Sums(tmp_path, lambda request: next(given), vote(3, "small"))
    assert sums.go().value.total == 4


@pytest.mark.parametrize("trouble", [ModelBusy("Busy."), NotPermitted("No key.")])
def test_a_fallback_asks_another_model_after_an_outage(tmp_path: Path, trouble: Exception) -> None:
    sums = Sums(tmp_path, by_model(small=trouble, large=total(3)), fallback("small", "large"))
    run = sums.go()
    assert (run.value.total, sums.asked()) == (3, ["small", "large"])
    assert run.view.nodes["add"].tried[0,].error == str(trouble)


def test_a_retry_asks_the_same_again(tmp_path: Path) -> None:
    given = iter([ModelBusy("Busy."), ModelBusy("Busy."), total(3)])
    sums = Sums(tmp_path, lambda request: next(given), retry("small", 2))
    assert (sums.go().value.total, sums.asked()) == (3, ["small"] * 3)


def test_a_node_fails_when_nobody_gives_a_usable_answer_and_says_who_said_what(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(40), large="no"), cascade("small", "large"))
    run = sums.go()
    assert run.status == "failed"
    why = run.failures["add"]
    assert "40 is off by 37." in why and "not of the form" in why and why.startswith("Nobody in cascade(small, large)")
    assert run.view.nodes["add"].mend == "model"


def test_an_outage_of_all_is_told_as_it_is(tmp_path: Path) -> None:
    script = by_model(small=ModelBusy("Busy."), large=NotPermitted("No key."))
    sums = Sums(tmp_path, script, fallback("small", "large"))
    run = sums.go()
    assert (run.failures["add"], run.view.nodes["add"].mend) == ("No key.", "operator")


def test_the_error_of_a_check_is_the_builders_and_ends_the_node(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(3), large=total(3)), best_of(2, "small"))

    @sums.app.check(sums.add)
    def broken(numbers: list[int], answer: Sum) -> float:
        raise RuntimeError("oh")

    run = sums.go()
    assert "broken() raised RuntimeError: oh" in run.failures["add"] and run.view.nodes["add"].mend == "builder"


def test_each_conversation_mends_its_own_answer(tmp_path: Path) -> None:
    def script(request: ChatRequest) -> Answer:
        return total(3) if len(request.messages) > 2 else total(40)

    sums = Sums(tmp_path, script, best_of(2, "small"), again=1)
    run = sums.go()
    assert (run.value.total, len(sums.asked()), run.view.nodes["add"].tried[0,].passed) == (3, 4, True)


class Told:
    """What the members of a council and its chair were told, by model."""

    def __init__(self, ranking: str) -> None:
        self.prompts = list[tuple[str, str]]()
        self._ranking = ranking

    def __call__(self, request: ChatRequest) -> Answer:
        text = "\n".join(message.content for message in request.messages)
        self.prompts.append((request.model, text))
        if "best_first" in str(request.answer_schema):
            return self._ranking
        if "independently" in text:
            return total(3)
        return {"a": total(1), "b": total(2)}[request.model]


def test_a_council_ranks_without_names_and_its_chair_answers(tmp_path: Path) -> None:
    told = Told('{"best_first": [1, 2]}')
    sums = Sums(tmp_path, told, council("a", "b", chair="c"))
    run = sums.go()
    assert (run.value.total, [model for model, _ in told.prompts]) == (3, ["a", "b", "a", "b", "c"])
    _, _, (_, first), (_, second), (_, chair) = told.prompts
    assert first.index("total: 1") < first.index("total: 2") and second.index("total: 2") < second.index("total: 1")
    assert "Answer 1" in chair and "Rank" not in chair and '"a"' not in chair
    parts = [tried.part for _, tried in sorted(run.view.nodes["add"].tried.items())]
    assert parts[0] == "council(a, b; chair c)" and parts[1:3] == ["a", "b"]


def test_without_its_chair_a_council_takes_the_answer_ranked_best(tmp_path: Path) -> None:
    def script(request: ChatRequest) -> Answer:
        if "best_first" in str(request.answer_schema):
            text = str(request.messages)
            second = text.index("total: 1") < text.index("total: 2")
            return '{"best_first": [2, 1]}' if second else '{"best_first": [1, 2]}'
        return {"a": total(1), "b": total(2), "c": ModelBusy("Busy.")}[request.model]

    assert Sums(tmp_path, script, council("a", "b", chair="c")).go().value.total == 2


def test_what_others_said_of_untrusted_text_is_fenced_and_stays_untrusted(tmp_path: Path) -> None:
    told = Told('{"best_first": [1, 2]}')
    app = App("mail", gateway=ScriptedGateway(told), store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.llm(choices=[council("a", "b", chair="c")], again=0)
    def add(mail: str) -> Sum:
        """Add the numbers in the mail."""
        ...

    @app.workflow
    def sums(mail: Untrusted[str]) -> Sum:
        return add(mail)

    run = app.run(sums, mail="1 and 2")
    assert run.status == "done"
    chair = told.prompts[-1][1]
    at = chair.index("Answer 1:")
    fence = chair.rindex("<", 0, at)
    assert "untrusted" in chair[fence:at].lower() or "outside" in chair[fence:at].lower()
    events = [record.event for record in SqliteStore(tmp_path / "runs.sqlite").read(run.id)]
    (finished,) = [event for event in events if isinstance(event, NodeFinished)]
    assert finished.label.read_untrusted


def test_sources_are_read_once_and_each_model_gets_its_own_prompt(tmp_path: Path) -> None:
    read = list[str]()
    gateway = ScriptedGateway(by_model(small="", large="Yes."))
    app = App("notes", gateway=gateway, store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.source
    def notes(topic: str) -> list[Snippet]:
        read.append(topic)
        return [Snippet(text="It rained.")]

    @app.llm(context=[notes], choices=[cascade("small", "large")], again=0)
    def say(topic: str) -> str:
        """Did it rain?"""
        ...

    @app.workflow
    def asked(topic: str) -> str:
        return say(topic)

    run = app.run(asked, topic="weather")
    assert (run.value, read) == ("Yes.", ["weather"])
    kinds = [record.event.kind for record in SqliteStore(tmp_path / "runs.sqlite").read(run.id)]
    assert kinds.count("packed") == 2


def test_effort_reaches_the_gateway_with_room_to_think(tmp_path: Path) -> None:
    sums = Sums(tmp_path, by_model(small=total(3)), Call(model="small", effort="high"))
    sums.go()
    (request,) = sums.gateway.requests
    assert (request.effort, request.max_answer_tokens) == ("high", 600 + 4_096)


@pytest.mark.parametrize(
    ("choice", "answers"),
    [
        (best_of(3, "small"), [total(40), total(6), total(3)]),
        (cascade("small", best_of(2, "small"), "large"), [total(40), total(50), total(60), total(3)]),
        (vote(3, "small"), [total(4), total(2), total(4)]),
    ],
)
def test_what_was_paid_for_is_not_asked_again_wherever_a_crash_cuts_a_choice_off(
    tmp_path: Path, choice: Choice, answers: list[str]
) -> None:
    given = iter(answers)
    whole = Sums(tmp_path / "whole", lambda request: next(given), choice).go()
    records = SqliteStore(tmp_path / "whole" / "runs.sqlite").read(whole.id)
    for cut in range(1, len(records)):
        folder = tmp_path / f"{cut}"
        SqliteStore(folder / "runs.sqlite").append(whole.id, 0, records[:cut])
        paid = [event for record in records[:cut] if isinstance(event := record.event, CallSettled)]
        in_flight = sum(isinstance(record.event, CallReserved) for record in records[:cut]) - len(paid)
        left = iter(answers[len(paid) :])
        sums = Sums(folder, lambda request, left=left: next(left), choice)
        run = sums.app.open(whole.id).resume()
        assert run.value == whole.value, f"cut after {records[cut - 1].body}"
        assert len(sums.asked()) == len(answers) - len(paid), "what was in flight is asked once more, no more"
        assert run.view.assumed_usd == pytest.approx(0) if not in_flight else run.view.assumed_usd > 0
