"""The public face: what a builder writes is typed like plain code, and pyright in `make check` reads it so."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_type

import pytest

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.testing import ScriptedGateway
from rheostat.dag import DrawError, when


def test_calls_maps_and_branches_have_the_types_of_plain_code(tmp_path: Path) -> None:
    app = App("typed", gateway=ScriptedGateway(["3", "1"]), store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.llm
    def count(text: str, unit: str = "words") -> int:
        """Count."""
        ...

    @app.tool(risk="local")
    def save(number: int, note: str) -> float:
        return number / 2

    @app.function
    def many(number: int) -> bool:
        return number > 2

    @app.workflow
    def flow(text: str) -> list[float | None]:
        number = count(text, unit="lines")
        assert_type(number, int)
        assert_type(count.each([text]), list[int])
        saved = when(many(number), lambda: save(number, note="n"))
        assert_type(saved, float | None)
        return [saved]

    def wrong(text: str) -> None:  # pyright: ignore[reportUnusedFunction]
        count(3)  # pyright: ignore[reportArgumentType]
        save(1)  # pyright: ignore[reportCallIssue]

    run = app.run(flow, text="x", dial=2)
    assert_type(run.value, list[float | None])
    assert run.value == [1.5]


Misuse = Callable[[str], object]

MISUSES: list[tuple[Misuse, str]] = [
    (lambda text: "yes" if text else "no", "when(condition"),
    (lambda text: [part for part in text], "node.each"),
    (lambda text: f"{text}!", "a function node"),
    (lambda text: text.upper(), "a function node"),
    (lambda text: text + "!", "a function node"),
    (lambda text: len(text), "a function node"),
    (lambda text: text == "x", "a function node"),
]


@pytest.mark.parametrize(("misuse", "instead"), MISUSES)
def test_using_an_output_as_a_value_while_drawing_says_what_to_use_instead(misuse: Misuse, instead: str) -> None:
    app = App("drawn")

    @app.workflow
    def flow(text: str) -> object:
        return misuse(text)

    with pytest.raises(DrawError, match="'text.* has no value yet") as raised:
        _ = flow.graph
    assert instead in str(raised.value)
