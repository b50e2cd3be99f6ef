"""rheostat: build the Cursor for X.

Everything a vertical needs comes from here; `rheostat.context`, `rheostat.dag` and `rheostat.autonomy` can be used alone.
Names are loaded when they are first used, so that `import rheostat` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rheostat.app_core.app import App
    from rheostat.app_core.declare import Score
    from rheostat.app_core.errors import RheostatError
    from rheostat.app_core.label import Untrusted
    from rheostat.app_core.redline import Change, Refused, accept_all, hunks, preview, reject_all, write_redlines
    from rheostat.app_core.run import Run
    from rheostat.app_core.view import View
    from rheostat.autonomy import Approval, Level, Question
    from rheostat.context import Document, Quote, Snippet, find, locate, read
    from rheostat.dag import when

_HOME = {
    "App": "app_core.app",
    "Approval": "autonomy",
    "Change": "app_core.redline",
    "Document": "context",
    "Level": "autonomy",
    "Question": "autonomy",
    "Quote": "context",
    "Refused": "app_core.redline",
    "RheostatError": "app_core.errors",
    "Run": "app_core.run",
    "Score": "app_core.declare",
    "Snippet": "context",
    "Untrusted": "app_core.label",
    "View": "app_core.view",
    "accept_all": "app_core.redline",
    "find": "context",
    "hunks": "app_core.redline",
    "locate": "context",
    "preview": "app_core.redline",
    "read": "context",
    "reject_all": "app_core.redline",
    "when": "dag",
    "write_redlines": "app_core.redline",
}

__all__ = [
    "App",
    "Approval",
    "Change",
    "Document",
    "Level",
    "Question",
    "Quote",
    "Refused",
    "RheostatError",
    "Run",
    "Score",
    "Snippet",
    "Untrusted",
    "View",
    "accept_all",
    "find",
    "hunks",
    "locate",
    "preview",
    "read",
    "reject_all",
    "when",
    "write_redlines",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rheostat' has no attribute {name!r}")
    return getattr(import_module(f"rheostat.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
