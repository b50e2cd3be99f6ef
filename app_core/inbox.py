"""What waits for people, over all runs: an index that a Store keeps beside its Logs, and can make anew from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol


class Waiting(NamedTuple):
    """One question that waits for people: what a list shows. The question itself is in the run's Log.

    Args:
        run, node, question: where it was asked, and its id, by which it is answered.
        app: whose run it is.
        tool, summary: what is proposed, the latter in one line for people.
        risk, taint, ruling: of the action, as numbers of rheostat.autonomy's Risk, Taint and Ruling.
        people: how many have to accept.
        asked_at, expires_at: epoch seconds. From `expires_at` on, silence is a no.
        roles: each of these must be among the roles of those who accept.
    """

    run: str
    node: str
    question: str
    app: str
    tool: str
    summary: str
    risk: int
    taint: int
    ruling: int
    people: int
    asked_at: float
    expires_at: float
    roles: tuple[str, ...]


class Move(NamedTuple):
    """What one event does to the questions of its run.

    `asked`: the node has a new question, in place of any before. `left`: the node waits no longer. `ended`: none does.
    """

    what: Literal["asked", "left", "ended"]
    node: str = ""
    question: Waiting | None = None


class Kept(Protocol):
    """A record, as far as it matters here."""

    @property
    def at(self) -> float:
        """When it was written, in epoch seconds."""
        ...

    @property
    def body(self) -> str:
        """The event, as `written` writes it."""
        ...


_OPENING = '{"kind":"'
_LEAVING = {
    "node_started",
    "node_finished",
    "node_failed",
    "node_declined",
    "node_let_go",
    "effect_started",
}
_TELLING = _LEAVING | {"asked", "run_ended"}


def moves(run: str, records: Iterable[Kept]) -> Iterator[Move]:
    """What records do to the questions of their run, in order.

    Reads no more of each than it needs to: most say nothing about questions. The app's name is left empty.
    """
    for record in records:
        kind = kind_of(record.body)
        if kind not in _TELLING:
            continue
        if kind == "run_ended":
            yield Move("ended")
        elif kind == "asked":
            question = _waiting(run, json.loads(record.body), record.at)
            yield Move("asked", question.node, question)
        else:
            yield Move("left", _text_after(f'{_OPENING}{kind}","node":', record.body))


def as_card(asked: Waiting) -> str:
    """A row of the index as one JSON text: many of them are read much faster than as many columns."""
    return json.dumps(asked, ensure_ascii=False)


def from_cards(cards: Iterable[str]) -> list[Waiting]:
    """The rows that `as_card` wrote, in the same order."""
    return [Waiting(*facts, roles=tuple(roles)) for *facts, roles in json.loads(f"[{','.join(cards)}]")]


def tells_of_questions(record: Kept) -> bool:
    """Whether a record may open or close a question."""
    return kind_of(record.body) in _TELLING


def asks(record: Kept) -> bool:
    """Whether a record opens a question."""
    return kind_of(record.body) == "asked"


def app_of(first: Kept) -> str:
    """Whose run it is, by its first record."""
    return _text_after(f'{_OPENING}run_started","request":{{"app":', first.body)


def kind_of(body: str) -> str:
    """The kind of an event that `written` wrote, without reading the rest of it; empty if it is no such text."""
    if not body.startswith(_OPENING):
        return ""
    return body[len(_OPENING) : body.find('"', len(_OPENING))]


def _text_after(opening: str, body: str) -> str:
    """The text that an event opens with: what comes after it may be long. Raises ValueError if it opens otherwise."""
    if not body.startswith(opening):
        raise ValueError(f"An event begins with {body[:40]!r}, not with {opening!r}.")
    return _DECODER.raw_decode(body, len(opening))[0]


_DECODER = json.JSONDecoder()


def _waiting(run: str, event: dict[str, Any], at: float) -> Waiting:
    question = event["question"]
    action, ruled = question["action"], question["verdict"]
    return Waiting(
        run=run,
        node=event["node"],
        question=question["id"],
        app="",
        tool=action["tool"],
        summary=action.get("summary") or action["tool"],
        risk=action["risk"],
        taint=ruled["taint"],
        ruling=ruled["ruling"],
        people=ruled.get("people", 1),
        asked_at=at,
        expires_at=datetime.fromisoformat(question["expires_at"]).timestamp(),
        roles=tuple(ruled.get("roles", ())),
    )
