"""From a parsed script to its commands. What stands in the tree in a way not known here is never passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .shell import Command, Redirect, Word
from .shell_variables import Variables, exported_harmless, kept_harmless
from .shell_words import Unsure, read_word

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_LEVELS = 60

_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_EXPANSIONS = _SUBSTITUTIONS | {"simple_expansion", "expansion", "arithmetic_expansion"}
_WORDS = _EXPANSIONS | {
    "word", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "number", "brace_expression",
    "regex", "extglob_pattern", "variable_name", "test_operator", "special_variable_name",
}  # fmt: skip
_BARE_WORDS = ("$", "==", "=~")
_STRUCTURE = frozenset({
    "program", "list", "pipeline", "subshell", "compound_statement", "if_statement", "elif_clause", "else_clause",
    "while_statement", "do_group", "for_statement", "case_statement", "case_item", "negated_command", "test_command",
    "unary_expression", "binary_expression", "parenthesized_expression", "variable_assignments", "array",
})  # fmt: skip
KEYWORDS = frozenset(
    "! coproc then else elif fi do done esac in { } function select if while until for case time [[".split()
)
"""What bash takes for its own where a command begins."""
_EXPANSION = re.compile(
    r"\$\{#?([A-Za-z_]\w*|[0-9@*#?$!-])(\[(\d+|[@*])\])?((:?[-+?]|##?|%%?|//?|\^\^?|,,?)(?s:.*)|:\d+(:\d+)?)?\}"
)
_DELIMITER = re.compile(rb"([\"']?)(\w+)\1")


class Walk:
    """Goes through a tree and gathers what is run. Raises Unsure where bash might read the script otherwise."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._variables = Variables(source)
        self._own = set[bytes]()
        self._defined = set[bytes]()
        self._inside = 0
        self.commands = list[Command]()
        self.opaque = dict[str, None]()

    def script(self, root: Node) -> None:
        """Gathers from a whole script."""
        if self._source[: root.start_byte].strip() or self._source[root.end_byte :].strip():
            raise Unsure("Some of it was passed over.")
        if re.search(rb"[^ \t]\\\n", self._source):
            raise Unsure("A line of it goes on in the midst of a word.")
        self._defined = {_named(node, "name") for node in _every(root) if node.type == "function_definition"}
        self._variables.learn(_every(root))
        for child in self._children(root):
            self._visit(child, 1)
            behind = child.next_sibling
            if child.type == "function_definition" and (behind is None or behind.type != "&"):
                self._own.add(_named(child, "name"))

    def _visit(self, node: Node, level: int) -> None:
        if level > MOST_LEVELS:
            raise Unsure(f"It nests deeper than {MOST_LEVELS} levels.")
        match node.type:
            case "command":
                self._command(node, level)
            case "declaration_command" | "unset_command":
                self._declaration(node, level)
            case "redirected_statement":
                self._redirected(node, level)
            case "variable_assignment":
                self._assignment(node, level, exported=False)
            case "function_definition":
                self._function(node, level)
            case "c_style_for_statement":
                self._counted(node, level)
            case "comment":
                self._comment(node)
            case kind if kind in _WORDS:
                self._word(node, level)
            case kind if kind in _STRUCTURE:
                self._structure(node, level)
            case _ if not node.is_named:
                pass
            case kind:
                raise Unsure(f"It holds a {kind.replace('_', ' ')}, which is not followed here.")

    def _structure(self, node: Node, level: int) -> None:
        if node.type in ("test_command", "negated_command", "compound_statement") and node.children[0].type in (
            "[",
            "[[",
            "!",
            "{",
        ):
            self._check_apart(node.children[0].end_byte, node.children[1].start_byte)
        if node.type == "test_command" and node.children[0].type in ("[", "[["):
            self._check_apart(node.children[-2].end_byte, node.children[-1].start_byte)
        if node.type == "test_command" or node.children and node.children[0].type == "((":
            self._variables.check_test(node)
        for child in self._children(node, one_line=node.type == "test_command" and node.children[0].type == "["):
            if node.type == "test_command" and child.type == "comment":
                raise Unsure("A test of it goes on behind a comment.")
            self._visit(child, level + 1)

    def _counted(self, node: Node, level: int) -> None:
        for child in self._children(node):
            if child.type in ("do_group", "compound_statement"):
                self._visit(child, level + 1)
            elif child.is_named:
                self._variables.check_arithmetic(child)

    def _function(self, node: Node, level: int) -> None:
        self._inside += 1
        for child in self._children(node):
            if child.is_named and child != node.child_by_field_name("name"):
                self._visit(child, level + 1)
        self._inside -= 1

    def _comment(self, node: Node) -> None:
        if node.start_byte and self._source[node.start_byte - 1 : node.start_byte] not in b" \t\n;&|()":
            raise Unsure("A # in it may be no comment.")

    # Commands

    def _command(
        self,
        node: Node,
        level: int,
        whole: Node | None = None,
        redirects: Sequence[Redirect] = (),
        more: Sequence[Word] = (),
    ) -> None:
        """One command; `redirects` and `more` words, which may follow a redirect's path, stand around it."""
        words, redirects = list[Word](), list(redirects)
        has_name = node.child_by_field_name("name") is not None
        for child in self._children(node, one_line=True):
            if child.type == "variable_assignment":
                self._assignment(child, level, exported=has_name)
            elif child.type.endswith("_redirect"):
                redirects += self._redirect(child, level)[0]
            elif child.type == "command_name":
                words.append(self._word(child.children[0], level))
            else:
                words.append(self._word(child, level))
        self._take(whole or node, [*words, *more], redirects)

    def _take(self, node: Node, words: list[Word], redirects: list[Redirect]) -> None:
        raw = _text(node)
        own = bool(words) and words[0].value is not None and words[0].value.encode() in self._own
        name = words[0].value if words else ""
        if name is None:
            raise Unsure("Which program it runs is only known while it runs.")
        if name in KEYWORDS - {"time"}:
            raise Unsure(f"A word that bash keeps for itself stands where a command would: {name}")
        if self._inside and name.encode() in self._defined and not own:
            raise Unsure("A function of it calls itself, or one that is not there yet.")
        self.commands.append(Command(raw.decode(), tuple(words), tuple(redirects), own))

    def _declaration(self, node: Node, level: int) -> None:
        words = list[Word]()
        flags = [_text(child) for child in node.children if _text(child).startswith((b"-", b"+"))]
        exported = node.children[0].type == "export" or any(b"x" in flag for flag in flags)
        if any(set(flag[1:]) & set(b"inpfF") for flag in flags):
            raise Unsure("It declares a variable that is more than a value, or shows those there are.")
        for child in self._children(node, one_line=True):
            if child.type == "variable_assignment":
                self._assignment(child, level, exported=exported)
            elif child.is_named:
                words.append(self._word(child, level))
        for word in words:
            if word.value is None or not re.fullmatch(r"[-+]\w+|[A-Za-z_]\w*", word.value):
                raise Unsure("It declares a variable by a name that is not plain.")
            if exported and not word.value.startswith(("-", "+")) and not exported_harmless(word.value):
                raise Unsure(f"It changes what other programs are given: {word.value}")
        if len(node.children) == 1:
            raise Unsure("It shows all variables, and there may be keys among them.")

    def _assignment(self, node: Node, level: int, *, exported: bool) -> None:
        name = node.child_by_field_name("name")
        assert name is not None
        plain = name.child_by_field_name("name") if name.type == "subscript" else name
        assert plain is not None
        if name.type == "subscript":
            self._variables.check_arithmetic(name)
        called = _text(plain).decode()
        if not re.fullmatch(r"[A-Za-z_]\w*", called, re.ASCII):
            raise Unsure("It sets a variable by a name that is not plain.")
        if not (exported_harmless(called) if exported else kept_harmless(called)):
            raise Unsure(f"It changes how programs are found or what they do: {called}")
        for child in self._children(node):
            if child != name:
                self._visit(child, level + 1)

    # Redirects

    def _redirected(self, node: Node, level: int) -> None:
        redirects, words, body = list[Redirect](), list[Word](), node.child_by_field_name("body")
        for child in self._children(node):
            if child.type.endswith("_redirect"):
                made, more = self._redirect(child, level)
                redirects, words = redirects + made, words + more
        if body is not None and body.type == "command":
            return self._command(body, level, node, redirects, words)
        if words:
            raise Unsure("Words follow a redirect.")
        if body is not None:
            self._visit(body, level + 1)
        if redirects:
            self.commands.append(Command(_text(node).decode(), (), tuple(redirects)))

    def _redirect(self, node: Node, level: int) -> tuple[list[Redirect], list[Word]]:
        if node.type == "heredoc_redirect":
            return self._heredoc(node, level), []
        if node.type == "herestring_redirect":
            for child in self._children(node):
                self._visit(child, level + 1)
            return [], []
        if any(child.type == "file_descriptor" and not _text(child).isdigit() for child in node.children):
            raise Unsure("It redirects from a number that is none.")
        before = self._source[max(0, node.start_byte - 9) : node.start_byte]
        numbered = node.children[0].type == "file_descriptor"
        if re.search(rb"[^\s;&|()]$" if numbered else rb"(^|[\s;&|()])\d+$", before):
            raise Unsure("A number before a redirect may or may not belong to it.")
        operator = next(child.type for child in node.children if not child.is_named)
        places = node.children_by_field_name("destination")
        for one, other in pairwise(places):
            self._check_apart(one.end_byte, other.start_byte)
        words = [self._word(each, level) for each in places]
        if not words:
            return [], []
        path, more = words[0], words[1:]
        if operator in (">&", "<&") and path.value is not None and re.fullmatch(r"\d+-?|-", path.value):
            return [], more
        if operator not in (">", ">>", ">|", "&>", "&>>", ">&", "<"):
            raise Unsure(f"It redirects by {operator}, which is not followed here.")
        return [Redirect("read" if operator == "<" else "write", path)], more

    def _heredoc(self, node: Node, level: int) -> list[Redirect]:
        redirects = list[Redirect]()
        parts = {child.type: child for child in node.children}
        self._check_heredoc(node, parts)
        for child in self._children(node):
            if child.type in ("heredoc_start", "heredoc_end") or not child.is_named:
                continue
            if child.type == "heredoc_body":
                self._body(child, quoted=_text(parts["heredoc_start"])[:1] in (b"'", b'"'), level=level)
            elif child.type == "file_redirect":
                made, more = self._redirect(child, level)
                redirects += made
                if more:
                    raise Unsure("Words follow a redirect.")
            elif child.type in ("pipeline", "command", "list"):
                self._visit(child, level + 1)
            else:
                raise Unsure("Words follow a here-document.")
        return redirects

    def _check_heredoc(self, node: Node, parts: dict[str, Node]) -> None:
        """That it ends where bash ends it: at the first line that is its delimiter and nothing else."""
        start, end = parts.get("heredoc_start"), parts.get("heredoc_end")
        found = _DELIMITER.fullmatch(_text(start)) if start is not None else None
        if (
            found is None
            or start is None
            or end is None
            or [child.type for child in node.children].count("heredoc_body") != 1
        ):
            raise Unsure("A here-document in it is not written plainly.")
        first = self._source.find(b"\n", start.end_byte) + 1
        strip = "<<-" in parts
        at = first
        for line in self._source[first:].split(b"\n"):
            if (line.lstrip(b"\t") if strip else line) == found[2]:
                break
            at += len(line) + 1
        else:
            raise Unsure("A here-document in it has no end.")
        length = len(line) - len(line.lstrip(b"\t")) if strip else 0
        if at + length != end.start_byte or parts["heredoc_body"].start_byte < first:
            raise Unsure("A here-document in it ends elsewhere than it seems.")

    def _body(self, node: Node, *, quoted: bool, level: int) -> None:
        if quoted:
            return
        spans = self._expansions(node, level)
        rest = _without(_text(node), spans)
        if re.search(rb"(?<!\\)(`|\$[({])", rest):
            raise Unsure("A here-document in it runs something in a way that is not followed here.")

    # Words

    def _word(self, node: Node, level: int) -> Word:
        if not _is_word(node):
            raise Unsure(f"It holds {_text(node).decode()!r} where a word would stand.")
        spans = self._expansions(node, level)
        if node.type == "process_substitution":
            return Word(_text(node).decode(), "/dev/fd/63", prefix="/dev/fd/63")
        return read_word(_text(node), spans)

    def _expansions(self, node: Node, level: int) -> dict[int, int]:
        """Where the outermost expansions in a node stand; what is run in them is gathered."""
        spans = dict[int, int]()
        for found in _outermost(node):
            spans[found.start_byte - node.start_byte] = found.end_byte - node.start_byte
            if found.type == "simple_expansion" and not re.fullmatch(rb"\$([A-Za-z_]\w*|[0-9@*#?$!_-])", _text(found)):
                raise Unsure("A dollar in it may be no expansion.")
            if found.type in _SUBSTITUTIONS:
                for child in self._children(found):
                    self._visit(child, level + 1)
            elif found.type == "arithmetic_expansion":
                self._variables.check_arithmetic(found)
            elif found.type == "expansion":
                self._expansion(found, level)
        return spans

    def _expansion(self, node: Node, level: int) -> None:
        inner = dict[int, int]()
        for child in node.children:
            shift = child.start_byte - node.start_byte
            inner |= {at + shift: end + shift for at, end in self._expansions(child, level).items()}
        plain = _without(_text(node), inner)
        if (
            plain.count(b"{") + plain.count(b"}") != 2
            or not _EXPANSION.fullmatch(plain.decode())
            or re.search(rb"`|\$[({']", plain[2:])
        ):
            raise Unsure("It expands a variable in a way that is not followed here.")

    # The tree

    def _check_apart(self, end: int, start: int) -> None:
        if not self._source[end:start].replace(b"\\\n", b""):
            raise Unsure("Two words of it stand side by side.")

    def _children(self, node: Node, *, one_line: bool = False) -> Iterator[Node]:
        """The children of a node. Raises Unsure if anything but space stands between them."""
        at, before = node.start_byte, ""
        for child in node.children:
            part = child.type if child.is_named or child.type in _BARE_WORDS else ""
            if child.start_byte == at and before and part and not part.endswith(("_redirect", "_end")):
                raise Unsure("Two parts of it stand side by side.")
            before = part
            between = self._source[at : child.start_byte].replace(b"\\\n", b"")
            if between.strip(b" \t" if one_line else b" \t\n"):
                raise Unsure("Some of it was passed over.")
            yield child
            at = child.end_byte
        if self._source[at : node.end_byte].strip():
            raise Unsure("Some of it was passed over.")


def _is_word(node: Node) -> bool:
    return node.type in _WORDS or node.type == "command_name" or (not node.is_named and node.type in _BARE_WORDS)


def _outermost(node: Node) -> Iterator[Node]:
    if node.type in _EXPANSIONS:
        yield node
    else:
        for child in node.children:
            yield from _outermost(child)


def _every(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += found.children


def _named(node: Node, field: str) -> bytes:
    child = node.child_by_field_name(field)
    return b"" if child is None else _text(child)


def _text(node: Node) -> bytes:
    return node.text or b""


def _without(raw: bytes, spans: dict[int, int]) -> bytes:
    for at, end in sorted(spans.items(), reverse=True):
        raw = raw[:at] + b"x" + raw[end:]
    return raw
