"""Reviews of real contracts by the legal vertical, with a scripted model in place of a real one."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from rheostat import Run
from rheostat.app_core.drive import Decide
from rheostat.app_core.log import Store
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.examples import legal
from rheostat.examples.legal.review import app, review

SAMPLE = Path(legal.__file__).parent / "sample"
LABELLED = re.compile(r"\[(s\d+)\] ([^\n\[]+)")
TOPIC = re.compile(r"^topic: (.*)$", re.M)
FIXES = ("replace", "add after", "delete")
FEWEST_WORDS = 6


def answer(request: ChatRequest) -> str:
    """Cites one of the sentences that are shown once, by the topic that is asked about; objects to two of three."""
    fields: Any = (request.answer_schema or {}).get("properties", {})
    if "verdict" not in fields:
        return json.dumps({"text": "The parties may agree otherwise in writing."})
    asked = request.messages[1].content
    found = TOPIC.search(asked)
    topic = found[1] if found else ""
    number = crc32(topic.encode()) + len(request.messages) - 2  # another one, if that was sent back
    label, said = _citable(asked)[number % len(_citable(asked))]
    verdict = "acceptable" if crc32(f"{topic} {said}".encode()) % 3 == 0 else "not acceptable"
    rationale = f"{topic[:200]} differs."
    return json.dumps({"quotes": [label], "verdict": verdict, "fix": FIXES[number % 3], "rationale": rationale})


def _citable(asked: str) -> Sequence[tuple[str, str]]:
    """Sentences with their labels."""
    said = [(label, text.strip()) for label, text in LABELLED.findall(asked)]
    times = Counter(text for _, text in said)
    return [each for each in said if times[each[1]] == 1 and len(each[1].split()) >= FEWEST_WORDS] or said


def reviewed(
    contract: Path, playbook: Path, out: Path, *, dial: int, decide: Decide | None = None, store: Store | None = None
) -> Run[Any]:
    """One run of the vertical. Its copy goes to `out`, its Log to `store`, or nowhere."""
    before = app.gateway, app.store
    app.gateway, app.store = ScriptedGateway(answer), store or MemoryStore()
    try:
        given: dict[str, Any] = {"path": str(contract), "playbook": str(playbook), "out": str(out)}
        return app.run(review, dial=dial, model="local", decide=decide, **given)
    finally:
        app.gateway, app.store = before


def pairs(data: Path) -> list[tuple[Path, Path]]:
    """Contracts and the playbook each is reviewed by: the sample's, and the one that Bonterms wrote for its own NDA."""
    folder = data / "contracts"
    usual = SAMPLE / "playbook.yaml"
    contracts = [
        path
        for path in sorted(folder.glob("*"))
        if path.suffix in (".docx", ".md", ".txt") and "playbook" not in path.name
    ]
    own = [(folder / "bonterms-mutual-nda.docx", folder / "bonterms-nda-playbook.docx")]
    return [(SAMPLE / "nda.docx", usual), *((path, usual) for path in contracts), *(own if own[0][1].exists() else [])]
