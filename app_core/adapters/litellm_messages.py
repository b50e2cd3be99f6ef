"""Messages as litellm takes them: text, or text in blocks with what is attached and where the provider may cache."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rheostat.context import Attachment, Message

from ..ports import CacheFacts
from ..prompt_cache import blocks, marks

Part = dict[str, Any]

_PDF = "application/pdf"


def told(messages: Sequence[Message], instruction: str) -> tuple[Message, ...]:
    """The messages with an instruction at the end of the system message, where its breakpoint stays the last."""
    first, *rest = messages
    if first.role != "system":
        return (Message(role="system", content=instruction), *messages)
    content = f"{first.content}\n\n{instruction}"
    moved = tuple(len(content) if at == len(first.content) else at for at in first.breakpoints)
    return (first.model_copy(update={"content": content, "breakpoints": moved}), *rest)


def as_sent(messages: Sequence[Message], cache: CacheFacts | None) -> list[dict[str, Any]]:
    """What litellm is given. Messages stay plain text but for attachments and for providers that take breakpoints."""
    places = marks(messages, cache) if cache is not None and cache.marked else ()
    sent = list[dict[str, Any]]()
    for index, message in enumerate(messages):
        ends = blocks(message) if places else ()
        marked = {char for at, char in places if at == index}
        plain = not message.attachments and len(ends) < 2 and not marked
        sent.append({"role": message.role, "content": message.content if plain else _parts(message, ends, marked)})
    return sent


def _parts(message: Message, ends: Iterable[int], marked: Collection[int]) -> list[Part]:
    """The content in parts: text up to each end of a block, and attachments in their places."""
    parts, start = list[Part](), 0
    attached = list(message.attachments)
    for end in sorted({*ends, *(placed.at for placed in attached), len(message.content)}):
        text = message.content[start:end]
        if text.strip():
            parts.append({"type": "text", "text": text})
            start = end
        if end in marked and parts:
            parts[-1]["cache_control"] = {"type": "ephemeral"}
        parts += [_attached(placed.attachment) for placed in attached if placed.at == end]
    return parts


def _attached(attachment: Attachment) -> Part:
    address = f"data:{attachment.media_type};base64,{b64encode(attachment.data).decode()}"
    if attachment.media_type == _PDF:
        return {"type": "file", "file": {"filename": attachment.name, "file_data": address}}
    return {"type": "image_url", "image_url": {"url": address}}
