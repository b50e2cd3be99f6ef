"""What a run needs to know of its App."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from rheostat.autonomy import Grants, Policy
from rheostat.dag import Lessons, Limits

from .declare import AnyDeclared
from .log import Store
from .ports import Gateway

LOADING: ContextVar[bool] = ContextVar("LOADING", default=False)
"""Whether a file is being read only to find the App in it, so that nothing may be run."""


@dataclass
class Vertical:
    """An App's name, its functions, and where its models and Logs are.

    Args:
        name: what people call it.
        where: the module or file that declares it.
        gateway, store, lessons, grants: None for the defaults.
        policy: the App's own, or the file that has it; None for none.
        limits: what one run may do at the same time.
        declared: its functions, by the name that a graph's nodes call them by.
    """

    name: str
    where: str
    gateway: Gateway | None = None
    store: Store | None = None
    lessons: Lessons | None = None
    limits: Limits = field(default_factory=Limits)
    policy: Policy | Path | None = None
    grants: Grants | None = None
    declared: dict[str, AnyDeclared] = field(default_factory=dict[str, AnyDeclared])
