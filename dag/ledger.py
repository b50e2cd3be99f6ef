"""Money: a call's worst case is reserved before it starts and settled after, so that the cap holds come what may."""

from dataclasses import dataclass, field
from math import fsum, isfinite, nextafter

from .errors import OverBudget


@dataclass(slots=True)
class Ledger:
    """What one run may spend, has spent and has promised, in USD. Only `step` changes it.

    Args:
        cap_usd: the budget; None for no cap.
        spent_usd: the sum of the bills.
        open_usd: the worst case of each call that has started and is not settled, by call id.
        closed: ids of the calls that were settled; a second bill for one of them is a late one.
    """

    cap_usd: float | None = None
    spent_usd: float = 0.0
    open_usd: dict[str, float] = field(default_factory=dict[str, float])
    closed: set[str] = field(default_factory=set[str])

    def left_usd(self) -> float:
        """What a new call may still cost; infinite without a cap, negative after a bill above its reservation."""
        if self.cap_usd is None:
            return float("inf")
        return self.cap_usd - fsum((self.spent_usd, *self.open_usd.values()))

    def unspent_usd(self) -> float:
        """What is not spent, be it promised; infinite without a cap, nothing after it was exceeded."""
        return float("inf") if self.cap_usd is None else max(0.0, self.cap_usd - self.spent_usd)

    def fits(self, worst_usd: float) -> bool:
        """Whether a call with this worst case can't take the run past its cap, whatever the calls in flight cost."""
        return self._within_cap(self.spent_usd, worst_usd, *self.open_usd.values())

    def could_fit(self, worst_usd: float) -> bool:
        """Whether it would fit if the calls in flight turned out to cost nothing. If not, it never will."""
        return self._within_cap(self.spent_usd, worst_usd)

    def check(self, worst_usd: float) -> None:
        """Raises OverBudget if a call with this worst case could take the run past its cap.

        Raises:
            ValueError: the worst case is negative or not a number.
        """
        check_amount(worst_usd)
        if self.cap_usd is not None and not self.fits(worst_usd):
            raise OverBudget(worst_usd, max(0.0, self.left_usd()), self.cap_usd)

    def reserve(self, call: str, worst_usd: float) -> None:
        """Sets a call's worst case aside. Raises what `check` raises, and ValueError for a call known already."""
        if call in self.open_usd or call in self.closed:
            raise ValueError(f"The call {call!r} was reserved before; a call's id is used once.")
        self.check(worst_usd)
        self.open_usd[call] = worst_usd

    def release(self, call: str) -> None:
        """A call that was set money aside for will not be made."""
        del self.open_usd[call]

    def settle(self, call: str, cost_usd: float) -> None:
        """Books a bill, be it above what was reserved, and be it late: on top of what the call was settled with.

        Raises:
            ValueError: the call was never reserved, or the bill is negative or not a number.
        """
        check_amount(cost_usd)
        if call not in self.closed and self.open_usd.pop(call, None) is None:
            raise ValueError(f"The call {call!r} was settled, but never reserved.")
        self.closed.add(call)
        self.spent_usd += cost_usd

    def _within_cap(self, *amounts: float) -> bool:
        # One rounding step of slack: 0.1 + 0.2 must fit into 0.3.
        return self.cap_usd is None or fsum(amounts) <= nextafter(self.cap_usd, float("inf"))


def check_amount(usd: float) -> None:
    """Raises ValueError for what is no amount of money: less than nothing, infinite, or not a number."""
    if not isfinite(usd) or usd < 0:
        raise ValueError(f"A call can't cost {usd!r} USD; a price must be a number of zero or more.")
