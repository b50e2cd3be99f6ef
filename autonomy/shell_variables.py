"""Variables of a script: which may be set without changing what programs do, and which hold numbers alone.

bash runs what stands in `a[$(...)]` wherever it reckons, also where that comes out of a variable. So only numbers may
go in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .shell_words import Unsure

if TYPE_CHECKING:
    from tree_sitter import Node

_EXPORTED = re.compile(
    r"LANG|LANGUAGE|LC_[A-Z]+|TZ|CI|NO_COLOR|FORCE_COLOR|CLICOLOR|TERM|COLUMNS|LINES|DEBIAN_FRONTEND"
    r"|PYTHON(DONTWRITEBYTECODE|UNBUFFERED|HASHSEED)|RUST_(BACKTRACE|LOG)|NODE_ENV|DEBUG|VERBOSE"
)
_KEPT_NOT = re.compile(
    r"PATH|IFS|ENV|HOME|OLDPWD|PWD|CDPATH|GLOBIGNORE|EXECIGNORE|FPATH|FIGNORE|PS\d|PROMPT.*|SHELL.*|BASH.*|OPT(IND|ERR|ARG)"
    r"|LD_.*|DYLD_.*|GIT_.*|SSH_.*|PYTHON.*|PERL.*|RUBY.*|NODE_.*|NPM_.*|JAVA_.*|EDITOR|VISUAL|.*PAGER|LESS.*|POSIXLY.*"
    r"|GREP_.*|TAR_.*|MAKE.*|.*FLAGS|CC|CXX|TMPDIR|BROWSER|HIST.*|.*_COMMAND|.*_?PROXY",
    re.IGNORECASE,
)
_RECKONING = re.compile(rb"[\s\d+\-*/%()<>=!&|^~?:,;]*")
_COMPARES = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}
_READERS = {b"read", b"mapfile", b"readarray", b"getopts", b"printf"}


def exported_harmless(name: str) -> bool:
    """Whether programs may be given a variable of this name without doing something else for it."""
    return bool(_EXPORTED.fullmatch(name)) or bool(re.fullmatch(r"[a-z_][a-z0-9_]*", name)) and kept_harmless(name)


def kept_harmless(name: str) -> bool:
    """Whether a variable of this name may be set within the script, if it is not known to be given to programs."""
    return not _KEPT_NOT.fullmatch(name)


class Variables:
    """Which variables of a script may hold more than a number."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._loose = set[bytes]()
        self._reads = False

    def learn(self, nodes: Iterable[Node]) -> None:
        """Looks at all assignments of the script, before anything in it is checked."""
        for node in nodes:
            if node.type == "variable_assignment":
                name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
                if name is not None and (value is None or value.type not in ("number", "arithmetic_expansion")):
                    self._loose |= set(re.findall(rb"[A-Za-z_]\w*", name.text or b""))
            elif node.type == "for_statement":
                name = node.child_by_field_name("variable")
                self._loose.add(b"" if name is None else name.text or b"")
            elif node.type == "command_name" and node.text in _READERS:
                self._reads = True

    def check_arithmetic(self, node: Node) -> None:
        """Raises Unsure unless nothing but numbers goes into what is reckoned."""
        text = (node.text or b"").removeprefix(b"$")
        if node.type == "subscript":
            text = text.partition(b"[")[2].removesuffix(b"]")
        self._check(text)

    def check_test(self, node: Node) -> None:
        """The same for `((...))`, and for the comparisons of numbers and the names in `[[...]]`."""
        if node.type != "test_command":
            return self._check(node.text or b"")
        waiting = [node]
        while waiting:
            found = waiting.pop()
            waiting += found.children
            operator = next((child for child in found.children if child.type == "test_operator"), None)
            if operator is None:
                continue
            spelled = (operator.text or b"").decode()
            if spelled in ("-v", "-R"):
                raise Unsure(f"It tests a variable by {spelled}, which may run what is in its name.")
            if spelled in _COMPARES and (node.text or b"").startswith(b"[["):
                for child in found.named_children:
                    if child.type != "test_operator":
                        self._check((child.text or b"").strip(b'"'))

    def _check(self, text: bytes) -> None:
        names = set(re.findall(rb"(?<![\w$#?])\$?([A-Za-z_]\w*)", re.sub(rb"\b0[xX][0-9a-fA-F]+", b"0", text)))
        rest = re.sub(rb"\$?[A-Za-z_]\w*|\$[#?]", b"", text)
        if not _RECKONING.fullmatch(rest) or names & self._loose or (names and self._reads):
            raise Unsure("It reckons with what may be more than a number, and bash would run what is in that.")
