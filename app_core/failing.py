"""What may go wrong with one node, and what becomes of it then."""

from __future__ import annotations

from pydantic import ValidationError

from rheostat.autonomy import AutonomyError
from rheostat.context import ContextError
from rheostat.dag import DagError

from .errors import RheostatError
from .events import NodeFailed
from .hold import Hold

FAILURES = (RheostatError, ContextError, DagError, AutonomyError, ValidationError)
"""What may go wrong with one node."""


def fail(hold: Hold, node: str, error: Exception) -> None:
    """Turns an error into the node's failure. Raises it again if it stops the run: it ends this process's hold."""
    if getattr(error, "stops_run", False):
        raise error
    sentence = str(error).encode(errors="replace").decode()
    hold.later(NodeFailed(node=node, error=sentence, mend=getattr(error, "mend", "builder")))
