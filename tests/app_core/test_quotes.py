"""Prompts and quotes in the Log: what the model saw is kept, and what it quotes is cited or sent back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rheostat import App, Document, Form, Quote, Section, Snippet, derived, read
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.events import EVENT, Packed
from rheostat.app_core.quoting import quotes_in
from rheostat.app_core.testing import ScriptedGateway
from rheostat.context import Attachment, Counter, Need, Origin, Trust, snippets

LAW = "The laws of Singapore govern this Agreement in all respects."
TERM = "This Agreement starts today and runs for two years from then on."


class Finding(BaseModel):
    quotes: list[Quote]


def said(*texts: str) -> str:
    return json.dumps({"quotes": [{"place": "", "text": text} for text in texts]})


def app_with(
    folder: Path,
    answers: list[str],
    offered: Callable[[str], list[Snippet]],
    *,
    gateway: ScriptedGateway | None = None,
    **options: Any,
) -> tuple[App, Any]:
    """An app that asks one question of what a source offers."""
    app = App("quotes", gateway=gateway or ScriptedGateway(answers), store=SqliteStore(folder / "runs.sqlite"))

    def clauses(topic: str) -> list[Snippet]:
        return offered(topic)

    source = app.source(clauses, trust="untrusted")

    @app.llm(context=[source], again=1, **options)
    def judge(topic: str) -> Finding:
        """Quote the sentence that decides."""
        ...

    @app.workflow
    def flow(topic: str) -> Finding:
        return judge(topic)

    return app, flow


def clauses(_: str) -> list[Snippet]:
    return [Snippet(text=LAW, origin=Origin(source="nda.txt", start=10, end=10 + len(LAW), place="5.1", line=7))]


def test_a_quote_that_was_shown_is_cited_and_its_check_recorded(tmp_path: Path) -> None:
    app, flow = app_with(tmp_path, [said("laws of Singapore")], clauses)
    node = app.run(flow, topic="law", model="scripted").view.nodes["judge"]
    (citation,) = node.citations
    assert citation.origin == Origin(source="nda.txt", start=14, end=31, place="5.1", line=7)
    assert citation.trust is Trust.UNTRUSTED
    assert [(check.check, check.score, check.passed) for check in node.checks] == [("quotes", 1.0, True)]


def test_a_quote_that_was_never_shown_is_sent_back_with_a_sentence(tmp_path: Path) -> None:
    app, flow = app_with(tmp_path, [said("laws of Singapore", "laws of Malta"), said(LAW)], clauses)
    run = app.run(flow, topic="law", model="scripted")
    assert run.status == "done" and isinstance(app.gateway, ScriptedGateway)
    told = app.gateway.requests[1].messages[-1].content
    assert "“laws of Malta” does not stand in what was shown of nda.txt." in told and "Singapore”" not in told
    assert [check.score for check in run.view.nodes["judge"].checks] == [0.5, 1.0]
    assert [citation.quote.text for citation in run.view.nodes["judge"].citations] == [LAW]


def test_a_quote_that_keeps_being_made_up_fails_the_node(tmp_path: Path) -> None:
    app, flow = app_with(tmp_path, [said("laws of Malta")] * 2, clauses)
    run = app.run(flow, topic="law", model="scripted")
    assert run.status == "failed" and "“laws of Malta” does not stand in what was shown" in run.failures["judge"]
    assert run.view.nodes["judge"].citations == ()


def test_a_document_is_cited_only_where_the_model_saw_it(tmp_path: Path) -> None:
    path = tmp_path / "nda.txt"
    path.write_text(f"1. Term\n\n1.1 {TERM}\n\n2. Law\n\n2.1 {LAW}\n", encoding="utf-8")
    gateway = ScriptedGateway([said(TERM), said(LAW)])
    app = App("document", gateway=gateway, store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.source(trust="untrusted")
    def contract_at(path: str) -> Document:
        return read(Path(path))

    @app.source(trust="untrusted")
    def last(contract: Document) -> list[Snippet]:
        return [s for s in snippets(contract) if "Singapore" in s.text]

    @app.llm(context=[last], again=1)
    def judge(contract: Document) -> Finding: ...

    @app.workflow
    def flow(path: str) -> Finding:
        return judge(contract_at(path))

    run = app.run(flow, path=str(path), model="scripted")
    assert run.status == "done" and gateway.calls == 2, "the term stands in the document, and was not shown"
    origin = run.view.nodes["judge"].citations[0].origin
    assert origin and (origin.place, origin.line) == ("2.1", 7)


def test_quotes_are_found_at_any_depth() -> None:
    @dataclass
    class Pair:
        left: Quote
        right: tuple[Quote, ...]

    one, two, three = (Quote(text=text) for text in "abc")
    answer = {"first": [Finding(quotes=[one])], "second": Pair(two, (three,)), "third": "d"}
    assert list(quotes_in(answer)) == [one, two, three]
    assert list(quotes_in("no quote")) == [] and list(quotes_in(one)) == [one]


def test_the_log_keeps_what_the_model_saw_without_the_bytes_of_images(tmp_path: Path) -> None:
    image = Attachment(name="plan.png", media_type="image/png", data=b"pixels" * 100, width=8, height=9)
    gateway = ScriptedGateway([said(LAW)])

    def counts_images(model: str) -> Counter:
        return Counter("any", len, count_attachment=lambda attachment: 100)

    gateway.counter = counts_images
    offered = [*clauses(""), Snippet(text="The plan.", need=Need.MUST, attachment=image)]
    app, flow = app_with(tmp_path, [], lambda _: offered, gateway=gateway)
    run = app.run(flow, topic="law", model="scripted")
    seen = app.open(run.id).view.nodes["judge"].source_map
    assert seen is not None
    sent = gateway.requests[0].messages
    assert [(m.role, m.content) for m in seen.messages] == [(m.role, m.content) for m in sent]
    (kept,) = [placed.attachment for message in seen.messages for placed in message.attachments]
    assert (kept.name, kept.media_type, kept.width, kept.data) == ("plan.png", "image/png", 8, b"")
    assert sent[-1].attachments[0].attachment.data == image.data, "the model got it"


def test_a_log_from_before_source_maps_loads(tmp_path: Path) -> None:
    app, flow = app_with(tmp_path, [said(LAW)], clauses)
    run = app.run(flow, topic="law", model="scripted")
    assert app.store is not None
    packed = next(record.event for record in app.store.read(run.id) if isinstance(record.event, Packed))
    old = packed.model_dump(mode="json", exclude={"source_map"})
    loaded = EVENT.validate_python(old)
    assert isinstance(loaded, Packed) and loaded.source_map is None and loaded.receipt == packed.receipt


def test_sections_and_shorter_forms_reach_the_prompt(tmp_path: Path) -> None:
    rules = [Snippet(text=f"Rule {n}: be brief.", section="rules", trust=Trust.TRUSTED) for n in range(3)]
    long = Snippet(text="word " * 2_000, shorter=(Form(text="A long text.", name="title"),))

    def offered(topic: str) -> list[Snippet]:
        return [*clauses(topic), long, *rules, derived("In short: Singapore.", clauses(topic))]

    app, flow = app_with(
        tmp_path, [said(LAW)], offered, sections=[Section("rules", share=0.3, keep="stable")], window_tokens=1_500
    )
    node = app.run(flow, topic="law", model="scripted").view.nodes["judge"]
    assert node.receipt is not None and node.source_map is not None
    assert [(s.name, s.keep, s.kept, s.offered) for s in node.receipt.sections][0] == ("rules", "stable", 3, 3)
    user = node.source_map.messages[1].content
    assert user.index("Rule 0") < user.index("Rule 2") < user.index("Singapore") and "A long text." in user
    assert node.source_map.messages[1].breakpoints, "a provider's cache may keep the rules"


@pytest.mark.parametrize(
    ("snippet", "sections", "sentence"),
    [
        (Snippet(text="x", section="contrct"), [Section("contract")], "contrct"),
        (Snippet(text="x"), [Section("a", share=0.8), Section("b", share=0.7)], "150"),
        (Snippet(text="x", needs=("definition",)), [], "definition"),
    ],
)
def test_sections_and_groups_that_do_not_hold_together_fail_the_node_with_a_sentence_for_the_builder(
    tmp_path: Path, snippet: Snippet, sections: list[Section], sentence: str
) -> None:
    app, flow = app_with(tmp_path, [], lambda _: [snippet], sections=sections)
    run = app.run(flow, topic="law", model="scripted")
    assert run.status == "failed" and sentence in run.failures["judge"]
    assert run.view.nodes["judge"].mend == "builder"
