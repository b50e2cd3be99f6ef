"""What the model sees: chosen under a token budget, with the origin of every word."""

from .document import Block, BlockKind, Document
from .errors import ContextError, MustNotFit, Unreadable
from .fence import disarm
from .find import find
from .io.read import read
from .labels import Labelled, labelled
from .pack import Pack, Span, pack
from .passages import snippets
from .quote import Ambiguous, NotThere, Quote, locate
from .receipt import Entry, Receipt
from .sentences import sentences
from .snippet import Need, Origin, Snippet, Trust
from .tokens import Counter, Message
from .window import Window

__all__ = [
    "Ambiguous",
    "Block",
    "BlockKind",
    "ContextError",
    "Counter",
    "Document",
    "Entry",
    "Labelled",
    "Message",
    "MustNotFit",
    "Need",
    "NotThere",
    "Origin",
    "Pack",
    "Quote",
    "Receipt",
    "Snippet",
    "Span",
    "Trust",
    "Unreadable",
    "Window",
    "disarm",
    "find",
    "labelled",
    "locate",
    "pack",
    "read",
    "sentences",
    "snippets",
]
