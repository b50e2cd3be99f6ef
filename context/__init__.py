"""What the model sees: chosen under a token budget, with the origin of every word."""

from .document import Block, BlockKind, Document
from .snippet import Need, Origin, Snippet, Trust
from .tokens import Counter, Message

__all__ = ["Block", "BlockKind", "Counter", "Document", "Message", "Need", "Origin", "Snippet", "Trust"]
