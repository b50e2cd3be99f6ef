"""One LLM node: its choice says which models are asked, and in which order; each holds a conversation of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rheostat import dag
from rheostat.context import BadWindow, MustNotFit, Trust
from rheostat.dag import (
    Best,
    Call,
    Cascade,
    Choice,
    Council,
    Labeled,
    Path,
    Skip,
    Try,
    Vote,
    choice_name,
    part_of,
    pursue,
    task_of,
)

from . import council
from .converse import QUOTES, Answer, Conversation, Said, not_held, tells_of_model
from .declare import Llm
from .errors import AnswerUnusable, GatewayError
from .events import Cited, NodeFinished, NodeLetGo, Tried
from .hold import Hold
from .label import Label, join, untrusted
from .prompt import Offered, Part, Prompt, as_text, gather, prompt
from .run_errors import BudgetTooSmall, DeadlinePassed

_MOST_TOLD = 5
"""Parts of a choice whose trouble is told where all of them came to nothing."""


async def think(
    hold: Hold, llm: Llm[Any, ..., Any], node: str, arguments: Mapping[str, Labeled]
) -> NodeFinished | NodeLetGo:
    """Runs an LLM node.

    Raises:
        MustNotFit: the arguments don't fit the model's window.
        AnswerUnusable: no model gave a usable answer within the allowed attempts.
        BudgetTooSmall, DeadlinePassed and the gateway's errors: the call could not be made.
    """
    offered, answer = None, None
    try:
        while offered is None or answer is None:
            choice = _choice(hold, llm, node)
            if isinstance(choice, Skip):
                return NodeLetGo(node=node, reason="Under this budget the plan spends elsewhere.", mend="user")
            offered = offered or await gather(hold, llm, arguments)
            answer = await _Thinking(hold, node, choice, offered).answer()
    except (BudgetTooSmall, DeadlinePassed) as trouble:
        if not hold.state.nodes[node].node.optional:
            raise
        return NodeLetGo(node=node, reason=str(trouble), mend=trouble.mend)
    if answer.citations:
        hold.emit(Cited(node=node, citations=answer.citations))
    value = llm.codec("return").dump_python(answer.value, mode="json")
    label = _label(offered, answer)
    return NodeFinished(node=node, value=value, label=label, fields=_vouched(llm, label))


def _choice(hold: Hold, llm: Llm[Any, ..., Any], node: str) -> Choice:
    """How a node is run: as the plan says; but to the way in which it has made a call it keeps, also after a crash.

    What it has paid for is of no use to another.
    """
    begun = hold.view.nodes.get(node)
    if begun is not None and begun.calls and begun.choice is not None:
        return begun.choice
    return hold.view.ways.get(task_of(node)) or hold.outlook.unplanned(llm)


@dataclass
class _Thinking:
    """A node's choice under way."""

    hold: Hold
    node: str
    choice: Choice
    offered: Offered

    def __post_init__(self) -> None:
        self._said = dict[Path, Said]()
        self._prompts = dict[tuple[Any, ...], Prompt]()
        self._shown: Prompt | None = None

    async def answer(self) -> Answer | None:
        """The answer that the choice comes to; None if there is another plan before anything was asked."""
        talks = dict[Path, asyncio.Task[Said]]()
        worth = self.hold.outlook.worth(self.node, self.offered.llm, self.choice, self.hold.state.plan)
        try:
            while True:
                tried = {path: said.attempt for path, said in self._said.items()}
                match pursue(self.choice, tried, in_flight=frozenset(talks), worth=worth):
                    case dag.Taken(path):
                        return self._taken(path)
                    case dag.Exhausted():
                        raise self._exhausted()
                    case dag.Trying(tries):
                        for wanted in tries:
                            talks[wanted.path] = asyncio.create_task(self._talk(wanted))
                replanned = self.hold.replanned
                await asyncio.wait([*talks.values(), replanned], return_when=asyncio.FIRST_COMPLETED)
                if replanned.done() and _choice(self.hold, self.offered.llm, self.node) != self.choice:
                    return None
                for path in [path for path, talk in talks.items() if talk.done()]:
                    self._said[path] = talks.pop(path).result()
        finally:
            for talk in talks.values():
                talk.cancel()
            await asyncio.gather(*talks.values(), return_exceptions=True)

    async def _talk(self, wanted: Try) -> Said:
        part = self._part(wanted)
        talk = Conversation(
            self.hold,
            self.node,
            wanted.path,
            self.offered,
            part,
            checks=wanted.role != "rank",
            hedge_after_s=self._hedge_after_s(wanted),
        )
        try:
            said = await talk.hold_with(self._prompt(wanted, part))
        except (MustNotFit, BadWindow, GatewayError) as trouble:
            said = not_held(trouble)
        if wanted.role == "rank" and said.answer is not None:
            said = said.ranked(said.answer.value.places)
        self._note(wanted.path, part_of(self.choice, wanted.path), said)
        return said

    def _hedge_after_s(self, wanted: Try) -> float | None:
        """Time is worth money only to those who set a deadline."""
        if self.hold.view.terms.deadline_s is None:
            return None
        llm, outlook = self.offered.llm, self.hold.outlook
        return outlook.hedge_after_s(self.node, llm, self.choice, wanted.path, wanted.call)

    def _part(self, wanted: Try) -> Part:
        codec = self.offered.llm.codec("return")
        if wanted.role == "answer":
            return Part(codec)
        answers = [answer for path in wanted.shown if (answer := self._said[path].answer) is not None]
        texts = [as_text(codec, answer.value) for answer in answers]
        trust = max((_label(self.offered, answer).trust for answer in answers), default=Trust.USER)
        return council.ranking(texts, trust) if wanted.role == "rank" else council.chairing(codec, texts, trust)

    def _prompt(self, wanted: Try, part: Part) -> Prompt:
        """Packed once for all samples of a model. The Log is told what it sees."""
        call = wanted.call
        key = (call.model, call.effort, wanted.role, wanted.shown)
        if key not in self._prompts:
            self._show(self._prompts.setdefault(key, prompt(self.hold.gateway, self.offered, call, part)))
        return self._prompts[key].at(call.temperature)

    def _show(self, shown: Prompt) -> None:
        self._shown = shown
        self.hold.emit(shown.event(self.node, self.choice))

    def _taken(self, path: Path) -> Answer:
        """The answer of this call. What it rests on is told last, since what is told last is what stays in view."""
        said = self._said[path]
        assert said.answer is not None, "pursue takes only what passed"
        if self._shown is None or self._shown.packed is not said.answer.prompt.packed:
            self._show(said.answer.prompt)
        if not isinstance(self.choice, Call):
            self._note((), choice_name(self.choice), self._whole(said))
        return said.answer

    def _exhausted(self) -> Exception:
        """Why there is no answer: the one trouble there was; else that of money or time; else all that were tried."""
        troubles = [said.trouble for said in self._said.values() if said.trouble is not None]
        if not isinstance(self.choice, Call):
            best = max(self._said.values(), key=lambda said: (said.attempt.answered, said.attempt.score))
            # What money, keys or the network kept from being asked might have done better.
            hindered = next((said for said in self._said.values() if not tells_of_model(said)), best)
            self._note((), choice_name(self.choice), self._whole(replace(best, trouble=hindered.trouble)))
        of_means = [trouble for trouble in troubles if isinstance(trouble, BudgetTooSmall | DeadlinePassed)]
        if len(self._said) == 1 or of_means:
            return [*of_means, *troubles][0]
        unusable = [trouble for trouble in troubles if isinstance(trouble, AnswerUnusable)]
        if not unusable:
            return troubles[-1]
        told = [f"{part_of(self.choice, path)}: {said.trouble}" for path, said in sorted(self._said.items())]
        return AnswerUnusable(
            f"Nobody in {choice_name(self.choice)} gave a usable answer. {' '.join(told[:_MOST_TOLD])}",
            attempts=tuple(attempt for trouble in unusable for attempt in trouble.attempts),
        )

    def _whole(self, taken: Said) -> Said:
        """What the choice as a whole came to."""
        parts = self._said.values()
        return Said(
            taken.attempt,
            taken.answer,
            taken.trouble,
            cost_usd=sum(said.cost_usd for said in parts),
            latency_s=_took_s(self.choice, self._said),
            prompt_tokens=sum(said.prompt_tokens for said in parts),
            answer_tokens=sum(said.answer_tokens for said in parts),
        )

    def _note(self, path: Path, part: str, said: Said) -> None:
        attempt = said.attempt
        tried = Tried(
            node=self.node,
            path=path,
            choice=choice_name(self.choice),
            part=part,
            answered=attempt.answered,
            score=attempt.score,
            passed=attempt.passed,
            cost_usd=said.cost_usd,
            latency_s=said.latency_s,
            prompt_tokens=said.prompt_tokens,
            answer_tokens=said.answer_tokens,
            error="" if said.trouble is None else str(said.trouble),
            counts=tells_of_model(said),
        )
        self.hold.later(tried)


