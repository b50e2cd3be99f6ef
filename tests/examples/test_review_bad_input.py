"""What a review does with what it can't use: it says so in a sentence, and the rest goes on."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import docx
import pytest

from rheostat.app_core.errors import NoNetwork
from rheostat.app_core.redline import Delivered, NotWritten, accept_all, reject_all
from rheostat.app_core.testing import Answer
from rheostat.examples.legal.review import app

if TYPE_CHECKING:
    from tests.examples.conftest import Asked, Office, Student

ROOT = Path(__file__).parents[2]
NDA = ROOT / "examples/legal/sample/nda.docx"
MODELS = ("local", "scripted")
LOCKED = bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le")
TWO_RULES = """
rules:
  - {topic: Term, preferred: Three years., wording: The term is three (3) years.}
  - {topic: Renewal, preferred: None., wording: This Agreement does not renew.}
"""
ONE_RULE = "rules: [{topic: Term, preferred: Three years., wording: The term is three (3) years.}]"


# Documents


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.docx", b"", "empty.docx holds no text"),
        ("empty.txt", b" \n", "empty.txt holds no text"),
        ("locked.docx", LOCKED, "password"),
        ("cut.docx", NDA.read_bytes()[:5000], "cut.docx"),
        ("noise.docx", bytes(range(256)) * 99, "noise.docx"),
        ("scan.pdf", b"%PDF-1.7\n", "is a PDF"),
    ],
)
def test_a_contract_that_cannot_be_read_ends_the_run_with_a_sentence_and_no_call(
    office: "Office", student: "Student", name: str, data: bytes, sentence: str
) -> None:
    contract = office.folder / name
    contract.write_bytes(data)
    run = office.review(contract)
    assert (run.status, office.gateway.calls, office.out(contract).exists()) == ("failed", 0, False)
    assert sentence in run.view.reason and run.view.reason.endswith("."), run.view.reason
    assert "raised" not in run.view.reason and "Error" not in run.view.reason


def test_a_contract_of_10_mb_is_reviewed_and_one_beyond_all_measure_refused(
    office: "Office", student: "Student"
) -> None:
    large = office.folder / "large.docx"
    shutil.copy(NDA, large)
    with zipfile.ZipFile(large, "a") as archive:
        archive.writestr("word/media/plan.bin", os.urandom(10_000_000))
    started = time.process_time()
    run = office.review(large)
    assert time.process_time() - started < 15
    assert run.status == "done" and reject_all(office.out(large)) == reject_all(NDA)
    huge = office.folder / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(26_000_000)
    assert "at most 25 MB can be read" in office.review(huge).view.reason


@pytest.mark.parametrize(
    ("playbook", "sentence"),
    [
        ("rules: [{topic: Term}]", 'p.yaml, rule 1 ("Term"), field "preferred": is missing.'),
        (
            "rules: [{topic: Term, preferred: x}, {topic: term, id: other, preferred: y}]",
            'p.yaml: rules 1 and 2 have the same topic "term"; merge or rename one.',
        ),
        ("rules: []", "p.yaml: there are no rules; add one with at least a topic and a preferred position."),
    ],
)
def test_a_playbook_that_does_not_fit_ends_the_run_with_that_sentence(
    office: "Office", student: "Student", playbook: str, sentence: str
) -> None:
    run = office.review(playbook=office.written("p.yaml", playbook))
    assert (run.status, run.view.reason, office.gateway.calls) == ("failed", sentence, 0)


def test_their_tracked_changes_stay_and_what_touches_them_is_left_out_and_said(office: "Office") -> None:
    contract, playbook = office.folder / "theirs.docx", office.written("two.yaml", TWO_RULES)
    written = docx.Document()
    for text in ("1. The term of this Agreement is ten (10) years.", "2. This Agreement shall renew every year anew."):
        written.add_paragraph(text)
    written.save(str(contract))
    revisions: Any = import_module("docx_revisions")  # it has no type information
    theirs = revisions.RevisionDocument(str(contract))
    theirs.paragraphs[0].replace_tracked("ten (10)", "twenty (20)", author="Kestrel")
    theirs.save(str(contract))
    office.answers(lambda asked: office.judgement(asked.that_says("twenty" if asked.topic == "Term" else "anew")))
    run = office.review(contract, playbook)
    assert run.status == "done"
    (left,) = cast(Delivered, run.value).left_out
    assert "can't be tracked" in left.reason and "Settle that in Word first" in left.reason
    with zipfile.ZipFile(office.out(contract)) as archive:
        xml = archive.read("word/document.xml").decode()
    assert set(re.findall(r'w:author="(\w+)"', xml)) == {"Kestrel", "rheostat"}
    assert accept_all(office.out(contract)).split("\n")[0].endswith("twenty (20) years.")
    assert "does not renew" in accept_all(office.out(contract)) and "does not renew" not in reject_all(contract)
    page = office.report(run)
    assert page.count("<b>Refused</b>") == 1 and "Settle that in Word first" in page


# Models

REAL = {"place": "9.1", "text": "Brightwater shall indemnify Kestrel against all losses"}
MADE_UP = {"place": "9.1", "text": "Kestrel shall indemnify Brightwater."}


def said(*quotes: dict[str, str], verdict: str = "not acceptable") -> str:
    return json.dumps({"quotes": quotes, "verdict": verdict, "fix": "delete", "rationale": "It differs."})


BAD: dict[str, tuple[Answer, str]] = {
    "prose": ("I would say that it is fine.", "is not of the form asked for"),
    "broken": (said(REAL)[:40], "is not of the form asked for"),
    "enum": (said(REAL, verdict="fine"), "verdict: Input should be 'acceptable', 'needs review' or 'not acceptable'"),
    "no quote": (said(), "quotes: List should have at least 1 item"),
    "made up": (said(MADE_UP), "does not stand in what was shown of nda.docx"),
    "nothing": ("", "The answer was empty."),
    "endless": ("x" * 4000, "The answer was cut off at 400 tokens."),
    "no network": (NoNetwork("The provider could not be reached. Check the line."), "could not be reached"),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", BAD)
def test_an_unusable_answer_is_asked_for_once_more_then_the_rule_is_not_judged_and_the_others_are(
    office: "Office", student: "Student", kind: str, model: str
) -> None:
    unusable, problem = BAD[kind]
    office.answers(lambda asked: unusable if asked.topic == "Indemnity" else student.on_the_sample(asked))
    run = office.review(model=model)
    tries = 1 if kind == "no network" else 2
    asked = [asked for asked in office.asked() if asked.topic == "Indemnity"]
    assert (run.status, len(asked), office.gateway.calls) == ("partial", tries, 6 + tries)
    assert list(run.failures) == ["one_rule[3]/judge"] and problem in run.failures["one_rule[3]/judge"]
    assert problem in asked[-1].problem or tries == 1, "the model is told what was wrong"
    assert cast(Delivered, run.value).written.changes == 5
    page = office.report(run)
    assert "<b>1</b> not judged" in page and "1 step failed" in page
    assert page.count("Not judged: ") == 1 and ("not stand there" if kind == "made up" else "no") in page
    assert "Kestrel shall indemnify" not in page


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_gets_better_when_asked_again_is_used(office: "Office", student: "Student", model: str) -> None:
    office.answers(lambda asked: student.on_the_sample(asked) if asked.again else "Let me think about it.")
    run = office.review(model=model)
    assert (run.status, office.gateway.calls) == ("done", 14)
    assert cast(Delivered, run.value).written.changes == 6


def test_a_change_without_words_is_said_to_be_missing(office: "Office", student: "Student") -> None:
    def wordless(asked: "Asked") -> str:
        return student.on_the_sample(asked).replace('"delete"', '"replace"') if asked.judging else office.wording("")

    office.answers(wordless)
    run = office.review()
    assert (run.status, list(run.failures)) == ("partial", ["one_rule[5]/reword"])
    assert "offer of employment" in accept_all(office.out()), "an empty wording deletes nothing"
    assert re.search(
        r"No redline: The model scripted was asked 2 times [^<]*text: String should have", office.report(run)
    )


# Money, time, disk


def test_a_budget_too_small_for_one_call_says_what_would_be_enough(office: "Office", student: "Student") -> None:
    run = office.review(budget_usd=0.000_01)
    assert (run.status, office.gateway.calls, run.spent_usd) == ("partial", 0, 0)
    assert len(run.failures) == 7
    page = office.report(run)
    enough = [float(found) for found in re.findall(r"Allow about \$([\d.]+), or choose a cheaper model", page)]
    assert len(enough) == 7 and "<b>7</b> not judged" in page
    again = office.review(budget_usd=max(enough))
    assert again.status == "done" and again.spent_usd <= max(enough)


def test_a_deadline_that_passes_leaves_what_was_done_and_says_what_was_not(
    office: "Office", student: "Student"
) -> None:
    def slowly(asked: "Asked") -> str:
        time.sleep(0.25)
        return student.on_the_sample(asked)

    office.answers(slowly)
    run = office.review(deadline_s=1.0)
    judged = 7 - sum(node.endswith("judge") for node in run.failures)
    assert run.status == "partial" and 0 < judged < 7
    # A call that takes long may be made twice, and a rule may have been judged in time, but not reworded.
    assert len({asked.topic for asked in office.asked() if asked.judging}) == judged and office.out().exists()
    page = office.report(run)
    assert page.count("Not judged: This step was not run. The deadline of 1 s has passed.") == 7 - judged


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.examples.conftest import Office, Student

def fill(event, view):
    if event.kind == sys.argv[2] and event.node.endswith(sys.argv[3]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))

office = Office(Path(sys.argv[1]))
office.answers(Student().on_the_sample)
office.review(watch=fill)
"""


