"""Makes a Graph of one that somebody wrote: nothing of it is believed before it is checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, cast

from pydantic import ValidationError

from .draw import Drawing, draw, drawing
from .errors import DrawError, InvalidGraph
from .graph import INPUT, Graph, Node, OnFailure, Ref
from .promise import Promise, as_arg, promised_type, reference
from .types import Signature, misfit, spelled, union
from .written import Plain, RefTo, Several, WrittenArg, WrittenGraph, WrittenNode, references

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000


def read_graph(
    name: str,
    data: str | bytes | Mapping[str, Any] | WrittenGraph,
    *,
    takes: Mapping[str, Any],
    known: Mapping[str, Signature],
    graphs: Mapping[str, Graph] | None = None,
    gives: Any = Any,
    label: Any = None,
    most_nodes: int = 200,
    most_depth: int = 16,
    most_copies: int = 1000,
) -> Graph:
    """The graph that somebody wrote, checked as if it were hostile.

    Args:
        name: of the graph.
        data: JSON, or what it holds.
        takes: type of each of the graph's inputs.
        known: the functions that it may call.
        graphs: those of `known` that are workflows.
        gives: the type that its output must be of.
        label: joined to every argument of its nodes; what its author is to be trusted with.
        most_nodes, most_depth: how many nodes it may have, and how deep lists and values may be nested.
        most_copies: turns of loops and items of written lists that are mapped, in all.

    Raises:
        InvalidGraph: it is too large, no JSON, not of the form asked for, has a cycle, or calls, names, leaves out or
            passes what it can't. The message says what.
    """
    written = _parsed(name, data, most_depth)
    if len(written.nodes) > most_nodes:
        _refuse(name, f"it has {len(written.nodes)} nodes, and {most_nodes} are allowed")
    _check_names(name, written, takes, known)
    _check_copies(name, written, most_copies)
    reader = _Reader(takes, known, graphs or {}, label)
    try:
        for node in _in_order(name, written.nodes):
            reader.add(node)
        output = reader.value(written.output)
    except DrawError as error:
        raise InvalidGraph(f"The graph {name!r} can't be run: {error}") from None
    given = promised_type(output) if isinstance(output, Promise) else type(output)
    if why := misfit(given, gives):
        _refuse(name, f"its output is {spelled(given)}, and {why}")
    return Graph(name=name, inputs=tuple(takes), nodes=tuple(reader.nodes), output=as_arg(output), label=label)


def _refuse(name: str, why: str) -> NoReturn:
    raise InvalidGraph(f"The graph {name!r} can't be run: {why}. Have it written anew.") from None


def _parsed(name: str, data: str | bytes | Mapping[str, Any] | WrittenGraph, most_depth: int) -> WrittenGraph:
    if isinstance(data, WrittenGraph):
        data = data.model_dump()
    if isinstance(data, str | bytes):
        if len(data) > MOST_BYTES:
            _refuse(name, f"it has {len(data):,} characters, and {MOST_BYTES:,} are allowed")
        try:
            data = cast("Mapping[str, Any]", json.loads(data, object_pairs_hook=_once, parse_constant=_no_number))
        except RecursionError:
            _refuse(name, "it is nested too deep")
        except ValueError as error:
            _refuse(name, f"it is no JSON ({error})")
    _check_size(name, data, most_depth)
    try:
        return WrittenGraph.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        _refuse(name, f"{where[:200] or 'it'} is not of the form asked for: {first['msg']}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's keys; which of two equal ones counts would depend on the reader."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has one key twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _check_size(name: str, data: object, most_depth: int) -> None:
    """Looks at every value without recursion, so that neither depth nor a value that holds itself can hurt."""
    # The outermost levels are the graph's own: graph, nodes, node, args, argument.
    waiting, seen, deepest = [(data, 0)], 0, most_depth + 5
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > deepest:
            _refuse(name, f"values in it are nested more than {most_depth} deep")
        if seen > MOST_VALUES:
            _refuse(name, f"it holds more than {MOST_VALUES:,} values")
        if isinstance(value, str) and len(value) > MOST_BYTES:
            _refuse(name, f"a text in it has {len(value):,} characters, and {MOST_BYTES:,} are allowed")
        inner: Iterable[object] = ()
        if isinstance(value, Mapping):
            inner = cast("Mapping[str, object]", value).values()
        elif isinstance(value, list | tuple):
            inner = cast("Sequence[object]", value)
        if inner and len(cast("Sequence[object]", inner)) > MOST_VALUES:
            _refuse(name, f"it holds more than {MOST_VALUES:,} values")
        waiting += [(one, depth + 1) for one in inner]


def _check_names(name: str, written: WrittenGraph, takes: Mapping[str, Any], known: Mapping[str, Signature]) -> None:
    ids = set(takes)
    for node in written.nodes:
        if node.id in ids:
            _refuse(name, f"two of its nodes or inputs are called {node.id!r}")
        ids.add(node.id)
    for node in written.nodes:
        if node.calls not in known:
            _refuse(name, f"{node.id!r} calls {node.calls!r}, which is none of {_listed(known)}")
        _check_args(name, node, known[node.calls])
    users = [*((repr(node.id), ref) for node in written.nodes for ref in node.references())]
    users += [("its output", ref) for ref in references(written.output)]
    for user, ref in users:
        if ref.of not in ids:
            _refuse(name, f"{user} refers to {ref.ref!r}, and there is no such node or input")


def _check_args(name: str, node: WrittenNode, signature: Signature) -> None:
    function = f"{node.calls}()"
    if unknown := [arg for arg in node.args if arg not in signature.takes]:
        _refuse(name, f"{node.id!r} gives {unknown[0]!r:.80} to {function}, which takes {_listed(signature.takes)}")
    if missing := [arg for arg in signature.takes if arg in signature.needs and arg not in node.args]:
        _refuse(name, f"{node.id!r} leaves out {missing[0]!r}, which {function} needs")
    if node.each is not None and node.each not in node.args:
        _refuse(name, f"{node.id!r} maps over {node.each!r:.80}, which is none of its args")
    if node.each is not None and node.loop is not None:
        _refuse(name, f"{node.id!r} can't both map and loop")
    if node.loop is not None and next(iter(signature.takes)) not in node.args:
        _refuse(name, f"{node.id!r} loops, and so must give {next(iter(signature.takes))!r} for the first turn")


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    return ", ".join(found[:20]) + more


def _check_copies(name: str, written: WrittenGraph, most: int) -> None:
    copies = 0
    for node in written.nodes:
        copies += node.loop.at_most if node.loop is not None else 0
        over = node.args.get(node.each or "")
        if isinstance(over, Several):
            copies += len(over.items)
        elif isinstance(over, Plain):
            listed: object = over.value
            copies += len(cast("list[object]", listed)) if isinstance(listed, list) else 0
    if copies > most:
        _refuse(name, f"its loops and lists make {copies:,} copies, and {most:,} are allowed")


def _in_order(name: str, nodes: Sequence[WrittenNode]) -> list[WrittenNode]:
    """The nodes, each after those it refers to; else in the order in which they are written."""
    import networkx

    graphs = cast(Any, networkx)
    at = {node.id: n for n, node in enumerate(nodes)}
    drawn = graphs.DiGraph()
    drawn.add_nodes_from(at)
    for node in nodes:
        drawn.add_edges_from((ref.of, node.id) for ref in node.references() if ref.of in at)
    try:
        ordered: list[str] = list(graphs.lexicographical_topological_sort(drawn, key=at.__getitem__))
    except networkx.NetworkXUnfeasible:
        cycle: list[str] = [edge[0] for edge in graphs.find_cycle(drawn)]
        _refuse(name, f"its nodes wait for one another: {' → '.join([*cycle[:20], cycle[0]])}")
    return [nodes[at[each]] for each in ordered]


class _Reader:
    """Draws the written nodes one after the other, as calls in a workflow would, so that types are checked alike."""

    def __init__(
        self, takes: Mapping[str, Any], known: Mapping[str, Signature], graphs: Mapping[str, Graph], label: Any
    ) -> None:
        self.nodes: list[Node] = []
        self._known, self._graphs, self._label = known, graphs, label
        self._values = {each: Promise(Ref(of=INPUT + each), hint) for each, hint in takes.items()}

    def value(self, arg: WrittenArg) -> object:
        match arg:
            case RefTo():
                return self._promise(arg)
            case Plain():
                return arg.value
            case Several():
                return [self.value(item) for item in arg.items]

    def add(self, node: WrittenNode) -> None:
        sheet = Drawing()
        args = {name: self.value(arg) for name, arg in node.args.items()}
        if node.when is None:
            drawn = self._draw(sheet, node, args)
        else:
            with sheet.guarded(reference(self._promise(node.when)), expected=node.when.is_true):
                drawn = self._draw(sheet, node, args)
        may_be_none = node.optional or node.when is not None
        hint = promised_type(drawn)
        self._values[node.id] = Promise(Ref(of=node.id), union([hint, None]) if may_be_none else hint)
        on_failure: OnFailure = "let go" if node.optional else "block"
        given: dict[str, Any] = {"id": node.id, "optional": node.optional, "on_failure": on_failure}
        last = sheet.nodes[-1]
        if last.body is not None and node.calls not in self._graphs:
            given["body"] = last.body.model_copy(update={"label": self._label})
        self.nodes.append(last.model_copy(update=given))

    def _promise(self, ref: RefTo) -> Promise:
        of, *steps = ref.ref.split(".")
        return _part(self._values[of], steps)

    def _draw(self, sheet: Drawing, node: WrittenNode, args: Mapping[str, object]) -> Promise:
        name, signature = node.calls, self._known[node.calls]

        def alone(**inputs: object) -> Promise:
            return self._call(cast(Drawing, drawing()), name, inputs)

        if node.each is not None:
            return sheet.map(draw(name, alone, tuple(args), signature), node.each, args, signature)
        if node.loop is not None:
            first, until = next(iter(signature.takes)), node.loop.until.split(".") if node.loop.until else []
            return sheet.loop(
                alone,
                {first: args[first], **args},
                until=lambda result: _part(result, until),
                at_most=node.loop.at_most,
                name=name,
                signature=signature,
            )
        return self._call(sheet, name, args)

    def _call(self, sheet: Drawing, name: str, args: Mapping[str, object]) -> Promise:
        if name in self._graphs:
            return sheet.inline(self._graphs[name], args, self._known[name])
        return sheet.call(name, args, self._known[name])


def _part(promise: Promise, steps: Sequence[str]) -> Promise:
    for step in steps:
        promise = promise[int(step) if step.isdigit() else step]
    return promise
