"""Finds an App: that of a run again, in another process than the one that started it; or one that a person names."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from .app import App
from .declare import AnyWorkflow, Workflow
from .errors import RheostatError
from .events import Request
from .run_errors import AppNotFound, BadInput
from .vertical import LOADING


def load_app(request: Request) -> App:
    """The App that a run was started with: imports the module, or runs the file, that declares it.

    Raises:
        AppNotFound: it is not there any more, can't be imported, or declares no such App.
        BadDeclaration: it starts a run when it is imported.
    """
    return _chosen(_apps(request.where, request.app), request.app, request.where)


def app_at(given: str) -> App:
    """The App that a person means by a file or a module, and its name where that declares several: `desk.py:refunds`.

    Raises:
        AppNotFound: it is not there, can't be imported, or declares no such App.
        BadDeclaration: it starts a run when it is imported.
        BadInput: there is no such file; or there are several Apps in it, and none was named.
    """
    where, _, name = (given, "", "") if Path(given).is_file() else given.partition(":")
    if where.endswith(".py"):
        if not Path(where).is_file():
            raise BadInput(f"There is no file {where}.", "", "Name the file or the module that declares the App.")
        where = str(Path(where).resolve())
    found = _apps(where, name or given)
    if name or not found:
        return _chosen(found, name or given, where)
    if len(found) > 1:
        raise BadInput(f"{given} declares the Apps {', '.join(found)}.", "", f"Name one: {given}:{next(iter(found))}.")
    return next(iter(found.values()))


def workflow_of(app: App, name: str | None) -> AnyWorkflow:
    """The workflow of that name, or the only one.

    Raises:
        BadInput: there is none, or several and none was named.
    """
    found = {each.name: each for each in app.declared.values() if isinstance(each, Workflow)}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        which = f"The App {app.name!r} has {'several workflows' if name is None else f'no workflow {name!r}'}."
        raise BadInput(which, f"There are: {', '.join(found) or 'none'}.", "Name one with --workflow.")
    return found[name]


def _chosen(found: Mapping[str, App], name: str, where: str) -> App:
    if name not in found:
        there = ", ".join(map(repr, found)) or "none"
        raise AppNotFound(name, where, f"The Apps at the top level of it are: {there}.")
    return found[name]


def _apps(where: str, name: str) -> dict[str, App]:
    """The Apps at the top level of a module or file, by name; `name` is the one that is sought."""
    reading = LOADING.set(True)
    try:
        module = _from_file(Path(where)) if where.endswith(".py") else _from_module(where)
    except RheostatError:
        raise
    except Exception as error:  # whatever a user's module does
        raise AppNotFound(name, where, f"{type(error).__name__}: {error}") from error
    finally:
        LOADING.reset(reading)
    return {app.name: app for app in vars(module).values() if isinstance(app, App)}


def _from_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
    # `python -m` looks into the current folder, an installed command does not. Last, so that it hides nothing.
    sys.path.append(str(Path.cwd()))
    return importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    """Runs a script as a module that is not called `__main__`, with its own folder to import from."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    name = f"rheostat_app_{sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module  # where types of the file are looked up by those that refer to them
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
