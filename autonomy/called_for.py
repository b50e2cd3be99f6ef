"""Whether a request calls for an effect at all: the narrowest plan that can be made without asking a model.

An agent may use all its tools, but a request seldom calls for all of them. Once text from outside has been read, an
effect that the user's words do not call for was thought of by nobody who may think of one. This is a lexical test, in
English: other words call for nothing, and so are asked about. A workflow's graph is the better plan where there is one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .words import tokens

_ALIKE = (
    "send write post message dm msg tell reply respond answer say inform notify forward email mail contact ask let",
    "add append include put insert attach create make new set plan organize organise schedule book remind reminder "
    "prepare draft start open write save note",
    "invite add onboard bring",
    "update change adjust modify edit set correct fix amend rename move",
    "delete remove erase clear clean cancel drop kick discard trash",
    "reschedule move postpone shift change delay",
    "cancel delete remove",
    "share give grant send",
    "reserve reservation book booking rent hire",
    "pay transfer refund send money return reimburse settle",
    "buy purchase order",
    "publish post upload put",
    "run execute test build install",
    "archive store file",
    "copy duplicate clone",
    "enable activate allow unlock",
    "disable deactivate block lock suspend",
    "assign delegate hand give",
    "approve accept confirm",
    "reject decline refuse deny",
    "close resolve complete finish",
    "submit file hand send",
    "upload attach put share",
    "merge combine join",
    "deploy release ship roll",
)
"""Verbs that may stand for each other in a request."""

_THINGS = (
    "event calendar meeting appointment reminder remind invitation schedule participant",
    "message dm direct msg chat word",
    "email mail inbox",
    "file document doc drive docx xlsx txt pdf folder list note sheet spreadsheet",
    "transaction payment money bill rent subscription refund order transfer amount invoice fee price",
    "user person people member colleague friend employee customer everyone him her them info information account "
    "address detail profile name",
    "webpage website web page site www http",
    "channel slack group room",
    "password passcode credential login",
    "hotel room stay place",
    "restaurant table dinner lunch",
    "car rental vehicle",
    "flight ticket",
)

_PLAIN = "add append create make set update change send write post put get new edit insert do open start"
"""Verbs that say too little by themselves: what is to be added, or sent, must be called for, too."""


_CHANGING = frozenset(
    "send write tell reply respond inform notify forward ask answer mention add append include put insert attach "
    "create make set plan organize organise schedule remind invite bring onboard update change adjust modify edit fix "
    "amend rename move turn switch delete remove erase cancel drop kick discard trash reschedule postpone shift delay "
    "share give grant hand assign reserve book hire pay transfer refund return reimburse settle buy purchase publish "
    "upload run execute deploy release ship roll install archive copy duplicate enable activate unlock disable "
    "deactivate lock suspend approve accept reject decline close reopen resolve finish submit merge combine label "
    "escalate replace restore revert stop".split()
)
"""Verbs that call for some change, as they are when they call for it: who asks who was invited calls for none.

Those that are mostly read as something else (a mail, a post, an order, clean, clear) are left out.
"""

_TO_ME = re.compile(r"\b(?:tell|give|show|send|write|make|get|answer|ask)\s+(?:me|us)\b", re.IGNORECASE)
_LET_KNOW = re.compile(r"\blet\s+(?!me\b|us\b)[^.!?]{1,60}\bknow\b", re.IGNORECASE)


def wants_change(asked: str) -> bool:
    """Whether words call for any change at all, whatever it is. "Show me" and "tell me" call for none."""
    return not _CHANGING.isdisjoint(tokens(_TO_ME.sub(" ", asked))) or bool(_LET_KNOW.search(asked))


def called_for(tool: str, asked: str) -> bool:
    """Whether words call for a tool: for what its name says is done, and what it is done to.

    Args:
        tool: its name, of a verb and what it is done to: `send_direct_message`.
        asked: the words of the user, and of the builder.
    """
    said = _stems(asked)
    verb, things = _parts(tool)
    if not _forms(verb, _ALIKE) & said:
        return False
    if verb not in _stems(_PLAIN) or not things:
        return True
    if any(_forms(thing, _THINGS) & said for thing in things):
        return True
    # To write or to tell somebody is to send a message, by mail or another way: the verb names the thing.
    return bool(_stems("message mail email") & set(things)) and bool(_stems(_SENDING) & said)


_SENDING = "send write message dm msg tell reply respond post"


def _parts(tool: str) -> tuple[str, tuple[str, ...]]:
    """The verb that leads a tool's name, and the rest."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tool).replace("_", " ")
    first, *rest = [_stem(word) for word in tokens(spaced)] or [""]
    return first, tuple(rest)


def _forms(word: str, groups: tuple[str, ...]) -> frozenset[str]:
    """A word, and those of every group in which it stands."""
    return frozenset({word}).union(*(stems for stems in map(_stems, groups) if word in stems))


@lru_cache(maxsize=256)
def _stems(words: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in tokens(words))


def _stem(word: str) -> str:
    """A word without the endings of English grammar, roughly."""
    for ending in ("ing", "ied", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + ("y" if ending in ("ied", "ies") else "")
    return word.removesuffix("e") if len(word) > 4 else word
