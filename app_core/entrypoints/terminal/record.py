"""A run's record: one row in a list, everything on a page, or a document for a program."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rheostat.autonomy import Approval, GrantScope, Question
from rheostat.context import Citation, Receipt

from ...decisions import Ruled
from ...plan_view import PlanView
from ...prompt_view import where
from ...report import let_go_by, unseen
from ...view import NodeView, View
from .console import indented, text
from .plan import facts_of
from .preview import facts
from .question import one_line
from .spelling import spelled
from .steps import Steps
from .words import count, moment, phrase, seconds, usd

_STYLES = {"done": "good", "partial": "waits", "waiting": "waits", "declined": "waits", "failed": "bad"}
_MOST_LEFT_OUT = 8
_MOST_BREAKS = 4
_QUOTED_CHARS = 80
_WORTH_SAYING_S = 0.1


def listed(views: Iterable[View]) -> RenderableType:
    """Runs, one a row."""
    table = columns("run", "started", "what", "standing", ">spent", ">open")
    for view in views:
        standing, waiting = view.standing(), len(view.open_questions())
        table.add_row(
            text(view.run),
            text((moment(view.started_at), "quiet")),
            text(f"{view.terms.app}: {phrase(view.terms.workflow)}"),
            text((standing, _STYLES.get(standing, ""))),
            text(usd(view.spent_usd)),
            text(str(waiting) if waiting else ""),
        )
    return table


def details(view: View) -> dict[str, Any]:
    """The record as plain data."""
    return {
        **view.as_json(),
        "inputs": view.terms.inputs,
        "why_model": view.terms.why,
        "deadline_s": view.terms.deadline_s,
        "nodes": {node.id: _node(node) for node in view.nodes.values()},
        "answers": [approval.model_dump(mode="json") for approval in _answers(view)],
    }


def drawn(view: View, beside: PlanView | None = None) -> RenderableType:
    """The record on a page; `beside` its plan, if it had one."""
    parts: list[RenderableType] = [_head(view), Text(), _steps(view)]
    parts += [Text(), text(("The plan", "heading")), facts_of(beside), Text(), Steps(beside)] if beside else []
    parts += _chapter("Done without asking", [_let_go(view, ruled) for ruled in _unasked(view)])
    parts += _chapter("Not done", [_not_done(node) for node in view.nodes.values() if node.reason])
    parts += _chapter("Decided", [_decision(view, approval) for approval in _answers(view)])
    parts += _chapter("Open", [line for question in view.open_questions() for line in _open(question)])
    parts += _chapter("Quoted", [_quote(node, cited) for node in view.nodes.values() for cited in node.citations])
    parts += _chapter("Not shown to the model", _left_out(view))
    parts += _chapter("Not read from the cache", _breaks(view))
    if view.open_questions():
        parts += [Text(), text("Decide with: ", (f"rheostat approve {view.run}", "key"))]
    elif view.standing() == "unfinished":
        parts += [Text(), text("Another process works on it, or it was cut off. Go on with: ")]
        parts += [text((f"  rheostat approve {view.run}", "key"))]
    return Group(*parts)


def _node(node: NodeView) -> dict[str, Any]:
    return {
        "status": node.status,
        "reason": node.reason,
        "mend": node.mend,
        "value": node.value,
        "cost_usd": node.cost_usd,
        "seconds": round(node.seconds, 3),
        "calls": node.calls,
        "prompt_tokens": node.prompt_tokens,
        "answer_tokens": node.answer_tokens,
        "cached_tokens": node.cached_tokens,
        "expected_cached_tokens": node.expected_cached_tokens,
        "saved_usd": node.saved_usd,
        "breaks": [broke.model_dump(mode="json") for broke in node.breaks],
        "checks": [check.model_dump(mode="json", exclude={"kind", "node"}) for check in node.checks],
        "citations": [citation.model_dump(mode="json") for citation in node.citations],
        "receipt": node.receipt.model_dump(mode="json") if node.receipt else None,
    }


def _head(view: View) -> RenderableType:
    terms, standing = view.terms, view.standing()
    budget = f" of {usd(terms.budget_usd)}" if terms.budget_usd is not None else ""
    assumed = f", {usd(view.assumed_usd)} of it assumed" if view.assumed_usd else ""
    deadline = f" of {seconds(terms.deadline_s)}" if terms.deadline_s is not None else ""
    said = [
        ("standing", f"{standing}{': ' if view.reason else ''}{view.reason}"),
        ("started", moment(view.started_at)),
        ("dial", f"{int(terms.dial.level)} {terms.dial.level.name.lower()}: {terms.dial.level.sentence}"),
        ("model", f"{terms.model}{f' ({terms.why})' if terms.why else ''}"),
        ("spent", f"{usd(view.spent_usd)}{budget}{assumed}"),
        *(("cache", line) for line in _cache(view)),
        ("worked", f"{seconds(view.worked_s)}{deadline}"),
        *((name, _short(spelled(value))) for name, value in terms.inputs.items()),
    ]
    title = text((f"{terms.app}: {phrase(terms.workflow)}", "heading"), (f"  {view.run}", "quiet"))
    return Group(title, Text(), facts(said))


def _cache(view: View) -> list[str]:
    """How much of the prompts came from providers' caches, as foretold and as reported; nothing if there was none."""
    nodes = view.nodes.values()
    prompt_tokens = sum(node.prompt_tokens for node in nodes)
    expected_tokens = sum(node.expected_cached_tokens for node in nodes)
    cached_tokens = sum(node.cached_tokens for node in nodes)
    if not expected_tokens + cached_tokens:
        return []
    expected, reported = (f"{tokens / prompt_tokens:.0%}" for tokens in (expected_tokens, cached_tokens))
    saved_usd = sum(node.saved_usd for node in nodes)
    saved = f", saved {usd(saved_usd)}" if saved_usd > 0 else f", cost {usd(-saved_usd)} more" if saved_usd < 0 else ""
    return [f"{expected} of {prompt_tokens:,} prompt tokens expected, {reported} reported{saved}"]


