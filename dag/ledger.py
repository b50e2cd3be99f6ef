"""Money: a call's worst case is reserved before it starts and settled after, so that the cap holds come what may."""

from dataclasses import dataclass, field
from math import fsum, isfinite, nextafter

from .errors import OverBudget


@dataclass(slots=True)
class Ledger:
    """What one run may spend, has spent and has promised, in USD. Only `step` changes it.

    Args:
        cap_usd: the budget; None for no cap.
        spent_usd: the sum of the settled calls.
        open_usd: the worst case of each call that has started and is not settled, by call id.
    """

    cap_usd: float | None = None
    spent_usd: float = 0.0
    open_usd: dict[str, float] = field(default_factory=dict[str, float])

    def left_usd(self) -> float:
        """What a new call may still cost; infinite without a cap, negative after a bill above its reservation."""
        if self.cap_usd is None:
            return float("inf")
        return self.cap_usd - fsum((self.spent_usd, *self.open_usd.values()))

    def check(self, worst_usd: float) -> None:
        """Raises OverBudget if a call with this worst case could take the run past its cap.

        Raises:
            ValueError: the worst case is negative or not a number.
        """
        if not isfinite(worst_usd) or worst_usd < 0:
            raise ValueError(f"A call can't cost {worst_usd!r} USD; a price must be a number of zero or more.")
        if self.cap_usd is None:
            return
        after = fsum((self.spent_usd, worst_usd, *self.open_usd.values()))
        # One rounding step of slack: 0.1 + 0.2 must fit into 0.3.
        if after > nextafter(self.cap_usd, float("inf")):
            raise OverBudget(worst_usd, max(0.0, self.left_usd()), self.cap_usd)
