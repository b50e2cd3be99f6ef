"""`rheostat context RUN`: what the model saw in a past run, from its Log alone."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from rheostat import App
from rheostat.app_core.compose import default_store
from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.entrypoints.terminal.console import THEME
from rheostat.app_core.entrypoints.terminal.context import nodes
from rheostat.app_core.events import Packed
from rheostat.app_core.prompt_view import as_json, packed_in, prompt_of
from rheostat.app_core.testing import ScriptedGateway
from rheostat.context import Need, Origin, Snippet

app = App("notes", gateway=ScriptedGateway(lambda request: "They came at nine."))

NOTE = "The guests came at nine and left at noon."


@app.source(trust="untrusted")
def notes(topic: str) -> list[Snippet]:
    """What was written down."""
    origin = Origin(source="notes.txt", start=40, end=40 + len(NOTE), place="Monday", line=3)
    return [
        Snippet(text=NOTE, origin=origin, need=Need.SHOULD, score=2.0),
        Snippet(text="Of no use. " * 4000, origin=Origin(source="long.txt", start=0, end=44_000)),
    ]


@app.llm(context=[notes], window_tokens=1000, answer_tokens=100)
def tell(topic: str) -> str:
    """Say when they came."""
    ...


@app.llm(context=[notes], window_tokens=1000, answer_tokens=100)
def tell_again(topic: str) -> str:
    """Say it once more."""
    ...


@app.function
def both(first: str, second: str) -> str:
    """Puts them together."""
    return first + second


@app.workflow
def report(topic: str) -> str:
    """Tells it twice."""
    return both(tell(topic), tell_again(topic))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    default_store.cache_clear()
    return app.run(report, topic="guests", model="scripted").id


def said(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["context", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def told(*arguments: object) -> dict[str, Any]:
    code, out, err = said(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_without_a_step_its_prompts_are_listed(run: str) -> None:
    code, out, _ = said("last")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["tell", "tell_again"]
    assert f"rheostat context {run} STEP" in out
    listed = told(run)
    assert [prompt["node"] for prompt in listed["prompts"]] == ["tell", "tell_again"]


def test_steps_that_ran_side_by_side_are_listed_by_their_numbers(run: str) -> None:
    receipt = packed_in(default_store().read(run))["tell"].receipt
    prompts = [Packed(node=f"each[{number}]/tell", receipt=receipt) for number in (10, 9, 1)]
    out = io.StringIO()
    Console(file=out, width=80, theme=THEME).print(nodes(prompts, run))
    assert [line.split("/")[0] for line in out.getvalue().splitlines()[1:4]] == ["each[1]", "each[9]", "each[10]"]


def test_a_step_is_shown_with_its_words_and_their_origin(run: str) -> None:
    code, out, _ = said(run, "tell", "--html", "p.html")
    assert code == 0
    assert "The guests came at nine" in out and "Monday" in out and "notes.txt" in out
    assert "Left out  1 of 2" in out and "long.txt" in out
    assert NOTE in Path("p.html").read_text()
    (cited,) = told(run, "again", "--cite", "left at noon")["citations"]
    start = 40 + NOTE.index("left at noon")
    assert (cited["origin"]["source"], cited["origin"]["start"]) == ("notes.txt", start)
    assert said(run, "tell", "--cite", "left at midnight")[0] == 5


def test_a_step_that_is_not_there_or_could_be_several_is_refused_with_their_names(run: str) -> None:
    code, _, err = said(run, "ell")
    assert code == 2 and "They are tell, tell_again." in err
    code, _, err = said(run, "both")
    assert code == 2 and "Those that did are tell, tell_again." in " ".join(err.split())


def test_a_file_goes_before_a_run_and_the_run_can_still_be_named_otherwise(run: str) -> None:
    Path("last").write_text("words")
    assert said("last")[0] == 2
    assert said(run)[0] == 0


def test_of_a_run_whose_log_kept_no_words_the_receipt_is_shown_and_no_quote_is_judged(run: str) -> None:
    packed = packed_in(default_store().read(run))["tell"]
    older = prompt_of(run, "m", Packed.model_validate_json(packed.model_dump_json(exclude={"source_map"})))
    document = as_json(older)
    assert (document["messages"], document["spans"]) == (None, None)
    assert document["receipt"] == packed.receipt.model_dump(mode="json")
