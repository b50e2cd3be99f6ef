"""The risk of a shell script: the worst of all its commands and redirects. What nobody knows counts as the worst."""

from collections.abc import Callable, Collection
from posixpath import normpath

from .action import Risk
from .raised import Raised
from .shell import Shell


def risk_of_shell(
    shell: Shell, *, folder: str, readers: Collection[str] = (), leads_to: Callable[[str], str] = normpath
) -> Raised:
    """The risk of running a script, and why.

    Args:
        shell: the script, as `read_shell` read it.
        folder: where it runs, absolute. What it writes there is local; what it reads or writes elsewhere is more.
        readers: programs that only read, besides those that are known: "pytest", or with a sub-command "npm test".
        leads_to: where an absolute path leads, links followed. Without it links are not looked at.
    """
    return Raised(Risk.IRREVERSIBLE, shell.opaque, opaque=bool(shell.opaque))
