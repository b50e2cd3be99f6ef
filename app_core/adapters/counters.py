"""How to count the tokens of a hosted model: the public table nearest to its tokenizer, and how far off it may be."""

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from rheostat.context import Attachment, Counter, remembered

from .image_tokens import count_attachment

TABLES = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}
"""The tables that litellm ships, and the names it gives their files."""


_STICKY = {"o200k_base": "/", "cl100k_base": ""}
"""What joins a token with the line feed before it, besides white space.

Both tables first split a text by a pattern, then merge within each piece. A piece that holds a line feed is either
white space alone, or other marks with the line feeds right after them: `[^\\s\\p{L}\\p{N}]+[\\r\\n]*`, in o200k_base
`[\\r\\n/]*`. So after a line feed a piece goes on only with white space, or in o200k_base with a slash; and nothing in
the patterns looks back, or ahead further than to whether white space ends. Python's idea of white space holds all of
Unicode's, which is the patterns'.
"""

_CUT = re.compile(r"(?<=\S) |(?<=\n)[^\s/]")
"""Where any text can be cut without changing its count: after a line feed as above, and before the blank after a word,
since no piece of either table has a blank after anything but white space."""
_LONG = 100_000
"""Characters; longer texts are counted in parts of about this size, for the encoder takes 150 bytes a character."""
_LONGEST = 400_000
"""It dies on a run of a million blanks, and takes seconds for one word of ten million letters. Parts that can't be cut
before this are not encoded: each byte may be a token, and never more."""


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


@cache
def hosted_counter(model: str) -> Counter:
    """The counter of a hosted model, by its name. Loads nothing until something is counted.

    The errors are for English prose, contracts and code; in other scripts the count of a model that is not OpenAI's
    may be off by more. A text with a run of 400,000 characters without a blank or a line's end counts as its bytes,
    which is never too little.
    """
    name = model.lower()
    family = next(family for family in _FAMILIES if family.names.search(name))
    count_text = _text_counter(family.table)

    def count_attached(attachment: Attachment) -> int:
        return count_attachment(model, attachment, lambda text: ceil(count_text(text) * (1 + family.error)))

    return Counter(
        name=family.table if family.error < 0.05 else f"near {family.table}",
        count_text=count_text,
        per_message=family.per_message,
        per_request=family.per_request,
        error=family.error,
        sticky=_STICKY[family.table],
        count_attachment=count_attached,
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
def _text_counter(table: str) -> Callable[[str], int]:
    """Counts with a table, and remembers: one for all models and threads of the process."""
    return remembered(partial(_count, table))


def _count(table: str, text: str) -> int:
    encoding = _table(table)
    if len(text) <= _LONG:
        return len(encoding.encode_ordinary(text))
    return sum(
        len(encoding.encode_ordinary(part)) if len(part) <= _LONGEST else len(part.encode("utf-8", "surrogatepass"))
        for part in _parts(text)
    )


def _parts(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > _LONG and (cut := _CUT.search(text, start + _LONG)):
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:] if start else text


@cache
def _table(name: str) -> Any:
    import tiktoken

    folder, kept = tables_folder(), os.environ.get("TIKTOKEN_CACHE_DIR")
    if folder is not None:
        os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)  # offline, tiktoken has no tables of its own
    try:
        return tiktoken.get_encoding(name)
    finally:
        if kept is None:
            os.environ.pop("TIKTOKEN_CACHE_DIR", None)
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = kept
