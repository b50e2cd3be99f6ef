"""The legal vertical with a scripted model and a store of its own."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from rheostat import Run, read
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.drive import Decide, Watch
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.context import sentences
from rheostat.examples.legal.report import write_report
from rheostat.examples.legal.review import app, review

SAMPLE = Path(__file__).parents[2] / "examples/legal/sample"
_FENCE = re.compile(r"<untrusted id=(\w+)([^>]*)>\n(.*?)\n</untrusted id=\1>", re.S)
_NUMBER = re.compile(r"(\d+(?:\.\d+)*)[.)]? ")
_TITLE_WORDS = 4
_LABEL = re.compile(r"\[(s\d+)\] ")

Json = dict[str, Any]


@dataclass(frozen=True)
class Sentence:
    """A sentence that the model was shown; `label` is "" where it has to be quoted word for word."""

    place: str
    text: str
    label: str = ""

    @property
    def cited(self) -> Any:
        """As a model cites it."""
        return self.label or {"place": self.place, "text": self.text}


class Asked:
    """What one request asks and shows, as a model could understand it."""

    def __init__(self, request: ChatRequest) -> None:
        self.system, self.user = (message.content for message in request.messages[:2])
        self.fields = set(cast("Mapping[str, Any]", (request.answer_schema or {}).get("properties", {})))
        self.judging = "verdict" in self.fields
        self.again = len(request.messages) > 2
        self.problem = request.messages[-1].content if self.again else ""
        found = re.search(r"^topic: (.*)$", self.outside, re.M)
        self.topic = found[1] if found else ""

    @property
    def outside(self) -> str:
        """The words of the user's message outside all fences."""
        return _FENCE.sub("", self.user)

    @property
    def inside(self) -> list[str]:
        """What stands in each fence."""
        return [found[2] for found in _FENCE.findall(self.user)]

    def shown(self) -> Iterator[Sentence]:
        """The sentences that can be cited, titles left out."""
        for _, attributes, text in _FENCE.findall(self.user):
            fenced = re.search(r'place="([^"]*)"', attributes)
            for line in text.splitlines():
                number = _NUMBER.match(_LABEL.sub("", line))
                place = number[1] if number else fenced[1] if fenced and "\n" not in text else ""
                yield from _cut(line, place)

    def that_says(self, words: str) -> Sentence:
        """The sentence shown that holds some words."""
        return [sentence for sentence in self.shown() if words in sentence.text][0]


def _cut(line: str, place: str) -> Iterator[Sentence]:
    pieces = _LABEL.split(line)
    if len(pieces) > 1:
        yield from (
            Sentence(place, text.strip(), label) for label, text in zip(pieces[1::2], pieces[2::2], strict=True)
        )
        return
    for start, end in sentences(line):
        if line[end - 1] in ".;:" and len(line[start:end].split()) > _TITLE_WORDS:
            yield Sentence(place, line[start:end])


