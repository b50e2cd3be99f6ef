"""A run of nodes side by side, and a plan for it, to be told events."""

from collections.abc import Sequence

from rheostat.dag import (
    Began,
    Budget,
    Chosen,
    Command,
    Event,
    Forecast,
    Grant,
    Graph,
    Labeled,
    Limits,
    Node,
    Plan,
    Planned,
    Ref,
    Reserved,
    Spread,
    Start,
    Started,
    State,
    Ticked,
    Wanted,
    step,
)


def no_label(labels: Sequence[object]) -> None:
    return None


def starts(commands: Sequence[Command]) -> list[str]:
    return [command.node for command in commands if isinstance(command, Start)]


def side_by_side(*names: str) -> Graph:
    nodes = tuple(Node(id=name, calls=name, args={"x": Ref(of="$x")}) for name in names)
    return Graph(name="g", inputs=("x",), nodes=nodes, output=Ref(of=names[-1]))


def planned(
    *,
    ranks: dict[str, float],
    latency_s: float = 1.0,
    usd: float = 0.0,
    count: float = 1.0,
    whole_s: float = 10.0,
    whole_usd: float = 1.0,
    usd_worth: float = 0.0,
    second_worth: float = 0.0,
    cap_usd: float | None = None,
) -> Planned:
    each = Forecast(cost_usd=Spread.certain(usd), latency_s=Spread.certain(latency_s))
    chosen = Chosen(choice=None, forecast=each, count=count, critical=True)
    tasks = {task: chosen.model_copy(update={"rank_s": rank_s}) for task, rank_s in ranks.items()}
    return Planned(
        Plan(
            tasks=tasks,
            budget=Budget(usd=cap_usd),
            cost_usd=Spread.certain(whole_usd),
            latency_s=Spread.certain(whole_s),
            quality=1.0,
            gap=0.0,
            usd_worth=usd_worth,
            second_worth=second_worth,
        )
    )


class Run:
    """A run of nodes side by side, all of which have been started."""

    def __init__(
        self,
        *names: str,
        limits: Limits | None = None,
        cap_usd: float | None = None,
        deadline_s: float | None = None,
        plan: Planned | None = None,
    ) -> None:
        self.state = State(side_by_side(*names), no_label, limits or Limits(calls_at_once=100))
        self.tell(Ticked(0.0), Began({"x": Labeled(1)}, cap_usd, deadline_s))
        if plan is not None:
            self.tell(plan)
        self.tell(*(Started(name) for name in names))

    def tell(self, *events: Event) -> list[Command]:
        return [command for event in events for command in step(self.state, event)]

    def want(
        self,
        call: str,
        node: str = "a",
        usd: float = 0.0,
        model: str = "m",
        tokens: int = 0,
        prefix: str = "",
        hedge_after_s: float | None = None,
    ) -> list[Command]:
        return self.tell(
            Wanted(call, node, model, usd, tokens, prefix, 0.1 if prefix else 0.0, hedge_after_s=hedge_after_s)
        )

    def wanted_and_made(self, call: str, node: str = "a", usd: float = 0.0, **more: float) -> list[Command]:
        assert Grant(call) in self.want(call, node, usd, hedge_after_s=more.get("hedge_after_s"))
        return self.tell(Reserved(call, usd))
