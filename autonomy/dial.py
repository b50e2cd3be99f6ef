"""Where the dial stands for one action: the run's level, or one of its own for a tool or a kind of action."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .action import Action, Risk
from .errors import BadDial
from .level import Level
from .rule import Glob, like
from .shown import quoted


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
        kinds: by risk, a level of its own.
        tools: by pattern of tool names, a level of its own. A tool outranks its kind; of several patterns that match
            the lowest level holds.
        ceiling: another dial that this one never goes further than: a run inside a run has its parent's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: LevelGiven = Level.EDIT
    kinds: dict[RiskGiven, LevelGiven] = Field(default_factory=dict[Risk, Level])
    tools: dict[Glob, LevelGiven] = Field(default_factory=dict[str, Level])
    ceiling: "Dial | None" = None

    def for_action(self, action: Action) -> Level:
        """The level that holds for an action."""
        named = [level for pattern, level in self.tools.items() if like(action.tool, pattern)]
        own = min(named) if named else self.kinds.get(action.risk, self.level)
        return own if self.ceiling is None else min(own, self.ceiling.for_action(action))