@pytest.mark.parametrize(
    ("kind", "node", "sentence"),
    [
        ("effect_started", "deliver", "nda.redlined.docx was not written: File too large."),
        ("call_settled", "judge", "The run stopped before its next step. The disk that holds"),
    ],
)
def test_a_full_disk_leaves_the_old_file_and_a_run_to_go_on_with(
    office: "Office", student: "Student", kind: str, node: str, sentence: str
) -> None:
    office.out().write_bytes(b"last week's redline")
    command = [sys.executable, "-c", FULL_DISK, str(office.folder), kind, node]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1 and sentence in ended.stderr, ended.stderr
    assert office.out().read_bytes() == b"last week's redline"
    assert not [path for path in office.folder.iterdir() if path.suffix == ".tmp"], "no half file is left"
    run = app.open(office.runs()[0])
    assert run.status == "unfinished"
    answered = sum(len(calls) for calls in run.view.answered.values())
    assert (run.resume().status, office.gateway.calls) == ("done", 7 - answered), "what was paid for is kept"
    assert reject_all(office.out()) == reject_all(NDA) and "three (3) years" in accept_all(office.out())


def test_a_folder_that_is_gone_stops_the_run_until_it_is_back(office: "Office", student: "Student") -> None:
    run = office.review(dial=1, folder="gone")
    with pytest.raises(NotWritten, match="was not written: No such file or directory"):
        run.approve(run.questions[0].id, like_this=True)
    assert run.status == "unfinished"
    office.out(folder="gone").parent.mkdir()
    assert (run.resume().status, run.questions) == ("done", []), "nobody is asked again"
    assert "three (3) years" in accept_all(office.out(folder="gone"))


