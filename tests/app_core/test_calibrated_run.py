"""Runs learn from what providers report how far off their counts are, and each counts alike to its end."""

from math import ceil
from pathlib import Path

import pytest

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.compose import calibrations
from rheostat.app_core.doctor import examine
from rheostat.app_core.errors import ModelTimeout
from rheostat.app_core.events import CallReserved, CallSettled, Request
from rheostat.app_core.ports import ChatReply, ChatRequest, Usage
from rheostat.app_core.run import Run
from rheostat.app_core.testing import ScriptedGateway
from rheostat.context import Calibration, Counter

TEXT = "The Receiving Party shall keep all Confidential Information secret. " * 120


class Near(ScriptedGateway):
    """A provider whose tokenizer is not known: counted with 50 % to spare, it bills what `report` says."""

    def __init__(self, report: float | None) -> None:
        super().__init__(self.answer)
        self.report, self.late = report, False

    def counter(self, model: str) -> Counter:
        return Counter("near words", lambda text: len(text.split()), per_message=4, error=0.5)

    def answer(self, request: ChatRequest) -> ChatReply:
        counter = self.counter(request.model)
        bound = counter.count(request.messages, self.schema_text(request.model, request.answer_schema))
        if self.late:
            raise ModelTimeout("It took too long.", cost_usd=self.facts("").worst_usd(request, bound))
        tokens = bound if self.report is None else round(bound / 1.5 * self.report)
        usage = Usage(prompt_tokens=tokens, answer_tokens=1)
        cost_usd = self.facts("").price.cost_usd(usage)
        return ChatReply(text="Yes.", usage=usage, cost_usd=cost_usd, latency_s=0.0, reported=self.report is not None)


class Desk:
    """An app with one call, in a home of its own."""

    def __init__(self, folder: Path, report: float | None) -> None:
        self.gateway, self.store = Near(report), SqliteStore(folder / "runs.sqlite")
        self.app = app = App("desk", gateway=self.gateway, store=self.store)

        @app.llm
        def judge(text: str) -> str:
            """Is it fair?"""
            ...

        @app.workflow
        def ask(text: str) -> str:
            return judge(text)

        self.ask = ask

    def run(self) -> Run[str]:
        return self.app.run(self.ask, text=TEXT, model="their/model")


def run_events(desk: Desk, run: Run[str]) -> list[object]:
    return [record.event for record in desk.store.read(run.id)]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))


def known() -> Calibration | None:
    return calibrations().of("their/model")


def test_the_more_a_provider_reports_the_nearer_the_next_runs_count(tmp_path: Path) -> None:
    desk = Desk(tmp_path, report=1.1)
    receipts = [run.view.nodes["judge"].receipt for run in [desk.run() for _ in range(12)]]
    errors = [receipt.error for receipt in receipts if receipt]
    assert errors[:5] == [0.5] * 5
    assert 0.1 < errors[11] < errors[6] < 0.5
    assert receipts[11] and receipts[11].counter == "near words, calibrated on 11 calls"


def test_each_of_several_models_is_counted_by_what_is_known_of_its_own_counter(tmp_path: Path) -> None:
    desk = Desk(tmp_path, report=1.1)
    for _ in range(12):
        desk.run()
    before = known()
    terms = desk.app.run(desk.ask, text=TEXT, models=["other/model", "their/model"]).view.terms
    assert (terms.models, terms.calibration) == (("other/model", "their/model"), None)
    assert before is not None and terms.calibrations == {"their/model": before}


def test_a_bill_above_the_stated_error_widens_the_next_runs_count(tmp_path: Path) -> None:
    desk = Desk(tmp_path, report=2.0)
    first, second = desk.run(), desk.run()
    reserved = [event for run in (first, second) for event in run_events(desk, run) if isinstance(event, CallReserved)]
    assert reserved[1].prompt_tokens > reserved[0].prompt_tokens * 1.4


def test_a_provider_that_reports_nothing_teaches_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, report=None)
    for _ in range(7):
        desk.run()
    assert known() is None or known() == Calibration(counter="near words")


@pytest.mark.parametrize("report", [0.0, 0.2, 40.0])
def test_a_report_that_can_not_be_true_teaches_nothing(tmp_path: Path, report: float) -> None:
    desk = Desk(tmp_path, report=report)
    for _ in range(7):
        desk.run()
    assert known() is None or known() == Calibration(counter="near words")


def test_a_run_counts_to_its_end_by_what_was_known_at_its_start(tmp_path: Path) -> None:
    """Else its packs would change, and an answer already paid for would be asked for again."""
    desk = Desk(tmp_path, report=1.1)
    for _ in range(6):
        desk.run()
    before = known()
    run = desk.run()
    for _ in range(5):
        desk.run()
    assert known() != before
    assert Run[str](desk.app, run.id).view.terms.calibration == before


def test_what_is_booked_at_its_worst_is_no_more_than_was_reserved(tmp_path: Path) -> None:
    desk = Desk(tmp_path, report=1.0)
    for _ in range(20):
        desk.run()
    desk.gateway.report = None
    unreported = desk.run()

    desk.gateway.late = True
    for run in (unreported, desk.run()):
        events = run_events(desk, run)
        reserved = next(event for event in events if isinstance(event, CallReserved))
        settled = next(event for event in events if isinstance(event, CallSettled))
        assert 0 < settled.cost_usd <= reserved.worst_usd


def test_a_request_of_a_log_from_before_is_still_read() -> None:
    written = {"app": "a", "where": "a", "workflow": "w", "graph": "g", "inputs": dict[str, str](), "model": "m"}
    assert Request.model_validate(written).calibration is None


def test_a_calibration_survives_the_log() -> None:
    calibration = Calibration(counter="near words", calls=3, lowest=1.01, highest=1.23, needed=1.2)
    written = Request(
        app="a", where="a", workflow="w", graph="g", inputs={}, model="m", calibration=calibration
    ).model_dump_json()
    assert Request.model_validate_json(written).calibration == calibration


def test_the_doctor_says_how_far_off_counts_may_be() -> None:
    def said(model: str) -> str:
        return next(finding.found for finding in examine(model) if finding.what == "its tokens")

    assert said("claude-opus-4-7") == "near o200k_base; the true count is at most 80.0% more"
    assert said("local") == "counted exactly, by the model itself"
    counted = Counter("near o200k_base", len)
    for _ in range(16):
        measure = counted.measure([])._replace(text=20_000)
        calibrations().note("claude-opus-4-7", "near o200k_base", measure, ceil(20_000 * 1.4))
    assert said("claude-opus-4-7") == ("near o200k_base, calibrated on 16 calls; the true count is at most 50.0% more")
