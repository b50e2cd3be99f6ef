"""What the model sees: chosen under a token budget, with the origin of every word."""

from .attachment import Attachment
from .calibration import Calibration, calibrated, observed
from .citing import Citation, citation
from .document import Block, BlockKind, Document
from .errors import BadWindow, ContextError, MustNotFit, Uncountable, Unreadable
from .fence import disarm
from .find import find
from .io.attach import attach
from .io.calibrations import Calibrations
from .io.read import read
from .labels import Labelled, labelled
from .pack import Pack, pack
from .passages import snippets
from .prefix import Break, Prefix, likely_tokens, shared_prefix
from .quote import Ambiguous, NotThere, Quote, locate
from .receipt import Entry, Receipt, SectionUse, differences
from .section import Section
from .sentences import sentences
from .snippet import Form, Need, Origin, Snippet, Trust, derived
from .source_map import Cited, SourceMap, Span
from .tokens import Counter, Measure, Message, Placed, remembered
from .window import Window

__all__ = [
    "Ambiguous",
    "Attachment",
    "BadWindow",
    "Block",
    "BlockKind",
    "Break",
    "Calibration",
    "Calibrations",
    "ContextError",
    "Citation",
    "Cited",
    "Counter",
    "Document",
    "Entry",
    "Form",
    "Labelled",
    "Measure",
    "Message",
    "MustNotFit",
    "Need",
    "NotThere",
    "Origin",
    "Pack",
    "Placed",
    "Prefix",
    "Quote",
    "Receipt",
    "Section",
    "SectionUse",
    "Snippet",
    "SourceMap",
    "Span",
    "Trust",
    "Uncountable",
    "Unreadable",
    "Window",
    "attach",
    "calibrated",
    "citation",
    "derived",
    "differences",
    "disarm",
    "find",
    "labelled",
    "likely_tokens",
    "locate",
    "observed",
    "pack",
    "read",
    "remembered",
    "sentences",
    "shared_prefix",
    "snippets",
]
