"""What git does by its sub-command and flags. What is not listed here counts as the worst."""

import re
from collections.abc import Sequence

from .action import Risk
from .shell import Word

_READS = {
    "status": "", "diff": "ext-diff|output|textconv|no-index", "log": "ext-diff|output|textconv", "blame": "contents",
    "show": "ext-diff|output|textconv", "rev-parse": "", "ls-files": "", "ls-tree": "", "describe": "", "shortlog": "",
    "rev-list": "", "merge-base": "", "name-rev": "", "cat-file": "filters|textconv|batch", "whatchanged": "output",
    "grep": "open-files-in-pager|O|no-index|ext-grep|f", "count-objects": "", "for-each-ref": "", "version": "",
    "show-ref": "", "cherry": "", "range-diff": "output|ext-diff", "diff-tree": "output", "check-ignore": "stdin",
}  # fmt: skip
"""Sub-commands that only read, with the flags by which they do more."""

_LOCAL = {
    "add": "i|p|e|interactive|patch|edit|pathspec-from-file",
    "commit": "F|t|C|c|amend|file|template|p|patch|interactive",
    "mv": "f|force",
}  # fmt: skip
"""Sub-commands whose work git itself can take back."""

_TAKEN_BACK = "changes what git can take back"

_OUTWARD = {"push": "f|force|force-with-lease|force-if-includes|delete|d|mirror|prune|receive-pack|exec|all|tags|o"
            "|push-option|repo", "fetch": "upload-pack|f|force|p|prune|o|server-option|u|refmap|exec|stdin",
            "ls-remote": "upload-pack|exec|o|server-option"}  # fmt: skip
"""Sub-commands that speak with another machine."""


def git_words(words: Sequence[Word]) -> Sequence[Word] | None:
    """The sub-command and what follows it, each folder of a `-C` behind; None where git is told more before it."""
    at, folders = 1, list[Word]()
    while at < len(words) and words[at].may_be_option:
        value = words[at].value
        if value == "-C" and at + 1 < len(words):
            folders.append(words[at + 1])
            at += 2
        elif value in ("--no-pager", "-P", "--no-optional-locks", "--version"):
            at += 1
        else:
            return None
    return [*words[at:], *folders]


def risk_of_git(words: Sequence[Word]) -> tuple[Risk, str]:
    """The risk of a sub-command, where its paths lead left out, and why it is what it is.

    Args:
        words: the sub-command and its words.
    """
    if not words:
        return Risk.READ, ""
    name, flags = words[0].value or "", [word for word in words[1:] if word.may_be_option]
    positional = [word.value for word in words[1:] if not word.may_be_option]
    if any(word.value is None for word in flags):
        return Risk.IRREVERSIBLE, "gives git what may be an option"
    given = [word.value or "" for word in flags]
    for risk, table in ((Risk.READ, _READS), (Risk.LOCAL, _LOCAL), (Risk.OUTWARD, _OUTWARD)):
        if name in table:
            if any(is_flag(flag, table[name]) for flag in given):
                return Risk.IRREVERSIBLE, f"tells git {name} to do more than usual"
            return _outward(name, positional) if risk is Risk.OUTWARD else (risk, _TAKEN_BACK if risk else "")
    return _by_flags(name, given, positional)


def is_flag(given: str, flags: str) -> bool:
    """Whether an option is one of some flags, or may be: long ones may be shortened, short ones stand together.

    Args:
        given: the option as it was written, such as `--out=x` or `-rn`.
        flags: names without dashes, joined by `|`; one letter for short ones.
    """
    names = [flag for flag in flags.split("|") if flag]
    if given.startswith("--"):
        long = given[2:].partition("=")[0]
        return any(name.startswith(long) for name in names if len(name) > 1) if long else False
    return any(name in given[1:] for name in names if len(name) == 1) or given[1:] in names


def _outward(name: str, positional: Sequence[str | None]) -> tuple[Risk, str]:
    if any(value is None or value.startswith("+") or value.startswith(":") or "::" in value for value in positional):
        return Risk.IRREVERSIBLE, "may overwrite or delete what others have"
    return Risk.OUTWARD, "speaks with another machine"


def _by_flags(name: str, given: Sequence[str], positional: Sequence[str | None]) -> tuple[Risk, str]:
    """Sub-commands that read or change by how they are called."""
    lists = all(
        re.fullmatch(r"-[alrv]+|--(list|all|remotes|verbose|show-current|sort=\S+|contains|merged)", f) for f in given
    )
    if name in ("branch", "tag", "remote") and lists and not positional:
        return Risk.READ, ""
    if name in ("branch", "tag") and not given and positional:
        return Risk.LOCAL, _TAKEN_BACK
    if name == "init" and not given and not positional:
        return Risk.LOCAL, _TAKEN_BACK
    if name == "stash":
        if positional[:1] in (["list"], ["show"]) and all(flag in ("-p", "--stat") for flag in given):
            return Risk.READ, ""
        if (not positional or positional[0] == "push") and all(flag in ("-u", "-m", "--message") for flag in given):
            return Risk.LOCAL, _TAKEN_BACK
    if name == "switch" and all(flag in ("-c", "--create") for flag in given):
        return Risk.LOCAL, _TAKEN_BACK
    if name == "checkout" and given == ["-b"] and len(positional) == 1:
        return Risk.LOCAL, _TAKEN_BACK
    if name == "restore" and given == ["--staged"]:
        return Risk.LOCAL, _TAKEN_BACK
    if name == "config" and given in (["--get"], ["--list"], ["-l"]):
        return Risk.IRREVERSIBLE, "shows settings, and there may be keys among them"
    return Risk.IRREVERSIBLE, "may throw away what can't be had back, or do what nobody has said of git"
