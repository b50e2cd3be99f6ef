"""What can go wrong in a graph. Each message says what, why and what to do."""


class DagError(Exception):
    """Root of the room's errors."""


class DrawError(DagError):
    """The workflow used a node's output as a value while it was being drawn. The builder can mend it."""


class InvalidGraph(DagError):
    """The graph has a cycle, an unknown reference or a name used twice. The builder can mend it."""


class OverBudget(DagError):
    """A call was not started because its worst case does not fit into what is left.

    Args:
        worst_usd: what the call could cost at most.
        left_usd: what the run may still spend.
        cap_usd: the run's budget.
    """

    def __init__(self, worst_usd: float, left_usd: float, cap_usd: float) -> None:
        self.worst_usd, self.left_usd, self.cap_usd = worst_usd, left_usd, cap_usd
        super().__init__(
            f"The next call could cost up to ${worst_usd:.6f}, and ${left_usd:.6f} of the budget of ${cap_usd:.6f} "
            "is left; it was not started. Raise the budget, or choose a cheaper model."
        )


class LessonsNotKept(DagError):
    """What a run taught could not be written down. The operator can mend it; forecasts stay as they were."""
