"""rheostat: build the Cursor for X.

Everything a vertical needs comes from here. `rheostat.context`, `rheostat.dag` and `rheostat.autonomy` work alone, too.
Names are loaded when they are first used, so that `import rheostat` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rheostat.app_core.app import App
    from rheostat.app_core.compose import counter_for
    from rheostat.app_core.data_file import BadFile, fitted, read_tables, read_yaml
    from rheostat.app_core.declare import Score
    from rheostat.app_core.errors import RheostatError
    from rheostat.app_core.label import Untrusted
    from rheostat.app_core.quoting import quotes_stand
    from rheostat.app_core.redline import (
        Change,
        Delivered,
        Refused,
        Target,
        accept_all,
        aim,
        diff,
        preview,
        redlinable,
        reject_all,
        write_redlines,
        write_what_fits,
    )
    from rheostat.app_core.report import decision, render, report_facts
    from rheostat.app_core.run import Run
    from rheostat.app_core.shell_tool import Ran
    from rheostat.app_core.view import View
    from rheostat.autonomy import Approval, Bound, Dial, GrantScope, Level, Policy, Question, Rule, Ruling
    from rheostat.autonomy.io import Allowance
    from rheostat.context import Document, Form, Quote, Section, Snippet, derived, find, locate, read
    from rheostat.dag import Limits, Rate, WrittenGraph, best_of, cascade, council, fallback, retry, vote, when

_HOME = {
    "Allowance": "autonomy.io",
    "App": "app_core.app",
    "Approval": "autonomy",
    "BadFile": "app_core.data_file",
    "Bound": "autonomy",
    "Change": "app_core.redline",
    "Delivered": "app_core.redline",
    "Dial": "autonomy",
    "Document": "context",
    "Form": "context",
    "GrantScope": "autonomy",
    "Level": "autonomy",
    "Limits": "dag",
    "Policy": "autonomy",
    "Question": "autonomy",
    "Quote": "context",
    "Ran": "app_core.shell_tool",
    "Rate": "dag",
    "Refused": "app_core.redline",
    "RheostatError": "app_core.errors",
    "Rule": "autonomy",
    "Ruling": "autonomy",
    "Run": "app_core.run",
    "Score": "app_core.declare",
    "Section": "context",
    "Snippet": "context",
    "Target": "app_core.redline",
    "Untrusted": "app_core.label",
    "View": "app_core.view",
    "WrittenGraph": "dag",
    "accept_all": "app_core.redline",
    "aim": "app_core.redline",
    "best_of": "dag",
    "cascade": "dag",
    "council": "dag",
    "counter_for": "app_core.compose",
    "decision": "app_core.report",
    "derived": "context",
    "diff": "app_core.redline",
    "fallback": "dag",
    "find": "context",
    "fitted": "app_core.data_file",
    "locate": "context",
    "preview": "app_core.redline",
    "quotes_stand": "app_core.quoting",
    "read": "context",
    "read_tables": "app_core.data_file",
    "read_yaml": "app_core.data_file",
    "redlinable": "app_core.redline",
    "reject_all": "app_core.redline",
    "render": "app_core.report",
    "report_facts": "app_core.report",
    "retry": "dag",
    "vote": "dag",
    "when": "dag",
    "write_redlines": "app_core.redline",
    "write_what_fits": "app_core.redline",
}

__all__ = [
    "Allowance",
    "App",
    "Approval",
    "BadFile",
    "Bound",
    "Change",
    "Delivered",
    "Dial",
    "Document",
    "Form",
    "GrantScope",
    "Level",
    "Limits",
    "Policy",
    "Question",
    "Quote",
    "Ran",
    "Rate",
    "Refused",
    "RheostatError",
    "Rule",
    "Ruling",
    "Run",
    "Score",
    "Section",
    "Snippet",
    "Target",
    "Untrusted",
    "View",
    "WrittenGraph",
    "accept_all",
    "aim",
    "best_of",
    "cascade",
    "council",
    "counter_for",
    "decision",
    "derived",
    "diff",
    "fallback",
    "find",
    "fitted",
    "locate",
    "preview",
    "quotes_stand",
    "read",
    "read_tables",
    "read_yaml",
    "redlinable",
    "reject_all",
    "render",
    "report_facts",
    "retry",
    "vote",
    "when",
    "write_redlines",
    "write_what_fits",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rheostat' has no attribute {name!r}")
    return getattr(import_module(f"rheostat.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
