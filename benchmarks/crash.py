"""kill -9 at random points: what runs again that was finished, what happens twice or never, what money goes wrong.

Three workflows, each in a process of its own with the SQLite store, killed at a moment drawn evenly from the time that
it takes undisturbed, three times over; then it may end. A chain of plain steps, model calls and actions that honour
their idempotency key, closed by an action that doesn't; a map of a model call and an action for each item; and letters
that a person approves. The functions, the provider and the addressee write down what they see, each line with one
`write`, and by that alone all is judged:

- a node runs again though its end was in the Log when its process was killed: `rerun_finished`; so does a model call
  whose answer was: `answers_bought_again`;
- actions whose key (or, without one, whose arguments) turn up more than once, or never: `effects_repeated`,
  `effects_missing`. Where the Log can't tell whether an action without a key took place, a person is asked
  (`effects_unknown`), looks at what the addressee got, and accepts or rejects;
- a run has booked less than the provider has billed, has booked a bill that the provider never sent and that is not
  marked as assumed, or still holds money for a call that has ended: `money_wrong`.

`resume_ms` is from the start of the next process to its first new record in the Log, the interpreter being up and
rheostat imported; `resume_cold_ms` is with both.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from table import Benchmark, Measured, Options, Row

from rheostat import App
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.events import Asked, CallSettled, Event, NodeFinished
from rheostat.app_core.ports import ChatReply, ChatRequest
from rheostat.app_core.testing import ScriptedGateway
from rheostat.app_core.view import View
from rheostat.autonomy import Approval, Question

ROUNDS, ITEMS = 4, 6
KILLS_A_RUN = 3
STEP_S, CALL_S, ACT_S = 0.003, 0.005, 0.02
DIALS = {"chain": 2, "map": 2, "letters": 1}

ROWS = [
    Row("kills", "processes killed", "300"),
    Row("rerun_finished", "nodes that ran again though they had ended", "0"),
    Row("answers_bought_again", "model calls made again though their answer was in the Log", "0"),
    Row("effects_repeated", "actions that took place twice", "0"),
    Row("effects_missing", "actions that never took place", "0"),
    Row("effects_unknown", "actions of which a person had to say whether they had taken place"),
    Row("money_wrong", "runs whose books differ from the provider's bills", "0"),
    Row("runs_unfinished", "runs that did not end", "0"),
    Row("resume_ms", "until the next process goes on"),
    Row("resume_cold_ms", "the same with the start of Python and all imports"),
    Row("rerun_in_flight", "nodes that were cut off and ran again, a kill"),
    Row("calls_assumed", "model calls booked at their worst, a kill"),
]


class World:
    """What is seen from outside of the runs. Each line is one `write`, which kill -9 leaves whole or out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, file: str, line: str) -> None:
        opened = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(opened, f"{line}\n".encode())
        os.close(opened)

    def lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []


class BilledGateway(ScriptedGateway):
    """A provider that writes down what it is asked and what it bills."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda request: "A fine answer, " + request.messages[-1].content[-20:], delay_s=CALL_S)
        self._world = world

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        """Answers, and bills for it from that moment on."""
        self._world.note("asked", request.messages[-1].content.split()[-1])
        reply = await super().chat(request, on_text)
        self._world.note("billed", repr(reply.cost_usd))
        return reply


def app_of(folder: Path) -> App:
    """The three workflows; what they do is written down in `folder`."""
    world = World(folder)
    app = App("crash", gateway=BilledGateway(world), store=SqliteStore(folder / "runs.sqlite"))

    @app.function
    async def step(name: str) -> str:
        after = f"{name}."
        world.note("steps", after)
        await asyncio.sleep(STEP_S)
        return after

    @app.llm
    def ask(name: str) -> str:
        """Say something about this."""
        ...

    @app.tool(risk="local")
    async def put(name: str, text: str, idempotency_key: str = "") -> str:
        world.note("keyed", f"{idempotency_key} {name}")
        await asyncio.sleep(ACT_S)
        return name

    @app.tool(risk="outward", control=["name"])
    async def send(name: str, text: str) -> str:
        await asyncio.sleep(ACT_S / 2)
        world.note("sent", name)
        await asyncio.sleep(ACT_S / 2)
        return name

    @app.workflow
    def chain(name: str) -> Any:
        value: Any = name
        for _ in range(ROUNDS):
            value = step(value)
            value = put(value, ask(value))
        return send(value, "the end")

    @app.workflow
    def one(item: str) -> Any:
        return put(step(item), ask(item))

    @app.workflow
    def letter(item: str) -> Any:
        return send(item, ask(item))

    @app.workflow
    def map(items: list[str]) -> Any:
        return one.each(items)

    @app.workflow
    def letters(items: list[str]) -> Any:
        return letter.each(items)

    assert {chain.name, map.name, letters.name} == set(DIALS)
    return app


def live(folder: Path, kind: str) -> None:
    """One process's life: starts the run or takes it up, and drives it."""
    began = time.perf_counter()
    world, app = World(folder), app_of(folder)
    told = list[bool]()

    def watch(event: Event, view: View) -> None:
        if not told:
            told.append(True)
            world.note("resumed", f"{(time.perf_counter() - began) * 1e3}")

    async def decide(question: Question, view: View) -> Approval:
        unknown = "may have happened" in " ".join(question.verdict.reasons)
        names = [str(argument.value) for argument in question.action.arguments if argument.name == "name"]
        happened = unknown and names[0] in world.lines("sent")
        return Approval(
            question=question.id,
            digest=question.digest,
            by="a person",
            at=datetime.now(UTC),
            answer="reject" if happened else "accept",
        )

    runs = SqliteStore(folder / "runs.sqlite").runs()
    if runs:
        app.open(runs[0]).resume(decide=decide, watch=watch)
        return
    inputs: dict[str, Any] = {"name": "n"} if kind == "chain" else {"items": [f"i{at}" for at in range(ITEMS)]}
    workflow: Any = app.declared[kind]
    app.run(workflow, model="scripted", budget_usd=1.0, dial=DIALS[kind], decide=decide, watch=watch, **inputs)


