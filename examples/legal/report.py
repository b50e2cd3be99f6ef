"""The report on a review: rule by rule what was found, quoted, proposed and decided."""

from pathlib import Path
from typing import Any

from rheostat import Document, Run, Target, View, decision, diff, render, report_facts

from .playbook import Fields as Facts
from .playbook import Playbook
from .review import Judgement


def write_report(run: Run[Any], path: Path) -> Path:
    """Writes the report on a review, finished or not, as one HTML file. Raises OSError where it can't be written."""
    view = run.view
    book = Playbook.model_validate(view.nodes["playbook_at"].value)
    contract = Document.model_validate(view.nodes["contract_at"].value)
    facts = report_facts(view)
    findings = [_finding(view, facts, rule.topic, f"one_rule[{n}]/") for n, rule in enumerate(book.rules)]
    stood, made_up = sum(len(f["quotes"]) for f in findings), sum(f["made_up"] for f in findings)
    facts |= {
        "title": f"Review of {contract.source}",
        "contract": {"name": contract.source, "sha256": contract.sha256},
        "playbook": {"name": book.name, "source": book.source, "rules": len(book.rules)},
        "quotes": {"checked": stood + made_up, "stood": stood, "made_up": made_up},
        "findings": findings,
    }
    path.write_text(render(Path(__file__).with_name("report.html.j2"), facts), encoding="utf-8")
    return path


def _finding(view: View, facts: Facts, topic: str, at: str) -> Facts:
    node = view.nodes.get(f"{at}judge")
    unfit = [check.evidence for check in node.checks if not check.passed] if node else []
    made_up = sum(len(evidence.splitlines()) for evidence in unfit)
    why = next((n.reason for n in view.nodes.values() if n.id.startswith(at) and n.status == "failed"), "")
    why = "The model kept quoting what does not stand there." if any(made in why for made in unfit) else why
    empty: Facts = {"topic": topic, "rationale": "", "why_not": why, "quotes": [], "made_up": made_up, "redlines": []}
    if node is None or node.status != "done":
        return empty | {"verdict": "not judged", "why_not": why or "The run did not come to it."}
    judgement = Judgement.model_validate(node.value)
    said = {"verdict": judgement.verdict, "rationale": judgement.rationale, "quotes": facts["citations"][node.id]}
    aimed = view.nodes.get(f"{at}target")
    return empty | said | {"redlines": [_redline(view, aimed.value, at)] if aimed else []}


def _redline(view: View, aimed: Any, at: str) -> Facts:
    target, node, written = Target.model_validate(aimed), view.nodes.get(f"{at}redline"), view.nodes.get("deliver")
    arguments = {a.name: str(a.value) for a in node.action.arguments} if node and node.action else {}
    kinds = {"keep": "same", "insert": "ins", "delete": "del"}
    parts = diff(target, arguments.get("wording", target.new))
    left_out: Any = written.value["left_out"] if written and isinstance(written.value, dict) else []
    decided = decision(view, f"{at}redline")
    for left in left_out:
        if node and left["change"] == node.value:
            decided = {"what": "refused", "who": "", "when": "", "reason": left["reason"]}
    shown = [{"kind": kinds[part["op"]], "text": part["text"]} for part in parts]
    return {"place": target.place, "position": "", "comment": target.comment, "parts": shown, "decision": decided}
