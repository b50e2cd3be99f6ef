"""JSON schemas of answers: finding what has no bound in them, and bounding it. Small models ramble where they may."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

Schema = dict[str, Any]

LONGEST_TEXT_CHARS = 600
MOST_ITEMS = 8
LARGEST_NUMBER = 1_000_000_000

_NESTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_FIXES_TEXT = ("enum", "const", "maxLength", "pattern", "format")


def unbounded(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What in a schema has no bound, as sentences for the builder; empty if an answer can only be so long.

    Args:
        schema: as pydantic makes it.
    """
    return tuple(_unbounded(schema, "the answer", schema, frozenset()))


def tighten(schema: Mapping[str, Any]) -> Schema:
    """The schema with a default bound wherever it has none, so that a small model's answer comes to an end.

    Texts get 600 characters, lists 8 items, numbers nine digits, and objects no fields but their own. What the schema
    bounds itself stays.
    """
    return cast(Schema, _tight(schema))


def _tight(node: object) -> object:
    if isinstance(node, list):
        return [_tight(item) for item in cast("list[object]", node)]
    if not isinstance(node, Mapping):
        return node
    plain = cast("Mapping[str, object]", node)
    # Names of fields and definitions are no keywords; values of enum and the like are no schemas.
    tight: Schema = {key: _tight_under(key, value) for key, value in plain.items()}
    return tight | _default_bounds(tight)


def _tight_under(key: str, value: object) -> object:
    if key in ("properties", "$defs", "patternProperties") and isinstance(value, Mapping):
        return {name: _tight(inner) for name, inner in cast("Mapping[str, object]", value).items()}
    if key in ("items", "additionalProperties", *_NESTS):
        return _tight(value)
    return value


def _default_bounds(node: Schema) -> Schema:
    kinds = _kinds(node)
    bounds: Schema = {}
    if "string" in kinds and not any(key in node for key in _FIXES_TEXT):
        bounds["maxLength"] = max(LONGEST_TEXT_CHARS, node.get("minLength", 0))
    if "array" in kinds and "maxItems" not in node and "prefixItems" not in node:
        bounds["maxItems"] = max(MOST_ITEMS, node.get("minItems", 0))
    if kinds & {"integer", "number"} and "enum" not in node and "const" not in node:
        if not {"minimum", "exclusiveMinimum"} & node.keys():
            bounds["minimum"] = min(-LARGEST_NUMBER, node.get("maximum", 0))
        if not {"maximum", "exclusiveMaximum"} & node.keys():
            bounds["maximum"] = max(LARGEST_NUMBER, node.get("minimum", 0))
    if "object" in kinds and "additionalProperties" not in node and "properties" in node:
        bounds["additionalProperties"] = False
    if "object" in kinds and isinstance(node.get("additionalProperties", True), dict) and "maxProperties" not in node:
        bounds["maxProperties"] = MOST_ITEMS
    return bounds


def _kinds(node: Mapping[str, Any]) -> set[str]:
    kind = node.get("type", ())
    return {kind} if isinstance(kind, str) else set(cast("list[str]", kind))


def _unbounded(node: object, at: str, root: Mapping[str, Any], above: frozenset[str]) -> Iterator[str]:
    if not isinstance(node, Mapping):
        return
    schema = cast("Mapping[str, Any]", node)
    if isinstance(reference := schema.get("$ref"), str):
        if reference in above:
            yield f"{at} may hold itself without end; use a type that does not contain itself"
            return
        yield from _unbounded(_resolved(reference, root), at, root, above | {reference})
    kinds = _kinds(schema)
    if "string" in kinds and not any(key in schema for key in _FIXES_TEXT):
        yield f"{at} may be a text of any length; give it a max_length, or choices"
    if "array" in kinds and "maxItems" not in schema and "prefixItems" not in schema:
        yield f"{at} may be a list of any length; give it a max_length"
    if kinds & {"integer", "number"} and not _has_both_ends(schema):
        yield f"{at} may be a number of any size; give it bounds with ge and le"
    if (
        "object" in kinds
        and schema.get("additionalProperties", "properties" not in schema)
        and "maxProperties" not in schema
    ):
        yield f"{at} may hold any number of keys; use a model with fields, or give it a max_length"
    for name, inner in schema.get("properties", {}).items():
        yield from _unbounded(inner, f"{at}.{name}", root, above)
    yield from _unbounded(schema.get("items"), f"each item of {at}", root, above)
    yield from _unbounded(schema.get("additionalProperties"), f"each value of {at}", root, above)
    for key in _NESTS:
        for inner in schema.get(key, ()):
            yield from _unbounded(inner, at, root, above)


def _has_both_ends(schema: Mapping[str, Any]) -> bool:
    low, high = {"minimum", "exclusiveMinimum"} & schema.keys(), {"maximum", "exclusiveMaximum"} & schema.keys()
    return bool(low and high) or "enum" in schema or "const" in schema


def _resolved(reference: str, root: Mapping[str, Any]) -> object:
    node: object = root
    for part in reference.removeprefix("#/").split("/"):
        node = cast("Mapping[str, object]", node).get(part) if isinstance(node, Mapping) else None
    return node


def as_text(schema: Schema) -> str:
    """A schema as it is sent, and so as it is counted."""
    return json.dumps(schema, ensure_ascii=False)
