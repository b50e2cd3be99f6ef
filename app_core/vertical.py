"""What a run needs to know of its App."""

from dataclasses import dataclass, field

from .declare import AnyDeclared
from .log import Store
from .ports import Gateway


@dataclass
class Vertical:
    """An App's name, its functions, and where its models and Logs are.

    Args:
        name: what people call it.
        where: the module or file that declares it.
        gateway, store: None for the defaults.
        declared: its functions, by the name that a graph's nodes call them by.
    """

    name: str
    where: str
    gateway: Gateway | None = None
    store: Store | None = None
    declared: dict[str, AnyDeclared] = field(default_factory=dict[str, AnyDeclared])
