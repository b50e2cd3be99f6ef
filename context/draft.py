"""What was asked for, and each form of each snippet as the model would see it, with its tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import NamedTuple, cast

from .fence import FENCE_RULE, GAP, Fenced, fence
from .layout import Prompt, Shown, lay_out
from .rendered import rendered
from .section import Section
from .snippet import Form, Origin, Snippet, Trust
from .tokens import Counter
from .units import Rated
from .window import Window

_WHOLE = (1.0,)


@dataclass(frozen=True)
class Ask:
    """What a Pack is asked for; see `pack`. The sections are arranged, the texts are clean."""

    snippets: tuple[Snippet, ...]
    instruction: str
    task: str
    window: Window
    counter: Counter
    schema: str
    tools: str
    sections: tuple[Section, ...]
    allow: Trust
    without: frozenset[str] = frozenset()


class Made(NamedTuple):
    """A form with its text."""

    name: str
    text: str
    share: float


class Draft:
    """Renders and counts what was asked for. Everything is worked out when it is first needed, and once.

    Args:
        ask: what was asked for.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.also: dict[int, tuple[Origin, ...]] = {}
        """Further places of a text: its own, and those of the repeats that it stands for."""
        self.trouble: dict[int, str] = {}
        """What was wrong with functions that should have made shorter forms."""
        self._shorter: dict[int, tuple[Made, ...]] = {}

    @cached_property
    def rule(self) -> str:
        """The rule about fences, if there may be any: what fits must not change the message that comes first.

        Where that is to be cached there may always be: a next call may bring text from outside.
        """
        ask = self.ask
        cached = any(section.keep != "best" for section in ask.sections)
        fenced = cached or any(snippet.trust is Trust.UNTRUSTED for snippet in ask.snippets)
        return FENCE_RULE if fenced and ask.allow is Trust.UNTRUSTED else ""

    def fenced(self, index: int, form: int) -> Fenced:
        """A form of a snippet as the model would see it."""
        snippet = self.ask.snippets[index]
        if form == 0 and index not in self.also:
            return rendered(snippet).fenced
        text = snippet.text if form == 0 else self.shorter(index)[form - 1].text
        return fence(text, snippet.trust, snippet.origin, self.also.get(index, snippet.also))

    def shorter(self, index: int) -> tuple[Made, ...]:
        """The shorter forms of a snippet, those that functions make included."""
        if index not in self._shorter:
            self._shorter[index] = self._make(index, self.ask.snippets[index])
        return self._shorter[index]

    def _make(self, index: int, snippet: Snippet) -> tuple[Made, ...]:
        made, share = list[Made](), 1.0
        for form in snippet.shorter:
            share = min(share, form.worth) if form.worth else share / 2
            text = self._text(index, snippet, form)
            if text is not None:
                made.append(Made(form.name, text, share))
        return tuple(made)

    def _text(self, index: int, snippet: Snippet, form: Form) -> str | None:
        try:
            text = form.text if isinstance(form.text, str) else cast(object, form.text(snippet.text))
        except Exception as error:  # it is the builder's code, and no reason to send nothing
            self.trouble[index] = f"its form {form.name!r} could not be made: {type(error).__name__}: {error}"
            return None
        if not isinstance(text, str):
            self.trouble[index] = f"its form {form.name!r} is no text but {type(text).__name__}"
        elif not text.strip():
            self.trouble[index] = f"its form {form.name!r} is empty"
        elif callable(form.text) and len(text) >= len(snippet.text):
            self.trouble[index] = f"its form {form.name!r} is no shorter than the whole"
        else:
            return text
        return None

    def rated(self, index: int, whole: bool = False) -> Rated:
        """Tokens and relative worth of a snippet's forms; with `whole` of the full one alone."""
        snippet, counter = self.ask.snippets[index], self.ask.counter
        fenced = self.fenced(index, 0) if index in self.also else rendered(snippet).fenced
        full = counter.count_text(fenced.padded)
        if snippet.attachment:
            full += ceil(counter.count_attachment(snippet.attachment) / (1 + counter.error))
        opens = counter.per_message if snippet.role != "user" or self.keeps_newest(snippet) else 0
        if whole or not snippet.shorter:
            return (full + opens,), _WHOLE
        made = self.shorter(index)
        sizes = (counter.count_text(self.fenced(index, form).padded) + opens for form in range(1, len(made) + 1))
        return (full + opens, *sizes), (1.0, *(form.share for form in made))

    def keeps_newest(self, snippet: Snippet) -> bool:
        """Whether a snippet is a turn of a conversation, with a message of its own."""
        return snippet.section in self._conversations

    @cached_property
    def _conversations(self) -> frozenset[str]:
        return frozenset(section.name for section in self.ask.sections if section.keep == "newest")

    def prompt(self, forms: Mapping[int, int]) -> Prompt:
        """The prompt of a choice of forms, given by the indices of their snippets."""
        ask = self.ask
        of_section = {section.name: list[Shown]() for section in ask.sections}
        for index in sorted(forms):
            snippet, form = ask.snippets[index], forms[index]
            attachment = snippet.attachment if form == 0 else None
            of_section[snippet.section].append(Shown(index, form, self.fenced(index, form), snippet.role, attachment))
        system = GAP.join(text for text in (ask.instruction, self.rule) if text)
        sections = (
            (section.keep != "best", self._ordered(section, of_section[section.name])) for section in ask.sections
        )
        return lay_out(system, sections, ask.task)

    def _ordered(self, section: Section, shown: list[Shown]) -> Sequence[Shown]:
        """Trusted text first, but in a conversation, which stands as it was said."""
        if section.keep == "newest":
            return shown
        return sorted(shown, key=lambda one: self.ask.snippets[one.snippet].trust is Trust.UNTRUSTED)

    def tokens(self, prompt: Prompt) -> int:
        """An upper bound on the tokens of the whole request as it would be sent."""
        counter, extra = self.ask.counter, (self.ask.schema, self.ask.tools)
        if counter.sticky is None:
            return counter.count(prompt.messages, *extra)
        inside = sum(map(counter.count_parts, prompt.parts)) + sum(counter.count_text(text) for text in extra if text)
        around = counter.per_message * len(prompt.messages) + counter.per_request
        attached = sum(counter.count_attachment(a) for message in prompt.messages for _, a in message.attachments)
        return ceil((inside + around) * (1 + counter.error)) + attached
