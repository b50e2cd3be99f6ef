"""What users install is the wheel: it holds every file of the house, once, and works without the checkout."""

import ast
import email
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import uv

ROOT = Path(__file__).parents[1]
PARTS = ("app_core", "context", "dag", "autonomy", "examples")


def run(*command: str | Path, folder: Path) -> str:
    """Runs a command without this checkout on its path; returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of_the_house() -> set[str]:
    """Where each of our files belongs in the wheel."""
    found = {"rheostat/__init__.py", "rheostat/py.typed"}
    for part in PARTS:
        files = [path for path in (ROOT / part).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        found |= {f"rheostat/{path.relative_to(ROOT).as_posix()}" for path in files}
    return found


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> Path:
    (found,) = archives.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a new environment that has the wheel, and this one's site-packages for what it depends on.

    A `.pth` file inside a folder that a `.pth` file names is not read: an editable install of the checkout stays out.
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(uv.find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder, folder=folder.parent)
    run(uv.find_uv_bin(), "pip", "install", "--python", folder, "--no-deps", "--offline", wheel, folder=folder.parent)
    (site,) = folder.glob("**/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "bin"


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """A folder whose own modules have the names of our rooms, and end any program that imports them."""
    for part in PARTS:
        (tmp_path / f"{part}.py").write_text(f"raise SystemExit('the user\\'s own {part}.py was imported')\n")
    return tmp_path


def test_the_wheel_holds_every_file_once(wheel: Path) -> None:
    held = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(held) == sorted(files_of_the_house())


def test_the_sdist_holds_every_file_once(archives: Path) -> None:
    (sdist,) = archives.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = [member.name.partition("/")[2] for member in archive.getmembers()]
    assert len(held) == len(set(held))
    assert not [name for name in held if name.startswith(tuple(f"rheostat/{part}" for part in PARTS))]
    wanted = {
        name.removeprefix("rheostat/") for name in files_of_the_house() - {"rheostat/__init__.py", "rheostat/py.typed"}
    }
    assert wanted | {"LICENSE", "README.md", "pyproject.toml", "rheostat/__init__.py"} <= set(held)


def distribution(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(wheel: Path) -> set[str]:
    """The distributions that the wheel asks for."""
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    needs = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    return {distribution(re.split(r"[^A-Za-z0-9._-]", need)[0]) for need in needs}


def imported_libraries() -> dict[str, str]:
    """Each top-level module that our code imports and that is neither ours nor Python's, with one file that does so."""
    found: dict[str, str] = {}
    for name in files_of_the_house():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            match node:
                case ast.Import():
                    modules = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(module), level=0):
                    modules = [module]
                case ast.Call(
                    func=ast.Name("import_module") | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(module))],
                ):
                    modules = [module]
                case _:
                    continue
            found |= {module.partition(".")[0]: name for module in modules}
    return {top: name for top, name in found.items() if top not in sys.stdlib_module_names | {"rheostat"}}


def test_what_the_wheel_needs_is_locked(wheel: Path) -> None:
    """Else tests run against versions that no user gets."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE))
    assert declared(wheel)
    assert declared(wheel) <= locked


def test_every_library_that_is_imported_is_declared(wheel: Path) -> None:
    """Else it is there only until some other library stops needing it."""
    owners = packages_distributions()
    asked = declared(wheel)
    libraries = imported_libraries()
    assert {"pydantic", "lxml"} <= set(libraries)
    missing = {top: file for top, file in libraries.items() if not {*map(distribution, owners.get(top, []))} & asked}
    assert not missing, f"Add these to pyproject.toml's dependencies: {missing}"


def test_the_wheel_imports_beside_a_users_own_context(environment: Path, hostile_folder: Path) -> None:
    names = ", ".join(["rheostat", *(f"rheostat.{part}" for part in PARTS)])
    printed = run(environment / "python", "-c", f"import {names}; print(rheostat.__file__)", folder=hostile_folder)
    assert Path(printed.strip()).is_relative_to(environment.parent), "this tested the checkout, not the wheel"


def test_the_wheels_command_tells_its_version(environment: Path, hostile_folder: Path, wheel: Path) -> None:
    printed = run(environment / "rheostat", "--version", folder=hostile_folder)
    assert wheel.name.split("-")[1] in printed


@pytest.mark.local_model
def test_the_wheels_demo_leaves_a_redlined_contract(environment: Path, hostile_folder: Path) -> None:
    run(environment / "rheostat", "demo", folder=hostile_folder)
    assert [*hostile_folder.rglob("*.docx")]
