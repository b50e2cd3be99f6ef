"""How a run ended, and what more money or time would have bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rheostat.dag import Forecast, State, Status, task_of, total

from .declare import Llm
from .events import RunEnded
from .outlook import Outlook
from .view import View


def ending(view: View, state: State, outlook: Outlook) -> RunEnded:
    """The event that ends a run whose every node has ended."""
    more = _more(view, state, outlook)
    if state.result() is not None:
        whole = all(node.status not in ("failed", "let go") for node in view.nodes.values())
        return RunEnded(status="done" if whole else "partial", more=more)
    # What fails inside a map is left out of its list. The output is missing for what ended outside of all maps.
    ended = state.having(Status.FAILED, Status.DECLINED)
    reasons = [node.reason for node in ended if node.scope is state.root]
    return RunEnded(status="failed", reason=next(iter(reasons), ""), more=more)


def _more(view: View, state: State, outlook: Outlook) -> str:
    """A sentence on what was left undone because money or time ran out; "" if neither did."""
    left = [node.id for node in view.nodes.values() if node.status in ("failed", "let go") and node.mend == "user"]
    if not left or (view.terms.budget_usd is None and view.terms.deadline_s is None):
        return ""
    wanted = [*left, *(node.id for node in state.having(Status.BLOCKED))]
    called = ((task_of(id), outlook.cast.get(state.nodes[id].node.calls)) for id in wanted)
    undone = [(task, llm) for task, llm in called if isinstance(llm, Llm)]
    forecasts = [outlook.cheapest(task, llm) for task, llm in undone]
    counted = Counter(task for task, _ in undone)
    steps = ", ".join(f"{count} × {task}" if count > 1 else task for task, count in counted.items())
    return f"Not run for want of money or time: {steps}. {_enough(view, forecasts)}"


def _enough(view: View, forecasts: Sequence[Forecast]) -> str:
    """The limits under which it would probably have been run, in the cheapest way."""
    said, terms = list[str](), view.terms
    if terms.budget_usd is not None:
        # A call is only started if its worst case can be paid, whatever it then costs.
        worst_usd = max(forecast.worst_usd for forecast in forecasts)
        usd = view.spent_usd + total(forecast.cost_usd for forecast in forecasts).p90 + worst_usd
        said.append(f"a budget of ${max(usd, terms.budget_usd):.4f}")
    if terms.deadline_s is not None:
        seconds = view.worked_s + total(forecast.latency_s for forecast in forecasts).p90
        said.append(f"a deadline of {max(seconds, terms.deadline_s):.0f} s")
    return f"About {' and '.join(said)} would have been enough."
