"""Commands that run others: seen through where that is sure, and named where it is not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .shell import Command, Word
from .shell_git import git_words
from .shell_tree import KEYWORDS
from .shell_variables import exported_harmless
from .shown import plain


class Seen(NamedTuple):
    """What a command runs: other commands, scripts that have to be read yet, and why the rest can't be seen."""

    commands: Sequence[Command] = ()
    scripts: Sequence[str] = ()
    opaque: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A program that runs the command in its arguments: its flags, those with a value, and words before the command."""

    flags: str = ""
    valued: str = ""
    before: str = ""

    def inner(self, words: Sequence[Word]) -> Sequence[Word] | None:
        """The wrapped command, or none; None if that is not sure."""
        at = 1
        while at < len(words) and words[at].may_be_option:
            value = words[at].value or ""
            if value == "--":
                at += 1
                break
            if self.valued and re.fullmatch(self.valued, value):
                at += 2
            elif self.flags and re.fullmatch(self.flags, value):
                at += 1
            else:
                return None
        if self.before and at < len(words):
            if not re.fullmatch(self.before, words[at].value or ""):
                return None
            at += 1
        return words[at:]


_WRAPPERS: Mapping[str, _Wrapper] = {
    "time": _Wrapper("-p"),
    "nohup": _Wrapper(),
    "exec": _Wrapper(),
    "builtin": _Wrapper(),
    "command": _Wrapper(),
    "nice": _Wrapper(r"-n\d+|-\d+|--adjustment=\d+", "-n|--adjustment"),
    "ionice": _Wrapper(r"-[cn]\d", "-[cn]"),
    "stdbuf": _Wrapper("-[ioe][0L]"),
    "timeout": _Wrapper(r"--preserve-status|--foreground|-v|-[sk]\w+", "-[sk]", r"\d+(\.\d+)?[smhd]?"),
    "env": _Wrapper("-i|--ignore-environment"),
    "xargs": _Wrapper(r"-[0rtx]+|-[nPLI]\S+|--null|--no-run-if-empty|--max-(args|procs|lines)=\d+|-d.+", "-[nPLId]"),
}

_RUNS_ITS_WORDS = frozenset("eval . source alias trap shopt enable hash bind complete compgen let coproc fc".split())
_RUNS_OTHERS = frozenset(
    "sudo su doas pkexec runuser ssh parallel watch script expect chroot unshare nsenter systemd-run at batch crontab "
    "busybox toybox setsid flock entr screen tmux gdb strace ltrace vi vim nvim ex ed emacs nano less more man socat "
    "docker podman kubectl xterm dbus-send".split()
)
_SHELLS = frozenset("sh bash dash ash zsh ksh fish".split())
_INTERPRETER = re.compile(
    r"(python|pypy|perl|ruby|lua|luajit|php|node|nodejs|deno|bun|tclsh|wish|guile|julia|Rscript|pwsh|osascript|ghci"
    r"|jshell|sqlite3|psql|mysql|irb|bc|dc|m4|make|gmake)[\d.]*"
)
_CODE = re.compile(r"-[A-Za-z]*[cerEpRBx]|--(eval|print|command|run|execute|expression|require|import|init)(=.*)?|-")
_AWKS = frozenset("awk gawk mawk nawk".split())
_AWK_RUNS = re.compile(r"system|getline|[|>@]|ENVIRON|SYMTAB|ARG[VC]|close|fflush|include|load|PROCINFO")
_SED_SAFE = re.compile(
    r"\s*((\d+|\$|/[^/\\]*/)(,[+~]?(\d+|\$|/[^/\\]*/))?!?)?\s*"
    r"([pdqQ=NnDGgHhx]|y/[^/\\]*/[^/\\]*/|s(?P<by>[/|#,:])((?!(?P=by))[^\\\n]|\\.)*(?P=by)((?!(?P=by))[^\\\n]|\\.)*(?P=by)[gpiI\d]*)\s*"
)


def seen_through(command: Command) -> Seen:
    """What is really run by a command."""
    found = command
    for _ in range(10):
        wrapper = _WRAPPERS.get(program(found.name))
        if wrapper is None or (
            program(found.name) == "command" and found.values[:1] and found.values[0] in ("-v", "-V")
        ):
            return _direct(found)
        inner = wrapper.inner(found.words)
        if inner is None:
            return Seen([found], opaque=[f"{program(found.name)} is given what is not followed here."])
        if program(found.name) == "env":
            given, inner = _given(inner)
            if unfit := next((name for name in given if not exported_harmless(name)), ""):
                return Seen([found], opaque=[f"It changes how programs are found or what they do: {plain(unfit)}"])
        if not inner:
            return Seen([found])
        words = inner
        if program(found.name) == "xargs":
            words = _with_what_comes(found.words, inner)
        if program(found.name) == "time" and (words[0].text in KEYWORDS or "=" in words[0].text):
            return Seen([found], opaque=["It takes the time of more than a command."])
        if words[0].value is None:
            return Seen([found], opaque=["Which program it runs is only known while it runs."])
        found = replace(found, words=tuple(words), own=False)
    return Seen([found], opaque=["It wraps command in command."])


def program(name: str) -> str:
    """Which program a name means: one from where the system keeps them is the same without the folder."""
    folder, _, last = name.rpartition("/")
    return last if folder in ("", "/bin", "/usr/bin") and not name.startswith("//") else name


def _direct(command: Command) -> Seen:
    name = program(command.name)
    if name in _RUNS_ITS_WORDS:
        return Seen([command], opaque=[f"{name} runs words as commands, or changes what commands mean."])
    if name in _RUNS_OTHERS:
        return Seen([command], opaque=[f"{name} runs commands of its own, or as somebody else or elsewhere."])
    if name in _SHELLS:
        return _shell(command)
    if name in _AWKS:
        return Seen([command], opaque=_awk(command))
    if name == "sed":
        return Seen([command], opaque=_sed(command))
    if name == "find":
        return _find(command)
    if name == "git":
        known = git_words(command.words) is not None
        return Seen(
            [command], opaque=[] if known else ["git is told to run, or to look for, something else than usual."]
        )
    if name in ("read", "unset", "mapfile", "readarray", "getopts"):
        plainly = all(value is not None and re.fullmatch(r"-[a-zA-Z]+|\w+", value) for value in command.values)
        return Seen([command], opaque=[] if plainly else [f"{name} is given a name that is not plain."])
    if _INTERPRETER.fullmatch(name):
        return Seen([command], opaque=_interpreter(name, command))
    return Seen([command])


def _given(words: Sequence[Word]) -> tuple[Sequence[str], Sequence[Word]]:
    """The variables that `env` sets, by name, and what comes after."""
    at = 0
    while at < len(words) and "=" in words[at].prefix:
        at += 1
    return [word.prefix.partition("=")[0] for word in words[:at]], words[at:]


def _with_what_comes(around: Sequence[Word], inner: Sequence[Word]) -> Sequence[Word]:
    """The command that xargs runs, with what it reads, of which nothing is known."""
    options = [word.value or "" for word in around[: len(around) - len(inner)]]
    marks = [options[at + 1] for at, option in enumerate(options[:-1]) if option == "-I"]
    marks += [option[2:] for option in options if option.startswith("-I") and len(option) > 2]
    if not marks:
        return [*inner, Word("...", None, splits=True)]
    return [word if marks[-1] not in word.text else Word(word.text, None, splits=True) for word in inner]


def _shell(command: Command) -> Seen:
    """`bash -c '...'` with a script that is written out; a file or what it is fed can't be seen."""
    values = command.values
    flags = [value for value in values if value is not None and re.fullmatch(r"-[euxl]*", value) and value != "-"]
    rest = values[len(flags) :]
    if values[:1] and re.fullmatch(r"[^-+].*", values[0] or ""):
        return Seen([command])
    if list(values[: len(flags)]) == flags and rest and re.fullmatch(r"-[euxl]*c", rest[0] or "") and len(rest) > 1:
        script = rest[1]
        if script is not None and all(value is not None for value in rest[2:]):
            return Seen([replace(command, words=(), text=command.text)] if command.redirects else [], [script])
    return Seen([command], opaque=[f"{command.name} runs a script that is only known while it runs."])


