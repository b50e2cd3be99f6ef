"""Redlines: proposed changes shown word by word, and written where the professional works, as tracked changes."""

from .change import Change
from .diff import Hunk, hunks
from .errors import NotVerified, NotWritten, RedlineError, Refused
from .fitting import Delivered, LeftOut, Target, aim, diff, write_what_fits
from .preview import Preview, preview
from .write import Written, accept_all, redlinable, reject_all, write_redlines

__all__ = [
    "Change",
    "Delivered",
    "Hunk",
    "LeftOut",
    "NotVerified",
    "NotWritten",
    "Preview",
    "RedlineError",
    "Refused",
    "Target",
    "Written",
    "accept_all",
    "aim",
    "diff",
    "hunks",
    "preview",
    "redlinable",
    "reject_all",
    "write_redlines",
    "write_what_fits",
]
