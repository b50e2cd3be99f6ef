"""YAML as it stands in a file: texts, lists and tables, each with its line. No type is guessed, no object is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

_DEEPEST = 10


class Unreadable(Exception):
    """A file that can't be read as YAML, and why, as a sentence."""


@dataclass(frozen=True)
class Leaf:
    """One value, as it is written: `no` stays a text, and so does `18:00`. `is_nothing` if there is none."""

    line: int
    text: str
    is_nothing: bool


@dataclass(frozen=True)
class Listing:
    """A list."""

    line: int
    items: "tuple[Tree, ...]"


@dataclass(frozen=True)
class Table:
    """Keys and values, in their order; a key may stand there twice."""

    line: int
    entries: "tuple[tuple[Leaf, Tree], ...]"


Tree = Leaf | Listing | Table


def read_tree(text: str) -> Tree | None:
    """What a YAML text says; None if nothing.

    Raises:
        Unreadable: it is not YAML, or uses what a list of rules does not need: aliases, tags, deep nesting.
    """
    import yaml

    library = cast(Any, yaml)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for line, surprise in _surprises(library.parse(text, Loader=loader)):
            raise Unreadable(f"Line {line}: {surprise}")
        node = library.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = f"Line {error.problem_mark.line + 1}: it" if error.problem_mark else "It"
        why = f"{error.problem or error.context}"
        raise Unreadable(f"{line} is not YAML: {why}. Mind indentation, colons and quotes.") from error
    except (yaml.YAMLError, ValueError) as error:
        why = " ".join(str(error).split())
        raise Unreadable(f"It is not YAML: {why}. Save it as plain text.") from error
    return None if node is None else _tree(node)


def _surprises(events: Any) -> Iterator[tuple[int, str]]:
    """What is YAML, but not for a policy. Looked for before anything is built: an alias of aliases can be huge."""
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            yield line, f"*{event.anchor} stands for something above. Write it out."
        elif getattr(event, "tag", None) is not None:
            yield line, f"{event.tag} is a tag, which nothing here needs. Leave it out."
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            yield line, f"It nests more than {_DEEPEST} levels deep. Is it the right file?"


def _tree(node: Any) -> Tree:
    line = int(node.start_mark.line) + 1
    if isinstance(node.value, str):
        return Leaf(line, node.value, is_nothing=node.tag.endswith(":null"))
    if node.id == "sequence":
        return Listing(line, tuple(_tree(item) for item in cast(list[Any], node.value)))
    pairs = ((_key(key), _tree(value)) for key, value in cast(list[tuple[Any, Any]], node.value))
    return Table(line, tuple(pairs))


def _key(node: Any) -> Leaf:
    key = _tree(node)
    if not isinstance(key, Leaf):
        raise Unreadable(f"Line {key.line}: a key is a word, no list and no table.")
    return key
