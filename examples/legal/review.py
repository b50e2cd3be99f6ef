"""The legal vertical: a contract against a playbook, rule by rule. Each redline is an action that the dial rules on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rheostat import (
    App,
    Change,
    Document,
    Quote,
    Refused,
    Score,
    Snippet,
    find,
    hunks,
    locate,
    read,
    when,
    write_redlines,
)
from rheostat.context import ContextError

from .playbook import Playbook, Rule, read_playbook

app = App("legal")

Verdict = Literal["acceptable", "needs review", "not acceptable"]


class Judgement(BaseModel):
    """What the contract says on one rule. The first quote is the sentence that a change would start from."""

    model_config = ConfigDict(frozen=True)

    quotes: list[Quote] = Field(min_length=1, max_length=2)
    verdict: Verdict
    fix: Literal["replace the sentence", "add after the sentence", "delete the sentence", "none"]
    rationale: str = Field(min_length=1, max_length=300)


class Wording(BaseModel):
    """A clause written by the model, for a rule that has no standard wording."""

    text: str = Field(max_length=1200)


class Target(BaseModel):
    """The exact span of the contract that a redline replaces, and what stands there now."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    place: str
    old: str
    new: str


class Delivered(BaseModel):
    """The redlined file, how many changes it shows, and why others were left out."""

    path: str
    changes: int
    refused: list[str]


@app.source(trust="untrusted")
def contract_at(path: str) -> Document:
    """The contract, from the other side: it may say anything."""
    return read(Path(path))


@app.source
def playbook_at(path: str) -> Playbook:
    """The playbook, our own."""
    return read_playbook(Path(path))


@app.source(trust="untrusted")
def bearing(rule: Rule, contract: Document) -> list[Snippet]:
    """The clauses that bear on a rule, best first."""
    return find(contract, " ".join((rule.topic, rule.preferred, rule.not_acceptable, rule.wording)), limit=3)


@app.llm(context=[bearing], window_tokens=3000, answer_tokens=500, again=1)
def judge(rule: Rule, contract: Document) -> Judgement:
    """Compare the contract's clauses with the rule of our playbook.

    quotes: the sentence of the contract that decides, and one more if you need it.
    verdict: "acceptable" if the contract meets the preferred position; "needs review" if it only meets a fallback;
    "not acceptable" if it does neither.
    fix: how the first quoted sentence has to be changed to meet the rule, "none" if it is acceptable.
    rationale: one sentence on why, in plain words.
    """
    ...


@app.check(judge, vouches=["quotes"])
def quotes_stand(contract: Document, judgement: Judgement) -> Score:
    """Every quote stands in the contract, once, at the cited place."""
    problems = [problem for quote in judgement.quotes if (problem := _missing(contract, quote))]
    return Score(1 - len(problems) / len(judgement.quotes), " ".join(problems))


def _missing(contract: Document, quote: Quote) -> str:
    try:
        locate(contract, quote)
    except ContextError as error:
        return str(error)
    return ""


@app.function
def falls_short(judgement: Judgement) -> bool:
    """Whether there is something to change."""
    return judgement.verdict != "acceptable" and judgement.fix != "none"


@app.function
def lacks_words(rule: Rule, judgement: Judgement) -> bool:
    """Whether the playbook has no standard wording for a change that needs some."""
    return not rule.wording and judgement.fix != "delete the sentence"


@app.llm(answer_tokens=500, again=1)
def reword(rule: Rule, judgement: Judgement) -> Wording:
    """Write the wording that meets the rule's preferred position, or else its best fallback.

    Keep the words of the quoted sentence wherever they can stay, and its defined terms. Write the contract's text only.
    """
    ...


@app.function
def aim(rule: Rule, contract: Document, judgement: Judgement, words: Wording | None) -> Target:
    """Where the change goes, and what comes there: the playbook's standard wording if it has one."""
    origin = locate(contract, judgement.quotes[0])
    new = rule.wording or (words.text if words else "")
    start, end, new = {
        "delete the sentence": (origin.start, origin.end, ""),
        "add after the sentence": (origin.end, origin.end, f" {new}"),
    }.get(judgement.fix, (origin.start, origin.end, new))
    return Target(start=start, end=end, place=origin.place, old=contract.text[start:end], new=new)


def shown(file: str, clause: str, rule: str, wording: str, comment: str, target: Target) -> dict[str, object]:
    """A redline as a person sees it before deciding."""
    diff = list[dict[str, str]]()
    for part in hunks(target.old, wording):
        ops = [("keep", part.old)] if part.kept else [("delete", part.old), ("insert", part.new)]
        diff += [{"op": op, "text": text} for op, text in ops if text]
    return {
        "title": f"Clause {clause}" if clause else "A clause without a number",
        "diff": diff,
        "facts": {"rule": rule, "why": comment},
    }


@app.tool(risk="outward", control=["file", "clause", "rule"], preview=shown)
def redline(file: str, clause: str, rule: str, wording: str, comment: str, target: Target) -> Change:
    """A change that the other side will see, with the reason in the margin."""
    return Change(start=target.start, end=target.end, new=wording, comment=comment)


@app.tool(risk="local", control=["out"])
def deliver(out: str, path: str, sha256: str, changes: list[Change | None], *, idempotency_key: str = "") -> Delivered:
    """Writes the redlined copy. A change that can't be made exactly is left out, and why is kept."""
    contract, wanted, refused = read(Path(path)), [change for change in changes if change], list[str]()
    if contract.sha256 != sha256:
        raise Refused(f"{path} was changed after it was reviewed. Review it again.")
    while True:
        try:
            written = write_redlines(Path(path), contract, wanted, Path(out), author="rheostat", at=datetime.now(UTC))
            return Delivered(path=out, changes=written.changes, refused=refused)
        except Refused as error:
            if error.change is None:
                raise
            wanted.remove(error.change)
            refused.append(str(error))


def proposed(rule: Rule, contract: Document, judgement: Judgement, path: str) -> Change:
    """Draws the nodes that make a redline of a judgement."""
    words = when(lacks_words(rule, judgement), lambda: reword(rule, judgement))
    target = aim(rule, contract, judgement, words)
    return redline(path, judgement.quotes[0].place, rule.id, target.new, judgement.rationale, target)


@app.workflow
def one_rule(rule: Rule, contract: Document, path: str) -> Change | None:
    """Judges one rule and proposes a redline if the contract falls short of it."""
    judgement = judge(rule, contract)
    return when(falls_short(judgement), lambda: proposed(rule, contract, judgement, path))


@app.workflow
def review(path: str, playbook: str, out: str) -> Delivered:
    """Reviews a contract and writes the redlined copy."""
    contract = contract_at(path)
    changes = one_rule.each(playbook_at(playbook).rules, contract, path)
    return deliver(out, path, contract.sha256, changes)