def _breaks(view: View) -> list[Text]:
    """Where prompts changed before a place up to which they were to stay the same."""
    broken = [(node.id, broke) for node in view.nodes.values() for broke in node.breaks]
    lines = [text(id, (f"  {broke.sentence}", "quiet")) for id, broke in broken[:_MOST_BREAKS]]
    more = len(broken) - len(lines)
    return [*lines, text((f"and {more} more: rheostat show --json", "quiet"))] if more else lines


def _short(value: str) -> str:
    one_line = " ".join(value.split())
    return one_line if len(one_line) <= 200 else f"{one_line[:200]}… ({len(value):,} characters)"


def _steps(view: View) -> RenderableType:
    table = columns("step", "status", ">calls", ">tokens in", ">out", ">cost", ">time")
    worth = [node for node in view.nodes.values() if _is_worth_a_row(node)]
    for node in worth:
        asked = node.calls > 0
        table.add_row(
            text(node.id),
            text((node.status, _STYLES.get(node.status, ""))),
            text(str(node.calls) if asked else ""),
            text(f"{node.prompt_tokens:,}" if asked else ""),
            text(f"{node.answer_tokens:,}" if asked else ""),
            text(usd(node.cost_usd) if asked else ""),
            text(seconds(node.seconds) if node.seconds else ""),
        )
    more = len(view.nodes) - len(worth)
    return Group(table, text((f"and {count(more, 'step')} of plain code", "quiet"))) if more else table


def _is_worth_a_row(node: NodeView) -> bool:
    """Not what plain code did in no time."""
    return node.calls > 0 or node.action is not None or node.status != "done" or node.seconds >= _WORTH_SAYING_S


def _unasked(view: View) -> list[Ruled]:
    """What nobody was asked about, and was done."""
    done = {node.id for node in view.nodes.values() if node.status == "done"}
    return [ruled for ruled in view.ruled if ruled.node in done]


def _let_go(view: View, ruled: Ruled) -> Text:
    return text(ruled.action.summary, (f"  let go by {let_go_by(view, ruled)}", "quiet"))


def _answers(view: View) -> list[Approval]:
    return [approval for given in view.approvals.values() for approval in given]


def _not_done(node: NodeView) -> Text:
    return text(node.id, (f"  {node.status}: {node.reason}", "quiet"))


def _decision(view: View, approval: Approval) -> Text:
    question = view.questions[approval.question]
    word = _word(question, approval)
    unseen = _alike(approval.grant) if approval.grant else ""
    why = f": {approval.reason}" if approval.reason else ""
    return text(one_line(question), (f"  {word} by {approval.by}{unseen}{why}", "quiet"))


def _alike(scope: GrantScope) -> str:
    if scope == GrantScope():
        return ", and all like it"
    which = "what is like it within bounds" if scope.bounds else "all like it"
    return f", and {which}{f' until {scope.until:%d %b %Y}' if scope.until else ' in this run'}"


def _word(question: Question, approval: Approval) -> str:
    if approval.answer != "accept":
        return "rejected" if approval.answer == "reject" else "rejected, and the run called off,"
    if approval.parts is not None:
        return f"{len(approval.parts)} of {len(question.parts)} parts accepted"
    return "accepted as edited" if approval.edits else "accepted"


def _open(question: Question) -> Iterable[Text]:
    yield text(("? ", "waits"), one_line(question), (f"  [{question.id}]", "quiet"))
    for reason in question.verdict.reasons:
        yield text((f"    {reason}", "quiet"))


def _quote(node: NodeView, citation: Citation) -> Text:
    """What a model quoted, and everywhere it stands."""
    origins = [origin for origin in (citation.origin, *citation.also) if origin]
    places = "; ".join(where(origin) for origin in origins) or "the program's own words"
    said = " ".join(citation.quote.text.split())
    shown = said if len(said) <= _QUOTED_CHARS else f"{said[:_QUOTED_CHARS].rstrip()}…"
    return text(node.id, f"  “{shown}”", (f"  {places}", "quiet"))


def _left_out(view: View) -> list[Text]:
    """For each prompt, what was shortened or left out of it and why."""
    lines = list[Text]()
    for node in view.nodes.values():
        entries = node.receipt.entries if node.receipt else ()
        number = sum(entry.outcome != "kept" for entry in entries)
        if node.receipt and number:
            missing = _missing(node.receipt)
            lines.append(text(node.id, (f"  {number} of {count(len(entries), 'candidate')}", "quiet")))
            lines += [text((f"    {line}", "quiet")) for line in missing[:_MOST_LEFT_OUT]]
            if len(missing) > _MOST_LEFT_OUT:
                lines.append(text((f"    and {len(missing) - _MOST_LEFT_OUT} more: rheostat show --json", "quiet")))
    return lines


def _missing(receipt: Receipt) -> list[str]:
    shortened = (entry for entry in receipt.entries if entry.outcome == "shortened")
    lines = [f"{where(entry.origin, entry.snippet)}: {entry.sentence}" for entry in shortened]
    for left in unseen(receipt):
        pieces = f"{left['count']} pieces of " if left["count"] > 1 else ""
        lines.append(f"{pieces}{left['what']}: left out: {left['reason']}")
    return lines


def _chapter(heading: str, lines: Sequence[Text]) -> list[RenderableType]:
    return [Text(), text((heading, "heading")), *(indented(line) for line in lines)] if lines else []


def columns(*columns: str) -> Table:
    """A table without lines; a column whose name begins with `>` stands right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table
