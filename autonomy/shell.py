"""What a shell script says it does: every simple command anywhere in it, and whatever can't be seen through."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    Args:
        text: as it was written.
        value: what the shell makes of it, a leading `~` left as it is; None if only running it tells.
        prefix: the part before whatever is not known.
        splits: an unquoted expansion in it may make several words of it, or none.
        pattern: it names files by `*`, `?` or `[...]` and is otherwise known; `text` then has no quotes in it.
    """

    text: str
    value: str | None
    prefix: str = ""
    splits: bool = False
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """A file that a command reads from or writes to."""

    mode: Literal["read", "write"]
    path: Word


@dataclass(frozen=True, slots=True)
class Command:
    """A program, or something built into the shell, with its words and redirects.

    Args:
        text: as it was written, for the person who reads it.
        words: its name first; without any, only its redirects count.
        redirects: in order.
        fed: it reads what another command or the script itself writes to it.
        own: a function of the script by this name is run instead of a program.
    """

    text: str
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    fed: bool = False
    own: bool = False

    @property
    def name(self) -> str:
        """Which program is run; empty if there is none, or only running it tells."""
        return (self.words[0].value or "") if self.words else ""


@dataclass(frozen=True, slots=True)
class Shell:
    """A script as it was read.

    Args:
        text: the script.
        commands: every simple command in it, in whatever list, pipe, loop, function or substitution it stands.
        opaque: sentences: why it can't be seen what the script does. Empty if it can.
    """

    text: str
    commands: tuple[Command, ...] = ()
    opaque: tuple[str, ...] = ()


def read_shell(text: str) -> Shell:
    """Reads a script as bash would. Never raises: whatever can't be read for certain is named in `opaque`."""
    return Shell(text, opaque=("It has not been read.",))