class Office:
    """Where contracts are reviewed: `script` answers what the model is asked, `out` is the redlined copy."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.report_file = folder, folder / "report.html"
        self.gateway = ScriptedGateway([])

    def answers(self, script: Callable[[Asked], Answer], **options: Any) -> None:
        """Has the model answer by a function of what it is asked. Options as for ScriptedGateway."""
        self.gateway = ScriptedGateway(lambda request: script(Asked(request)), **options)
        app.gateway, app.store = self.gateway, SqliteStore(self.folder / "runs.sqlite")

    def review(
        self,
        contract: Path = SAMPLE / "nda.docx",
        playbook: Path = SAMPLE / "playbook.yaml",
        *,
        model: str = "scripted",
        dial: int = 2,
        decide: Decide | None = None,
        watch: Watch | None = None,
        budget_usd: float | None = None,
        deadline_s: float | None = None,
        folder: str = "",
    ) -> Run[Any]:
        """Runs a review; its copy goes to a folder of the office, by default to the office itself."""
        return app.run(
            review,
            dial=dial,
            model=model,
            decide=decide,
            watch=watch,
            budget_usd=budget_usd,
            deadline_s=deadline_s,
            path=str(contract),
            playbook=str(playbook),
            out=str(self.out(contract, folder)),
        )

    def out(self, contract: Path = SAMPLE / "nda.docx", folder: str = "") -> Path:
        """The redlined copy of a contract."""
        return self.folder / folder / f"{contract.stem}.redlined{'.docx' if contract.suffix == '.docx' else '.md'}"

    def report(self, run: Run[Any]) -> str:
        """The report on a run."""
        return write_report(run, self.report_file).read_text(encoding="utf-8")

    def runs(self) -> list[str]:
        """All runs, newest first."""
        assert app.store is not None
        return app.store.runs()

    def written(self, name: str, text: str) -> Path:
        """A file of the office."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @staticmethod
    def judgement(
        *quotes: Any, fix: str = "replace", verdict: str = "not acceptable", rationale: str = "It differs."
    ) -> str:
        """The model's answer on a rule, as JSON; each quote a Sentence, a label, or a place and a text."""
        cited = [quote.cited if isinstance(quote, Sentence) else quote for quote in quotes]
        return json.dumps({"quotes": cited, "verdict": verdict, "fix": fix, "rationale": rationale})

    @staticmethod
    def wording(text: str) -> str:
        """The model's answer where it is asked for contract text."""
        return json.dumps({"text": text})

    def asked(self) -> list[Asked]:
        """All that the model was asked so far."""
        return [Asked(request) for request in self.gateway.requests]


class Student:
    """A model that reads what it is shown, and asks for a replacement, an addition and a deletion in turn."""

    fixes = ("replace", "add after", "delete")
    says: Mapping[str, str] = {
        "Length of confidentiality": "continue for ten (10) years",
        "Residual knowledge": "personnel remember",
        "Return and destruction": "has no duty to return",
        "Indemnity": "Brightwater shall indemnify",
        "Governing law and courts": "laws of Singapore",
        "Non-solicitation of employees": "offer of employment",
        "Compelled disclosure": "law, court or regulator",
    }
    """What the sample contract says on the topics of the sample playbook, in the playbook's order."""
    rules = dict(zip(says, "length residuals return indemnity governing-law non-solicitation".split(), strict=False))
    """The rules that the sample contract does not meet, by topic; it meets the last one."""
    hiring = "Each party may hire whom it likes."

    def on_the_sample(self, asked: Asked) -> str:
        """Finds the sentence that decides on each topic."""
        if not asked.judging:
            return Office.wording(self.hiring)
        cited = asked.that_says(self.says[asked.topic])
        fix = self.fixes[list(self.says).index(asked.topic) % 3]
        verdict = "not acceptable" if asked.topic in self.rules else "acceptable"
        return Office.judgement(cited, fix=fix, verdict=verdict, rationale=f"{asked.topic} differs.")

    def on_anything(self, asked: Asked) -> str:
        """Cites another sentence for each topic, out of those shown once, and the next one if that was not good."""
        if not asked.judging:
            return Office.wording("The parties may agree otherwise in writing.")
        said = list(asked.shown())
        texts = [sentence.text for sentence in said]
        number, shown = list(self.says).index(asked.topic), [s for s in said if texts.count(s.text) == 1]
        return Office.judgement(shown[(number + asked.again) % len(shown)], fix=self.fixes[number % 3])

    def clause(self, topic: str) -> str:
        """Where the sample contract says what it says on a topic."""
        document = read(SAMPLE / "nda.docx")
        return next(block.place for block in document.blocks if self.says[topic] in document.block_text(block))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office of its own for one test."""
    before = app.gateway, app.store
    yield Office(tmp_path)
    app.gateway, app.store = before


@pytest.fixture
def student(office: Office) -> Student:
    """Who answers in the office, on the sample contract unless told otherwise."""
    made = Student()
    office.answers(made.on_the_sample)
    return made
