"""`rheostat plan` and `rheostat show`: what a run is to take and took, for a person, a program and a browser."""

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat.app_core.compose import default_store
from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.load import app_at, workflow_of
from rheostat.app_core.testing import ScriptedGateway

DESK = '''
"""A desk that answers letters."""

from rheostat import App, Score, when
from rheostat.app_core.ports import Price
from rheostat.app_core.testing import ScriptedGateway

PRICES = {"small": Price(prompt_usd=1e-7, answer_usd=4e-7), "large": Price(prompt_usd=1e-5, answer_usd=4e-5)}
app = App("desk", gateway=ScriptedGateway(lambda request: '"Yes."', price=PRICES))
print("the module was loaded")


@app.llm(answer_tokens=200)
def answer(letter: str) -> str:
    """Answer the letter."""
    ...


@app.check(answer)
def is_short(answer: str) -> Score:
    return Score(float(len(answer) < 100))


@app.function
def is_angry(letters: list[str]) -> bool:
    return any("!" in letter for letter in letters)


@app.function
def joined(answers: list[str], comfort: str | None) -> str:
    return " ".join(answers)


@app.llm
def comfort(letters: list[str]) -> str:
    """Calm them down."""
    ...


@app.workflow
def reply(letters: list[str]) -> str:
    return joined(answer.each(letters), when(is_angry(letters), lambda: comfort(letters)))
'''
LETTERS = ("--input", 'letters=["How?", "Why!", "When?"]')
MODELS = ("--model", "small", "--model", "large")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    default_store.cache_clear()
    file = tmp_path / "desk.py"
    file.write_text(DESK)
    return file


