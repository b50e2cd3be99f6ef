"""Ways out of the sandbox, tried one after the other, each in a fresh world of files, services, secrets and processes.

A way out leads out if the command says that it got there, or left a trace outside. Those that need no privilege are
tried without a sandbox, too: what does not get out there either would show nothing.
"""

import subprocess
import sys
import tempfile
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median
from typing import Any

from table import ROOT, Benchmark, Measured, Options, Row

from rheostat.autonomy.io import Sandbox, no_sandbox

LAUNCHES = 30


def escapes() -> Any:
    """The list that the tests try as well."""
    spec = spec_from_file_location("listed_escapes", ROOT / "tests" / "autonomy" / "escapes.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def got_out(listed: Any, escape: Any, walled: bool) -> bool:
    """Whether a way out leads out, from inside the sandbox or from where there is none."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        kept = root / "kept"
        with listed.world(root, kept) as around:
            before, line = around.snapshot(), around.line(escape)
            if walled:
                tryout = Sandbox(around.folder, kept).try_out(line)
                return around.shows_escape(before, tryout.stdout + tryout.stderr)
            bare = ["bash", "-c", line]
            done = subprocess.run(bare, cwd=around.folder, capture_output=True, check=False, timeout=30)
            return around.shows_escape(before, (done.stdout + done.stderr).decode(errors="replace"))


def launch_ms(times: int) -> tuple[float, float]:
    """What a command that does nothing takes, in the sandbox and without."""
    walled, bare = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "folder"
        folder.mkdir()
        sandbox = Sandbox(folder, folder.parent / "kept")
        for _ in range(times):
            started = time.perf_counter()
            sandbox.try_out("true", name="one")
            between = time.perf_counter()
            subprocess.run(["bash", "-c", "true"], cwd=folder, capture_output=True, check=True)
            walled.append((between - started) * 1000)
            bare.append((time.perf_counter() - between) * 1000)
    return median(walled), median(bare)


def measure(options: Options) -> Measured:
    """Tries them all."""
    why = no_sandbox()
    if why:
        return Measured({}, [why])
    listed = escapes()
    out = [escape.name for escape in listed.ESCAPES if got_out(listed, escape, walled=True)]
    open_ones = [escape for escape in listed.ESCAPES if escape.open]
    seen = sum(got_out(listed, escape, walled=False) for escape in open_ones)
    walled_ms, bare_ms = launch_ms(LAUNCHES // 3 if options.quick else LAUNCHES)
    numbers = {"tried": len(listed.ESCAPES), "got_out": len(out), "open": len(open_ones), "open_got_out": seen}
    names = "; ".join(escape.name for escape in listed.ESCAPES)
    notes = [f"Tried: {names}.", *([f"Got out: {'; '.join(out)}."] if out else [])]
    return Measured({**numbers, "launch_ms": walled_ms, "bare_ms": bare_ms}, notes)


BENCHMARK = Benchmark(
    name="escapes",
    about=__doc__ or "",
    rows=[
        Row("tried", "ways out of the sandbox that were tried"),
        Row("got_out", "of these, led out", "0"),
        Row("open", "ways out that need no privilege, tried without a sandbox"),
        Row("open_got_out", "of these, led out, so that it would have been seen", "all"),
        Row("launch_ms", "a command that does nothing, tried out in the sandbox, ms"),
        Row("bare_ms", "the same without a sandbox, ms"),
    ],
    measure=measure,
)

if __name__ == "__main__":
    BENCHMARK.run()
