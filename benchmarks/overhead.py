"""What the framework adds to a node that does nothing: microseconds a node, the run begun and ended, the graph drawn.

Three workflows of `async` functions that add one, run with `app.run` and all that comes with it: types checked, labels
joined, every event hash-chained into the Log. A chain; a map over a list; a random DAG whose nodes need three of the
fifty before them. In memory the Log is a list. With the journal it is the SQLite store: what has happened is on disk
before anything follows from it, which a chain pays with one commit a node.

LangGraph runs the same: nodes one after the other, `Send` for the map, the same DAG; compiled before the time is taken;
without a checkpointer, and with its SqliteSaver and `durability="sync"`. pydantic-graph has no journal. Bare asyncio is
a task a node; bare SQLite is a row and a commit a node, with the same settings (WAL, `synchronous=FULL`) and as many
bytes. All take turns, so that other load falls on each alike. Growth is the time of ten times the nodes, divided by the
time: the worst of the three workflows.
"""

import argparse
import asyncio
import gc
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from peer import Peer
from table import Benchmark, Measured, Options, Row

from rheostat import App
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.log import Store
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.dag import Began, Finished, Labeled, Start, State, step

SHAPES = ("chain", "fanout", "dag")
NEEDED, REACH = 3, 50
ROW_BYTES = 700
"""About what the two events of a node take in the journal."""

ROWS = [
    *(Row(f"{shape}_us", f"ours in memory, {shape}", "≤ 0.1 × LangGraph") for shape in SHAPES),
    *(Row(f"{shape}_journal_us", f"ours with the journal, {shape}", "≤ 0.1 × LangGraph") for shape in SHAPES),
    Row("growth", "time of ten times the nodes, to the time", "≤ 11"),
    Row("bare_asyncio_chain_us", "bare asyncio, a task a node, one after the other"),
    Row("bare_asyncio_fanout_us", "bare asyncio, a task a node, all at once"),
    Row("bare_sqlite_chain_us", "bare SQLite, a row and a commit a node"),
    Row("journal_to_bare_sqlite", "our chain with the journal, to bare SQLite", "≤ 1.5"),
    Row("step_chain_us", "of ours, the core alone: `step` without a Log, types or tasks"),
    *(Row(f"peer_langgraph_{shape}_us", f"LangGraph in memory, {shape}") for shape in SHAPES),
    *(Row(f"peer_langgraph_sqlite_{shape}_us", f"LangGraph with SqliteSaver, {shape}") for shape in SHAPES),
    *(Row(f"peer_pydantic_graph_{shape}_us", f"pydantic-graph in memory, {shape}") for shape in SHAPES[:2]),
    *(Row(f"{shape}_ratio", f"ours to LangGraph, in memory, {shape}", "≤ 0.1") for shape in SHAPES),
    *(Row(f"{shape}_journal_ratio", f"ours to LangGraph, journaled, {shape}", "≤ 0.1") for shape in SHAPES),
    *(Row(f"{shape}_10k_us", f"ours in memory, {shape} of 10,000") for shape in SHAPES),
    *(Row(f"{shape}_100k_us", f"ours in memory, {shape} of 100,000 (not with `--quick`)") for shape in SHAPES),
    *(Row(f"{shape}_100k_journal_us", f"ours with the journal, {shape} of 100,000") for shape in SHAPES),
    *(Row(f"{shape}_100k_mb", f"memory that this added, {shape} of 100,000, in memory") for shape in SHAPES),
    *(Row(f"{shape}_journal_mb", f"our file, {shape}") for shape in SHAPES),
    *(Row(f"peer_langgraph_sqlite_{shape}_mb", f"LangGraph's file, {shape}") for shape in SHAPES),
]


@cache
def needs(nodes: int) -> list[list[int]]:
    """Which nodes each node of the random DAG needs."""
    dice = random.Random(nodes)
    return [sorted(dice.sample(range(max(0, at - REACH), at), min(NEEDED, at))) for at in range(nodes)]


