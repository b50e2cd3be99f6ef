"""Checks: an answer that falls short is sent back, and what a check vouches for may steer."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.declare import Score
from rheostat.app_core.label import Untrusted
from rheostat.app_core.testing import ScriptedGateway
from rheostat.autonomy import Taint
from rheostat.context import Snippet


class Place(BaseModel):
    clause: str


def review_app(folder: Path, answers: list[str], *, vouches: list[str]) -> tuple[App, Any, list[str]]:
    done = list[str]()
    app = App("review", gateway=ScriptedGateway(answers), store=SqliteStore(folder / "runs.sqlite"))

    @app.source(trust="untrusted")
    def clauses(topic: str) -> list[Snippet]:
        return [Snippet(text="4.2 The term is ten years.")]

    @app.llm(context=[clauses], again=1)
    def judge(topic: str) -> Place:
        """Name the clause."""
        ...

    @app.check(judge, vouches=vouches)
    def stands(topic: str, place: Place) -> Score:
        return Score(
            float(place.clause == "4.2"), "" if place.clause == "4.2" else f"There is no clause {place.clause}."
        )

    @app.tool(risk="outward", control=["clause"])
    def mark(clause: str) -> str:
        done.append(clause)
        return clause

    @app.workflow
    def review(topic: str) -> str:
        return mark(judge(topic).clause)

    return app, review, done


def test_a_field_that_a_check_vouches_for_may_steer(tmp_path: Path) -> None:
    app, review, done = review_app(tmp_path, ['{"clause": "4.2"}'], vouches=["clause"])
    run = app.run(review, topic="term", dial=2)
    assert (run.status, done) == ("done", ["4.2"])
    assert run.view.ruled[0].verdict.taint is Taint.TAINTED
    assert run.view.ruled[0].action.arguments[0].vouched_by == "check stands"


def test_without_the_check_the_same_field_does_not(tmp_path: Path) -> None:
    app, review, done = review_app(tmp_path, ['{"clause": "4.2"}'], vouches=[])
    assert (app.run(review, topic="term", dial=4).status, done) == ("waiting", [])


def test_an_answer_that_fails_its_check_is_sent_back_with_the_evidence(tmp_path: Path) -> None:
    app, review, _ = review_app(tmp_path, ['{"clause": "9.9"}', '{"clause": "4.2"}'], vouches=["clause"])
    run = app.run(review, topic="term", dial=2)
    assert [(c.score, c.passed) for c in run.view.nodes["judge"].checks] == [(0.0, False), (1.0, True)]
    gateway = app.gateway
    assert isinstance(gateway, ScriptedGateway)
    assert "There is no clause 9.9." in gateway.requests[1].messages[-1].content


def test_an_answer_that_keeps_failing_fails_the_node_and_says_so(tmp_path: Path) -> None:
    app, review, done = review_app(tmp_path, ['{"clause": "9.9"}'] * 2, vouches=["clause"])
    run = app.run(review, topic="term", dial=2)
    assert (run.status, done) == ("failed", [])
    assert "There is no clause 9.9." in run.failures["judge"]


def test_a_trusted_source_asked_with_untrusted_words_vouches_for_nothing(tmp_path: Path) -> None:
    """Who chooses the key chooses the record: a lookup must not launder it."""
    paid = list[str]()
    app = App("bank", gateway=ScriptedGateway([]), store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.source
    def account(customer: str) -> str:
        return f"account of {customer}"

    @app.tool(risk="outward", control=["to"])
    def pay(to: str) -> str:
        paid.append(to)
        return to

    @app.workflow
    def own(customer: str) -> str:
        return pay(account(customer))

    @app.workflow
    def mailed(customer: Untrusted[str]) -> str:
        return pay(account(customer))

    assert app.run(own, customer="Ada", dial=4).status == "done"
    run = app.run(mailed, customer="Mallory", dial=4)
    assert (run.status, paid) == ("waiting", ["account of Ada"])
    assert run.questions[0].verdict.taint is Taint.STEERED
