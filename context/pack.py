"""Packs snippets into a window: exactly what the model will see, a receipt for it, and a map of where it comes from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from . import account
from .choose import Choice, choose
from .draft import Ask, Draft
from .fence import clean
from .receipt import Receipt
from .section import Section, arranged
from .snippet import Snippet, Trust
from .source_map import SourceMap
from .tokens import Counter, Message
from .window import Window


@dataclass(frozen=True)
class Pack:
    """Exactly what the model will see. The receipt and the source map are worked out when they are first asked for.

    Args:
        messages: the request, ready to send.
        tokens: an upper bound of what the request takes, schema and tools included; never more than `window.room`.
        window: the window it was packed for.
    """

    messages: tuple[Message, ...]
    tokens: int
    window: Window
    _draft: Draft = field(repr=False, compare=False)
    _choice: Choice = field(repr=False, compare=False)

    @cached_property
    def receipt(self) -> Receipt:
        """What became of every candidate, why, and at what price."""
        return account.receipt(self._draft, self._choice)

    @cached_property
    def source_map(self) -> SourceMap:
        """From every character of the messages to where it comes from, and back."""
        return account.source_map(self._draft, self._choice)

    @cached_property
    def trust(self) -> Trust:
        """The least trusted of what was kept; USER if nothing was."""
        snippets = self._draft.ask.snippets
        return max((snippets[index].trust for index in self._choice.forms), default=Trust.USER)

    def what_if(
        self, *, window: Window | None = None, counter: Counter | None = None, without: Collection[str] = ()
    ) -> "Pack":
        """The same, packed for other terms. `differences` of the two receipts says what enters and what leaves.

        Args:
            window: another window; None for the same.
            counter: another model's; None for the same.
            without: names of sources (`Origin.source`) and sections that are left out.

        Raises:
            MustNotFit: as `pack` does.
        """
        ask = self._draft.ask
        names = ask.without.union([without] if isinstance(without, str) else without)
        return _packed(replace(ask, window=window or ask.window, counter=counter or ask.counter, without=names))


def pack(
    snippets: Sequence[Snippet],
    *,
    instruction: str,
    task: str,
    window: Window,
    counter: Counter,
    schema: str = "",
    tools: str = "",
    sections: Sequence[Section] = (),
    allow: Trust = Trust.UNTRUSTED,
) -> Pack:
    """Packs what fits, and most of what matters, into the window.

    The system message is the instruction, followed by the rule about fences if any snippet is untrusted (kept or not:
    what fits must not change the message that comes first). Then come the kept snippets, section by section, and last
    the task, said by the user. In a section trusted snippets stand before untrusted ones, else all as given: what is
    the same from call to call comes first, where a provider's prompt cache can use it, and no text from outside comes
    after the task.

    All musts are kept, then what is worth most (see `fit` and `Section`). The request is then counted as a whole and
    packed anew until it holds. Texts that say the same and are equally trusted are kept once, with all their origins.
    Texts are shown as given, but that characters which no request can carry are replaced, and in untrusted text also
    what might pass for a fence or a chat format's mark.

    Args:
        snippets: the candidates.
        instruction: what the builder tells the model to be and do; always kept.
        task: what is asked this time; always kept.
        window: how much the prompt may take.
        counter: how the model counts tokens.
        schema: the JSON schema of the answer as sent, where the provider counts it as prompt.
        tools: the definitions of tools as sent.
        sections: the parts of the prompt that snippets name; those that name none come last.
        allow: the least trusted text that may enter. With TRUSTED, nothing from outside does.

    Returns:
        The Pack. Equal input gives an equal Pack.

    Raises:
        MustNotFit: if the instruction, the task, the schema, the tools and the musts in their shortest forms exceed
            the window, or what the sections before them leave of it.
        BadSection, BadGroup: if a snippet names a section or needs a group that is not there, or groups contradict
            sections.
        Uncountable: if a snippet has an attachment whose tokens nobody can state for this model.
    """
    ask = Ask(
        snippets=tuple(snippets),
        instruction=clean(instruction),
        task=clean(task),
        window=window,
        counter=counter,
        schema=clean(schema),
        tools=clean(tools),
        sections=arranged(sections),
        allow=allow,
    )
    return _packed(ask)


def _packed(ask: Ask) -> Pack:
    draft = Draft(ask)
    choice = choose(draft)
    return Pack(choice.prompt.messages, choice.tokens, ask.window, draft, choice)
