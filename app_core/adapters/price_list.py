"""What hosted models cost and hold: litellm's bundled list, and what the user states in a file of their own."""

import difflib
import importlib.util
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BadPrice, UnknownModel, UnknownPrice
from ..home import config_folder
from ..ports import CacheFacts, ModelFacts, Price

PRICES_VARIABLE = "RHEOSTAT_PRICES"

MOST_USD_PER_MTOK = 10_000.0
"""A price above this is taken for a slip: the dearest model listed costs less."""

Entry = Mapping[str, Any]

_LIST = "model_prices_and_context_window_backup.json"
_SEARCHES = re.compile(r"^perplexity/|search-(?:api|preview)")
_CLAUDE_WITH_BREAKPOINTS = frozenset(
    "anthropic bedrock bedrock_converse vertex_ai vertex_ai-anthropic_models azure_ai databricks openrouter".split()
)
_TIER = re.compile(r"(?:input|output)_cost_per_token_above_(\d+)k_tokens")


class Stated(BaseModel):
    """One entry of prices.yaml: what the user says of a model. What is left out, the bundled list must know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt_usd_per_mtok: float = Field(ge=0, le=MOST_USD_PER_MTOK, allow_inf_nan=False)
    answer_usd_per_mtok: float = Field(ge=0, le=MOST_USD_PER_MTOK, allow_inf_nan=False)
    cached_usd_per_mtok: float | None = Field(default=None, ge=0, le=MOST_USD_PER_MTOK, allow_inf_nan=False)
    cache_write_usd_per_mtok: float | None = Field(default=None, ge=0, le=MOST_USD_PER_MTOK, allow_inf_nan=False)
    window_tokens: int | None = Field(default=None, gt=0)
    max_answer_tokens: int | None = Field(default=None, gt=0)

    @property
    def price(self) -> Price:
        """The same, by the token."""
        cached, written = self.cached_usd_per_mtok, self.cache_write_usd_per_mtok
        return Price(
            prompt_usd=self.prompt_usd_per_mtok / 1e6,
            answer_usd=self.answer_usd_per_mtok / 1e6,
            cached_read_usd=None if cached is None else cached / 1e6,
            cached_write_usd=None if written is None else written / 1e6,
        )


def listed_facts(model: str) -> ModelFacts:
    """What is known of a hosted model. What the user states goes before the list.

    Raises:
        UnknownModel: if neither knows the model, or it is not for chat.
        UnknownPrice: if its price or its size is not known.
        BadPrice: if a price can't be true.
    """
    stated, entry = stated_prices().get(model), find_entry(model)
    if stated is None and entry is None:
        raise _unknown(model)
    if stated is None and entry is not None:
        return entry_facts(model, entry)
    return _stated_facts(model, cast(Stated, stated), entry or {})


def entry_facts(model: str, entry: Entry) -> ModelFacts:
    """The facts in an entry of the bundled list. Its window ends where a dearer tier begins, so that one price holds.

    Raises: as `listed_facts`.
    """
    if entry.get("mode") != "chat":
        purpose = str(entry.get("mode") or "something else").replace("_", " ")
        raise UnknownModel(f"{model!r} is no chat model but for {purpose}, so it can't be asked. Choose a chat model.")
    if _SEARCHES.search(model):
        raise _unpriced(model, "it bills for searches of its own besides tokens, and no count foresees those")
    prompt_usd, answer_usd = _usd(model, entry, "input_cost_per_token"), _usd(model, entry, "output_cost_per_token")
    if prompt_usd is None or answer_usd is None:
        raise _unpriced(model, "it has no price in the bundled list")
    if prompt_usd == answer_usd == 0:
        raise _unpriced(model, "the bundled list has it at nothing, which may mean free or unknown")
    window, answer = _size(entry, "max_input_tokens"), _size(entry, "max_output_tokens")
    if window is None:
        raise _unpriced(model, "the bundled list does not say how many tokens it can hold")
    written_usd = _usd(model, entry, "cache_creation_input_token_cost")
    price = Price(
        prompt_usd=prompt_usd,
        answer_usd=max(answer_usd, _usd(model, entry, "output_cost_per_reasoning_token") or 0),
        cached_read_usd=_usd(model, entry, "cache_read_input_token_cost"),
        # Nobody writes for less than he reads: where the list says so, it errs.
        cached_write_usd=None if written_usd is None else max(written_usd, prompt_usd),
    )
    tiers = [int(found[1]) * 1000 for key in entry if (found := _TIER.fullmatch(key))]
    window = min([window, *tiers])
    return ModelFacts(
        name=model,
        window_tokens=window,
        max_answer_tokens=min(answer or window, window),
        price=price,
        cache=cache_facts(model, entry),
    )


def _usd(model: str, entry: Entry, key: str) -> float | None:
    """A price in the list, by the token; None if it is not there."""
    usd = entry.get(key)
    if not isinstance(usd, int | float):
        return None
    if not 0 <= usd * 1e6 <= MOST_USD_PER_MTOK:
        raise BadPrice(f"The bundled list says {usd!r} for {key} of {model!r}, which can't be true. {_how(model)}")
    return float(usd)


def cache_facts(model: str, entry: Entry) -> CacheFacts | None:
    """How a hosted model's prompt cache works, as far as its provider documents it and litellm passes it on.

    Gemini's breakpoints are left out: for them litellm makes a store that is billed by the hour. What Gemini and others
    cache by themselves, they don't promise.
    """
    provider = str(entry.get("litellm_provider") or model.partition("/")[0])
    caches = entry.get("supports_prompt_caching") or provider == "openrouter"  # of whose models few are listed
    if not caches:
        return None
    if "claude" in model.lower() and provider in _CLAUDE_WITH_BREAKPOINTS:
        return CacheFacts(min_tokens=int(entry.get("prompt_cache_min_tokens") or 1024), marked=True)
    if provider in ("openai", "azure"):
        return CacheFacts(min_tokens=1024, step_tokens=128)
    if provider == "deepseek":
        return CacheFacts(min_tokens=64, step_tokens=64, keeps_s=3600.0)
    return None


def takes(model: str, media_type: str) -> bool:
    """Whether a hosted model is known to take an image or a PDF."""
    entry = find_entry(model) or {}
    return bool(entry.get("supports_pdf_input" if media_type == "application/pdf" else "supports_vision"))


def find_entry(model: str) -> Entry | None:
    """The bundled list's entry for a litellm name. "openai/gpt-4o" is found under "gpt-4o"."""
    listed = bundled_list()
    if model in listed:
        return listed[model]
    provider, _, name = model.partition("/")
    entry = listed.get(name)
    return entry if entry and entry.get("litellm_provider") == provider else None


