"""Which model serves: one named, else a provider whose key is set, else Ollama on this machine, else the embedded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rheostat.dag import Effort

LOCAL = "local"
GGUF = "gguf:"

THINKING_TOKENS: Mapping[Effort | None, int] = {None: 0, "low": 1_024, "medium": 2_048, "high": 4_096}
"""What a model may write for itself before it answers, by effort: room is kept for it beside the answer's."""


def is_local(model: str) -> bool:
    """Whether a model is a file that is served in this process."""
    return model == LOCAL or model.startswith(GGUF)


class Provider(NamedTuple):
    """A provider of hosted models: its name, where its key is looked for, and the model used unless one is named."""

    name: str
    keys: tuple[str, ...]
    model: str


PROVIDERS = (
    # Cheap current models that don't think unasked: thinking would use up the tokens kept for an answer.
    Provider("Anthropic", ("ANTHROPIC_API_KEY",), "anthropic/claude-haiku-5-5"),
    Provider("OpenAI", ("OPENAI_API_KEY",), "openai/gpt-5.4-mini"),
    Provider("Google", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "gemini/gemini-3.5-flash-lite"),
    Provider("Mistral", ("MISTRAL_API_KEY",), "mistral/mistral-small-latest"),
    Provider("xAI", ("XAI_API_KEY",), "xai/grok-4.20-non-reasoning"),
    Provider("DeepSeek", ("DEEPSEEK_API_KEY",), "deepseek/deepseek-v4-flash"),
    Provider("Groq", ("GROQ_API_KEY",), "groq/openai/gpt-oss-120b"),
)


@dataclass(frozen=True)
class Resolved:
    """The model that serves, and why this one, as a sentence for people."""

    model: str
    why: str


@dataclass(frozen=True)
class Available:
    """A line of `rheostat models`.

    Args:
        model: as one names it.
        state: "ready"; "fetch" if it comes by itself on first use; "missing" if something must be done first.
        why: what makes it so, or what to do.
    """

    model: str
    state: Literal["ready", "fetch", "missing"]
    why: str


def choose(explicit: str | None, environment: Mapping[str, str], ollama: Sequence[str]) -> Resolved:
    """The model that serves.

    Args:
        explicit: the model named by the user or the app, if any.
        environment: where providers' keys are looked for.
        ollama: names of the models of an Ollama server on this machine, the best first; empty without one.
    """
    if explicit:
        return Resolved(explicit, f"{explicit} was named.")
    for provider in PROVIDERS:
        if key := _key(provider, environment):
            return Resolved(provider.model, f"{key} is set, and {provider.model} is {provider.name}'s default here.")
    if ollama:
        model = f"ollama/{ollama[0]}"
        return Resolved(model, f"No provider's key is set, and an Ollama server on this machine has {ollama[0]}.")
    return Resolved(LOCAL, "No provider's key is set and no Ollama server runs here, so the embedded model serves.")


def available(environment: Mapping[str, str], ollama: Sequence[str], embedded: bool) -> list[Available]:
    """What can be used here, in the order in which it would be chosen, and why not the rest.

    Args:
        environment, ollama: as `choose`.
        embedded: whether the embedded model's file is on this machine.
    """
    lines: list[Available] = []
    for provider in PROVIDERS:
        key = _key(provider, environment)
        why = f"{key} is set" if key else f"set {provider.keys[0]}"
        lines.append(Available(provider.model, "ready" if key else "missing", why))
    lines += [Available(f"ollama/{name}", "ready", "an Ollama server on this machine has it") for name in ollama]
    if not ollama:
        lines.append(Available("ollama/NAME", "missing", "start Ollama and pull a model"))
    if embedded:
        lines.append(Available(LOCAL, "ready", "its file is on this machine; a toy in quality"))
    else:
        why = "93 MB are fetched on first use, or now by `rheostat models get local`; a toy in quality"
        lines.append(Available(LOCAL, "fetch", why))
    lines.append(Available("gguf:PATH", "ready", "any GGUF model file of your own"))
    return lines


def _key(provider: Provider, environment: Mapping[str, str]) -> str | None:
    return next((key for key in provider.keys if environment.get(key, "").strip()), None)
