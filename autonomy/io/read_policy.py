"""A policy as a person writes it: a YAML file, read whole or not at all, each problem told with its line."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import BadPolicy, BadRule
from ..looks import looks
from ..policy import Patience, Policy
from ..rule import Rule, Ruling
from ..shown import Name, quoted
from ..spelled import amount, duration_s, hours, people_asked, yes, yes_or_no
from .yaml_tree import Leaf, Listing, Table, Tree, Unreadable, read_tree

_MOST_BYTES = 1_000_000

_Place = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)


def read_policy(path: Path) -> Policy:
    """The policy in a YAML file; docs/autonomy.md shows one.

    Args:
        path: of the file itself, not of a link to it: whoever may change the link could change the policy.

    Raises:
        BadPolicy: with everything that is wrong, and where. No part of such a file holds.
    """
    reading = _Reading()
    try:
        policy = reading.policy(read_tree(_text(path)))
    except Unreadable as error:
        raise BadPolicy(str(error), path=str(path)) from error
    if reading.problems:
        told = (f"Line {line}: {sentence}" for line, sentence in sorted(set(reading.problems)))
        raise BadPolicy(*told, path=str(path))
    return policy


def _text(path: Path) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if path.is_symlink():
            raise Unreadable(
                "It is a link, which could be turned elsewhere. Name the file that it leads to."
            ) from error
        raise Unreadable(f"It can't be opened: {_why(error)}. Check its name and its permissions.") from error
    try:
        content = _content(file)
    except OSError as error:
        raise Unreadable(f"It can't be read: {_why(error)}. Check the disk.") from error
    finally:
        os.close(file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"It is not UTF-8 from byte {error.start + 1} on. Save it as UTF-8.") from error


def _content(file: int) -> bytes:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise Unreadable("It is not a file. Name the YAML file that holds the policy.")
    with open(file, "rb", closefd=False) as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise Unreadable(f"It has more than {_MOST_BYTES:,} bytes, too many for a policy. Is it the right file?")
    return content


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


class _Named(BaseModel):
    people: dict[Name, tuple[Name, ...]]


class _Problem(NamedTuple):
    line: int
    sentence: str


class _Reading:
    """One reading of a file: the line on which each thing stands, and what is wrong so far."""

    def __init__(self) -> None:
        self.problems: list[_Problem] = []
        self._lines: dict[_Place, int] = {}

    def policy(self, tree: Tree | None) -> Policy:
        """The policy, as far as it goes; it is one only if there are no problems."""
        if tree is None or (isinstance(tree, Table) and not tree.entries):
            raise Unreadable("It is empty. A policy that lays nothing down says so: `rules: []`.")
        parts = self._entries(tree, "The policy", (), known=("rules", "people", "patience"))
        rules = self._rules(parts["rules"]) if "rules" in parts else []
        people = self._people(parts["people"]) if "people" in parts else {}
        patience = self._patience(parts["patience"]) if "patience" in parts else Patience()
        # Not validated yet: so each contradiction is told with its line.
        policy = Policy.model_construct(rules=tuple(rules), people=people, patience=patience)
        for place, sentence in policy.contradictions() if not self.problems else ():
            self._note(place, sentence)
        return policy

    def _rules(self, tree: Tree) -> list[Rule]:
        if not isinstance(tree, Listing):
            self._problem(tree, "`rules` is a list. Begin each rule with a dash, or write `rules: []`.")
            return []
        rules: list[Rule] = []
        for place, item in enumerate(tree.items):
            before = len(self.problems)
            fields = self._fields(item, f"Rule {place + 1}", ("rules", place), _RULE)
            if len(self.problems) > before:
                continue
            unruled = _ruled(fields)
            if unruled:
                self._note(("rules", place), unruled)
            elif rule := self._made(Rule, fields, ("rules", place)):
                rules.append(rule)
        return rules

    def _people(self, tree: Tree) -> dict[str, tuple[str, ...]]:
        entries = self._entries(tree, "`people`", ("people",))
        people = {person: self._roles(person, roles) for person, roles in entries.items()}
        named = self._made(_Named, {"people": people}, ())
        return named.people if named else {}

    def _roles(self, person: str, tree: Tree) -> tuple[str, ...]:
        if isinstance(tree, Leaf):
            return () if tree.is_nothing else (tree.text,)
        roles = tree.items if isinstance(tree, Listing) else (tree,)
        if not all(isinstance(role, Leaf) and not role.is_nothing for role in roles):
            self._problem(tree, f"The roles of {quoted(person)} are a list of words, like [counsel], or [] for none.")
        return tuple(role.text for role in roles if isinstance(role, Leaf))

    def _patience(self, tree: Tree) -> Patience:
        fields = self._fields(tree, "`patience`", ("patience",), _PATIENCE)
        for key, field in _FIELDS.items():
            if key in fields:
                fields[field] = fields.pop(key)
                self._lines["patience", field] = self._lines["patience", key]
        return self._made(Patience, fields, ("patience",)) or Patience()

    def _fields(
        self, tree: Tree, what: str, place: _Place, known: Mapping[str, Callable[[str], Any]]
    ) -> dict[str, Any]:
        """The values of a table, each read as its key asks for."""
        fields: dict[str, Any] = {}
        for key, value in self._entries(tree, what, place, known=tuple(known)).items():
            if not isinstance(value, Leaf) or value.is_nothing:
                self._note((*place, key), f"`{key}` takes one value, written after it.")
                continue
            try:
                fields[key] = known[key](value.text)
            except ValidationError as error:
                self._note((*place, key), f"`{key}`: {_sentence(error.errors()[0])}")
            except BadRule as error:
                self._note((*place, key), f"`{key}`: {error}")
        return fields

    def _entries(self, tree: Tree, what: str, place: _Place, *, known: Sequence[str] = ()) -> dict[str, Tree]:
        """The entries of a table by their keys, which may be any if none are known."""
        self._lines[place] = tree.line
        if not isinstance(tree, Table):
            self._problem(tree, f"{what} gives values to names, like `name: value`.")
            return {}
        entries: dict[str, Tree] = {}
        for key, value in tree.entries:
            if known and key.text not in known:
                self._problem(
                    key, f"{what} has the key {quoted(key.text)}, which is not known. {_meant(key.text, known)}"
                )
            elif key.text in entries:
                self._problem(key, f"{what} has {quoted(key.text)} twice. Write it once.")
            else:
                entries[key.text] = value
                self._lines[*place, key.text] = key.line
        return entries

    def _made(self, shape: type[_Model], fields: Mapping[str, Any], place: _Place) -> _Model | None:
        """A model of the fields; None, with a problem noted for each field that does not fit."""
        try:
            return shape(**fields)
        except ValidationError as error:
            for each in error.errors():
                key = f"`{_KEYS.get(str(each['loc'][0]), each['loc'][0])}`: " if each["loc"] else ""
                self._note((*place, *each["loc"]), key + _sentence(each))
            return None

    def _note(self, place: _Place, sentence: str) -> None:
        """A problem with what stands at a place, or with the nearest thing around it that has a line."""
        while place and place not in self._lines:
            place = place[:-1]
        self.problems.append(_Problem(self._lines.get(place, 1), sentence))

    def _problem(self, tree: Tree, sentence: str) -> None:
        self.problems.append(_Problem(tree.line, sentence))


def _ruled(fields: dict[str, Any]) -> str:
    """Puts the one word of notify, ask and deny that a rule has into a Rule's terms. Returns what is wrong with it."""
    said = [word for word in ("notify", "ask", "deny") if word in fields]
    if len(said) != 1:
        saying = f"It says {' and '.join(said)}" if said else "It does not say what it makes of an action"
        return f"{saying}. Write one of `notify: yes`, `ask: one`, `ask: two` (or more) and `deny: yes`."
    given = fields.pop(said[0])
    people = given if said == ["ask"] else 1
    fields["at_least"] = Ruling.ASK_TWO if people > 1 else Ruling[said[0].upper()]
    fields["people"] = people
    return ""


