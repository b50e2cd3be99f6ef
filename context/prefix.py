"""What two prompts have in common from their start: all that a provider's prompt cache can serve of the second."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest

from pydantic import BaseModel, ConfigDict

from .tokens import Counter, Message

_SHOWN_BEFORE = 16
_SHOWN_AFTER = re.compile(r"\s{0,4}\S{0,24}")


class Break(BaseModel):
    """Where a prompt parts from an earlier one.

    Args:
        message: index of the first message that differs.
        char, byte: how far into its content they agree, in characters and in UTF-8 bytes.
        prompt_byte: the same from the prompt's start, over the contents alone: each provider puts something else around
            them.
        role: who says the message now.
        after: the last characters on which both agree.
        was, now: what stood there, and what stands there now: the text in quotes, or in words.
    """

    model_config = ConfigDict(frozen=True)

    message: int
    char: int
    byte: int
    prompt_byte: int
    role: str
    after: str
    was: str
    now: str

    @property
    def sentence(self) -> str:
        """For a person, without a full stop: which byte, where that is, and what changed."""
        place = f", after {_quoted(self.after)}" if self.after else ""
        where = f"message {self.message} ({self.role}){place}"
        return f"the cache broke at byte {self.prompt_byte}: {where}, was {self.was}, is {self.now}"


@dataclass(frozen=True)
class Prefix:
    """What two prompts share.

    Args:
        messages: the shared part: the messages that are equal, and of the first that differs the part that is not.
        end: where that part ends: index of a message, characters into its content.
        extends: whether the later prompt begins with all messages of the earlier one.
        broke: where they part; None if one of them merely has more messages.
    """

    messages: tuple[Message, ...]
    end: tuple[int, int]
    extends: bool
    broke: Break | None

    def tokens(self, counter: Counter) -> int:
        """How many tokens the shared part takes: the likely number, not a bound."""
        has_part = len(self.messages) > self.end[0]
        return likely_tokens(self.messages, counter) - (counter.per_message if has_part else 0)


def shared_prefix(before: Sequence[Message], after: Sequence[Message]) -> Prefix:
    """Compares two prompts from their start.

    Args:
        before: the earlier prompt.
        after: the later one. What is shared does not depend on which is which; what `broke` says does.
    """
    pairs = zip(before, after, strict=False)
    equal = next((at for at, (old, new) in enumerate(pairs) if not _same(old, new)), min(len(before), len(after)))
    whole = tuple(after[:equal])
    if equal in (len(before), len(after)):
        return Prefix(whole, end=(equal, 0), extends=equal == len(before), broke=None)
    old, new = before[equal], after[equal]
    char, byte, was, now = _difference(old, new)
    broke = Break(
        message=equal,
        char=char,
        byte=byte,
        prompt_byte=byte + sum(len(_bytes(message.content)) for message in whole),
        role=new.role,
        after=_storable(new.content[max(0, char - _SHOWN_BEFORE) : char]),
        was=was,
        now=now,
    )
    return Prefix((*whole, *_part(old, new, char)), end=(equal, char), extends=False, broke=broke)


def likely_tokens(messages: Sequence[Message], counter: Counter, *, end: tuple[int, int] | None = None) -> int:
    """What messages most likely take: for forecasts. What must hold is counted by `Counter.count`.

    Args:
        messages: of a request.
        counter: the model's.
        end: count up to there, without what is attached there: index of a message, characters into its content. None
            for all.
    """
    index, char = end or (len(messages), 0)
    tokens = sum(counter.count_text(message.content) + counter.per_message for message in messages[:index])
    if char:
        tokens += counter.count_text(messages[index].content[:char])
    attached = [placed for message in messages[:index] for placed in message.attachments]
    attached += [
        placed for message in messages[index : index + 1] for placed in message.attachments if placed.at < char
    ]
    return tokens + sum(counter.count_attachment(placed.attachment) for placed in attached)


def _same(old: Message, new: Message) -> bool:
    """Whether two messages read the same: breakpoints are no part of the text."""
    return (old.role, old.content, old.attachments) == (new.role, new.content, new.attachments)


def _difference(old: Message, new: Message) -> tuple[int, int, str, str]:
    """How many characters and bytes of two unequal messages agree, and what stands then in each."""
    if old.role != new.role:
        return 0, 0, f"said by {old.role}", f"said by {new.role}"
    char = _shared_length(old.content, new.content)
    # Characters that differ may begin with the same bytes.
    odd_ones = zip(_bytes(old.content[char : char + 1]), _bytes(new.content[char : char + 1]), strict=False)
    within = len(list(takewhile(lambda pair: pair[0] == pair[1], odd_ones)))
    pairs = enumerate(zip_longest(old.attachments, new.attachments))
    odd = next((at for at, (one, other) in pairs if one != other), None)
    if odd is not None:
        place = min(message.attachments[odd].at for message in (old, new) if odd < len(message.attachments))
        char, within = (place, 0) if place <= char else (char, within)
    byte = len(_bytes(new.content[:char])) + within
    return char, byte, _there(old, char, odd), _there(new, char, odd)


def _there(message: Message, char: int, odd: int | None) -> str:
    """What stands at a place of a message, in words; `odd` is the index of its first attachment that differs."""
    if odd is not None and odd < len(message.attachments) and message.attachments[odd].at == char:
        attachment = message.attachments[odd].attachment
        return f"the attachment {_quoted(attachment.name)} ({len(attachment.data):,} bytes)"
    found = _SHOWN_AFTER.match(message.content, char)
    return _quoted(found[0]) if found and found[0] else "its end"


def _part(old: Message, new: Message, char: int) -> tuple[Message, ...]:
    """What two unequal messages share: the first characters, with the attachments that stand among them."""
    if old.role != new.role:
        return ()
    pairs = zip(old.attachments, new.attachments, strict=False)
    alike = takewhile(lambda pair: pair[0] == pair[1] and pair[0].at <= char, pairs)
    part = Message(role=old.role, content=old.content[:char], attachments=tuple(one for one, _ in alike))
    return (part,) if part.content or part.attachments else ()


def _shared_length(old: str, new: str) -> int:
    """How many characters two texts share from their start, by halving: comparing slices is what is fast here."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _quoted(text: str) -> str:
    return json.dumps(_storable(text), ensure_ascii=False)


def _storable(text: str) -> str:
    """Without lone surrogates, which no log could keep."""
    return text.encode(errors="replace").decode()
