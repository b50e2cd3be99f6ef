"""Finds the App of a run again, in another process than the one that started it."""

import importlib
import importlib.util
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from .app import App
from .errors import RheostatError
from .events import Request
from .run_errors import AppNotFound
from .vertical import LOADING


def load_app(request: Request) -> App:
    """The App that a run was started with: imports the module, or runs the file, that declares it.

    Raises:
        AppNotFound: it is not there any more, can't be imported, or declares no such App.
        BadDeclaration: it starts a run when it is imported.
    """
    reading = LOADING.set(True)
    try:
        module = _from_file(Path(request.where)) if request.where.endswith(".py") else _from_module(request.where)
    except RheostatError:
        raise
    except Exception as error:  # whatever a user's module does
        raise AppNotFound(request.app, request.where, f"{type(error).__name__}: {error}") from error
    finally:
        LOADING.reset(reading)
    found = {app.name: app for app in vars(module).values() if isinstance(app, App)}
    if request.app not in found:
        there = ", ".join(map(repr, found)) or "none"
        raise AppNotFound(request.app, request.where, f"The Apps at the top level of it are: {there}.")
    return found[request.app]


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
