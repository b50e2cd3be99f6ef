"""A review from contract to redlined copy: what is proposed, what is asked, what is written, what is reported."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from rheostat import Change, Run, find, read
from rheostat.app_core.ports import CacheFacts
from rheostat.app_core.redline import Delivered, accept_all, reject_all
from rheostat.autonomy import Approval, Question, Ruling, Taint
from rheostat.context import Document
from rheostat.examples.legal.playbook import read_playbook

if TYPE_CHECKING:
    from tests.examples.conftest import Office, Student

SAMPLE = Path(__file__).parents[2] / "examples/legal/sample"
NDA = SAMPLE / "nda.docx"
CONTRACTS = Path(__file__).parents[2] / "../shared/data/contracts"
WORD = sorted(path.name for path in CONTRACTS.glob("*.docx"))
NAMES = [*WORD, "commonpaper-mutual-nda.md", "cuad-Freecook-20180605-S-1-EX-10-3-11233807-EX-10-.txt"]
MODELS = ("local", "scripted")  # the first cites sentences by label, the second word for word
LEVELS = ("propose", "edit")


def delivered(run: Run[Any]) -> Delivered:
    return cast(Delivered, run.value)


def changes(run: Run[Any]) -> list[Change]:
    """What was accepted of a run's redlines, less what could not be written."""
    redlines = [node.value for id, node in run.view.nodes.items() if id.endswith("/redline") and node.status == "done"]
    accepted = [Change.model_validate(redline) for redline in redlines]
    for left in delivered(run).left_out:
        accepted.remove(left.change)
    return accepted


def with_changes(document: Document, changes: Sequence[Change]) -> str:
    """The text that the accepted redlines promise, by plain splicing from the end."""
    text = document.text
    for change in sorted(changes, key=lambda change: change.start, reverse=True):
        text = text[: change.start] + change.new + text[change.end :]
    return text


