"""Grants that outlast a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from .grant import Grant


class Grants(Protocol):
    """Keeps the grants that hold in every run of an app. Several threads and processes may share it."""

    def give(self, grant: Grant) -> None:
        """Keeps a grant. One of the same id that is kept already stays as it is. Raises GrantsUnreadable."""
        ...

    def revoke(self, id: str, *, by: str, at: datetime) -> Grant:
        """Takes a grant back, from the next decision on; gives it as it is then.

        Args:
            id: of the grant. One that is revoked stays as it is.
            by: who takes it back.
            at: now, as an aware time.

        Raises:
            UnknownGrant: there is none.
            GrantsUnreadable.
        """
        ...

    def of(self, app: str = "") -> Sequence[Grant]:
        """The grants of an app, or with "" those of every app, in the order in which they were given.

        Expired and revoked ones too. Raises GrantsUnreadable.
        """
        ...
