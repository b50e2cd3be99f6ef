"""A review that is killed anywhere goes on where it was: nothing is judged, asked, paid for or decided twice."""

import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rheostat.app_core.events import Answered, CallSettled, Event, NodeFinished
from rheostat.autonomy import Approval, Question
from rheostat.examples.legal.review import app

if TYPE_CHECKING:
    from tests.examples.conftest import Asked, Office, Student

ROOT = Path(__file__).parents[2]

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.examples.conftest import Office, Student
from tests.examples.test_review_crash import accepted

folder, dial, kind, node, count = sys.argv[1:]
office, student, left = Office(Path(folder)), Student(), int(count)

def count_down(kind_now, node_now):
    global left
    left -= kind_now == kind and node_now.endswith(node)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def script(asked):
    count_down("in flight", asked.topic)
    return student.on_the_sample(asked)

def watch(event, _):
    count_down(event.kind, getattr(event, "node", ""))

office.answers(script)
office.review(dial=int(dial), decide=accepted, watch=watch)
"""


def accepted(question: Question, _: Any) -> Approval:
    """A person who accepts whatever is asked."""
    said = {"question": question.id, "digest": question.digest, "by": "Ada", "at": question.asked_at}
    return Approval.model_validate({**said, "answer": "accept"})


def parts(redlined: Path) -> dict[str, bytes]:
    """What a Word file holds, but for the times of its changes."""
    with zipfile.ZipFile(redlined) as archive:
        return {name: re.sub(rb'w:date="[^"]*"', b"", archive.read(name)) for name in archive.namelist()}


def events(office: "Office", run: str) -> list[Event]:
    assert app.store is not None
    return [record.event for record in app.store.read(run)]


@pytest.fixture(scope="module")
def undisturbed() -> dict[int, tuple[dict[str, bytes], float]]:
    """What a review that nobody kills writes and costs, by dial; each is run once."""
    return {}


@pytest.mark.parametrize(
    ("dial", "kind", "node", "count"),
    [
        (2, "call_reserved", "judge", 3),
        (2, "in flight", "", 4),
        (2, "call_settled", "judge", 3),
        (2, "checked", "judge", 2),
        (2, "node_finished", "judge", 7),
        (2, "effect_started", "redline", 3),
        (2, "effect_started", "deliver", 1),
        (2, "node_finished", "deliver", 1),
        (1, "asked", "redline", 4),
        (1, "answered", "", 3),
        (1, "effect_started", "redline", 2),
    ],
)
def test_after_kill_9_another_process_goes_on_as_if_nothing_had_been(
    office: "Office",
    student: "Student",
    undisturbed: dict[int, tuple[dict[str, bytes], float]],
    dial: int,
    kind: str,
    node: str,
    count: int,
) -> None:
    if dial not in undisturbed:
        spent_usd = office.review(dial=dial, decide=accepted).spent_usd
        undisturbed[dial] = parts(office.out()), spent_usd
        office.out().unlink()
    promised, due_usd = undisturbed[dial]
    command = [sys.executable, "-c", KILLED, str(office.folder), str(dial), kind, node, str(count)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    run = app.open(office.runs()[0])
    answered = sum(isinstance(event, CallSettled) for event in events(office, run.id))
    in_flight = len(run.view.open_usd)
    office.answers(student.on_the_sample)
    run.resume(decide=accepted)

    assert (run.status, run.failures, run.questions) == ("done", {}, [])
    assert parts(office.out()) == promised
    assert office.gateway.calls == 7 - answered, "what was answered is not asked again"
    settled = [event for event in events(office, run.id) if isinstance(event, CallSettled)]
    assert len({event.call for event in settled}) == len(settled) == 7 + in_flight
    assert run.spent_usd == pytest.approx(due_usd + run.view.assumed_usd), "booked once; in flight at the worst"
    assert (run.view.assumed_usd > 0) is (in_flight > 0)
    finished = [event.node for event in events(office, run.id) if isinstance(event, NodeFinished)]
    assert len(finished) == len(set(finished))
    said = [event.approval.question for event in events(office, run.id) if isinstance(event, Answered)]
    assert len(said) == len(set(said)) == (0 if dial == 2 else 6), "nobody is asked twice"


def test_an_answer_that_was_sent_back_is_paid_for_once_though_the_next_was_cut_off(
    office: "Office", student: "Student"
) -> None:
    class Cut(BaseException):
        """The process ends here."""

    def made_up_first(asked: "Asked") -> str:
        if asked.topic != "Indemnity":
            return student.on_the_sample(asked)
        if asked.again:
            raise Cut
        return office.judgement({"place": "9.1", "text": "Kestrel shall indemnify Brightwater."})

    office.answers(made_up_first)
    with pytest.raises(Cut):
        office.review()
    office.answers(student.on_the_sample)
    run = app.open(office.runs()[0]).resume()
    assert run.status == "done"
    again = [asked for asked in office.asked() if asked.topic == "Indemnity"]
    assert len(again) == 1
    assert "does not stand in what was shown of nda.docx" in again[0].problem, "it is told what was wrong before"
    assert "1 made-up one dropped" in office.report(run)
