"""A node that waits for a person's word."""

from pathlib import Path
from typing import Any, cast

import pytest

from rheostat import App
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import UnfitAnswer
from rheostat.app_core.testing import ScriptedGateway


def asking(folder: Path) -> App:
    app = App("letters", gateway=ScriptedGateway([]), store=SqliteStore(folder / "runs.sqlite"))

    @app.person
    def notice_days(proposed: int, client: str) -> int:
        """How many days of notice does the client want?"""
        raise NotImplementedError

    @app.function
    def clause(days: int) -> str:
        return f"Either party may end this with {days} days' notice."

    @app.workflow
    def write(client: str) -> str:
        return clause(notice_days(30, client))

    return app


def start(app: App, dial: int = 1) -> Run[str]:
    return app.run(cast(Any, app.declared["write"]), client="Ada", dial=dial)


@pytest.mark.parametrize("dial", [0, 1, 4])
def test_a_person_is_asked_at_every_level_and_the_value_is_what_they_accept(tmp_path: Path, dial: int) -> None:
    app = asking(tmp_path)
    run = start(app, dial)
    assert run.status == "waiting"
    assert "How many days of notice does the client want?" in " ".join(run.questions[0].verdict.reasons)
    assert app.open(run.id).approve().value == "Either party may end this with 30 days' notice."


def test_an_edited_word_is_the_value_and_one_of_the_wrong_type_is_not_taken(tmp_path: Path) -> None:
    app = asking(tmp_path)
    run = start(app)
    with pytest.raises(UnfitAnswer, match="proposed can't be"):
        run.approve(edits={"proposed": "soon"})
    run.approve(edits={"proposed": 14})
    assert run.value == "Either party may end this with 14 days' notice."


def test_a_refusal_blocks_what_needs_the_word(tmp_path: Path) -> None:
    app = asking(tmp_path)
    run = start(app)
    assert run.reject(reason="ask me tomorrow").status == "failed"
