"""What a shell script says it does: every simple command anywhere in it, and whatever can't be seen through."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    Args:
        text: as it was written.
        value: what bash makes of it, a leading `~` left as it is; None if only running it tells.
        prefix: what it surely begins with.
        splits: something in it without quotes may make several words of it, or none.
        pattern: it names files by `*`, `?` or `[...]`, and `pattern` is it without quotes; else empty.
    """

    text: str
    value: str | None
    prefix: str = ""
    splits: bool = False
    pattern: str = ""

    @property
    def may_be_option(self) -> bool:
        """Whether it is one, or nobody can tell that it is none."""
        if self.value is not None:
            return self.value.startswith("-") and self.value != "-"
        return self.splits or not self.prefix or self.prefix.startswith("-")


@dataclass(frozen=True, slots=True)
class Redirect:
    """A file that a command reads from, or writes to."""

    mode: Literal["read", "write"]
    path: Word


@dataclass(frozen=True, slots=True)
class Command:
    """A program, or something built into bash, with its words and redirects.

    Args:
        text: as it was written, for the person who reads it.
        words: its name first. Without any, only its redirects count.
        redirects: in order.
        own: a function of the script by this name is run, whose commands are listed themselves.
    """

    text: str
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    own: bool = False

    @property
    def name(self) -> str:
        """Which program is run; empty if there is none, or if only running it tells."""
        return (self.words[0].value or "") if self.words else ""

    @property
    def values(self) -> tuple[str | None, ...]:
        """What follows the name, as far as it is known."""
        return tuple(word.value for word in self.words[1:])


@dataclass(frozen=True, slots=True)
class Shell:
    """A script as it was read by `read_shell`.

    Args:
        text: the script.
        commands: every simple command in it, in whatever list, pipe, loop, function or substitution it stands.
            `timeout 9 ls`, `find -exec ls` and `bash -c ls` run `ls`, and are listed as that.
        opaque: sentences that say why it can't be seen what the script does. Empty if it can.
    """

    text: str
    commands: tuple[Command, ...] = ()
    opaque: tuple[str, ...] = ()