def said(*arguments: object, columns: int = 100) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    runner = CliRunner(env={"COLUMNS": str(columns)})
    done = runner.invoke(cli, [*map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def told(*arguments: object) -> dict[str, Any]:
    code, out, err = said(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names = set[str]()
        self.attributes = list[tuple[str, str]]()
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_it_says_what_a_run_would_cost_and_take_and_how_each_step_would_be_run() -> None:
    code, out, err = said("plan", "desk.py", *MODELS, *LETTERS, "--budget", 1)
    assert code == 0 and "the module was loaded" in err
    for words in ("desk: reply", "small, large", "$1", "P50 $", "P90 $", "of what is possible", "proven best"):
        assert words in out
    assert re.search(r"longest way +\w+ → \w+", out)
    (answer,) = [line for line in out.splitlines() if "answer" in line and "× 3" in line]
    assert re.search(r"\$0\.\d+–\$0\.\d+ +\d+\.\d s–\d+\.\d s$", answer)
    assert "comfort if" in out and "no run of this is on record" in out


def test_nothing_is_called_and_nothing_is_spent_for_it(desk: Path) -> None:
    said("plan", "desk.py", *MODELS, *LETTERS)
    gateway = app_at(str(desk)).gateway
    assert isinstance(gateway, ScriptedGateway) and not gateway.calls
    assert not default_store().runs()


def test_the_document_adds_up() -> None:
    plan = told("plan", "desk.py", *MODELS, *LETTERS, "--budget", 1, "--deadline", 300)
    assert plan["plan"]["budget"] == {"usd": 1.0, "seconds": 300.0} and plan["plan"]["feasible"]
    steps = plan["steps"]
    assert {*steps} == {"answer", "is_angry", "comfort", "joined"}
    assert (steps["answer"]["count"], steps["answer"]["known"], steps["answer"]["task"]) == (3, True, "answer/answer")
    assert steps["joined"]["after"] == ["answer", "comfort"] and steps["comfort"]["guarded"]
    assert steps["answer"]["choice"] and steps["is_angry"]["choice"] is None
    expected = sum(step["cost_usd"]["p50"] for step in steps.values())
    assert plan["plan"]["cost_usd"]["p50"] == pytest.approx(expected, rel=0.1)
    assert all(step["actual"] is None for step in steps.values())


def test_without_inputs_it_says_that_the_number_of_copies_is_a_guess() -> None:
    _, out, _ = said("plan", "desk.py", *MODELS)
    assert "≈ 5" in out and "these inputs were not given: letters" in " ".join(out.split())
    assert not told("plan", "desk.py", *MODELS)["steps"]["answer"]["known"]
    assert "estimated" not in said("plan", "desk.py", *MODELS, *LETTERS)[1]


def test_more_money_buys_more_quality_and_too_little_is_said_with_what_would_do() -> None:
    poor, rich = (told("plan", "desk.py", *MODELS, *LETTERS, "--budget", usd)["plan"] for usd in (0.002, 1))
    assert poor["cost_usd"]["p90"] <= 0.002 and poor["quality"] < rich["quality"]
    code, out, err = said("plan", "desk.py", *MODELS, *LETTERS, "--budget", 0.000001)
    assert code == 2, err
    words = " ".join(out.split())
    assert "No plan is expected to keep to <$0.0001 in nine runs of ten. The cheapest takes $" in words
    assert "The fastest takes" in " ".join(said("plan", "desk.py", *MODELS, "--deadline", 0.01)[1].split())
    code, out, _ = said("plan", "desk.py", *MODELS, *LETTERS, "--budget", 0.000001, "--json")
    assert code == 2 and not json.loads(out)["plan"]["feasible"]


def test_the_page_has_a_box_for_each_step_and_needs_nothing_and_nobody() -> None:
    code, out, _ = said("plan", "desk.py", *MODELS, *LETTERS, "--html", "plan.html")
    assert code == 0 and "plan.html" in out
    tags = Tags(Path("plan.html").read_text())
    assert "svg" in tags.names and not {"script", "img", "link", "iframe", "foreignobject"} & tags.names
    ids = {value for name, value in tags.attributes if name == "id"}
    links = [value for name, value in tags.attributes if name == "href"]
    assert {link[1:] for link in links} <= ids and len(links) == 4
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in tags.attributes
    for words in ("answer", "× 3", "comfort", "the longest way"):
        assert words in tags.words
    assert not Path("plan.html").read_text().count("NaN")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no.py",), "no.py"),
        (("desk.py", "send"), "'send'"),
        (("desk.py", *MODELS, "--html", "desk.py"), "would be overwritten"),
        (("desk.py", "--input", "letter=x"), "It takes letters."),
        (("desk.py", "--input", "letters"), "NAME=VALUE"),
        (("desk.py", "--input", "letters=3"), "can't be '3'"),
        (("no_such_module_anywhere",), "no_such_module_anywhere"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    code, out, err = said("plan", *arguments)
    assert (code, out) == (2, "") and words in " ".join(err.split())


def test_the_built_in_vertical_can_be_planned_by_its_name() -> None:
    plan = told("plan", "legal", "--model", "openai/gpt-5.4-mini", "--model", "openai/gpt-5.4", "--budget", 1)
    steps = plan["steps"]
    assert plan["workflow"] == "legal: review" and steps["one_rule"]["inside"][0] == "one_rule/judge"
    assert steps["one_rule"]["repeats"] == "each" and steps["one_rule/judge"]["choice"]


@pytest.fixture
def imported(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module by its name, as another process would find it again."""
    others = [folder for folder in sys.path if not Path(folder, desk.name).exists()]
    monkeypatch.setattr(sys, "path", [str(desk.parent), *others])
    yield
    sys.modules.pop("desk", None)


def ran(**terms: Any) -> str:
    app = app_at("desk")
    return app.run(workflow_of(app, "reply"), letters=["How?", "Why!"], **terms).id


def test_a_run_is_shown_beside_its_plan(imported: None) -> None:
    id = ran(models=["small", "large"], budget_usd=1)
    code, out, err = said("show", id, "--html", "run.html", columns=130)
    assert code == 0, err
    assert "The plan" in out and "the forecast was P50 $" in out
    (answer,) = [line for line in out.splitlines() if " answer " in line and "× 2" in line]
    assert "done" in answer and answer.count("$") == 3
    document = told("show", id)
    forecast = document["forecast"]["steps"]["answer"]
    assert forecast["actual"]["copies"] == {"done": 2} and forecast["forecast"]["cost_usd"]["p90"] > 0
    assert document["status"] == "done" and document["nodes"]["answer[0]/answer"]["calls"] >= 1
    spent = sum(step["actual"]["cost_usd"] for step in document["forecast"]["steps"].values())
    assert spent == pytest.approx(document["spent_usd"])
    page = Tags(Path("run.html").read_text())
    assert "done" in page.words and id in page.words and "svg" in page.names


def test_a_run_whose_app_is_gone_is_listed_all_the_same(desk: Path, imported: None) -> None:
    id = ran(models=["small", "large"])
    desk.unlink()
    del sys.modules["desk"]
    invalidate_caches()
    code, out, _ = said("show", id, "--html", "run.html")
    assert code == 0 and "answer/answer" in out
    page = Tags(Path("run.html").read_text())
    assert "svg" not in page.names and "not at hand" in page.words


def test_what_past_runs_took_is_in_the_next_forecast(imported: None) -> None:
    before = told("plan", "desk.py", *MODELS, *LETTERS)
    ran(models=["small", "large"])
    after = told("plan", "desk.py", *MODELS, *LETTERS)
    assert "recorded steps" in after["notes"][0] and "no run" in before["notes"][0]
    runs = [step["forecast"]["runs"] for step in after["steps"].values() if step["forecast"]]
    assert max(runs) > 0


def test_names_of_others_do_nothing_on_a_terminal_or_in_a_browser(desk: Path) -> None:
    hostile = "<script>alert(1)</script>\\x1b[2J\\u202e [bold]x"
    desk.write_text(DESK.replace('App("desk"', f'App("{hostile}"'))
    model = "<img src=x>\u202e"
    code, out, err = said("plan", "desk.py", "--model", model, "--html", "p.html")
    assert code == 0, err
    html = Path("p.html").read_text()
    assert not set("\x1b\u202e") & set(out + err + html)
    assert not {"script", "img"} & Tags(html).names and "[bold]x" in out


def test_help_names_it() -> None:
    assert "plan" in said("--help")[1] and "--deadline" in said("plan", "--help")[1]
