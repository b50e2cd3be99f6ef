"""What is thought of a model call before one like it was ever made: from list prices, sizes and rules of thumb.

A few recorded calls outweigh all of this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import log10
from typing import Any

from rheostat.dag import Call, Effort, Prior

from .ask import answer_schema
from .declare import Llm
from .models import THINKING_TOKENS, is_local
from .ports import ModelFacts, Price

_CHARS_A_TOKEN = 4
_TOKENS_A_SOURCE = 1_500
_TOKENS_AN_ARGUMENT = 200
_SHARE_ANSWERED = 0.4
"""Of the tokens that an answer may take."""
_RANKING_TOKENS = 30

_GUESSED_QUALITY = 0.65
"""Of a model that costs one USD for a million tokens written; ten times the price is worth _A_TENFOLD more."""
_A_TENFOLD = 0.15
_FREE_QUALITY, _LOCAL_QUALITY = 0.5, 0.35
_WORST, _BEST = 0.3, 0.95
_EFFORTS: Mapping[Effort | None, float] = {None: 0.0, "low": 0.0, "medium": 0.03, "high": 0.05}


def prior(llm: Llm[Any, ..., Any], call: Call, facts: ModelFacts, *, role: str = "answer", shown: int = 0) -> Prior:
    """What is thought of one call for a node.

    Args:
        llm: whose node it is.
        call: the model and how.
        facts: of the model.
        role: "answer" the task, "rank" the answers of others, or "chair" them.
        shown: how many answers of others it reads.
    """
    thinking_tokens = THINKING_TOKENS[call.effort]
    answered_tokens = _SHARE_ANSWERED * llm.answer_tokens
    prompt_tokens = min(_prompt_tokens(llm) + shown * answered_tokens, _room(llm, facts, thinking_tokens))
    written_tokens = (_RANKING_TOKENS if role == "rank" else answered_tokens) + thinking_tokens / 2
    local = is_local(call.model)
    return Prior(
        prompt_tokens=prompt_tokens,
        answer_tokens=written_tokens,
        prompt_usd=facts.price.prompt_usd,
        answer_usd=facts.price.answer_usd,
        tokens_per_s=30.0 if local else 60.0,
        first_token_s=0.2 + prompt_tokens / 300 if local else 0.8,
        quality=min(_BEST, max(_WORST, _quality(facts.price, local=local) + _EFFORTS[call.effort])),
        checked=bool(llm.checks) and role != "rank",
        fails=0.1 if local else 0.02,
        worst_usd=prompt_tokens * facts.price.prompt_usd
        + min(llm.answer_tokens + thinking_tokens, facts.max_answer_tokens) * facts.price.answer_usd,
    )


def _prompt_tokens(llm: Llm[Any, ..., Any]) -> float:
    schema = answer_schema(llm.codec("return"), {})
    told = len(llm.instruction) + (len(json.dumps(schema)) if schema else 0)
    return told / _CHARS_A_TOKEN + len(llm.context) * _TOKENS_A_SOURCE + len(llm.shown) * _TOKENS_AN_ARGUMENT


def _room(llm: Llm[Any, ..., Any], facts: ModelFacts, thinking_tokens: int) -> float:
    window_tokens = min(facts.window_tokens, llm.window_tokens or facts.window_tokens)
    return max(1.0, window_tokens - llm.answer_tokens - thinking_tokens)


def _quality(price: Price, *, local: bool) -> float:
    """What costs more is better, as a rule, and by less and less."""
    if local:
        return _LOCAL_QUALITY
    if price.answer_usd <= 0:
        return _FREE_QUALITY
    return _GUESSED_QUALITY + _A_TENFOLD * log10(price.answer_usd * 1e6)
