"""How a run gets on: a line for each thing that was done, and on a terminal one more that lives."""

import io
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Self, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rheostat.autonomy import Ruling

from ...events import Event, NodeDeclined, NodeFailed, NodeFinished
from ...view import NodeView, View
from .console import text
from .question import title
from .words import phrase, seconds, usd

_TURNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TURNS_A_SECOND = 8
_NOW_AND_THEN_S = 10.0
_WORTH_SAYING_S = 0.1
_TITLES = ("title", "topic", "name")
"""Fields of a value by which a person would call it."""

Called = Callable[[NodeView, View], str]
"""Gives a step the name by which it is spoken of."""


class Progress:
    """Says what a run does, as it does it. Use it as a context; `watch` goes into App.run.

    Args:
        console: where to.
        called: what a person would call a step; else its name.
    """

    def __init__(self, console: Console, called: Called) -> None:
        self.run = ""
        self._console, self._called = console, called
        self._live: Live | None = None
        self._asked_here = False
        self._held_back: list[Text] | None = None
        self._lock = threading.RLock()
        self._captured = ExitStack()
        self._doing, self._bill = "starting", ""
        self._since = self._next_word = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            # What the app prints would break into the living line.
            self._captured.enter_context(redirect_stderr(self._lines()))
            if sys.stdout.isatty():
                self._captured.enter_context(redirect_stdout(self._lines()))
        self._show()
        return self

    def __exit__(self, *_: object) -> None:
        self._hide()
        self._captured.close()

    def watch(self, event: Event, view: View) -> None:
        """Takes one event in."""
        self.run = view.run
        self._doing, self._bill = _doing(view), _bill(view)
        line = _line(event, view, self._called)
        # Whoever is asked here has seen their own "no".
        if line is not None and not (self._asked_here and isinstance(event, NodeDeclined)):
            self.say(line)

    def say(self, line: Text) -> None:
        """Writes a line that stays; while a person is being asked, afterwards. Any thread may call this."""
        with self._lock:
            if self._held_back is None:
                self._console.print(line, soft_wrap=not self._console.is_terminal)
            else:
                self._held_back.append(line)

    def doing(self, what: str) -> None:
        """Sets what the living line says until the next event. Without one it is said now and then."""
        self._doing = what
        if not self._console.is_terminal and time.monotonic() >= self._next_word:
            self._next_word = time.monotonic() + _NOW_AND_THEN_S
            self.say(text(what))

    @contextmanager
    def paused(self) -> Generator[None]:
        """Leaves the screen to a question."""
        self._asked_here = True
        with self._lock:
            self._hide()
            self._held_back = []
        try:
            yield
        finally:
            with self._lock:
                held_back, self._held_back = self._held_back, None
                for line in held_back:
                    self.say(line)
                self._show()

    def _lines(self) -> "_Lines":
        lines = _Lines(self.say)
        self._captured.callback(lines.end)
        return lines

    def _show(self) -> None:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._living,
                console=self._console,
                transient=True,
                refresh_per_second=_TURNS_A_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _hide(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _living(self) -> Text:
        passed_s = time.monotonic() - self._since
        turn = _TURNS[int(passed_s * _TURNS_A_SECOND) % len(_TURNS)]
        parts = filter(None, [self._doing, seconds(int(passed_s)) if passed_s >= 1 else "", self._bill])
        line = text((f"{turn} ", "good"), (" · ".join(parts), "quiet"))
        line.truncate(self._console.width - 1, overflow="ellipsis")
        return line


class _Lines(io.TextIOBase):
    """A file whose lines are said one by one."""

    def __init__(self, say: Callable[[Text], None]) -> None:
        self._say, self._begun = say, ""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, words: str, /) -> int:
        *whole, self._begun = (self._begun + words).split("\n")
        for line in whole:
            self._say(text(line))
        return len(words)

    def end(self) -> None:
        """Says what has no end of line yet."""
        if self._begun:
            self.write("\n")


def label(node: NodeView, view: View) -> str:
    """What a person would call a step: by its action, by the title of what came out of it, else `judge 3`."""
    name = phrase(re.sub(r"\[\d+\]", "", node.id.rpartition("/")[2]))
    asked = next((view.questions[id] for id, asked_by in view.asked_by.items() if asked_by == node.id), None)
    if node.action is not None:
        return title(asked) if asked else node.action.summary or name
    value = cast("dict[str, Any]", node.value) if isinstance(node.value, dict) else {}
    called = next((value[field] for field in _TITLES if isinstance(value.get(field), str)), "")
    numbers = ".".join(str(int(number) + 1) for number in re.findall(r"\[(\d+)\]", node.id))
    return f"{name}: {called}" if called else f"{name} {numbers}".strip()


def _line(event: Event, view: View, called: Called) -> Text | None:
    """What to say of an event for good: what models and tools did, and what went wrong."""
    match event:
        case NodeFinished() if _did(view.nodes[event.node], view):
            node = view.nodes[event.node]
            took = seconds(node.seconds) if node.seconds >= _WORTH_SAYING_S else ""
            told = "done without asking" if _notified(node, view) else ""
            more = " · ".join(filter(None, [took, usd(node.cost_usd) if node.cost_usd else "", told]))
            return text(("✓ ", "good"), called(node, view), (f"  {more}", "quiet"))
        case NodeFailed():
            return text(("✗ ", "bad"), called(view.nodes[event.node], view), (f"  {event.error}", "bad"))
        case NodeDeclined():
            return text(("– ", "waits"), called(view.nodes[event.node], view), (f"  {event.reason}", "quiet"))
        case _:
            return None


def _did(node: NodeView, view: View) -> bool:
    return bool(node.calls) or node.id in view.effects


def _notified(node: NodeView, view: View) -> bool:
    return any(ruled.node == node.id and ruled.verdict.ruling is Ruling.NOTIFY for ruled in view.ruled)


def _doing(view: View) -> str:
    """The steps that run, each with how many of its kind have ended: `judge 3 of 12`."""
    started = Counter(_kind(id) for id in view.nodes)
    open_ = Counter(_kind(id) for id in view.running)
    kinds = (
        f"{phrase(kind)} {started[kind] - open_[kind]} of {started[kind]}" if started[kind] > 1 else phrase(kind)
        for kind in started
        if open_[kind]
    )
    return ", ".join(kinds) or "working"


def _kind(node_id: str) -> str:
    return re.sub(r"\[\d+\]", "", node_id.rpartition("/")[2])


def _bill(view: View) -> str:
    of = f" of {usd(view.terms.budget_usd)}" if view.terms.budget_usd is not None else ""
    return usd(view.spent_usd) + of if view.spent_usd or of else ""
