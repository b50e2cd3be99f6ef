"""Reading what people write for an app (rules, playbooks) into a pydantic model, or saying what is wrong where."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from pydantic import BaseModel, ValidationError

from .errors import Mend, RheostatError

Fields = dict[str, Any]
Shape = TypeVar("Shape", bound=BaseModel)

MAX_BYTES = 2_000_000
_PLAIN = {"missing": "is missing", "tuple_type": "is not a list", "list_type": "is not a list"}


class BadFile(RheostatError):
    """A file that a person wrote can't be used. Names the file, the item and the field, one problem a line."""

    mend: ClassVar[Mend] = "user"


def read_yaml(path: Path) -> Fields:
    """The mapping at the top of a YAML file, without the keys that have no value.

    Raises:
        BadFile: it is missing, too large, empty, not YAML, or not a mapping.
    """
    import yaml

    try:
        fields: object = yaml.safe_load(_bytes(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2026-13-01 is a bare ValueError
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f", line {mark.line + 1}" if mark else ""
        raise BadFile(f"{path.name}{line}: not YAML: {getattr(error, 'problem', None) or error}.") from error
    if not isinstance(fields, dict):
        problem = "the file is empty" if fields is None else "not a mapping of names to values"
        raise BadFile(f"{path.name}: {problem}.")
    return {key: value for key, value in cast(Fields, fields).items() if value is not None}


def read_tables(path: Path) -> list[tuple[str, ...]]:
    """The rows of all tables of a Word file, a text for each cell; a merged cell counts once.

    Rows of a table inside a cell are lines of that cell, their cells joined by " | ".

    Raises:
        BadFile: it is missing, too large, or not a Word file that opens.
    """
    import docx

    _bytes(path)
    try:
        tables = docx.Document(str(path)).tables
        rows = [tuple(dict.fromkeys(row.cells)) for table in tables for row in table.rows]
        return [tuple(_cell_text(cell) for cell in row) for row in rows]
    except Exception as error:  # its parsers raise zip, XML, key and value errors alike
        raise BadFile(
            f"{path.name}: not a Word file that opens; damaged, encrypted or an old .doc? Save it as .docx again."
        ) from error


def fitted(shape: type[Shape], fields: Fields, path: Path) -> Shape:
    """The model that the fields of a file make.

    Raises:
        BadFile: with every field that does not fit, one a line.
    """
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        # A default that is made from another field fails with it, and says nothing of its own.
        errors = (e for e in error.errors() if e["type"] != "default_factory_not_called")
        problems = (_problem(shape, fields, e["loc"], e["type"], e["msg"]) for e in errors)
        raise BadFile("\n".join(path.name + problem for problem in problems)) from error


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFile(f"{path.name}: more than {MAX_BYTES:,} bytes, too much for this. Is it the right file?")
        return path.read_bytes()
    except OSError as error:
        raise BadFile(
            f"{path} can't be read: {error.strerror or error}. Check its name and its permissions."
        ) from error


def _cell_text(cell: Any) -> str:
    inner = (" | ".join(c.text.strip() for c in row.cells) for table in cell.tables for row in table.rows)
    return "\n".join([str(cell.text), *inner])


def _problem(shape: type[BaseModel], fields: Fields, loc: tuple[int | str, ...], kind: str, message: str) -> str:
    """What follows the file's name: `, rule 2 ("Term"), field "preferred": is missing.`."""
    where, known = "", list(shape.model_fields)
    if len(loc) > 1 and isinstance(loc[1], int):
        item = fields[str(loc[0])][loc[1]]
        of = _item_fields(shape, str(loc[0]))
        name = f' ("{item[of[0]]}")' if isinstance(item, Mapping) and of and of[0] in item else ""
        where, loc, known = f", {str(loc[0]).removesuffix('s')} {loc[1] + 1}{name}", loc[2:], of or known
    where += f', field "{loc[0]}"' if loc else ""
    unknown = f"is not known; write one of {', '.join(known)}"
    said = unknown if kind == "extra_forbidden" else _PLAIN.get(kind, message.removeprefix("Value error, "))
    return f"{where}: {said}."


def _item_fields(shape: type[BaseModel], field: str) -> list[str]:
    """The fields of the models in a list field, the one that names an item first."""
    for inner in getattr(shape.model_fields[field].annotation, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return list(inner.model_fields)
    return []
