"""Times LangGraph on graphs of no-op nodes: a chain, a map (`Send`), a random DAG; with its SQLite saver or not."""

import json
import operator
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class Number(TypedDict):
    x: int


class Mapped(TypedDict):
    items: list[int]
    done: Annotated[list[int], operator.add]


class Counted(TypedDict):
    done: Annotated[int, operator.add]


def chain(nodes, _):
    graph = StateGraph(Number)
    for at in range(nodes):
        graph.add_node(f"n{at}", lambda state: {"x": state["x"] + 1})
        graph.add_edge(START if at == 0 else f"n{at - 1}", f"n{at}")
    graph.add_edge(f"n{nodes - 1}", END)
    return graph, {"x": 0}


def fanout(nodes, _):
    graph = StateGraph(Mapped)
    graph.add_node("step", lambda state: {"done": [state["x"] + 1]})
    graph.add_conditional_edges(START, lambda state: [Send("step", {"x": x}) for x in state["items"]], ["step"])
    graph.add_edge("step", END)
    return graph, {"items": list(range(nodes)), "done": []}


def dag(nodes, needs):
    graph = StateGraph(Counted)
    for at in range(nodes):
        graph.add_node(f"n{at}", lambda state: {"done": 1})
        before = [f"n{need}" for need in needs[at]]
        graph.add_edge(before if len(before) > 1 else before[0] if before else START, f"n{at}")
    return graph, {"done": 0}


SHAPES = {"chain": chain, "fanout": fanout, "dag": dag}


def timed(compiled, given, nodes, **more):
    config = {"recursion_limit": nodes + 10, "configurable": {"thread_id": "1"}}
    started = time.perf_counter()
    compiled.invoke(given, config, **more)
    return time.perf_counter() - started


def answer(question):
    graph, given = SHAPES[question["shape"]](question["nodes"], question["needs"])
    found = {"version": f"langgraph {version('langgraph')}"}
    if not question["journal"]:
        return found | {"seconds": timed(graph.compile(), given, question["nodes"])}
    with tempfile.TemporaryDirectory(dir=question["folder"]) as folder:
        path = Path(folder) / "checkpoints.sqlite"
        with SqliteSaver.from_conn_string(str(path)) as saver:
            seconds = timed(graph.compile(saver), given, question["nodes"], durability="sync")
            return found | {"seconds": seconds, "mb": sum(file.stat().st_size for file in path.parent.iterdir()) / 1e6}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
