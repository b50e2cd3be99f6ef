"""Every fenced python example of the README and of docs/ runs, as a reader would run it.

The examples of one document run from top to bottom in one namespace and one empty folder. Where an example needs more,
the line before its fence is `<!-- test: setup NAME -->`, which no reader sees: NAME is a key of SETUPS below, a context
manager that gets the folder, prepares it and gives the names that the example may use.
"""

import contextlib
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from rheostat import App
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.autonomy import Action, Argument, Level, Risk

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]

Setup = Callable[[Path], AbstractContextManager[dict[str, object]]]


@contextlib.contextmanager
def proposed(folder: Path) -> Generator[dict[str, object]]:
    """A mail that a model proposed, and the terms on which it is decided."""
    to = Argument(name="to", value="ann@firm.example", control=True, untrusted=False)
    yield {
        "action": Action(tool="send", arguments=(to,), risk=Risk.OUTWARD, node="reply", run="run-1"),
        "level": Level.EDIT,
        "rules": (),
        "now": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "diff": None,
        "approvals": (),
        "granted_ids": frozenset[str](),
    }


@contextlib.contextmanager
def mailed(folder: Path) -> Generator[dict[str, object]]:
    """A run that has sent a letter, after Bob accepted it."""
    app = App("post", store=MemoryStore(), gateway=ScriptedGateway([]))

    @app.tool(risk="outward", control=["to"])
    def send(to: str) -> str:
        return "sent"

    @app.workflow
    def letter(to: str) -> str:
        return send(to)

    run = app.run(letter, to="Ann", model="scripted", dial=1)
    [question] = run.questions
    yield {"run": run.approve(by="bob"), "question": question}


SETUPS: dict[str, Setup] = {"proposed": proposed, "mailed": mailed}

EXAMPLE = re.compile(
    r"^(?:<!-- test: setup (?P<setup>\S+) -->\n+)?(?P<indent> *)```py[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    flags=re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """One fenced block: its code, the line it starts on counted from 1, and the setup it names, if any."""

    code: str
    line: int
    setup: str | None


def examples(text: str) -> list[Example]:
    return [
        Example(dedent(found["code"]), text.count("\n", 0, found.start("code")) + 1, found["setup"])
        for found in EXAMPLE.finditer(text)
    ]


def run_examples(document: Path, folder: Path, setups: dict[str, Setup]) -> None:
    """Runs a document's examples; a failure's traceback names the document and the line."""
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.ExitStack() as open_setups, contextlib.chdir(folder):
        for example in examples(document.read_text(encoding="utf-8")):
            if example.setup:
                names |= open_setups.enter_context(setups[example.setup](folder))
            placed = "\n" * (example.line - 1) + example.code
            exec(compile(placed, str(document), "exec", dont_inherit=True), names)


WITH_EXAMPLES = [document for document in DOCUMENTS if examples(document.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("document", WITH_EXAMPLES, ids=lambda document: document.relative_to(ROOT).as_posix())
def test_the_examples_run(document: Path, tmp_path: Path) -> None:
    run_examples(document, tmp_path, SETUPS)


def test_no_fence_is_missed() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert len(examples(text)) == len(re.findall(r"^\s*(?:```|~~~)\s*py", text, flags=re.MULTILINE)), document


SAMPLE = """\
# Title

```sh
not python
```

```python
number = 20
```

- in a list

  ```python
  number += 1
  ```

<!-- test: setup greeted -->
```python
from pathlib import Path
Path("out.txt").write_text(f"{greeting} {number}")
```
"""


@contextlib.contextmanager
def greeted(folder: Path) -> Generator[dict[str, object]]:
    assert not [*folder.iterdir()]
    yield {"greeting": "hello"}


def test_examples_share_names_a_folder_and_their_setup(tmp_path: Path) -> None:
    document = tmp_path / "sample.md"
    document.write_text(SAMPLE)
    folder = tmp_path / "folder"
    folder.mkdir()
    run_examples(document, folder, {"greeted": greeted})
    assert (folder / "out.txt").read_text() == "hello 21"


def test_a_broken_example_is_named_by_its_line(tmp_path: Path) -> None:
    document = tmp_path / "sample.md"
    document.write_text("text\n\n```python\nfine = 1\nraise ValueError('broken')\n```\n")
    with pytest.raises(ValueError, match="broken") as caught:
        run_examples(document, tmp_path, {})
    assert (str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1) == (str(document), 5)