def _find(command: Command) -> Seen:
    values = command.values
    if unfollowed := next((value for value in values if value in ("-execdir", "-ok", "-okdir")), None):
        return Seen([command], opaque=[f"find {unfollowed} runs commands in a way that is not followed here."])
    runs, rest, at = list[Command](), list[Word](command.words[:1]), 1
    roots = before_options(command.words[1:])
    while at < len(command.words):
        if command.words[at].value != "-exec":
            rest.append(command.words[at])
            at += 1
            continue
        end = next((to for to in range(at + 1, len(command.words)) if command.words[to].value in (";", "+")), None)
        if end is None or end == at + 1 or command.words[at + 1].value is None:
            return Seen([command], opaque=["find -exec is not followed here."])
        words = [_found(roots) if word.value == "{}" else word for word in command.words[at + 1 : end]]
        if (
            any("{}" in word.text and word.value != "{}" for word in command.words[at + 1 : end])
            or words[0].value is None
        ):
            return Seen([command], opaque=["find -exec is not followed here."])
        runs.append(Command(command.text, tuple(words)))
        at = end + 1
    inner = [seen_through(each) for each in runs]
    own = replace(command, words=tuple(rest))
    commands = [own, *(each for seen in inner for each in seen.commands)]
    return Seen(
        commands,
        [script for seen in inner for script in seen.scripts],
        [reason for seen in inner for reason in seen.opaque],
    )


