"""Files: what keeps those that an effect changes, so that they can be put back."""

from .checkpoints import Checkpoint, Checkpoints, Kept
from .ended import Ended, Limits
from .grants import SqliteGrants
from .read_policy import read_policy
from .sandbox import Change, Sandbox, Trial, no_sandbox

__all__ = [
    "Change",
    "Checkpoint",
    "Checkpoints",
    "Ended",
    "Kept",
    "Limits",
    "Sandbox",
    "SqliteGrants",
    "Trial",
    "no_sandbox",
    "read_policy",
]
