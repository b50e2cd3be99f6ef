"""Files: what keeps those that an effect changes, so that they can be put back."""

from .checkpoints import Checkpoint, Checkpoints, Kept
from .grants import SqliteGrants

__all__ = ["Checkpoint", "Checkpoints", "Kept", "SqliteGrants"]
