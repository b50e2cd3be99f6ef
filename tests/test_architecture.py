"""The shape of the house: arrows, sizes, names, and that importing it does nothing else."""

import ast
import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import rheostat

ROOT = Path(__file__).parents[1]
ROOMS = ("context", "dag", "autonomy")
HOUSE = ("rheostat", "app_core", *ROOMS, "examples")

FILE_LINES = 400
FUNCTION_LINES = 60
# Files and functions above the limit, with the lines they may have: entries may fall or go, never rise or come.
LONGER: dict[str, int] = {}

VAGUE = {"manager", "helper", "util", "utility", "base", "engine"}
HEAVY = set(
    "bm25s docx jinja2 litellm lxml networkx numpy openai pypdf tiktoken tree_sitter tree_sitter_bash xllamacpp".split()
)


def tracked() -> list[Path]:
    """Every file that git keeps or would keep, without the links to the rooms."""
    try:
        command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout, so what belongs to the project cannot be listed")
    files = [ROOT / line for line in listed.splitlines()]
    return [file for file in files if file.is_file() and not file.is_symlink()]


def sources() -> list[Path]:
    """Every Python file of the house itself."""
    return [file for part in HOUSE for file in sorted((ROOT / part).rglob("*.py"), key=str)]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def definitions(file: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# Sizes


def overlong() -> dict[str, int]:
    """Lines of each Python file above the limit, tests included, and of each of the house's functions above theirs."""
    found: dict[str, int] = {}
    for file in tracked():
        if file.suffix == ".py":
            lines = len(file.read_text(encoding="utf-8").splitlines())
            if lines > FILE_LINES:
                found[name_of(file)] = lines
    for file in sources():
        for node in definitions(file):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES and not isinstance(node, ast.ClassDef):
                found[f"{name_of(file)}:{node.name}"] = lines
    return found


def test_files_and_functions_stay_short() -> None:
    found = overlong()
    grown = {name: lines for name, lines in found.items() if lines > LONGER.get(name, 0)}
    assert not grown, f"Above {FILE_LINES} lines a file or {FUNCTION_LINES} a function; split them: {grown}"
    fallen = {name: lines for name, lines in LONGER.items() if found.get(name, 0) < lines}
    assert not fallen, f"These are shorter now than LONGER says; lower or remove their entries: {fallen}"


# Arrows


def run_lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    call = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", call], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_arrows_hold() -> None:
    run = run_lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    skip = shutil.ignore_patterns("__pycache__")
    for part in HOUSE:
        shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("contract", "breach"),
    [
        ("No room knows another", {"context/breach.py": "import rheostat.dag"}),
        ("No room knows the house around it", {"dag/breach.py": "import litellm"}),
        ("No room knows the house around it", {"context/io/breach.py": "import rheostat.app_core.ports"}),
        ("A room's core does no I/O of its own", {"context/breach.py": "import rheostat.context.io"}),
        ("A room's core has no clock, no dice and no disk", {"autonomy/breach.py": "def now():\n    import time"}),
        (
            "entrypoints above compose above adapters above ports",
            {"app_core/ports.py": "import rheostat.app_core.adapters"},
        ),
        ("Adapters are chosen in one place", {"app_core/breach.py": "import rheostat.app_core.adapters"}),
        ("Nothing stands on an entrypoint", {"app_core/breach.py": "import rheostat.app_core.entrypoints"}),
        ("Only entrypoints know the examples", {"app_core/breach.py": "import rheostat.examples.legal"}),
        ("Examples stand on the public face alone", {"examples/breach.py": "import rheostat.app_core.ports"}),
        ("Only examples and entrypoints import the face", {"app_core/breach.py": "from rheostat import App"}),
        ("No cycles", {"dag/one.py": "from . import two", "dag/two.py": "from . import one"}),
    ],
)
def test_a_breach_of_an_arrow_is_caught(copied_house: Path, contract: str, breach: dict[str, str]) -> None:
    before = {name: path.read_bytes() for name in breach if (path := copied_house / name).exists()}
    for name, line in breach.items():
        with (copied_house / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    try:
        run = run_lint_imports(copied_house)
    finally:
        for name in breach:
            (copied_house / name).unlink()
            if name in before:
                (copied_house / name).write_bytes(before[name])
    assert run.returncode != 0
    assert f"{contract} BROKEN" in " ".join(run.stdout.split()), run.stdout + run.stderr


def is_offered(module: str, name: str) -> bool:
    """Whether a room has `name` in its own `__all__` or, for I/O, in that of its `io` or of a package in there."""
    room, _, inside = module.removeprefix("rheostat.").partition(".")
    is_package = (ROOT / room / inside.replace(".", "/") / "__init__.py").exists()
    if not is_package or inside.partition(".")[0] not in ("", "io"):
        return False
    return name in ("", "io") or name in getattr(importlib.import_module(module), "__all__", ())


def private_imports(source: str) -> Iterator[str]:
    """Imports of what a room does not offer."""
    for node in ast.walk(ast.parse(source)):
        targets: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            targets = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            targets = [(node.module, alias.name) for alias in node.names]
        for module, name in targets:
            of_a_room = module.startswith(tuple(f"rheostat.{room}" for room in ROOMS))
            if of_a_room and not is_offered(module, name):
                yield f"{module}.{name}".rstrip(".")


def test_a_rooms_files_are_its_own() -> None:
    outside = [file for file in sources() if file.relative_to(ROOT).parts[0] not in ROOMS]
    found = {name_of(file): private for file in outside if (private := [*private_imports(file.read_text("utf-8"))])}
    assert not found, f"Import these from the room itself (or add them to its __all__): {found}"


def test_a_private_import_is_seen() -> None:
    assert [*private_imports("from rheostat.context.fit import fit")] == ["rheostat.context.fit.fit"]
    assert [*private_imports("import rheostat.context.fit")] == ["rheostat.context.fit"]
    assert [*private_imports("from rheostat.context import nothing_of_the_kind")] != []
    assert [*private_imports("from rheostat.context.io.word.xml import Element")] != []
    assert [*private_imports("from rheostat.context.io.word import Element")] == []
    assert [*private_imports("import rheostat.context\nfrom rheostat.context import Snippet, io")] == []


def bare_imports(source: str) -> Iterator[str]:
    """Absolute imports of a room without `rheostat.`: in a user's folder these may find somebody else's module."""
    for node in ast.walk(ast.parse(source)):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            named = [node.module]
        yield from (name for name in named if name.partition(".")[0] in HOUSE[1:])


def test_no_import_is_bare() -> None:
    files = [file for file in tracked() if file.suffix == ".py"]
    found = {name_of(file): bare for file in files if (bare := [*bare_imports(file.read_text("utf-8"))])}
    assert not found, f"Import rheostat.NAME instead: {found}"


def test_a_bare_import_is_seen() -> None:
    assert [*bare_imports("import context.fit\nfrom dag import draw")] == ["context.fit", "dag"]
    assert [*bare_imports("from . import context\nfrom rheostat import dag\nimport contextlib")] == []


# Imports


def modules() -> list[str]:
    return ["rheostat", *(found.name for found in pkgutil.walk_packages(rheostat.__path__, "rheostat."))]


WATCHED_IMPORT = """
import json, os, sys, threading, time
DEEDS = {"os.mkdir", "os.remove", "os.rename", "os.putenv", "os.unsetenv", "os.system", "os.fork"}
DEEDS |= {"socket.connect", "sqlite3.connect", "subprocess.Popen"}
seen = []

def watch(event, args):
    if event in DEEDS or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        seen.append([event, str(args[0])])

sys.addaudithook(watch)
started = time.perf_counter()
for name in sys.argv[1:]:
    __import__(name)
took_s = time.perf_counter() - started
seen += [["thread", thread.name] for thread in threading.enumerate() if thread is not threading.main_thread()]
print(json.dumps([seen, sorted(sys.modules), took_s]))
"""


class Import(NamedTuple):
    """What importing did besides: its deeds, every module that it loaded, and how long it took."""

    deeds: list[list[str]]
    loaded: list[str]
    took_s: float


def run_python(folder: Path, source: str, *arguments: str) -> str:
    """Runs a program in a new process that imports the house from this checkout; returns what it printed."""
    command = [sys.executable, "-B", "-c", source, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and not run.stderr, run.stderr
    return run.stdout


def watched_import(folder: Path, *names: str) -> Import:
    printed = run_python(folder, WATCHED_IMPORT, *names)
    assert printed.count("\n") == 1, f"An import printed something: {printed}"
    return Import(*json.loads(printed))


def test_importing_any_module_does_nothing_else(tmp_path: Path) -> None:
    done = watched_import(tmp_path, *modules())
    assert not done.deeds, f"Importing wrote, started or changed: {done.deeds}"
    assert not HEAVY.intersection(done.loaded), "Import these inside the functions that use them."


def test_a_deed_on_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "doer.py").write_text(
        "import os, sqlite3, threading\n"
        "open('left.txt', 'w').close()\n"
        "os.environ['LEFT'] = '1'\n"
        "threading.Thread(target=threading.Event().wait, name='left running', daemon=True).start()\n"
    )
    done = watched_import(tmp_path, "doer")
    assert ["open", "left.txt"] in done.deeds
    assert ["thread", "left running"] in done.deeds
    assert "os.putenv" in {event for event, _ in done.deeds}
    assert "sqlite3" in done.loaded


def test_importing_rheostat_is_quick(tmp_path: Path) -> None:
    done = watched_import(tmp_path, "rheostat", *(f"rheostat.{room}" for room in ROOMS))
    print(f"import rheostat and its rooms: {done.took_s:.2f} s")
    assert not HEAVY.intersection(done.loaded)
    assert done.took_s < 1.5


TIMED_HELP = """
import json, sys, time
started = time.perf_counter()
from rheostat.app_core.entrypoints.cli import main
sys.argv = ["rheostat", "--help"]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print(json.dumps([sorted(sys.modules), time.perf_counter() - started]))
"""


def test_help_is_quick(tmp_path: Path) -> None:
    loaded, took_s = json.loads(run_python(tmp_path, TIMED_HELP).splitlines()[-1])
    print(f"rheostat --help: {took_s:.2f} s")
    assert not HEAVY.intersection(loaded)
    assert took_s < 1.5


# Words


def words_of(name: str) -> set[str]:
    """`ContextManager` and `context_managers` both hold the word "manager"."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {form for part in parts for form in (part.lower(), part.lower().removesuffix("s"))}


def test_no_name_is_vague() -> None:
    found = [name_of(file) for file in sources() if words_of(file.stem) & VAGUE]
    for file in sources():
        found += [f"{name_of(file)}:{node.name}" for node in definitions(file) if words_of(node.name) & VAGUE]
    assert not found, f"Say what it does instead: {found}"


def test_a_vague_word_is_seen_inside_a_name_and_nowhere_else() -> None:
    assert words_of("HTTPManager") & VAGUE
    assert words_of("text_utils") & VAGUE
    assert not words_of("DatabaseLog") & VAGUE


# The patterns are put together here so that this file does not hold what it looks for.
MACHINE_PATHS = [rf"(?<![\w.]){'/'}{folder}/" for folder in ("work", "root", "tmp/scratch", r"home/\w+", r"Users/\w+")]
REGISTRIES = [
    rf"\b{host}\.{domain}\b" for host, domain in [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(com|org)")]
]


def test_no_file_names_a_machine_or_a_registry() -> None:
    pattern = re.compile("|".join(MACHINE_PATHS + REGISTRIES))
    found: list[str] = []
    for file in tracked():
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1):
            if match := pattern.search(line):
                found.append(f"{name_of(file)}:{number}: {match.group()}")
    assert not found, "\n".join(found)


def test_every_public_name_says_what_it_is_for() -> None:
    silent: list[str] = []
    for package in ("rheostat", *(f"rheostat.{part}" for part in ("app_core", *ROOMS))):
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            said = value.__doc__ or ""
            if not said or said.startswith(f"{name}("):  # a dataclass without words gets its signature
                silent.append(f"{package}.{name}")
    assert not silent, f"Write a docstring: {silent}"
