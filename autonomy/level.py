"""The dial: how far rheostat goes alone."""

from enum import IntEnum


class Level(IntEnum):
    """A setting of the dial. A higher level never asks more."""

    PROPOSE = 0
    EDIT = 1
    """The default."""
    SHARE = 2
    DELEGATE = 3
    ALONE = 4

    @property
    def sentence(self) -> str:
        """What the level means, for the person who sets it."""
        return _SENTENCES[self]


_SENTENCES = {
    Level.PROPOSE: "Only reads by itself, and tells you so; asks before any change.",
    Level.EDIT: "Makes edits that can be undone and that nobody else sees; asks before anything more.",
    Level.SHARE: "Also does what others see, and tells you; asks before what can't be undone.",
    Level.DELEGATE: "Does everything, tells you of what can't be undone; asks only where outside text may steer it.",
    Level.ALONE: "Does everything without a word; asks only where outside text may steer it.",
}
