"""Disk and processes: files that are kept, grants, policy files, and the sandbox in which commands are tried out."""

from .checkpoints import Checkpoint, Checkpoints, Kept
from .ended import Allowance, Ended
from .grants import SqliteGrants
from .read_policy import read_policy
from .sandbox import Sandbox, no_sandbox
from .tryout import Change, Tryout

__all__ = [
    "Allowance",
    "Change",
    "Checkpoint",
    "Checkpoints",
    "Ended",
    "Kept",
    "Sandbox",
    "SqliteGrants",
    "Tryout",
    "no_sandbox",
    "read_policy",
]
