"""The public face: what a builder writes is typed like plain code, and pyright in `make check` reads it so."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_type

import pytest
from pydantic import BaseModel

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.testing import ScriptedGateway
from rheostat.dag import DrawError, when


def test_calls_maps_and_branches_have_the_types_of_plain_code(tmp_path: Path) -> None:
    app = App("typed", gateway=ScriptedGateway(["3", "1", "2", "4"]), store=SqliteStore(tmp_path / "runs.sqlite"))

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

    @app.function
    def longer(text: str, by: int) -> str:
        return text + "x" * by

    @app.function
    def is_long(text: str) -> bool:
        return len(text) > 3

    @app.workflow
    def flow(text: str) -> list[float | None]:
        number = count(text, unit="lines")
        assert_type(number, int)
        assert_type(count.each([text]), list[int])
        saved = when(many(number), lambda: save(number, note="n"))
        assert_type(saved, float | None)
        grown = longer.loop(until=lambda text: is_long(text), at_most=5)(text, by=1)
        assert_type(grown, str)
        maybe = count.optional(grown)
        assert_type(maybe, int | None)
        assert_type(count.essential(grown), int)
        return [saved]

    def wrong(text: str) -> None:  # pyright: ignore[reportUnusedFunction]
        count(3)  # pyright: ignore[reportArgumentType]
        save(1)  # pyright: ignore[reportCallIssue]
        count.loop(until=bool)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        longer.loop(until=lambda text: is_long(text))(text, by="1")  # pyright: ignore[reportArgumentType]

    run = app.run(flow, text="x", dial=2)
    assert_type(run.value, list[float | None])
    assert run.value == [1.5]


def test_a_loop_runs_until_it_is_good_also_outside_a_workflow(tmp_path: Path) -> None:
    app = App("loops", gateway=ScriptedGateway([]), store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.function
    def longer(text: str, by: int) -> str:
        return text + "x" * by

    @app.function
    def is_long(text: str) -> bool:
        return len(text) > 3

    looped = longer.loop(until=lambda text: is_long(text), at_most=5)

    @app.workflow
    def flow(text: str) -> str:
        return looped(text, by=1)

    @app.workflow
    def all_of(texts: list[str]) -> list[str]:
        return flow.each(texts)

    run = app.run(flow, text="a")
    assert run.value == looped("a", by=1) == "axxx"
    assert [name for name in run.view.nodes if name.startswith("longer[2]/")] == [
        "longer[2]/longer",
        "longer[2]/is_long",
    ]
    assert app.run(flow, text="").value == "xxxx"
    assert app.run(all_of, texts=["", "aaaaaa"]).value == ["xxxx", "aaaaaax"]


def test_what_fails_stops_nothing_everything_or_goes_without(tmp_path: Path) -> None:
    app = App("failing", gateway=ScriptedGateway([]), store=SqliteStore(tmp_path / "runs.sqlite"))

    @app.function
    def half(number: int) -> int:
        if number % 2:
            raise ValueError("it is odd")
        return number // 2

    @app.workflow
    def quarter(number: int) -> int:
        return half(half(number))

    @app.workflow
    def loose(number: int) -> list[int | None]:
        return [half.optional(number), quarter.optional(number), quarter.optional(4)]

    @app.workflow
    def strict(number: int) -> list[int]:
        return [half(4), half.essential(number)]

    assert app.run(loose, number=3).value == [None, None, 1]
    stopped = app.run(strict, number=3)
    assert stopped.status == "failed"
    assert "it is odd" in stopped.view.reason


class Reply(BaseModel):
    text: str
    to: str


def test_a_type_that_can_not_fit_is_told_when_drawing_too_with_both_ends() -> None:
    app = App("drawn")

    @app.llm
    def draft(ticket: str) -> Reply:
        """Answer."""
        ...

    @app.tool(risk="outward")
    def send(to: str, text: str = "") -> int:
        return len(text)

    @app.workflow
    def whole(ticket: str) -> int:
        return send(draft(ticket))  # pyright: ignore[reportArgumentType]

    @app.workflow
    def outer(ticket: str) -> int:
        reply = draft(ticket)
        return right(reply.text, send(reply.to))  # pyright: ignore[reportArgumentType]

    @app.workflow
    def right(ticket: str, to: str) -> int:
        return send(to, draft(ticket).text)

    with pytest.raises(DrawError, match=r"^draft\(\) gives Reply, but send\(\) takes str as 'to'\."):
        _ = whole.graph
    with pytest.raises(DrawError, match=r"^send\(\) gives int, but right\(\) takes str as 'to'\."):
        _ = outer.graph
    assert [node.id for node in right.graph.nodes] == ["draft", "send"]


def test_a_workflow_that_calls_itself_is_told_what_to_use_instead() -> None:
    app = App("endless")

    @app.workflow
    def again(text: str) -> str:
        return again(text)

    with pytest.raises(DrawError, match=r"again\(\) draws itself without end. Use node.loop"):
        _ = again.graph


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