@cache
def bundled_list() -> Mapping[str, Entry]:
    """litellm's list of models, read from its file: importing litellm would take seconds. Empty if it is not there."""
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / _LIST
        if path.is_file():
            listed = cast("dict[str, Entry]", json.loads(path.read_text("utf-8")))
            listed.pop("sample_spec", None)
            return listed
    return {}


def stated_path() -> Path | None:
    """The file in which the user states prices, if there is one.

    Raises:
        UnknownPrice: if `RHEOSTAT_PRICES` names a file that is not there.
    """
    named = os.environ.get(PRICES_VARIABLE, "").strip()
    if not named:
        path = config_folder() / "prices.yaml"
        return path if path.is_file() else None
    path = Path(named).expanduser()
    if not path.is_file():
        raise UnknownPrice(
            f"{PRICES_VARIABLE} names {path}, and there is no such file. Write it, or unset the variable."
        )
    return path


def stated_prices() -> Mapping[str, Stated]:
    """What the user states, by model.

    Raises:
        BadPrice: if the file can't be read, or a price in it can't be true.
        UnknownPrice: as `stated_path`.
    """
    path = stated_path()
    return {} if path is None else _read_stated(path, path.stat().st_mtime_ns)


@cache
def _read_stated(path: Path, _changed: int) -> Mapping[str, Stated]:
    import yaml

    try:
        loaded: object = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadPrice(f"The prices in {path} can't be read: {' '.join(str(error).split())}. {_how('MODEL')}") from None
    if not isinstance(loaded, dict):
        raise BadPrice(f"{path} must name models, each with its prices. {_how('MODEL')}")
    prices: dict[str, Stated] = {}
    for model, stated in cast("dict[object, object]", loaded).items():
        try:
            prices[str(model)] = Stated.model_validate(stated)
        except ValidationError as error:
            raise _bad(str(model), str(path), error) from None
    return prices


def _stated_facts(model: str, stated: Stated, entry: Entry) -> ModelFacts:
    window = stated.window_tokens or _size(entry, "max_input_tokens")
    if window is None:
        raise _unpriced(model, "its price is stated, but not window_tokens, and the bundled list does not know it")
    answer = stated.max_answer_tokens or _size(entry, "max_output_tokens") or window
    return ModelFacts(
        name=model,
        window_tokens=window,
        max_answer_tokens=min(answer, window),
        price=stated.price,
        cache=cache_facts(model, entry),
    )


def _size(entry: Entry, key: str) -> int | None:
    size = entry.get(key) or entry.get("max_tokens")
    return int(size) if isinstance(size, int | float) and size > 0 else None


def _unknown(model: str) -> UnknownModel:
    known = bundled_list()
    short = {name.rpartition("/")[2].lower(): name for name in sorted(known, key=len, reverse=True)}
    wanted = model.rpartition("/")[2].lower()
    near = dict.fromkeys(short[name] for name in difflib.get_close_matches(wanted, short, n=3, cutoff=0.6))
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    return UnknownModel(f"No model {model!r} is known.{hint} If it is one of your own, state it: {_how(model)}")


def _unpriced(model: str, why: str) -> UnknownPrice:
    return UnknownPrice(f"What {model!r} costs is not known: {why}. Without that no budget can hold. {_how(model)}")


def _bad(model: str, place: str, error: ValidationError) -> BadPrice:
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the entry"
    return BadPrice(f"The price of {model!r} in {place} can't be true: {field}: {first['msg']}. {_how(model)}")


def _how(model: str) -> str:
    named = os.environ.get(PRICES_VARIABLE, "").strip() or str(config_folder() / "prices.yaml")
    line = "{prompt_usd_per_mtok: 1.0, answer_usd_per_mtok: 2.0, window_tokens: 8192, max_answer_tokens: 2048}"
    return f'Put a line like this into {named} (or the file that {PRICES_VARIABLE} names): "{model}": {line}'
