"""Where the paths in a command lead: into the folder that it works in, to what anybody may read, or elsewhere."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from posixpath import isabs, join

from .path import within
from .shell import Word

_NOWHERE = re.compile(r"|-|/dev/(null|stdin|stdout|stderr|zero|fd/\d+)")
_PUBLIC = ("/usr", "/bin", "/lib", "/lib64", "/sbin")
_PUBLIC_FILES = frozenset({"/etc/os-release", "/etc/hosts", "/proc/cpuinfo", "/proc/meminfo", "/proc/version"})
_SECRET = re.compile(
    r"\.env(\..+)?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.ssh|\.aws|\.gnupg|\.kube|\.docker|\.azure|\.password.*"
    r"|id_(rsa|dsa|ecdsa|ed25519).*|.*\.(pem|key|p12|pfx|kdbx|keystore|jks)|g?shadow-?|environ|credentials.*"
    r"|secrets?(\..+)?|.*_history",
    re.IGNORECASE,
)
_SECRETS = (".env", ".ssh", ".aws", ".netrc", "id_rsa", "x.pem", "x.key")
_MOST_BASES = 32
_RUN_LATER = frozenset({".git", ".envrc", ".husky", ".githooks", ".vscode", ".idea", ".github", ".gitlab-ci.yml"})


class Place(Enum):
    """Where a path leads, from the most harmless on."""

    NOWHERE = "nowhere"
    PUBLIC = "what the system shows to everybody"
    FOLDER = "the folder"
    ROOT = "the folder itself"
    RUN_LATER = "what other programs run later"
    ELSEWHERE = "elsewhere"
    NETWORK = "the network"
    SECRET = "what may hold keys"


_ORDER = tuple(Place)


@dataclass(frozen=True, slots=True)
class Places:
    """Says where paths lead.

    Args:
        folder: where the script works; absolute, links followed.
        leads_to: where an absolute path leads.
        bases: the folders that a relative path may start from; none if nobody can tell.
    """

    folder: str
    leads_to: Callable[[str], str]
    bases: tuple[str, ...]

    def of(self, word: Word) -> Iterator[Place]:
        """Where a word may lead, in each way that a program may take it for a path."""
        if word.value is None and not word.pattern:
            yield Place.ELSEWHERE
            return
        for path in _paths(word.pattern or word.value or ""):
            yield self.at(path, is_pattern=bool(word.pattern))

    def at(self, path: str, *, is_pattern: bool = False) -> Place:
        """Where one path leads."""
        if _NOWHERE.fullmatch(path):
            return Place.NOWHERE
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            return Place.NETWORK
        parts = re.split("[/:]", path)  # after a colon git names a file of a commit
        if any(_SECRET.fullmatch(part) or (is_pattern and _may_be_secret(part)) for part in parts):
            return Place.SECRET
        if re.search("(^|[=:])~", path) or (is_pattern and _climbs(parts)):
            return Place.ELSEWHERE
        places = {self._settled(join(base, path)) for base in (("/",) if isabs(path) else self.bases)}
        return max(places, key=_ORDER.index, default=Place.ELSEWHERE)

    def _settled(self, path: str) -> Place:
        try:
            full = self.leads_to(path)
        except (OSError, ValueError):
            return Place.ELSEWHERE
        if any(_SECRET.fullmatch(part) for part in full.split("/")):
            return Place.SECRET
        if full == self.folder:
            return Place.ROOT
        if within(full, self.folder):
            inside = full.removeprefix(self.folder).split("/")
            return Place.RUN_LATER if _RUN_LATER.intersection(inside) else Place.FOLDER
        if full in _PUBLIC_FILES or any(within(full, public) for public in _PUBLIC):
            return Place.PUBLIC
        return Place.ELSEWHERE


def _paths(value: str) -> Iterator[str]:
    """What in a word a program may take for a path: all of it, what follows `=`, what follows a short option."""
    if not value.startswith("-") or value == "-":
        yield value
        return
    name, equals, after = value.partition("=")
    if equals:
        yield after
    if not name.startswith("--"):
        yield value[2:]
    if "/" in value:
        yield value[value.index("/") :]


def _climbs(parts: list[str]) -> bool:
    """Whether a pattern may name `..`, or goes up from what it may name."""
    wild = [at for at, part in enumerate(parts) if any(letter in part for letter in "*?[")]
    # `*` leaves out what begins with a dot.
    return any(parts[at][0] == "." and fnmatchcase("..", parts[at]) for at in wild) or ".." in parts[wild[0] :]


def _may_be_secret(part: str) -> bool:
    """Whether a pattern names what keys are kept in, rather than everything."""
    return bool(part.strip("*?.")) and any(fnmatchcase(name, part) for name in _SECRETS)


def starts_of(folder: str, leads_to: Callable[[str], str], changes: Sequence[Word]) -> tuple[str, ...]:
    """The folders that a script may be in at one time or another; none if it may leave the folder where it begins.

    Args:
        folder: where it begins.
        leads_to: where an absolute path leads.
        changes: what it is told to change into, in order.
    """
    bases = [folder]
    for word in changes:
        if word.value is None or word.value.startswith(("~", "-")) or len(bases) > _MOST_BASES:
            return ()
        bases += [leads_to(join(base, word.value)) for base in bases]
    return tuple(dict.fromkeys(bases)) if all(within(base, folder) for base in bases) else ()