def app_of(nodes: int, store: Store) -> App:
    """The three workflows, each with so many nodes."""
    app = App("overhead", gateway=ScriptedGateway([]), store=store)

    @app.function
    async def more(x: int) -> int:
        return x + 1

    @app.function
    async def merge(first: int, second: int = 0, third: int = 0) -> int:
        return (first + second + third + 1) % 1000

    @app.workflow
    def chain(x: int) -> Any:
        value: Any = x
        for _ in range(nodes):
            value = more(value)
        return value

    @app.workflow
    def fanout(items: list[int]) -> Any:
        return more.each(items)

    @app.workflow
    def dag(x: int) -> Any:
        values = list[Any]()
        for needed in needs(nodes):
            values.append(merge(*(values[at] for at in needed)) if needed else merge(x))
        return values[-1]

    assert {chain.name, fanout.name, dag.name} == set(SHAPES)
    return app


def inputs(shape: str, nodes: int) -> dict[str, Any]:
    return {"items": list(range(nodes))} if shape == "fanout" else {"x": 0}


def ours(app: App, shape: str, nodes: int) -> float:
    """Seconds of one run."""
    workflow: Any = app.declared[shape]
    assert workflow.graph and workflow.shape
    gc.collect()
    started = time.perf_counter()
    run = app.run(workflow, model="local", **inputs(shape, nodes))
    seconds = time.perf_counter() - started
    assert run.status == "done", run.view.reason
    return seconds


async def bare_chain(nodes: int, after_each: Callable[[], object]) -> None:
    async def more(x: int) -> int:
        return x + 1

    value = 0
    for _ in range(nodes):
        value = await asyncio.create_task(more(value))
        after_each()


async def bare_fanout(nodes: int) -> None:
    async def more(x: int) -> int:
        return x + 1

    await asyncio.gather(*(asyncio.create_task(more(x)) for x in range(nodes)))


def bare_sqlite(nodes: int, folder: Path) -> float:
    db = sqlite3.connect(folder / "bare.sqlite")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")

    def insert() -> None:
        with db:
            db.execute("INSERT INTO rows (body) VALUES (?)", ("x" * ROW_BYTES,))

    seconds = timed(lambda: asyncio.run(bare_chain(nodes, insert)))
    db.close()
    return seconds


def core_chain(app: App) -> None:
    """The chain, driven by `step` alone."""
    workflow: Any = app.declared["chain"]
    state = State(workflow.graph, lambda labels: None)
    commands = step(state, Began({"x": Labeled(0)}))
    for command in commands:  # grows on the way
        if isinstance(command, Start):
            commands += step(state, Finished(command.node, Labeled(1)))
    assert state.complete