def forked(folder: Path, kind: str) -> int:
    """Starts a life in a process of its own, and gives its id."""
    child = os.fork()
    if child:
        return child
    try:
        live(folder, kind)
        os._exit(0)
    except BaseException as error:
        World(folder).note("errors", repr(error))
        os._exit(1)


def alive_after(process: int, seconds: float) -> bool:
    """Waits that long, and kills. Whether there was something to kill."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.0005)
    os.kill(process, signal.SIGKILL)
    return not os.WIFEXITED(os.waitpid(process, 0)[1])


@dataclass
class Found:
    """What was counted."""

    counts: Counter[str] = field(default_factory=Counter[str])
    resume_ms: list[float] = field(default_factory=list[float])
    cold_ms: list[float] = field(default_factory=list[float])


@dataclass
class Trial:
    """One run and all its lives."""

    folder: Path
    kind: str
    finished: list[tuple[set[str], set[str], int, int]] = field(
        default_factory=list[tuple[set[str], set[str], int, int]]
    )

    @property
    def world(self) -> World:
        return World(self.folder)

    def events(self) -> list[Event]:
        store = SqliteStore(self.folder / "runs.sqlite")
        runs = store.runs()
        return [record.event for record in store.read(runs[0])] if runs else []

    def look(self) -> None:
        """Notes what has ended by now, and how much was seen of it outside."""
        events = self.events()
        steps = {str(e.value) for e in events if isinstance(e, NodeFinished) and "step" in e.node}
        names = {asked_about(e.node) for e in events if isinstance(e, CallSettled) and e.answer is not None}
        self.finished.append((steps, names, len(self.world.lines("steps")), len(self.world.lines("asked"))))

    def judge(self, found: Found) -> None:
        """Compares what the run says with what was seen outside."""
        world, events, counts = self.world, self.events(), found.counts
        steps, asked = world.lines("steps"), world.lines("asked")
        for ended, answered, steps_then, asked_then in self.finished:
            counts["rerun_finished"] += sum(line in ended for line in steps[steps_then:])
            counts["answers_bought_again"] += sum(line in answered for line in asked[asked_then:])
        counts["rerun_in_flight"] += max(0, len(steps) - self.expected("steps"))
        sent, keys = world.lines("sent"), {line.partition(" ")[0] for line in world.lines("keyed")}
        counts["effects_repeated"] += len(sent) - len(set(sent)) + max(0, len(keys) - self.expected("keyed"))
        counts["effects_missing"] += self.expected("sent") - len(set(sent)) + max(0, self.expected("keyed") - len(keys))
        counts["effects_unknown"] += sum(
            isinstance(e, Asked) and "may have happened" in " ".join(e.question.verdict.reasons) for e in events
        )
        counts["money_wrong"] += self.money_is_wrong(events)
        counts["calls_assumed"] += sum(isinstance(e, CallSettled) and e.assumed for e in events)
        counts["runs_unfinished"] += not events or events[-1].kind != "run_ended"
        found.resume_ms += [float(line) for line in world.lines("resumed")[1:]]

    def money_is_wrong(self, events: Sequence[Event]) -> bool:
        billed = sorted(float(line) for line in self.world.lines("billed"))
        booked = [e for e in events if isinstance(e, CallSettled)]
        known = Counter(e.cost_usd for e in booked if not e.assumed)
        opened = {e.call for e in events if e.kind == "call_reserved"} - {e.call for e in booked}
        twice = len({e.call for e in booked}) < len(booked)
        short = sum(e.cost_usd for e in booked) < sum(billed) * (1 - 1e-9)
        return bool(known - Counter(billed)) or bool(opened) or twice or short

    def expected(self, what: str) -> int:
        """How many lines of a kind a run leaves that nobody disturbs; of actions, how many different."""
        chain = {"steps": ROUNDS, "keyed": ROUNDS, "sent": 1}
        each = {"map": {"steps": ITEMS, "keyed": ITEMS, "sent": 0}, "letters": {"steps": 0, "keyed": 0, "sent": ITEMS}}
        return {"chain": chain, **each}[self.kind][what]


def asked_about(node: str) -> str:
    """What a call is about, from its node: `ask#2` of the chain is about the name after two steps."""
    if "[" in node:
        return f"i{node.partition('[')[2].partition(']')[0]}"
    return "n" + "." * int(node.partition("#")[2] or 1)


def undisturbed_s(kind: str, parent: Path) -> float:
    """Seconds that a run takes if nobody kills it; the median of three."""
    took = list[float]()
    for _ in range(3):
        folder = Path(tempfile.mkdtemp(dir=parent))
        started = time.monotonic()
        os.waitpid(forked(folder, kind), 0)
        took.append(time.monotonic() - started)
    return median(took)


def run_through(kind: str, folder: Path, dice: random.Random, whole_s: float, found: Found, kills: int) -> None:
    """One run: killed again and again, then left alone."""
    trial = Trial(folder, kind)
    for _ in range(kills):
        if not alive_after(forked(folder, kind), dice.uniform(0.0, whole_s)):
            break
        found.counts["kills"] += 1
        trial.look()
    until = time.monotonic() + 60
    process = forked(folder, kind)
    while not os.waitpid(process, os.WNOHANG)[0]:
        time.sleep(0.001)
        if time.monotonic() > until:
            os.kill(process, signal.SIGKILL)
    trial.judge(found)


def cold_ms(parent: Path, dice: random.Random, whole_s: float) -> float:
    """From the start of a fresh Python to the first new record of a run whose process was killed."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    alive_after(forked(folder, "chain"), dice.uniform(0.3, 0.7) * whole_s)
    before = len(World(folder).lines("resumed"))
    process = subprocess.Popen([sys.executable, __file__, "--live", str(folder)])
    started = time.perf_counter()
    while len(World(folder).lines("resumed")) == before and process.poll() is None:
        time.sleep(0.001)
    took_ms = (time.perf_counter() - started) * 1e3
    process.wait()
    return took_ms


