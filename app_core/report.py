"""A run as plain data for a report: what each prompt held, what each step took, who decided what."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rheostat.autonomy import Approval, Question, plain
from rheostat.context import Citation, Entry, Receipt

from .decisions import Ruled
from .view import NodeView, View

Facts = dict[str, Any]

_TOGETHER = {"duplicate": "shown already", "near-duplicate": "shown already, in the same words"}
"""Why several were left out, where what is said of one would name another."""


def report_facts(view: View) -> Facts:
    """What any report on a run can show, as plain data: run, prompts, steps, approvals, and citations by node.

    Untrusted text among it is as it was; whoever renders it escapes it.
    """
    return {
        "run": _run(view),
        "prompts": [_prompt(node, node.receipt) for node in view.nodes.values() if node.receipt is not None],
        "steps": [_step(node) for node in view.nodes.values()],
        "approvals": [*_answers(view), *_rulings(view)],
        "citations": {node.id: [_cited(citation) for citation in node.citations] for node in view.nodes.values()},
    }


def decision(view: View, node_id: str) -> Facts:
    """What was decided on a node's action, by whom and why: accepted, edited, rejected, refused or waiting."""
    node = view.nodes.get(node_id)
    if node is None:
        return {"what": "refused", "who": "", "when": "", "reason": "it was never proposed"}
    answered = [given for id, given in view.approvals.items() if view.asked_by[id] == node_id]
    refused = node.status in ("failed", "declined")
    if node.status == "waiting":
        return {"what": "waiting", "who": "", "when": "", "reason": ""}
    if answered and not (refused and answered[-1][-1].accepts):
        last = answered[-1][-1]
        who = " and ".join(dict.fromkeys(each.by for each in answered[-1] if each.accepts == last.accepts))
        said = _said(view.questions[last.question], last)
        return {"what": said, "who": who, "when": _when(last.at), "reason": last.reason}
    if refused:
        return {"what": "refused", "who": "", "when": "", "reason": node.reason}
    return {"what": "accepted", "who": _decider(view, node_id), "when": "", "reason": ""}


def let_go_by(view: View, ruled: Ruled) -> str:
    """Who let an action go without asking: the people whose grant it was, or the dial."""
    grant = view.grants.get(ruled.verdict.decided_by.removeprefix("grant "))
    if grant is not None and ruled.verdict.decided_by.startswith("grant "):
        return f"{plain(' and '.join(grant.by))}'s grant"
    return f"the dial at level {int(ruled.verdict.level)}"


def _decider(view: View, node_id: str) -> str:
    last = next((ruled for ruled in reversed(view.ruled) if ruled.node == node_id), None)
    return f"the dial at level {int(view.dial.level)}" if last is None else let_go_by(view, last)


