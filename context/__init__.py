"""What the model sees: chosen under a token budget, with the origin of every word."""

from .document import Block, BlockKind, Document
from .errors import ContextError, MustNotFit
from .pack import Pack, Span, pack
from .receipt import Entry, Receipt
from .snippet import Need, Origin, Snippet, Trust
from .tokens import Counter, Message
from .window import Window

__all__ = [
    "Block",
    "BlockKind",
    "ContextError",
    "Counter",
    "Document",
    "Entry",
    "Message",
    "MustNotFit",
    "Need",
    "Origin",
    "Pack",
    "Receipt",
    "Snippet",
    "Span",
    "Trust",
    "Window",
    "pack",
]