def _settled(glob: str) -> str:
    """A path's glob with the links before its first wildcard followed, as those in an action's paths are."""
    wild = next((at for at, letter in enumerate(glob) if letter in "*?["), None)
    cut = len(glob) if wild is None else glob.rfind("/", 0, wild) + 1
    folder, rest = os.path.expanduser(glob[:cut]), glob[cut:]
    if not folder.startswith("/") or "\0" in folder:
        return glob
    led_to = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in os.path.realpath(folder))
    return f"{led_to.rstrip('/')}/{rest}" if rest else led_to


_RULE: dict[str, Callable[[str], Any]] = {
    "name": str,
    "tool": str,
    "argument": str,
    "value": str,
    "path": _settled,
    "over": amount,
    "person": str,
    "hours": hours,
    "notify": yes,
    "ask": people_asked,
    "deny": yes,
    "role": str,
    "four_eyes": yes_or_no,
    "why": str,
}

_PATIENCE: dict[str, Callable[[str], Any]] = {
    "remind": duration_s,
    "escalate": duration_s,
    "escalate_to": str,
    "expires": duration_s,
}

_FIELDS = {"remind": "remind_s", "escalate": "escalate_s", "expires": "expires_s"}
_KEYS = {field: key for key, field in _FIELDS.items()}


def _meant(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(looks(key), known, n=1)
    return f"Did you mean `{close[0]}`?" if close else f"Known are {', '.join(known)}."


_SENTENCES = {
    "missing": "is missing. Write it.",
    "string_too_short": "is empty. Write something, or leave it out.",
    "greater_than": "has to be more than nothing.",
    "less_than_equal": "is too much.",
    "finite_number": "is too much.",
}


def _sentence(error: Any) -> str:
    said = str(error["msg"]).removeprefix("Value error, ")
    return _SENTENCES.get(error["type"], said if said.endswith((".", "?")) else f"{said}.")