def timed(call: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@dataclass
class Found:
    """Microseconds a node, by key, one entry a repetition; and other numbers."""

    us: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    numbers: dict[str, float] = field(default_factory=dict[str, float])
    versions: set[str] = field(default_factory=set[str])

    def note(self, key: str, seconds: float, nodes: int) -> None:
        self.us.setdefault(key, []).append(seconds / nodes * 1e6)

    def median(self, key: str) -> float | None:
        return median(self.us[key]) if key in self.us else None


def repeat(nodes: int, app: App, peers: Mapping[str, Peer], found: Found) -> None:
    """One repetition of all that is compared, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        found.note("bare_asyncio_chain_us", timed(lambda: asyncio.run(bare_chain(nodes, int))), nodes)
        found.note("bare_asyncio_fanout_us", timed(lambda: asyncio.run(bare_fanout(nodes))), nodes)
        found.note("bare_sqlite_chain_us", bare_sqlite(nodes, Path(folder)), nodes)
        found.note("step_chain_us", timed(lambda: core_chain(app)), nodes)
        for shape in SHAPES:
            app.store = MemoryStore()
            found.note(f"{shape}_us", ours(app, shape, nodes), nodes)
            path = Path(folder) / shape / "runs.sqlite"
            app.store = SqliteStore(path)
            found.note(f"{shape}_journal_us", ours(app, shape, nodes), nodes)
            app.store.close()
            found.numbers[f"{shape}_journal_mb"] = path.stat().st_size / 1e6
            for journal in (False, True):
                ask(peers["langgraph"], f"langgraph{'_sqlite' * journal}", shape, nodes, folder, found)
            if shape != "dag":
                ask(peers["pydantic_graph"], "pydantic_graph", shape, nodes, folder, found)


def ask(peer: Peer, name: str, shape: str, nodes: int, folder: str, found: Found) -> None:
    question = {"shape": shape, "nodes": nodes, "needs": needs(nodes), "journal": "sqlite" in name, "folder": folder}
    if answer := peer.ask(question):
        found.note(f"peer_{name}_{shape}_us", answer["seconds"], nodes)
        found.versions.add(answer["version"])
        if "mb" in answer:
            found.numbers[f"peer_{name}_{shape}_mb"] = answer["mb"]


def once(shape: str, nodes: int, journal: bool) -> tuple[float, float]:
    """One big run in this process: its seconds, and the megabytes that it added to the memory in use at most."""
    with tempfile.TemporaryDirectory() as folder:
        app = app_of(nodes, SqliteStore(Path(folder) / "runs.sqlite") if journal else MemoryStore())
        workflow: Any = app.declared[shape]
        assert workflow.graph and workflow.shape
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = ours(app, shape, nodes)
        return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024


def in_another_process(shape: str, nodes: int, journal: bool) -> tuple[float, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(once, shape, nodes, journal).result()


def grow(options: Options, found: Found) -> None:
    """Ten and a hundred times the nodes."""
    ratios = list[float]()
    for shape in SHAPES:
        few = options.nodes if options.quick else 10 * options.nodes
        pairs = list[float]()
        for _ in range(2):
            seconds = [in_another_process(shape, times * few, journal=False) for times in (1, 10)]
            pairs.append(seconds[1][0] / seconds[0][0])
            found.note(f"{shape}_10k_us", seconds[1 if options.quick else 0][0], 10 * options.nodes)
            if not options.quick:
                found.note(f"{shape}_100k_us", seconds[1][0], 10 * few)
                found.numbers[f"{shape}_100k_mb"] = seconds[1][1]
        if not options.quick:
            found.note(f"{shape}_100k_journal_us", in_another_process(shape, 10 * few, journal=True)[0], 10 * few)
        ratios.append(min(pairs))
    found.numbers["growth"] = max(ratios)


def measure(options: Options) -> Measured:
    environment = options.peers / "graphs"
    peers = {name: Peer(f"graph_{file}.py", environment) for name, file in PEERS.items()}
    nodes = options.nodes // 2 if options.quick else options.nodes
    app, found = app_of(nodes, MemoryStore()), Found()
    repeat(nodes // 10, app_of(nodes // 10, MemoryStore()), peers, Found())
    for _ in range(2 if options.quick else 5):
        repeat(nodes, app, peers, found)
    for peer in peers.values():
        peer.close()
    grow(options, found)
    numbers: dict[str, float | None] = {key: found.median(key) for key in found.us} | found.numbers
    numbers["journal_to_bare_sqlite"] = ratio(numbers, "chain_journal_us", "bare_sqlite_chain_us")
    for shape in SHAPES:
        numbers[f"{shape}_ratio"] = ratio(numbers, f"{shape}_us", f"peer_langgraph_{shape}_us")
        numbers[f"{shape}_journal_ratio"] = ratio(numbers, f"{shape}_journal_us", f"peer_langgraph_sqlite_{shape}_us")
    return Measured(numbers, notes(nodes, options, found, list(peers.values())))


PEERS = {"langgraph": "langgraph", "pydantic_graph": "pydantic"}


def ratio(numbers: Mapping[str, float | None], above: str, below: str) -> float | None:
    over, under = numbers.get(above), numbers.get(below)
    return over / under if over and under else None


def notes(nodes: int, options: Options, found: Found, peers: Sequence[Peer]) -> list[str]:
    repetitions = len(found.us["chain_us"])
    return [
        f"{nodes:,} nodes, {repetitions} repetitions, where no other number is named; files are those of the last.",
        *([f"Peers: {', '.join(sorted(found.versions))}."] if found.versions else []),
        *(peer.trouble for peer in peers if peer.trouble),
    ]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nodes", type=int, default=1000, help=argparse.SUPPRESS)


if __name__ == "__main__":
    Benchmark("overhead", __doc__ or "", ROWS, measure, arguments, lambda o: not o.quick and o.nodes == 1000).run()
