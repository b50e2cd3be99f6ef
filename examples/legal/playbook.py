"""A playbook: what one side wants on each topic of a contract, read from YAML or from the tables of a Word file."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rheostat import BadFile, fitted, read_tables, read_yaml

Fields = dict[str, Any]
_INSTRUCTION = re.compile(r"(?i)(?:(delete|remove|strike)|add|insert|replace|amend|change|revise)\b.*:")


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
    """Reads a `.yaml`, `.yml` or `.docx` playbook. Raises BadFile with every problem it has."""
    readers = {".yaml": read_yaml, ".yml": read_yaml, ".docx": _from_word}
    if path.suffix.lower() not in readers:
        raise BadFile(f"{path.name}: a playbook is a .yaml or a .docx file.")
    fields = {"name": path.stem, "rules": (), **readers[path.suffix.lower()](path), "source": path.name}
    return fitted(Playbook, fields, path)


def _from_word(path: Path) -> Fields:
    """Rows of two cells are rules: a topic, and an instruction ("Add to the end of Section 4:") before its wording."""
    rules: list[Fields] = []
    for topic, text in (row for row in read_tables(path) if len(row) == 2):
        topic, (text, _, notes) = " ".join(topic.split()), text.partition("[USAGE NOTES:")
        grid = [line for line in text.splitlines() if " | " in line]  # a table inside the cell is no clause text
        guidance = _joined([*notes.replace("]", "").splitlines(), *grid])
        instruction, *wording = [line for line in text.splitlines() if line.strip() and line not in grid] or [""]
        if found := _INSTRUCTION.fullmatch(instruction.strip()):
            said = {"not_acceptable": _joined(wording).strip(" “”")} if found[1] else {"wording": _joined(wording)}
            preferred = instruction.strip().rstrip(":").removesuffix(" which reads")
            rules.append({"topic": topic, "preferred": preferred, "guidance": guidance, **said})
        elif notes and rules and rules[-1]["topic"] == topic:
            rules[-1]["guidance"] = _joined([rules[-1]["guidance"], guidance])
    return {"rules": rules}


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.strip() for line in lines if line.strip())
