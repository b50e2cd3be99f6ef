"""An App that judges cases with one of two models, for the tests of plans."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rheostat import App, Limits
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.declare import Score
from rheostat.app_core.outlook import Outlook
from rheostat.app_core.planning import outlook
from rheostat.app_core.ports import ChatRequest, Price
from rheostat.app_core.run import Run
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.dag import Choice, Forecast
from rheostat.dag.io.lessons import SqliteLessons

PRICES = {
    "small": Price(prompt_usd=1e-7, answer_usd=4e-7),
    "large": Price(prompt_usd=1e-5, answer_usd=4e-5),
}
BOTH = ("small", "large")


class Judgement(BaseModel):
    good: bool


class Court:
    """An App that judges each of several cases, with a check, and sums up at the end."""

    def __init__(
        self,
        folder: Path,
        script: Callable[[ChatRequest], Answer],
        *choices: Choice | str,
        limits: Limits | None = None,
    ) -> None:
        self.gateway = ScriptedGateway(script, price=PRICES)
        self.lessons = SqliteLessons(folder / "lessons.sqlite")
        self.store = SqliteStore(folder / "runs.sqlite")
        self.app = app = App("court", gateway=self.gateway, store=self.store, lessons=self.lessons, limits=limits)

        @app.llm(choices=choices, answer_tokens=100, again=0)
        def judge(case: str) -> Judgement:
            """Judge the case."""
            ...

        @app.check(judge)
        def sound(case: str, judgement: Judgement) -> Score:
            return Score(float(judgement.good), "" if judgement.good else "That is not sound.")

        @app.llm(answer_tokens=100, again=0)
        def sum_up(judgements: list[Judgement]) -> str:
            """Sum up."""
            ...

        @app.llm(answer_tokens=1_000, again=0)
        def embellish(text: str) -> str:
            """Make it nicer."""
            ...

        @app.function
        def joined(text: str, nicer: str | None) -> str:
            return nicer or text

        @app.workflow
        def session(cases: list[str]) -> str:
            text = sum_up(judge.each(cases))
            return joined(text, embellish.optional(text))

        @app.workflow
        def single(case: str) -> Judgement:
            return judge(case)

        self.judge, self.session, self.single = judge, session, single

    def outlook(self, *models: str, **inputs: Any) -> Outlook:
        return outlook(self.app, self.session, self.gateway, models or BOTH, inputs)

    def forecast(self, choice: Choice) -> Forecast:
        return self.outlook().forecast("judge/judge", self.judge, choice)

    def go(self, cases: int = 3, **terms: Any) -> Run[str]:
        terms = {"models": BOTH} | terms
        return self.app.run(self.session, cases=[f"case {number}" for number in range(cases)], **terms)

    def asked(self) -> list[str]:
        return [request.model for request in self.gateway.requests]


def answers(small: bool, large: bool = True) -> Callable[[ChatRequest], Answer]:
    """What each model says to a case; else it says something short."""

    def script(request: ChatRequest) -> Answer:
        if request.answer_schema is None:
            return "So be it."
        return Judgement(good={"small": small, "large": large}[request.model]).model_dump_json()

    return script
