"""What is worked out of a snippet once, and kept as long as the snippet itself: most are packed again and again."""

from typing import NamedTuple
from weakref import ref

from .duplicates import first_letters
from .fence import Fenced, fence
from .snippet import Snippet


class Rendered(NamedTuple):
    """Of one snippet: its full form as the model would see it, and by what texts that may say the same are found."""

    fenced: Fenced
    letters: str


def rendered(snippet: Snippet) -> Rendered:
    """Works it out, or finds it again.

    A snippet can't change, so neither can this. Snippets are told apart by identity: to compare or hash their texts
    would cost as much as the work that it saves.
    """
    key = id(snippet)
    known = _known.get(key)
    if known is not None and known() is snippet:
        return known.rendered
    owner = _Owner(snippet, _forget)
    owner.key = key
    owner.rendered = Rendered(
        fence(snippet.text, snippet.trust, snippet.origin, snippet.also), first_letters(snippet.text)
    )
    _known[key] = owner
    return owner.rendered


class _Owner(ref[Snippet]):
    """A snippet that takes what is known of it along when it goes."""

    __slots__ = ("key", "rendered")
    key: int
    rendered: Rendered


def _forget(gone: ref[Snippet]) -> None:
    if isinstance(gone, _Owner):
        _known.pop(gone.key, None)


_known: dict[int, _Owner] = {}