def lines(text: str) -> list[str]:
    """Paragraphs as Word shows them: none is empty, none begins or ends with a blank."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def is_exact(run: Run[Any], contract: Path, out: Path) -> bool:
    """Whether rejecting all gives the original, and accepting all what was proposed."""
    document = read(contract)
    promised = with_changes(document, changes(run))
    accepted = accept_all(out)
    same = lines(accepted) == lines(promised) if out.suffix == ".docx" else accepted == promised
    return same and reject_all(out) == document.text


def control(question: Question) -> dict[str, tuple[Any, str]]:
    """The control arguments of an action, with who vouches for each."""
    return {a.name: (a.value, a.vouched_by) for a in question.action.arguments if a.control and not a.untrusted}


def by_rule(run: Run[Any]) -> dict[str, Question]:
    """The redlines that wait, by the rule that they serve."""
    return {str(control(q)["rule"][0]): q for q in run.questions if q.action.tool == "redline"}


@pytest.mark.parametrize("model", MODELS)
def test_at_dial_2_the_sample_is_reviewed_without_a_question(office: "Office", student: "Student", model: str) -> None:
    run = office.review(model=model, dial=2)
    assert (run.status, run.failures, run.questions) == ("done", {}, [])
    comments = {change.comment for change in changes(run)}
    assert {comment.partition(":")[0] for comment in comments} == set(student.rules)
    assert not any("differs" in comment for comment in comments), "our reasons are not for the other side"
    written = delivered(run).written
    assert (written.changes, written.comments, delivered(run).left_out) == (6, 6, ())
    assert office.gateway.calls == 7, "six rules have words of their own, the seventh deletes"
    assert is_exact(run, NDA, office.out())
    accepted = accept_all(office.out())
    assert "three (3) years" in accepted and "ten (10) years" not in accepted, "replaced"
    assert (
        "remember of the Confidential Information, including source code, designs and trade secrets. Neither party"
        in (accepted)
    ), "added after"
    assert "offer of employment" not in accepted and student.hiring not in accepted, "deleted"


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared contracts folder is missing")
def test_every_agreement_is_redlined_exactly(
    office: "Office", student: "Student", capsys: pytest.CaptureFixture[str]
) -> None:
    exact, redlines, left_out = list[str](), 0, 0
    office.answers(student.on_anything)
    rules = re.sub(r"\n +wording:.*?(?=\n\n|$)", "", (SAMPLE / "playbook.yaml").read_text(encoding="utf-8"), flags=re.S)
    wordless = office.written("wordless.yaml", rules)
    for number, name in enumerate(NAMES):
        run = office.review(CONTRACTS / name, wordless, model=MODELS[number % 2])
        assert (run.status, run.failures) == ("done", {}), name
        redlines += delivered(run).written.changes
        left_out += len(delivered(run).left_out)
        if is_exact(run, CONTRACTS / name, office.out(CONTRACTS / name)):
            exact.append(name)
    with capsys.disabled():
        print(
            f"\nreject all = original and accept all = proposal: {len(exact)} of {len(NAMES)} agreements, "
            f"{len(set(WORD) & set(exact))} of {len(WORD)} of them .docx; "
            f"{redlines} redlines written, {left_out} left out with a reason"
        )
    assert exact == NAMES
    assert redlines > 5 * len(NAMES)


def test_the_report_is_one_file_that_says_what_was_found_and_done(office: "Office", student: "Student") -> None:
    run = office.review(dial=2)
    page = office.report(run)
    assert office.report_file.read_text(encoding="utf-8") == page
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(|src=|href=\"[^#]", page), "needs nothing else"
    assert "Content-Security-Policy" in page
    for topic in student.says:
        assert f"<h3>{topic}</h3>" in page
        assert f"{topic} differs." in page
    assert page.count("</figure>") == 7 and "7 of 7 stand" in page and "0 made-up ones dropped" in page
    assert page.count("by the dial at level 2") == 6 and "<b>1</b> acceptable" in page and "<b>6</b> not" in page
    assert "<ins>three</ins>" in page and "<del>ten</del>" in page
    assert "one_rule[0]/judge" in page and f"${run.spent_usd:.2f}" in page


def test_each_finding_is_cited_from_what_the_model_was_shown(office: "Office", student: "Student") -> None:
    run = office.review(dial=2)
    page = " ".join(office.report(run).split())
    for number, topic in enumerate(student.says):
        node = run.view.nodes[f"one_rule[{number}]/judge"]
        (citation,) = node.citations
        assert citation.origin and node.source_map and citation.origin.place == student.clause(topic)
        assert student.says[topic] in node.source_map.messages[1].content
        assert f"<figcaption>nda.docx · {citation.origin.place}" in page
    assert "Contract (stable): 15 of 15 pieces" in page and "3 pieces of nda.docx<small>shown already</small>" in page


def test_a_short_contract_is_shown_whole_and_first_so_that_a_cache_can_serve_it(
    office: "Office", student: "Student"
) -> None:
    office.review(dial=2)
    prompts = [request.messages[1] for request in office.gateway.requests]
    stable = {prompt.content[: prompt.breakpoints[0]] for prompt in prompts if prompt.breakpoints}
    assert len(stable) == 1 and all(words in "".join(stable) for words in student.says.values())
    office.answers(student.on_the_sample, window_tokens=8_000)
    office.review(dial=2)
    judging = [asked for asked in office.asked() if asked.judging]
    assert {len(asked.inside) for asked in judging} == {3}, "a small model gets the clauses that bear on the rule"


def test_the_report_says_what_a_providers_cache_served(office: "Office", student: "Student") -> None:
    office.answers(student.on_the_sample, cache=CacheFacts(min_tokens=64, step_tokens=64))
    page = " ".join(office.report(office.review(dial=2)).split())
    served = re.findall(r"cache: (\d+) of (\d+) tokens; (\d+) were expected", page)
    assert len(served) >= 6, "all but the first call, or those in flight beside it"
    told = [tuple(map(int, each)) for each in served]
    foreseen = [each for each in told if each[0] > 0.6 * each[1] and abs(each[2] - each[0]) <= 128]
    assert len(foreseen) >= 2, f"those that began once the first had ended, whichever they are: {told}"


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared contracts folder is missing")
@pytest.mark.parametrize("window_tokens", [4_000, 32_000])
def test_the_clauses_that_bear_on_a_rule_are_in_its_prompt(office: "Office", window_tokens: int) -> None:
    rules = read_playbook(SAMPLE / "playbook.yaml").rules
    office.answers(
        lambda asked: office.judgement(next(iter(asked.shown())), verdict="acceptable"), window_tokens=window_tokens
    )
    for name in (
        "bonterms-mutual-nda.docx",
        "commonpaper-csa.md",
        "cuad-ImperialGardenResortInc-20161028-DRS--on-F-1-.txt",
    ):
        before = office.gateway.calls
        office.review(CONTRACTS / name)
        document = read(CONTRACTS / name)
        prompts = {asked.topic: " ".join(asked.user.split()) for asked in office.asked()[before:]}
        for rule in rules:
            query = " ".join((rule.topic, rule.preferred, rule.not_acceptable, rule.wording))
            for clause in find(document, query, limit=3):
                assert " ".join(clause.text.split()) in prompts[rule.topic], (name, rule.id)


def test_wording_with_blanks_is_never_put_in_without_a_person(office: "Office", student: "Student") -> None:
    blank = (SAMPLE / "playbook.yaml").read_text(encoding="utf-8").replace("three (3) years", "[__] years")
    run = office.review(playbook=office.written("blanks.yaml", blank), dial=4)
    assert run.status == "waiting" and list(by_rule(run)) == ["length"]
    assert "It has blanks to fill." in run.questions[0].verdict.reasons
    run.approve(edits={"wording": "The duties continue for two (2) years after this Agreement ends."})
    assert run.status == "done" and "two (2) years" in accept_all(office.out())


def test_a_contract_with_criticmarkup_in_it_is_refused_before_any_call(office: "Office", student: "Student") -> None:
    run = office.review(office.written("c.md", "1. The term is {--ten--}{++two++} years.\n"))
    assert (run.status, office.gateway.calls) == ("failed", 0)
    assert "marks a change in CriticMarkup. Accept or reject the changes in it first" in run.view.reason


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dial", [0, 1])
def test_below_dial_2_every_redline_asks_first(office: "Office", student: "Student", dial: int, model: str) -> None:
    run = office.review(dial=dial, model=model)
    assert (run.status, len(run.questions), office.out().exists()) == ("waiting", 6, False)
    asked = by_rule(run)
    for topic, rule in student.rules.items():
        question = asked[rule]
        assert question.verdict.ruling is Ruling.ASK
        assert question.verdict.taint is Taint.TAINTED, "the contract was read, but steers nothing"
        assert control(question) == {
            "file": (str(NDA), "the user"),
            "clause": (student.clause(topic), "check quotes_are_real"),
            "rule": (rule, "playbook_at"),
        }
        assert question.verdict.reasons == (
            f"At level {dial} ({LEVELS[dial]}) the dial asks a person before an effect that others see.",
            "Untrusted text was read, but it decides neither who, where nor how much.",
        )
        assert all(a.untrusted for a in question.action.arguments if not a.control), "the contract's words are content"


def test_a_question_shows_the_change_as_it_would_stand(office: "Office", student: "Student") -> None:
    asked = by_rule(office.review(dial=1))
    shown = {rule: cast("dict[str, Any]", question.preview) for rule, question in asked.items()}
    assert shown["length"]["title"] == f"Redline of {student.clause('Length of confidentiality')}"
    assert shown["length"]["facts"] == {
        "rule": "length",
        "quote": "The duties of confidentiality continue for ten (10) years after this Agreement ends.",
        "why": "Length of confidentiality differs.",
        "comment": "Length of confidentiality: The duties of confidentiality end three years after the Agreement ends.",
    }
    assert parts(shown["length"], "delete") == ["ten", "10"] and parts(shown["length"], "insert") == ["three", "3"]
    assert "continue for " in "".join(parts(shown["length"], "keep"))
    added = shown["residuals"]
    assert parts(added, "delete") == [] and "Neither party may use" in parts(added, "insert")[0]
    assert "designs and trade secrets." in parts(added, "keep")[0], "what it is added to"
    assert "shall return or destroy" in parts(shown["return"], "insert")[0], "wording of ours beats a bare deletion"
    gone = next(preview for preview in shown.values() if parts(preview, "insert") == [])
    assert parts(gone, "delete") != [], "a rule without wording may delete"


def parts(preview: dict[str, Any], op: str) -> list[str]:
    return [part["text"] for part in preview["diff"] if part["op"] == op]


@pytest.mark.parametrize("dial", [0, 1])
def test_only_what_a_person_accepts_is_written_and_in_their_words(
    office: "Office", student: "Student", dial: int
) -> None:
    run = office.review(dial=dial)
    calls = office.gateway.calls
    asked = by_rule(run)
    run.approve(asked["length"].id, by="Ada")
    run.reject(asked["indemnity"].id, by="Eve", reason="we can live with it")
    run.approve(asked["residuals"].id, by="Ada", edits={"wording": "Nobody may use what they remember."})
    run.approve(asked["governing-law"].id, by="Bo", edits={"wording": "The laws of Scotland govern this Agreement."})
    assert set(by_rule(run)) == {"return", "non-solicitation"}
    run.approve(asked["return"].id, by="Ada", like_this=True)
    if dial == 0:
        assert [question.action.tool for question in run.questions] == ["deliver"], "at 0 writing a file asks too"
        assert not office.out().exists()
        run.approve()
    assert (run.status, office.gateway.calls) == ("done", calls), "deciding calls no model"
    assert is_exact(run, NDA, office.out())
    accepted = accept_all(office.out())
    assert "three (3) years" in accepted, "accepted"
    assert "Brightwater shall indemnify Kestrel" in accepted, "rejected"
    assert "Neither party shall indemnify" not in document_xml(office.out()), "no trace of what was rejected"
    assert "trade secrets. Nobody may use what they remember." in accepted, "an addition, edited, keeps its blank"
    assert "The laws of Scotland govern" in accepted and "England and Wales" not in accepted, "edited"
    assert "no duty to return" not in accepted and "offer of employment" not in accepted, "accepted like this"
    page = office.report(run)
    assert re.search(r"<b>Rejected</b> by Eve, [^:]*:\d\d: we can live with it", page)
    assert len(re.findall(r"<b>Edited</b> by (?:Ada|Bo)", page)) == 2 and "The laws of Scotland govern" in page
    assert len(re.findall(r"<b>Accepted</b> by Ada, \d", page)) == 2
    assert len(re.findall(r"<b>Accepted</b> by Ada(?:'|&#39;)s grant", page)) == 1, "accepted like another"


def document_xml(path: Path) -> str:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return "".join(archive.read(part).decode() for part in archive.namelist() if part.startswith("word/"))


def test_a_person_is_asked_one_redline_after_another_and_can_stop(office: "Office", student: "Student") -> None:
    seen = list[str]()

    def two_then_stop(question: Question, _: Any) -> Approval | None:
        seen.append(question.action.summary)
        said = {"question": question.id, "digest": question.digest, "by": "Ada", "at": question.asked_at}
        return Approval.model_validate({**said, "answer": "accept"}) if len(seen) < 3 else None

    run = office.review(dial=1, decide=two_then_stop)
    assert (run.status, len(run.questions), len(seen)) == ("waiting", 4, 3)
    assert all(re.fullmatch(rf"redline: file {re.escape(str(NDA))}, clause [\d.]+, rule [\w-]+", each) for each in seen)
    assert not office.out().exists(), "nothing is written while questions are open"
    page = office.report(run)
    assert page.count("<b>Waiting</b>") == 4 and "Still waiting for a person: 4 actions." in page
    run.approve(run.questions[0].id, like_this=True)
    assert run.status == "done" and is_exact(run, NDA, office.out())


def test_a_rule_without_words_of_its_own_gets_the_models_which_see_no_trusted_contract(
    office: "Office", student: "Student"
) -> None:
    office.answers(lambda asked: student.on_the_sample(asked).replace('"delete"', '"replace"'))
    run = office.review(dial=1)
    asked = next(asked for asked in office.asked() if not asked.judging)
    assert asked.topic == "Non-solicitation of employees"
    assert "neither party shall make an offer" in "".join(asked.inside) and "neither party" not in asked.outside
    question = by_rule(run)["non-solicitation"]
    wording = next(a for a in question.action.arguments if a.name == "wording")
    assert (wording.value, wording.untrusted) == (student.hiring, True)
