"""Disk and processes: files that are kept, grants, policy files, and the sandbox in which commands are tried out."""

from .checkpoints import Checkpoint, Checkpoints, Kept
from .ended import Ended, Limits
from .grants import SqliteGrants
from .read_policy import read_policy
from .sandbox import Change, Sandbox, Tryout, no_sandbox

__all__ = [
    "Change",
    "Checkpoint",
    "Checkpoints",
    "Ended",
    "Kept",
    "Limits",
    "Sandbox",
    "SqliteGrants",
    "Tryout",
    "no_sandbox",
    "read_policy",
]
