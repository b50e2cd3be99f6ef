"""Where the dial stands for one action: the run's level, or one of its own for a tool or a kind of action."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .action import Action, Risk
from .errors import BadDial
from .glob import Glob, exactly_like, like
from .level import Level
from .shown import quoted
from .verdict import TABLE


def _level(given: Any) -> Any:
    """A level by its number or its word; a policy file has the word."""
    if isinstance(given, str) and not given.isdigit():
        return _of_word(given, {level.name.lower(): level for level in Level})
    if isinstance(given, bool) or (isinstance(given, int | str) and int(given) not in tuple(Level)):
        raise BadDial(f"{quoted(given)} is not a level of the dial. Choose 0 (propose) to 4 (alone).")
    return Level(int(given)) if isinstance(given, int | str) else given


def _risk(given: Any) -> Any:
    return Risk.parse(given) if isinstance(given, str) and not given.isdigit() else given


def _of_word(word: str, levels: dict[str, Level]) -> Level:
    if word not in levels:
        raise BadDial(f"{quoted(word)} is not a level of the dial. Choose {', '.join(levels)}, or 0 to 4.")
    return levels[word]


LevelGiven = Annotated[Level, BeforeValidator(_level)]
RiskGiven = Annotated[Risk, BeforeValidator(_risk)]


class Dial(BaseModel):
    """How far to go alone.

    Args:
        level: of everything that nothing below speaks of.
        kinds: by risk, a level of its own. What a kind is asked about, every riskier kind is asked about, too.
        tools: by pattern of tool names, a level of its own. A tool outranks its kind; of several patterns that match
            the lowest level holds. A pattern takes in names that only look like it where that lowers the level.
        ceiling: another dial that this one never goes further than: a run inside a run has its parent's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: LevelGiven = Level.EDIT
    kinds: dict[RiskGiven, LevelGiven] = Field(default_factory=dict[Risk, Level])
    tools: dict[Glob, LevelGiven] = Field(default_factory=dict[str, Level])
    ceiling: "Dial | None" = None

    def moved(self, to: "Dial", *, tool: str = "", kind: Risk | None = None) -> "Dial":
        """This dial as somebody moves it; its ceiling stays.

        Args:
            to: where to. It takes this one's place, tools and kinds too; or only its level counts, for one of these:
            tool: pattern of the tools that get it.
            kind: the risk of the actions that get it.
        """
        if tool:
            return self.model_copy(update={"tools": {**self.tools, tool: to.level}})
        if kind is not None:
            return self.model_copy(update={"kinds": {**self.kinds, kind: to.level}})
        return to if self.ceiling is None else to.under(self.ceiling)

    def under(self, ceiling: "Dial") -> "Dial":
        """This dial, going no further than `ceiling` either."""
        if ceiling == self.ceiling:
            return self
        inner = ceiling if self.ceiling is None else self.ceiling.under(ceiling)
        return self.model_copy(update={"ceiling": inner})

    def for_action(self, action: Action) -> Level:
        """The level that holds for an action."""
        named = [level for pattern, level in self.tools.items() if exactly_like(action.tool, pattern)]
        alike = [level for pattern, level in self.tools.items() if like(action.tool, pattern)]
        own = min([min(named, default=self._of_kind(action.risk)), *alike])
        return own if self.ceiling is None else min(own, self.ceiling.for_action(action))

    def _of_kind(self, risk: Risk) -> Level:
        """The kind's own level, or so much lower that it is asked about whatever a less risky kind is."""
        own = self.kinds.get(risk, self.level)
        if risk is Risk.READ:
            return own
        milder = Risk(risk - 1)
        at_least = TABLE[self._of_kind(milder)][milder]
        return max(level for level in Level if level <= own and TABLE[level][risk] >= at_least)
