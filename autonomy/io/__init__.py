"""Files: what keeps those that an effect changes, so that they can be put back."""

from .checkpoints import Checkpoint, Checkpoints, Kept
from .grants import SqliteGrants
from .read_policy import read_policy
from .sandbox import Change, Sandbox, Trial, no_sandbox
from .watched import Limits

__all__ = [
    "Change",
    "Checkpoint",
    "Checkpoints",
    "Kept",
    "Limits",
    "Sandbox",
    "SqliteGrants",
    "Trial",
    "no_sandbox",
    "read_policy",
]
