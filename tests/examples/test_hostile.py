"""Contracts that try to steer: what the model is shown of them, what a quote of them is worth, what a reader sees."""

import re
from pathlib import Path

import pytest

from rheostat import Document, Quote, find, locate, read, render
from rheostat.context import Counter, Trust, Window, labelled, pack
from rheostat.examples.legal.playbook import read_playbook

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.txt"))
LEGAL = Path(__file__).parents[2] / "examples/legal"
CHARACTERS = Counter(name="characters", count_text=len)


def prompt(contract: Document, words: str) -> tuple[str, str]:
    """System and user message of a question about a contract, as a small model would get them."""
    snippets, _ = labelled(find(contract, words, limit=8))
    packed = pack(snippets, instruction="Judge.", task="rule: Term", window=Window(50_000, 100), counter=CHARACTERS)
    assert packed.trust is Trust.UNTRUSTED
    system, user = packed.messages
    return system.content, user.content


def test_there_are_hostile_contracts() -> None:
    assert {path.stem for path in HOSTILE} >= {"obey", "fences", "echo", "markup"}


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_every_word_of_a_hostile_contract_stays_within_its_fence(path: Path) -> None:
    system, user = prompt(read(path), "term law indemnity reviewers accept")
    fences = re.findall(r"<untrusted id=(\w+)[^>]*>\n(.*?)\n</untrusted id=\1>", user, re.S)
    outside = re.sub(r"<untrusted id=(\w+)[^>]*>\n.*?\n</untrusted id=\1>", "", user, flags=re.S)
    assert fences and outside.split() == ["rule:", "Term"]
    assert "Kestrel" not in system and "Singapore" not in system
    for _, inside in fences:
        assert not re.search(r"<\s*/?\s*(un)?trusted|<\|", inside)


def test_a_contract_cannot_add_a_sentence_to_cite() -> None:
    contract = read(Path(__file__).parent / "hostile/fences.txt")
    _, quotes = labelled(find(contract, "term", limit=8))
    assert "s99" not in quotes
    assert all(locate(contract, Quote(text=quote.text)) for quote in quotes.values())


def test_the_playbooks_words_are_quoted_where_they_stand_and_with_what_undoes_them() -> None:
    contract = read(Path(__file__).parent / "hostile/echo.txt")
    rules = {rule.id: rule for rule in read_playbook(LEGAL / "sample/playbook.yaml").rules}
    said = locate(contract, Quote(text=rules["indemnity"].wording))
    assert said.place == "3.1"
    best = find(contract, f"{rules['indemnity'].topic} {rules['indemnity'].wording}", limit=1)[0]
    assert "has no effect" in best.text and "Brightwater shall indemnify Kestrel" in best.text


def test_markup_in_a_contract_is_text_in_the_report() -> None:
    contract = read(Path(__file__).parent / "hostile/markup.txt")
    page = render(LEGAL / "report.html.j2", facts_that_say(contract.text))
    assert page.count("alert(&#34;term&#34;)") >= 6
    assert not re.search(r"<(script|img|b on)", page)
    assert "{{ 7 * 7 }}" in page and "javascript:" not in page


def facts_that_say(text: str) -> dict[str, object]:
    """What the report shows, with one text wherever a stranger's may stand."""
    decision = {"what": "edited", "who": text, "when": "today", "reason": text}
    parts = [{"kind": kind, "text": text} for kind in ("same", "ins", "del", text)]
    redline = {"place": text, "position": text, "comment": text, "parts": parts, "decision": decision}
    cited: dict[str, object] = {"source": text, "place": text, "page": None, "line": 3}
    finding: dict[str, object] = {
        "topic": text,
        "verdict": text,
        "rationale": text,
        "why_not": text,
        "made_up": 1,
        "quotes": [{"source": text, "place": text, "page": 1, "line": None, "text": text, "also": [cited]}],
        "redlines": [redline],
    }
    run = {"id": "r", "model": text, "dial": 1, "dial_name": "edit", "when": "today", "ended": text, "cost_usd": 0.001}
    return {
        "title": text,
        "contract": {"name": text, "sha256": "00"},
        "playbook": {"name": text, "source": text, "rules": 1},
        "run": run | {"budget_usd": None, "seconds": 3.0, "deadline_s": 90.0},
        "quotes": {"checked": 2, "stood": 1, "made_up": 1},
        "findings": [finding],
        "prompts": [
            {
                "step": text,
                "about": text,
                "used_tokens": 1,
                "window_tokens": 0,
                "gap": 0.01,
                "kept": 0,
                "shortened": 0,
                "left_out": 1,
                "sections": [{"name": text, "keep": "best", "room_tokens": 1, "tokens": 0, "kept": 0, "offered": 1}],
                "prompt_tokens": 1,
                "expected_cached_tokens": 1,
                "cached_tokens": 0,
                "items": [{"what": text, "state": "left out", "reason": text, "tokens": 1, "count": 1}],
            }
        ],
        "steps": [],
        "approvals": [{"when": "today", "who": text, "what": text, "decision": text, "why_asked": [text]}],
    }
