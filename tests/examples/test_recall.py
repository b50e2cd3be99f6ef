"""How often the sentences that answer a question about a real contract are in the prompt that asks it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rheostat import Document, read
from rheostat.context import Counter, Trust, Window, pack
from rheostat.examples.legal.playbook import Rule
from rheostat.examples.legal.review import bearing, judge, whole

CUAD = Path(__file__).parents[2] / "../shared/data/cuad-mini"
COUNTER = Counter(name="4 characters", count_text=lambda text: -(-len(text) // 4))
TASK = "guidance: " + "We keep records for six years. " * 40


@cache
def contract(name: str) -> Document:
    return read(next(path for path in (CUAD / "contracts").rglob("*") if path.name == name))


def holds(question: dict[str, Any], window_tokens: int) -> bool:
    """Whether a prompt shows all that answers a question, but for a character in thirty (headings, spaces)."""
    document = contract(Path(question["contract"]).name)
    rule = Rule(topic=question["query"], id="rule", preferred="Ours.")
    packed = pack(
        [s.model_copy(update={"trust": Trust.UNTRUSTED}) for s in (*whole(document), *bearing(rule, document))],
        instruction=judge.instruction,
        task=f"{question['query']}\n{TASK}",
        window=Window(min(window_tokens, judge.window_tokens or window_tokens), judge.answer_tokens),
        counter=COUNTER,
        sections=judge.sections,
    )
    shown = [span.origin for span in packed.source_map.spans if span.origin]
    wanted = [at for start, end in question["spans"] for at in range(start, end) if not document.text[at].isspace()]
    missing = sum(not any(origin.start <= at < origin.end for origin in shown) for at in wanted)
    return missing * 30 <= len(wanted)


@pytest.mark.skipif(not CUAD.is_dir(), reason="the shared cuad-mini folder is missing")
@pytest.mark.parametrize(("window_tokens", "at_least"), [(128_000, 0.85), (8_192, 0.55)])
def test_what_answers_a_question_about_a_real_contract_is_in_the_prompt(
    capsys: pytest.CaptureFixture[str], window_tokens: int, at_least: float
) -> None:
    questions = [json.loads(line) for line in (CUAD / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    held = sum(holds(question, window_tokens) for question in questions)
    with capsys.disabled():
        print(f"\n{window_tokens:,} tokens: {held} of {len(questions)} prompts hold all that answers the question")
    assert held >= at_least * len(questions)
