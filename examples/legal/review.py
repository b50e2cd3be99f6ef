"""The legal vertical: a contract against a playbook, rule by rule. Each redline is an action that the dial rules on."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from rheostat import App, Change, Delivered, Score, Target, aim, diff, quotes_stand, redlinable, when, write_what_fits
from rheostat.autonomy import Rule as DialRule
from rheostat.autonomy import Ruling
from rheostat.context import Document, Quote, Section, Snippet, find, locate, read, snippets

from .playbook import Playbook, Rule, read_playbook

app = App("legal")
CONTRACT = Section("contract", share=0.15, keep="stable")
BLANKS = DialRule(
    name="blanks", tool="redline", argument="wording", value="*[[_]*", at_least=Ruling.ASK, why="It has blanks to fill."
)


class Judgement(BaseModel):
    """What the contract says on one rule. A change starts from the sentence that is quoted first."""

    quotes: list[Quote] = Field(min_length=1, max_length=2)
    verdict: Literal["acceptable", "needs review", "not acceptable"]
    fix: Literal["replace", "add after", "delete"]
    rationale: str = Field(min_length=1, max_length=250)


class Wording(BaseModel):
    """A clause that the model wrote, for a rule without standard wording."""

    text: str = Field(min_length=1, max_length=1200)


@app.source(trust="untrusted")
def contract_at(path: str) -> Document:
    """The contract comes from the other side: it may say anything."""
    return redlinable(read(Path(path)))


@app.source
def playbook_at(path: str) -> Playbook:
    """The playbook is our own."""
    return read_playbook(Path(path))


@app.source(trust="untrusted")
def whole(contract: Document) -> list[Snippet]:
    """The whole contract if it is short beside the window: the same for each rule, so that a cache can serve it."""
    return [part.model_copy(update={"section": CONTRACT.name, "group": "all"}) for part in snippets(contract)]


@app.source(trust="untrusted")
def bearing(rule: Rule, contract: Document) -> list[Snippet]:
    """The clauses that bear on a rule, best first: a sixth of a contract that is too long to show as a whole."""
    query = " ".join((rule.topic, rule.preferred, rule.not_acceptable, rule.wording))
    return find(contract, query, limit=max(3, len(snippets(contract)) // 6))


@app.llm(context=[whole, bearing], sections=[CONTRACT], window_tokens=128_000, answer_tokens=400, again=1)
def judge(rule: Rule, contract: Document) -> Judgement:
    """Compare the contract's clauses with the rule of our playbook.

    quotes: the sentence of the contract that decides, and one more if you need it.
    verdict: "acceptable" if the contract meets the preferred position; "needs review" if it only meets a fallback;
    "not acceptable" if it does neither.
    fix: what would have to be done with the first quoted sentence for the contract to meet the rule.
    rationale: one sentence on why, in plain words.
    """
    ...


@app.check(judge, vouches=["quotes"])
def quotes_are_real(contract: Document, judgement: Judgement) -> Score:
    """A made-up quote is sent back, and never shown."""
    return quotes_stand(contract, judgement.quotes)


@app.function
def falls_short(judgement: Judgement) -> bool:
    """Whether there is something to change."""
    return judgement.verdict != "acceptable"


@app.function
def lacks_words(rule: Rule, judgement: Judgement) -> bool:
    """Whether the change needs words that the playbook does not have."""
    return not rule.wording and judgement.fix != "delete"


@app.llm(answer_tokens=500, again=1)
def reword(rule: Rule, judgement: Judgement) -> Wording:
    """Write the contract text that meets the rule's preferred position, or else its best fallback.

    Keep the words of the first quote wherever they can stay, and its defined terms. Write nothing but contract text.
    """
    ...


@app.function
def target(rule: Rule, contract: Document, judgement: Judgement, words: Wording | None) -> Target:
    """Where the change goes and what comes there: the playbook's standard wording, if it has one."""
    quoted = locate(contract, judgement.quotes[0])
    new = rule.wording or (words.text if words else "")
    start, end, new = {
        "replace": (quoted.start, quoted.end, new),
        "add after": (quoted.end, quoted.end, f" {new}"),
        "delete": (quoted.start, quoted.end, ""),
    }["replace" if rule.wording and judgement.fix == "delete" else judgement.fix]
    # The other side reads the comment. The rationale may tell of fallbacks and guidance: it stays in our report.
    return aim(contract, Change(start=start, end=end, new=new, comment=f"{rule.topic}: {rule.preferred}"))


def shown(file: str, clause: str, rule: str, wording: str, change: Target, why: str) -> dict[str, Any]:
    """What a person sees before deciding."""
    facts = {"rule": rule, "quote": change.old or change.before, "why": why, "comment": change.comment}
    return {"title": f"Redline of {change.place or 'a clause'}", "facts": facts, "diff": diff(change, wording)}


@app.tool(risk="outward", control=["file", "clause", "rule"], preview=shown, rules=[BLANKS])
def redline(
    file: str, clause: str, rule: str, wording: str, change: Target, why: str, idempotency_key: str = ""
) -> Change:
    """A change that the other side will see, with our position in the margin. Until delivery nothing happens."""
    new = wording if change.old else wording and f" {wording.lstrip()}"  # who edits an addition may drop its blank
    return Change(start=change.start, end=change.end, new=new, comment=change.comment)


@app.tool(risk="local", control=["out"], changes=["out"])
def deliver(out: str, path: str, sha256: str, changes: list[Change | None], idempotency_key: str = "") -> Delivered:
    """Writes the redlined copy; refuses if the contract is no longer the one that was reviewed."""
    reviewed = read(Path(path)).model_copy(update={"sha256": sha256})
    return write_what_fits(Path(path), reviewed, [c for c in changes if c], Path(out), author="rheostat")


def proposed(rule: Rule, contract: Document, judgement: Judgement, path: str) -> Change:
    """Draws the nodes that make a redline of a judgement."""
    words = when(lacks_words(rule, judgement), lambda: reword(rule, judgement))
    change = target(rule, contract, judgement, words)
    return redline(path, judgement.quotes[0].place, rule.id, change.new, change, judgement.rationale)


@app.workflow
def one_rule(rule: Rule, contract: Document, path: str) -> Change | None:
    """Judges one rule, and proposes a redline where the contract falls short of it."""
    judgement = judge(rule, contract)
    return when(falls_short(judgement), lambda: proposed(rule, contract, judgement, path))


@app.workflow
def review(path: str, playbook: str, out: str) -> Delivered:
    """Reviews a contract and writes the redlined copy."""
    contract = contract_at(path)
    changes = one_rule.each(playbook_at(playbook).rules, contract, path)
    return deliver(out, path, contract.sha256, changes)