def before_options(words: Sequence[Word]) -> Sequence[Word]:
    """The words that stand before the first option, as the folders do that find looks in."""
    end = next((at for at, word in enumerate(words) if word.may_be_option or word.value in ("(", "!")), len(words))
    return words[:end]


def _found(roots: Sequence[Word]) -> Word:
    """What find puts in place of `{}`: something in one of the folders where it looks."""
    if len(roots) > 1 or (roots and not roots[0].value):
        return Word("{}", None, splits=False)
    root = (roots[0].value or ".") if roots else "."
    return Word("{}", None, prefix=f"{root}/", pattern=f"{root}/*")


def _awk(command: Command) -> Sequence[str]:
    at = 1
    words = command.words
    while at < len(words) and words[at].may_be_option:
        value = words[at].value or ""
        if value in ("-F", "-v"):
            at += 2
        elif re.fullmatch(r"-F.+|-v\w+=.*", value, re.DOTALL):
            at += 1
        else:
            return [f"{command.name} is given what is not followed here."]
    script = words[at].value if at < len(words) else None
    if script is None or _AWK_RUNS.search(script):
        return [f"The program of {command.name} may run others, or write files."]
    return []


def _sed(command: Command) -> Sequence[str]:
    scripts = list[str | None]()
    words, at = command.words[1:], 0
    while at < len(words) and words[at].may_be_option:
        value = words[at].value or ""
        if value in ("-e", "--expression"):
            at += 1
            scripts.append(words[at].value if at < len(words) else None)
        elif not re.fullmatch(r"-[nErsuz]*(i[\w.]*)?|--(quiet|silent|regexp-extended|in-place(=[\w.]*)?|posix)", value):
            return ["sed is given what is not followed here."]
        at += 1
    if not scripts:
        scripts = [words[at].value if at < len(words) else None]
        at += 1
    if any(script is None or not _is_safe(script) for script in scripts) or any(w.may_be_option for w in words[at:]):
        return ["The program of sed may run others, or write files."]
    return []


def _is_safe(script: str) -> bool:
    at = 0
    while at < len(script):
        found = _SED_SAFE.match(script, at)
        if found is None or (found.end() < len(script) and script[found.end()] not in ";\n"):
            return False
        at = found.end() + 1
    return True


def _interpreter(name: str, command: Command) -> Sequence[str]:
    values = command.values
    if len(values) == 1 and values[0] in ("--version", "-V", "-v", "--help"):
        return []
    if name.startswith(("make", "gmake")):
        told = any(value is None or re.match(r"--eval|-[A-Za-z]*[fIE]|SHELL|.*=", value) for value in values)
        return ["make is told to run something else than what its file says."] if told else []
    if not _names_a_file(values):
        return [f"{name} runs code that is in its arguments, or that it is fed."]
    return []


def _names_a_file(values: Sequence[str | None]) -> bool:
    """Whether an interpreter is told to run a file or a module, before any code."""
    at = 0
    while at < len(values):
        value = values[at]
        if value is None or _CODE.fullmatch(value):
            return False
        if value == "-m" or not value.startswith("-"):
            return True
        at += 2 if re.fullmatch(r"-[WXI]", value) else 1
    return False
