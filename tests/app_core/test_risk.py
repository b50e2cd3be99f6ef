"""What the arguments of one call do to its risk: the tool's own word, costs, secrets, and where paths lead."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from rheostat import App
from rheostat.app_core.label import Untrusted
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadDeclaration
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import Raised, Risk, Rule, Ruling, Taint
from rheostat.context import Snippet


def app_with(script: Any = (), **terms: Any) -> App:
    return App("shop", store=MemoryStore(), gateway=ScriptedGateway(script), **terms)


def start(app: App, dial: int = 2, **inputs: Any) -> Run[Any]:
    return app.run(cast(Any, app.declared["work"]), dial=dial, **inputs)


def paying(**options: Any) -> App:
    app = app_with()
    given: dict[str, Any] = {"risk": "local", "control": ["usd"], **options}

    @app.tool(**given)
    def pay(usd: float, note: str = "none") -> str:
        return f"paid {usd}"

    @app.workflow
    def work(usd: float) -> str:
        return pay(usd)

    return app


def test_a_tool_without_a_risk_counts_as_the_worst_and_all_its_arguments_as_control() -> None:
    app = app_with()

    @app.tool()
    def act(to: str, text: str) -> str:
        return to

    @app.workflow
    def work(to: str, text: Untrusted[str]) -> str:
        return act(to, text)

    (question,) = start(app, to="ann", text="hi").questions
    assert question.action.risk is Risk.IRREVERSIBLE
    assert all(argument.control for argument in question.action.arguments)
    assert question.verdict.taint is Taint.STEERED


def saying(said: Any) -> Callable[[float], Any]:
    def function(usd: float) -> Any:
        return said

    return function


def small_sums(usd: float) -> str:
    return "outward" if usd < 100 else "irreversible"


def test_arguments_raise_the_risk_and_the_question_says_so() -> None:
    assert start(paying(raises=small_sums), usd=10.0).value == "paid 10.0"
    (question,) = start(paying(raises=small_sums), usd=100.0).questions
    assert question.action.risk is Risk.IRREVERSIBLE
    assert "By its arguments it is irreversible; the tool itself is local." in question.verdict.reasons


def test_arguments_never_lower_the_risk() -> None:
    (question,) = start(paying(risk="irreversible", raises=saying("read")), usd=1.0).questions
    assert question.action.risk is Risk.IRREVERSIBLE


def noted(note: str) -> Raised:
    return Raised(Risk.OUTWARD, (f"The note says {note}.",), opaque=True)


def test_what_raises_the_risk_may_say_why_and_that_it_can_not_tell() -> None:
    (question,) = start(paying(raises=noted), dial=4, usd=1.0).questions
    assert question.action.opaque and "The note says none." in question.verdict.reasons
    assert question.verdict.decided_by == "the arguments"


def test_what_costs_money_is_irreversible_and_the_question_says_what_it_costs() -> None:
    assert start(paying(cost=float_of), usd=0.0).value == "paid 0.0"
    (question,) = start(paying(cost=float_of), usd=1234.5).questions
    assert (question.action.risk, question.action.cost_usd) == (Risk.IRREVERSIBLE, 1234.5)
    assert "It costs 1,234.50 USD." in question.verdict.reasons


def float_of(usd: float) -> float:
    return usd


def broken(usd: float) -> Any:
    raise KeyError("no such price")


@pytest.mark.parametrize(
    "options",
    [
        *({"cost": saying(said)} for said in (float("nan"), float("inf"), -1.0, "much", None, 10**400)),
        *({"raises": saying(said)} for said in ("terrible", None, 7, 0)),
        {"cost": broken},
        {"raises": broken},
    ],
)
def test_where_nobody_can_tell_a_person_is_asked_at_every_level(options: dict[str, Callable[..., Any]]) -> None:
    (question,) = start(paying(**options), dial=4, usd=1.0).questions
    assert question.action.opaque and question.action.risk is Risk.IRREVERSIBLE
    assert any("so it counts as the worst" in reason for reason in question.verdict.reasons)


def test_what_a_person_edits_is_weighed_anew() -> None:
    app = paying(risk="outward", raises=small_sums)
    run = start(app, dial=1, usd=10.0)
    run.approve(edits={"usd": 500.0})
    (question,) = run.questions
    assert question.action.risk is Risk.IRREVERSIBLE and question.action.arguments[0].value == 500.0
    assert run.approve().value == "paid 500.0"


def unasked(amount: float) -> str:
    return "read"


async def late(usd: float) -> str:
    return "read"


@pytest.mark.parametrize(
    "options",
    [
        {"raises": late},
        {"cost": late},
        {"raises": unasked},
        {"cost": unasked},
        {"paths": ["file"]},
    ],
)
def test_a_declaration_that_could_not_work_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadDeclaration):
        paying(**options)


# Secrets


def with_secret(risk: str, script: Any = ()) -> App:
    app = app_with(script)

    @app.source(secret=True)
    def salaries(year: int) -> list[Snippet]:
        return [Snippet(text=f"Ann earned 5,000 in {year}.")]

    @app.source(secret=True)
    def salary(year: int) -> str:
        return "Ann earns 5,000."

    @app.llm(context=[salaries])
    def letter(year: int) -> str:
        """Write a letter."""
        raise NotImplementedError

    @app.tool(risk=cast(Any, risk), control=["to"])
    def send(to: str, text: str) -> str:
        return f"sent {to}"

    @app.workflow
    def work(year: int) -> str:
        return send("ann", salary(year))

    @app.workflow
    def write(year: int) -> str:
        return send("ann", letter(year))

    return app


def test_what_rests_on_a_secret_and_goes_outward_is_irreversible() -> None:
    (question,) = start(with_secret("outward"), year=2026).questions
    assert question.action.risk is Risk.IRREVERSIBLE
    assert [argument.secret for argument in question.action.arguments] == [False, True]
    assert '"text" rests on what must not get out, and others would see it.' in question.verdict.reasons
    assert start(with_secret("local"), year=2026).value == "sent ann"


def test_a_models_answer_rests_on_the_secrets_it_was_shown() -> None:
    app = with_secret("outward", ['"Dear Ann"'])
    run = app.run(cast(Any, app.declared["write"]), dial=2, year=2026)
    assert run.questions[0].action.risk is Risk.IRREVERSIBLE


# Paths


def writing(folder: Path, **options: Any) -> App:
    app = app_with()
    inside = Rule(name="etc", tool="*", path=f"{folder}/etc/**", at_least=Ruling.ASK, why="Settings are looked at.")

    given: dict[str, Any] = {"risk": "local", "control": ["file"], "rules": [inside], **options}

    @app.tool(**given)
    def write(file: Path, text: str) -> str:
        Path(file).write_text(text)
        return str(file)

    @app.workflow
    def work(file: Path, text: str) -> str:
        return write(file, text)

    return app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to("etc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", ["etc/a", "link/a", "notes/../etc/a", "{}/link/../etc//a", "./link/b/../a"])
def test_a_rule_on_a_path_holds_however_the_path_is_written(folder: Path, file: str) -> None:
    run = start(writing(folder), file=Path(file.format(folder)), text="x")
    (question,) = run.questions
    assert question.action.arguments[0].path == f"{folder}/etc/a"
    assert question.verdict.rules == ("etc",)
    assert start(writing(folder), file=Path("notes/a"), text="x").value == "notes/a"


def test_a_parameter_may_be_said_to_name_a_file(folder: Path) -> None:
    app = app_with()

    @app.tool(risk="irreversible", paths=["file"])
    def drop(file: str, other: str, maybe: Path | None) -> str:
        return file

    @app.workflow
    def work(file: str) -> str:
        return drop(file, file, None)

    (question,) = start(app, file="link").questions
    assert [argument.path for argument in question.action.arguments] == [f"{folder}/etc", "", ""]
    (question,) = start(app, dial=4, file="a\0b").questions
    assert question.action.opaque


def test_a_link_that_is_turned_while_a_question_waits_is_asked_about_again(folder: Path) -> None:
    run = start(writing(folder, rules=[]), dial=0, file=Path("link/a"), text="x")
    (folder / "link").unlink()
    (folder / "link").symlink_to("notes")
    run.approve()
    (question,) = run.questions
    assert question.action.arguments[0].path == f"{folder}/notes/a"
    assert not (folder / "notes" / "a").exists()
    assert run.approve().value == "link/a"
    assert (folder / "notes" / "a").read_text() == "x" and not (folder / "etc" / "a").exists()


def test_a_link_that_is_turned_after_it_was_decided_on_is_asked_about(folder: Path) -> None:
    def turns_it(file: Path) -> str:
        os.replace(folder / "other", folder / "link")
        return "local"

    (folder / "other").symlink_to("notes")
    run = start(writing(folder, rules=[], raises=turns_it), dial=4, file=Path("link/a"), text="x")
    (question,) = run.questions
    assert question.verdict.rules == ("leads elsewhere",)
    assert question.action.arguments[0].path == f"{folder}/notes/a"
    assert not list(folder.glob("*/a"))
