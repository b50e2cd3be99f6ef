"""How to count the tokens of a hosted model: the public table nearest to its tokenizer, and how far off it may be."""

import importlib.util
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rheostat.context import Counter

TABLES = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}
"""The tables that litellm ships, and the names it gives their files."""


class _Family(NamedTuple):
    names: re.Pattern[str]
    table: str
    error: float
    """The true count is at most this share above what the table gives."""
    per_message: int
    per_request: int


def _family(names: str, table: str, error: float, per_message: int = 8, per_request: int = 16) -> _Family:
    return _Family(re.compile(names), table, error, per_message, per_request)


_FAMILIES = (
    # Ollama serves anything, and a prompt too long is cut without a word.
    _family(r"^ollama", "o200k_base", 0.50, 8, 64),
    # OpenAI: the tables are its own. Four tokens a message and three a request are documented; the rest is for what
    # newer models add unseen (a date, a role renamed), and the error for how a schema is rendered.
    _family(r"gpt-4o|gpt-4\.|gpt-[5-9]|chatgpt|\bo[1-9](-|$)", "o200k_base", 0.02, 4, 16),
    _family(r"gpt-4|gpt-3\.5|gpt-35", "cl100k_base", 0.02, 5, 16),
    # gpt-oss: OpenAI's own table again, but its chat format adds a long system message.
    _family(r"gpt-oss", "o200k_base", 0.02, 8, 160),
    # Claude: since Opus 4.7 about 1.53 times o200k on English prose, before that 1.18 times; code is up to 30 % off
    # either way. A schema may go out as a tool, which adds some 350 tokens.
    _family(r"claude-(3|2|instant|opus-4(-[0156]|-20|$)|sonnet-4|haiku-4)", "o200k_base", 0.35, 8, 500),
    _family(r"claude", "o200k_base", 0.80, 8, 500),
    # Vocabularies of 128,000 and more, trained on similar text: near o200k on English, somewhat above on code.
    _family(r"gemini|gemma", "o200k_base", 0.25),
    _family(r"llama-?[34]|llama3|qwen|deepseek|grok|glm|kimi|minimax|command", "o200k_base", 0.30),
    # Mistral: 32,000 to 131,000 entries, by model; the smallest need a third more.
    _family(r"mistral|ministral|mixtral|codestral|devstral|magistral|pixtral", "o200k_base", 0.40),
    # Anything else may have a vocabulary of 32,000.
    _family(r"", "o200k_base", 0.50),
)


def hosted_counter(model: str) -> Counter:
    """The counter of a hosted model, by its name.

    The errors are for English prose, contracts and code; in other scripts the count of a model that is not OpenAI's
    may be off by more.
    """
    name = model.lower()
    family = next(family for family in _FAMILIES if family.names.search(name))
    return Counter(
        name=family.table if family.error < 0.05 else f"{family.table} +{family.error:.0%}",
        count_text=_table(family.table),
        per_message=family.per_message,
        per_request=family.per_request,
        error=family.error,
    )


def tables_folder() -> Path | None:
    """Where litellm keeps the tables, found without importing it; None if it ships them no more."""
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(folder) / "litellm_core_utils" / "tokenizers"
        if all((found / file).is_file() for file in TABLES.values()):
            return found
    return None


@cache
def _table(name: str) -> Callable[[str], int]:
    import tiktoken

    folder, kept = tables_folder(), os.environ.get("TIKTOKEN_CACHE_DIR")
    if folder is not None:
        os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)  # offline, tiktoken has no tables of its own
    try:
        encoding = tiktoken.get_encoding(name)
    finally:
        if kept is None:
            os.environ.pop("TIKTOKEN_CACHE_DIR", None)
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = kept
    return lambda text: len(encoding.encode_ordinary(text))
