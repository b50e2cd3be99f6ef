"""One conversation with one model: asked, checked, asked again where an answer falls short."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from rheostat import dag
from rheostat.context import BadWindow, Citation, Document, MustNotFit

from .ask import Unfit, ask
from .declare import Check, Score
from .errors import AnswerUnusable, BadRequest, GatewayError, ModelBusy, ModelTimeout
from .events import Checked
from .hold import Hold
from .ports import ChatReply, ChatRequest
from .prompt import Offered, Part, Prompt
from .quoting import resolved
from .run_errors import BudgetTooSmall, DeadlinePassed

Trouble = GatewayError | BudgetTooSmall | DeadlinePassed | MustNotFit | BadWindow
"""Why a conversation came to nothing. Another model, or another day, may do better."""

QUOTES = "quotes"
"""Name of the check that every answer with quotes passes or falls short of: that the model was shown their words."""

_OF_THE_MODEL = (AnswerUnusable, ModelBusy, ModelTimeout, BadRequest, MustNotFit, BadWindow)


@dataclass(frozen=True)
class Answer:
    """An answer of the declared type: its value, what it cites, and the prompt that it rests on."""

    value: Any
    citations: tuple[Citation, ...]
    prompt: Prompt


@dataclass(frozen=True)
class Said:
    """What came of one conversation.

    Args:
        attempt: for the choice that it is a part of.
        answer: the last of the declared type. Only if the `attempt` passed may it be used; else `trouble` says why.
        cost_usd, latency_s, prompt_tokens, answer_tokens: of all its calls, without the time that checks take.
    """

    attempt: dag.Attempt
    answer: Answer | None = None
    trouble: Trouble | None = None
    cost_usd: float = 0.0
    latency_s: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0

    def ranked(self, places: tuple[int, ...]) -> Said:
        """The same, of a member of a council that ranked answers."""
        return replace(self, attempt=replace(self.attempt, ranking=places))


@dataclass
class Conversation:
    """A conversation under way.

    Args:
        hold: of the run.
        node: for which it is held.
        place: where it stands in the node's choice, so that equal questions of one node are told apart.
        offered: what the node has to show.
        part: what this conversation is for.
        checks: whether the node's checks judge its answers.
        hedge_after_s: seconds without an answer after which it is worth asking the same beside; None for never.
    """

    hold: Hold
    node: str
    place: dag.Path
    offered: Offered
    part: Part
    checks: bool = True
    hedge_after_s: float | None = None

    def __post_init__(self) -> None:
        self._replies = list[ChatReply]()
        self._answer: Answer | None = None
        self._score = 0.0
        self._failed_usd = self._failed_s = 0.0

    async def hold_with(self, prompt: Prompt) -> Said:
        """Holds it, starting from this prompt. Raises what is the builder's to mend, and what stops the run."""
        trouble: Trouble | None = None
        try:
            await ask(
                self._call,
                prompt.request,
                self.part.codec,
                labels=prompt.labels,
                again=self.offered.llm.again,
                check=lambda value: self._judge(value, prompt),
                fits=prompt.fits,
            )
        except (GatewayError, BudgetTooSmall, DeadlinePassed) as error:
            trouble = error
        return self._said(trouble)

    async def _call(self, request: ChatRequest) -> ChatReply:
        began_s = self.hold.now()
        try:
            reply = await self.hold.call(self.node, request, self.place, hedge_after_s=self.hedge_after_s)
        except GatewayError as error:
            self._failed_usd += error.cost_usd
            self._failed_s += self.hold.now() - began_s
            raise
        self._replies.append(reply)
        return reply

    def _said(self, trouble: Trouble | None) -> Said:
        answer = self._answer
        says = "" if answer is None else canonical(self.part.codec, answer.value)
        attempt = dag.Attempt(answered=answer is not None, score=self._score, passed=trouble is None, says=says)
        return Said(
            attempt,
            answer,
            trouble,
            cost_usd=self._failed_usd + sum(reply.cost_usd for reply in self._replies),
            latency_s=self._failed_s + sum(reply.latency_s for reply in self._replies),
            prompt_tokens=sum(reply.usage.prompt_tokens for reply in self._replies),
            answer_tokens=sum(reply.usage.answer_tokens for reply in self._replies),
        )

    async def _judge(self, value: Any, prompt: Prompt) -> None:
        """Scores an answer by its weakest side. Raises Unfit if it falls short."""
        self._answer, self._score = Answer(value, (), prompt), 1.0
        if not self.checks:
            return
        data = self.offered.data
        self._answer = Answer(value, self._cited(value, prompt, data), prompt)
        for check in self.offered.llm.checks:
            await self._check(check, data, value)

    def _cited(self, answer: Any, prompt: Prompt, data: Mapping[str, Any]) -> tuple[Citation, ...]:
        """Where the words of an answer's quotes come from. Raises Unfit for one that the model was never shown."""
        documents = [value for value in data.values() if isinstance(value, Document)]
        citations, made_up = resolved(answer, prompt.packed.source_map, documents)
        if citations or made_up:
            self._note(QUOTES, len(citations) / (len(citations) + len(made_up)), not made_up, "\n".join(made_up))
        if made_up:
            raise Unfit("\n".join(made_up))
        return citations

    async def _check(self, check: Check, data: Mapping[str, Any], answer: Any) -> None:
        names = tuple(inspect.signature(check.function).parameters)
        given = {name: data[name] if name in data else answer for name in names}
        result: float | Score = await self.hold.run_function(check.function, given)
        score = result if isinstance(result, Score) else Score(float(result))
        passed = score.value >= check.at_least
        self._note(check.name, score.value, passed, score.evidence)
        if not passed:
            raise Unfit(score.evidence or f"The check {check.name} gave {score.value:g}, wanted {check.at_least:g}.")

    def _note(self, check: str, score: float, passed: bool, evidence: str) -> None:
        self._score = min(self._score, score) if score > 0 else 0.0  # a score that is no number counts for nothing
        self.hold.emit(Checked(node=self.node, check=check, score=score, passed=passed, evidence=evidence[:2000]))


def canonical(codec: TypeAdapter[Any], value: Any) -> str:
    """An answer such that equal ones are equal: by this a vote counts them."""
    plain: object = codec.dump_python(value, mode="json")
    return plain.strip() if isinstance(plain, str) else json.dumps(plain, sort_keys=True, ensure_ascii=False)


def not_held(trouble: Trouble) -> Said:
    """A conversation that could not even begin: the model is not there, or what must be said does not fit it."""
    return Said(dag.Attempt(answered=False), trouble=trouble)


def tells_of_model(said: Said) -> bool:
    """Whether what came of a conversation says something about the model, and not about money, keys or the network."""
    return said.trouble is None or isinstance(said.trouble, _OF_THE_MODEL)
