"""What the model sees: chosen under a token budget, with the origin of every word."""

from .attachment import Attachment
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
from .section import Section
from .sentences import sentences
from .snippet import Form, Need, Origin, Snippet, Trust, derived
from .tokens import Counter, Message, Placed
from .window import Window

__all__ = [
    "Ambiguous",
    "Attachment",
    "Block",
    "BlockKind",
    "ContextError",
    "Counter",
    "Document",
    "Entry",
    "Form",
    "Labelled",
    "Message",
    "MustNotFit",
    "Need",
    "NotThere",
    "Origin",
    "Pack",
    "Placed",
    "Quote",
    "Receipt",
    "Section",
    "Snippet",
    "Span",
    "Trust",
    "Unreadable",
    "Window",
    "derived",
    "disarm",
    "find",
    "labelled",
    "locate",
    "pack",
    "read",
    "sentences",
    "snippets",
]
