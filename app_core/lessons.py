"""What a run teaches: how each part of each choice did, how long plain steps took, how long lists turned out to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rheostat.dag import Copies, Lesson, Loop, Map, State, Status, task_of

from .declare import Llm
from .events import Tried
from .outlook import CHANCE
from .replay import Cast
from .view import NodeView, View

MOST_OF_PLAIN = 20
"""Lessons that a run gives of one step which calls no model; more of the same would teach nothing more."""


def lessons_of(view: View, state: State, cast: Cast) -> list[Lesson | Copies]:
    """The lessons of a run as it stands, the oldest first.

    Args:
        view: what is known of it.
        state: of its graph.
        cast: the functions that its nodes call.
    """
    return [*_of_nodes(view, state, cast), *_of_copies(state)]


def _of_nodes(view: View, state: State, cast: Cast) -> Iterator[Lesson]:
    plain = Counter[str]()
    for node in view.nodes.values():
        instance = state.nodes.get(node.id)
        declared = cast.get(instance.node.calls) if instance else None
        if isinstance(declared, Llm):
            yield from (_tried(tried, checked=bool(declared.checks)) for tried in node.tried.values() if tried.counts)
        elif node.status == "done" and (task := task_of(node.id)) and plain[task] < MOST_OF_PLAIN:
            plain[task] += 1
            yield _plain(task, node)


def _tried(tried: Tried, *, checked: bool) -> Lesson:
    return Lesson(
        task=task_of(tried.node),
        part=tried.part,
        answered=tried.answered,
        score=tried.score if checked else None,
        passed=tried.passed,
        cost_usd=tried.cost_usd,
        latency_s=tried.latency_s,
        prompt_tokens=tried.prompt_tokens,
        answer_tokens=tried.answer_tokens,
    )


def _plain(task: str, node: NodeView) -> Lesson:
    return Lesson(task=task, latency_s=max(0.0, node.seconds))


def _of_copies(state: State) -> Iterator[Copies]:
    """How many copies each map and each loop made, and whether what is guarded ran at all."""
    for instance in state.nodes.values():
        task, node = task_of(instance.id), instance.node
        if node.guards and not node.optional and instance.status in (Status.DONE, Status.FAILED, Status.SKIPPED):
            yield Copies(task=task + CHANCE, count=int(instance.status is not Status.SKIPPED))
        counted = instance.status is Status.DONE or (isinstance(node.runs, Map) and len(instance.inside) > 0)
        if isinstance(node.runs, Map | Loop) and counted:
            yield Copies(task=task, count=len(instance.inside))