# Targets


def test_a_contract_that_changed_after_its_review_gets_no_redline(office: "Office", student: "Student") -> None:
    contract = office.folder / "nda.docx"
    shutil.copy(NDA, contract)
    office.answers(lambda asked: "" if asked.topic == "Indemnity" else student.on_the_sample(asked))
    run = office.review(contract, dial=1)
    changed = docx.Document(str(contract))
    changed.paragraphs[-1].add_run(" One more word.")
    changed.save(str(contract))
    run.approve(run.questions[0].id, like_this=True)
    assert (run.status, office.out(contract).exists()) == ("failed", False)
    assert run.view.reason == "nda.docx: the contract changed since it was reviewed. Review it again."
    assert "the contract changed since it was reviewed" in office.report(run)


def test_two_rules_that_want_the_same_words_do_not_both_get_them(office: "Office") -> None:
    contract = office.written("c.md", "1. It starts now. The term is ten years. It renews every year. It ends then.\n")
    spans = {"Term": "The term is ten years. It renews every year.", "Renewal": "It starts now. The term is ten years."}
    office.answers(lambda asked: office.judgement({"place": "1", "text": spans[asked.topic]}))
    run = office.review(contract, office.written("two.yaml", TWO_RULES))
    assert run.status == "done" and len(cast(Delivered, run.value).left_out) == 1
    assert accept_all(office.out(contract)) == "1. It starts now. The term is three (3) years. It ends then.\n", (
        "the rule that comes first in the playbook has precedence"
    )
    page = office.report(run)
    refused = page.index("<b>Refused</b>")
    assert page.index("<h3>Renewal</h3>") < refused and page.count("<b>Refused</b>") == 1
    assert "Two changes overlap" in page


@pytest.mark.parametrize("model", MODELS)
def test_words_that_stand_twice_are_changed_nowhere_until_the_place_is_said(office: "Office", model: str) -> None:
    said = "The term of it is ten (10) years."
    contract = office.written("c.txt", f"TERM OF SERVICE\n\n{said}\n\nTERM OF SUPPORT\n\n{said}\n")
    playbook = office.written("one.yaml", ONE_RULE)
    office.answers(lambda asked: office.judgement(next(iter(asked.shown())).label or {"text": said}))
    run = office.review(contract, playbook, model=model)
    if model == "scripted":
        assert run.status == "partial"
        assert "stands 2 times in c.txt" in office.asked()[-1].problem
        assert "the contract does not hold them, or not in one place" in office.report(run)
        assert accept_all(office.out(contract)) == contract.read_text(encoding="utf-8")
    office.answers(lambda asked: office.judgement({"place": "TERM OF SUPPORT", "text": said}))
    run = office.review(contract, playbook, model=model)
    before, after = accept_all(office.out(contract)).split("TERM OF SUPPORT")
    assert run.status == "done" and "ten (10)" in before and "three (3)" in after and "ten (10)" not in after