def _took_s(choice: Choice, said: Mapping[Path, Said], at: Path = ()) -> float:
    """How long a choice took as a whole: what goes side by side takes as long as its slowest part."""
    match choice:
        case Call():
            return said[at].latency_s if at in said else 0.0
        case Cascade(stages=stages):
            return sum(_took_s(stage, said, (*at, number)) for number, stage in enumerate(stages))
        case Best(of=parts) | Vote(of=parts):
            return max(_took_s(part, said, (*at, number)) for number, part in enumerate(parts))
        case Council(members=members, chair=chair):
            phases = [max(_took_s(each, said, (*at, phase, n)) for n, each in enumerate(members)) for phase in (0, 1)]
            return sum(phases) + _took_s(chair, said, (*at, 2))
        case Skip():
            return 0.0


def _label(offered: Offered, answer: Answer) -> Label:
    """Of an answer that is used: as little trusted as the least trusted of what went into its prompt.

    It has passed all checks. Where it rests on another answer, both must have passed a check for that to count.
    """
    given = [value.label for value in offered.arguments.values()]
    sources = [untrusted(answer.prompt.untrusted_sources)] if answer.prompt.packed.trust is Trust.UNTRUSTED else []
    label = join([*given, *sources])
    checks = {check.name for check in offered.llm.checks} | ({QUOTES} if answer.citations else set[str]())
    passed = checks if label.passed is None else checks & set(label.passed)
    secret = label.secret or any(source.secret for source in offered.llm.context)
    return label.model_copy(update={"passed": tuple(sorted(passed)), "secret": secret})


def _vouched(llm: Llm[Any, ..., Any], label: Label) -> dict[str, Label]:
    """The labels of the fields that a check vouches for."""
    return {
        name: label.model_copy(update={"trust": Trust.TRUSTED, "by": f"check {check.name}"})
        for check in llm.checks
        for name in check.vouches
    }
