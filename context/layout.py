"""Puts the chosen forms into messages: what stays the same from call to call first, the task last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .attachment import Attachment
from .fence import GAP, Fenced
from .tokens import Message, Placed

Role = Literal["system", "user", "assistant"]


class Shown(NamedTuple):
    """A form as the model sees it.

    Args:
        snippet: index in the snippets given.
        form: which form it is.
        fenced: its text in its fence.
        role: who says it.
        attachment: sent with it.
    """

    snippet: int
    form: int
    fenced: Fenced
    role: Role
    attachment: Attachment | None


class Laid(NamedTuple):
    """Where a shown form stands: its block is `messages[message].content[at:at + len(block)]`."""

    shown: Shown
    message: int
    at: int


class Prompt(NamedTuple):
    """Messages, the parts of each in order (their texts joined are its content), and where each form stands in them."""

    messages: tuple[Message, ...]
    parts: tuple[tuple[str, ...], ...]
    laid: tuple[Laid, ...]


def lay_out(system: str, sections: Iterable[tuple[bool, Iterable[Shown]]], task: str) -> Prompt:
    """Lays out a prompt.

    Neighbours with one role share a message, in blocks that blank lines separate. A message without content is not
    sent: some providers refuse it.

    Args:
        system: what the builder says, in a message of its own.
        sections: the forms of each in order, and whether the section ends at a cache breakpoint. If any does, the
            system message ends at one too.
        task: the last words, said by the user.
    """
    laying = _Laying()
    drafted = [(ends, list(shown)) for ends, shown in sections]
    if system:
        laying.add("system", system + GAP)
        if any(ends for ends, _ in drafted):
            laying.mark()
    for ends, shown in drafted:
        for form in shown:
            laying.show(form)
        if ends and shown:
            laying.mark()
    if task:
        laying.add("user", task + GAP)
    return laying.prompt()


@dataclass
class _Open:
    """A message in the making."""

    role: Role
    padded: list[str] = field(default_factory=list[str])
    length: int = 0
    marks: list[int] = field(default_factory=list[int])
    attachments: list[Placed] = field(default_factory=list[Placed])

    def message(self) -> Message:
        content = "".join(self.parts())
        return Message(
            role=self.role, content=content, breakpoints=tuple(self.marks), attachments=tuple(self.attachments)
        )

    def parts(self) -> tuple[str, ...]:
        return (*self.padded[:-1], self.padded[-1].removesuffix(GAP))


class _Laying:
    """Messages in the making."""

    def __init__(self) -> None:
        self.opened: list[_Open] = []
        self.laid: list[Laid] = []

    def add(self, role: Role, padded: str) -> int:
        """Adds a block, with the blank line after it, and says at which character of its message it stands."""
        if not self.opened or self.opened[-1].role != role:
            self.opened.append(_Open(role))
        message = self.opened[-1]
        at = message.length
        message.padded.append(padded)
        message.length += len(padded)
        return at

    def show(self, shown: Shown) -> None:
        """Adds a form."""
        at = self.add(shown.role, shown.fenced.padded)
        self.laid.append(Laid(shown, len(self.opened) - 1, at))
        if shown.attachment:
            self.opened[-1].attachments.append(Placed(at + shown.fenced.end, shown.attachment))

    def mark(self) -> None:
        """Sets a cache breakpoint after all that stands there, and before the blank line: that is there or not."""
        self.opened[-1].marks.append(self.opened[-1].length - len(GAP))

    def prompt(self) -> Prompt:
        """The finished messages."""
        messages = tuple(message.message() for message in self.opened)
        return Prompt(messages, tuple(message.parts() for message in self.opened), tuple(self.laid))
