"""What runs, when, and for how much: a graph drawn from a workflow, a pure `step`, and a ledger that holds its cap."""

from .draw import GATE, Promise, draw, drawing, when
from .errors import DagError, DrawError, InvalidGraph, OverBudget
from .graph import Arg, Const, Graph, Guard, Many, Node, Ref
from .ledger import Ledger
from .state import Instance, Labeled, State, Status
from .step import (
    Began,
    Command,
    Complete,
    Declined,
    Event,
    Failed,
    Finished,
    Paused,
    Reserved,
    Settled,
    Start,
    Started,
    step,
)

__all__ = [
    "GATE",
    "Arg",
    "Began",
    "Command",
    "Complete",
    "Const",
    "DagError",
    "Declined",
    "DrawError",
    "Event",
    "Failed",
    "Finished",
    "Graph",
    "Guard",
    "Instance",
    "InvalidGraph",
    "Labeled",
    "Ledger",
    "Many",
    "Node",
    "OverBudget",
    "Paused",
    "Promise",
    "Ref",
    "Reserved",
    "Settled",
    "Start",
    "Started",
    "State",
    "Status",
    "draw",
    "drawing",
    "step",
    "when",
]