def render(template: Path, data: Facts) -> str:
    """Fills an HTML template of Jinja's; everything is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined)
    return found.get_template(template.name).render(data)


def unseen(receipt: Receipt) -> Iterator[Facts]:
    """What a prompt does not hold: one by one where each has a price of its own, together where they share their fate.

    Each is {"what", "state", "reason", "tokens", "count"}: `count` pieces of `what`, left out for this reason.
    """
    alike = dict[tuple[str, str, str], list[Entry]]()
    for entry in receipt.entries:
        if entry.outcome == "left out":
            alone = entry.reason == "budget" and not entry.group
            alike.setdefault((entry.reason, entry.group, str(entry.snippet) if alone else ""), []).append(entry)
    for entries in alike.values():
        first = entries[0]
        one = len(entries) == 1
        yield {
            "what": _places(first) if one else ", ".join(dict.fromkeys(map(_source, entries))),
            "state": "left out",
            "reason": _why(first) if one or first.group else _TOGETHER.get(first.reason, first.reason),
            "tokens": 0,
            "count": len(entries),
        }


def _run(view: View) -> Facts:
    terms = view.terms
    return {
        "id": view.run,
        "model": terms.model,
        "dial": int(view.dial.level),
        "dial_name": view.dial.level.name.lower(),
        "when": _when(datetime.fromtimestamp(view.started_at, UTC)),
        "ended": view.reason or _incomplete(view),
        "cost_usd": view.spent_usd,
        "budget_usd": terms.budget_usd,
        "seconds": view.worked_s,
        "deadline_s": terms.deadline_s,
    }


def _incomplete(view: View) -> str:
    match view.standing():
        case "partial":
            return f"{_counted(len(view.failures()), 'step')} failed; what was to come of that is missing."
        case "waiting":
            return f"Still waiting for a person: {_counted(len(view.open_questions()), 'action')}."
        case "unfinished":
            return "The run was cut off, or some process still works on it."
        case _:
            return ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _prompt(node: NodeView, receipt: Receipt) -> Facts:
    about, _, name = node.id.rpartition("/")
    outcomes = [entry.outcome for entry in receipt.entries]
    return {
        "step": name,
        "about": about,
        "used_tokens": receipt.tokens,
        "window_tokens": receipt.room,
        "gap": receipt.gap,
        "kept": outcomes.count("kept"),
        "shortened": outcomes.count("shortened"),
        "left_out": outcomes.count("left out"),
        "sections": [section.model_dump(mode="json") for section in receipt.sections],
        "prompt_tokens": node.prompt_tokens,
        "expected_cached_tokens": node.expected_cached_tokens,
        "cached_tokens": node.cached_tokens,
        "items": [*_items(receipt), *unseen(receipt)],
    }


def _items(receipt: Receipt) -> Iterator[Facts]:
    """What the prompt holds, piece by piece."""
    for entry in receipt.entries:
        if entry.outcome != "left out":
            yield {
                "what": _places(entry),
                "state": entry.outcome,
                "reason": "" if entry.outcome == "kept" else _why(entry),
                "tokens": entry.tokens,
                "count": 1,
            }


def _source(entry: Entry) -> str:
    return entry.origin.source if entry.origin else "the program's own words"


def _places(entry: Entry) -> str:
    """Everywhere that a piece comes from."""
    origins = (entry.origin, *entry.also) if entry.origin else entry.also
    named = (" ".join(part for part in (origin.source, origin.place) if part) for origin in origins)
    return "; ".join(named) or f"snippet {entry.snippet}"


def _why(entry: Entry) -> str:
    return entry.sentence.partition(": ")[2]


def _cited(citation: Citation) -> Facts:
    origins = (citation.origin, *citation.also) if citation.origin else citation.also
    first, *also = [origin.model_dump(mode="json") for origin in origins] or [{}]
    known = {"source": "", "place": "", "page": None, "line": None} | first
    return {**known, "text": citation.quote.text, "also": also}


def _step(node: NodeView) -> Facts:
    return {
        "name": node.id,
        "calls": node.calls,
        "prompt_tokens": node.prompt_tokens,
        "answer_tokens": node.answer_tokens,
        "cost_usd": node.cost_usd,
        "seconds": node.seconds,
    }


def _answers(view: View) -> Iterator[Facts]:
    for id, approvals in view.approvals.items():
        question = view.questions[id]
        for approval in approvals:
            yield {
                "when": _when(approval.at),
                "who": approval.by,
                "what": _named(question),
                "decision": _said(question, approval),
                "why_asked": list(question.verdict.reasons),
            }


def _rulings(view: View) -> Iterator[Facts]:
    for ruled in view.ruled:
        yield {
            "when": "",
            "who": f"the dial at level {int(ruled.verdict.level)}",
            "what": ruled.action.summary or ruled.action.tool,
            "decision": ruled.verdict.ruling.name.lower().replace("_", " "),
            "why_asked": list(ruled.verdict.reasons),
        }


def _named(question: Question) -> str:
    return question.action.summary or question.action.tool


def _said(question: Question, approval: Approval) -> str:
    if not approval.accepts:
        return "rejected" if approval.answer == "reject" else "called off"
    if not question.is_changed_by(approval):
        return "accepted"
    return "edited" if approval.edits else "accepted in part"


def _when(at: datetime) -> str:
    return f"{at.astimezone():%d %B %Y, %H:%M}"
