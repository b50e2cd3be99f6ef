"""A playbook: what one side wants on each topic of a contract, read from YAML or from the tables of a Word file."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MAX_BYTES = 2_000_000
Fields = dict[str, Any]
_INSTRUCTION = re.compile(r"(?i)(?:(delete|remove|strike)|add|insert|replace|amend|change|revise)\b.*:")


class PlaybookError(ValueError):
    """A playbook that can't be used. Its text names the file, the rule and the field, one problem a line."""


def _slug(fields: Fields) -> str:
    return re.sub(r"[\W_]+", "-", str(fields.get("topic", "")).casefold()).strip("-") or "rule"


class Rule(BaseModel):
    """One topic: `fallbacks` go from best to worst; `wording` is the standard text to put in, "" if there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    topic: str = Field(min_length=1)
    id: str = Field(default_factory=_slug, pattern=r"^\w+(-\w+)*$")
    preferred: str = Field(min_length=1)
    fallbacks: tuple[str, ...] = ()
    not_acceptable: str = ""
    guidance: str = ""
    wording: str = ""


class Playbook(BaseModel):
    """The rules of one side in the order of its file; no two share an id or a topic. `source` names that file."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1)
    source: str
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if not self.rules:
            raise ValueError("there are no rules; add one with at least a topic and a preferred position")
        for field in ("topic", "id"):
            seen: dict[str, int] = {}
            for number, rule in enumerate(self.rules, 1):
                name = str(getattr(rule, field))
                if (first := seen.setdefault(name.casefold(), number)) != number:
                    raise ValueError(f'rules {first} and {number} have the same {field} "{name}"; merge or rename one')
        return self


def read_playbook(path: Path) -> Playbook:
    """Reads a `.yaml`, `.yml` or `.docx` playbook. Raises PlaybookError, and OSError where the file can't be opened."""
    readers = {".yaml": _from_yaml, ".yml": _from_yaml, ".docx": _from_word}
    if path.suffix.lower() not in readers:
        raise PlaybookError(f"{path.name}: a playbook is a .yaml or a .docx file.")
    if path.stat().st_size > MAX_BYTES:
        raise PlaybookError(
            f"{path.name}: more than {MAX_BYTES:,} bytes, hardly a list of rules. Is it the right file?"
        )
    fields = readers[path.suffix.lower()](path)
    try:
        return Playbook.model_validate({"name": path.stem, "rules": (), **fields, "source": path.name})
    except ValidationError as error:
        errors = (e for e in error.errors() if e["type"] != "default_factory_not_called")  # only follows from another
        problems = [_problem(fields, e["loc"], e["type"], e["msg"]) for e in errors]
        raise PlaybookError("\n".join(path.name + problem for problem in problems)) from error


def _problem(fields: Fields, loc: tuple[int | str, ...], kind: str, message: str) -> str:
    where, known = "", "name, rules"
    if loc[:1] == ("rules",) and len(loc) > 1:
        rule = fields["rules"][loc[1]]
        topic = f' ("{rule["topic"]}")' if isinstance(rule, dict) and "topic" in rule else ""
        where, loc, known = f", rule {int(loc[1]) + 1}{topic}", loc[2:], ", ".join(Rule.model_fields)
    where += f', field "{loc[0]}"' if loc else ""
    plain = {"missing": "is missing", "extra_forbidden": f"is not known; write one of {known}"}
    return f"{where}: {plain.get(kind, message.removeprefix('Value error, '))}."


def _from_yaml(path: Path) -> Fields:
    import yaml

    try:
        fields: object = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2026-13-01 is a bare ValueError
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f", line {mark.line + 1}" if mark else ""
        raise PlaybookError(f"{path.name}{line}: not YAML: {getattr(error, 'problem', None) or error}.") from error
    if not isinstance(fields, dict):
        problem = "the file is empty" if fields is None else "not a mapping with a name and a list of rules"
        raise PlaybookError(f"{path.name}: {problem}.")
    return {key: value for key, value in cast(Fields, fields).items() if value is not None}


def _from_word(path: Path) -> Fields:
    import docx

    try:
        tables = docx.Document(str(path)).tables
    except Exception as error:  # its parsers raise zip, XML, key and value errors alike
        raise PlaybookError(f"{path.name}: not a Word file that opens; damaged, encrypted or an old .doc?") from error
    rules: list[Fields] = []
    for row in (row for table in tables for row in table.rows):
        cells = tuple(dict.fromkeys(row.cells))  # a merged cell is there once for each column that it spans
        if len(cells) != 2:
            continue
        topic, (text, _, notes) = " ".join(cells[0].text.split()), cells[1].text.partition("[USAGE NOTES:")
        grid = (" | ".join(cell.text.strip() for cell in row.cells) for inner in cells[1].tables for row in inner.rows)
        guidance = _joined([*notes.strip(" \n]").splitlines(), *grid])
        instruction, *wording = [line.strip() for line in text.splitlines() if line.strip()] or [""]
        if found := _INSTRUCTION.fullmatch(instruction):
            said = {"not_acceptable": _joined(wording).strip(" “”")} if found[1] else {"wording": _joined(wording)}
            preferred = instruction.rstrip(":").removesuffix(" which reads")
            rules.append({"topic": topic, "preferred": preferred, "guidance": guidance, **said})
        elif notes and rules and rules[-1]["topic"] == topic:
            rules[-1]["guidance"] = _joined([rules[-1]["guidance"], guidance])
    return {"rules": rules}


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.strip() for line in lines if line.strip())