def measure(options: Options) -> Measured:
    dice, found = random.Random(options.seed), Found()
    wanted = 60 if options.quick else options.kills
    with tempfile.TemporaryDirectory() as parent:
        whole_s = {kind: undisturbed_s(kind, Path(parent)) for kind in DIALS}
        until = time.monotonic() + (22 if options.quick else float("inf"))
        runs = 0
        while found.counts["kills"] < wanted and time.monotonic() < until:
            kind = list(DIALS)[runs % len(DIALS)]
            folder = Path(tempfile.mkdtemp(dir=parent))
            left = min(KILLS_A_RUN, wanted - found.counts["kills"])
            run_through(kind, folder, dice, whole_s[kind], found, left)
            runs += 1
        found.cold_ms += [cold_ms(Path(parent), dice, whole_s["chain"]) for _ in range(3)]
    kills = max(1, found.counts["kills"])
    numbers: dict[str, float | None] = {row.key: found.counts[row.key] for row in ROWS[:8]}
    numbers |= {
        "resume_ms": median(found.resume_ms) if found.resume_ms else None,
        "resume_cold_ms": median(found.cold_ms),
        "rerun_in_flight": found.counts["rerun_in_flight"] / kills,
        "calls_assumed": found.counts["calls_assumed"] / kills,
    }
    took = ", ".join(f"{kind} {1e3 * seconds:.0f} ms" for kind, seconds in whole_s.items())
    return Measured(numbers, [f"{runs} runs. Undisturbed they take: {took}. Seed {options.seed}."])


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=300, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which processes are killed")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--live"]:
        live(Path(sys.argv[2]), "chain")
    else:
        Benchmark("crash", __doc__ or "", ROWS, measure, arguments, lambda o: not o.quick and o.kills == 300).run()
