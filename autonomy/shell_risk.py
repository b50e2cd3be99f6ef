"""The risk of a shell script: the worst of all its commands and redirects. What nobody knows counts as the worst."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from posixpath import normpath

from .action import Risk
from .raised import Raised
from .shell import Command, Shell, Word
from .shell_git import git_words, is_flag, risk_of_git
from .shell_hidden import before_options, program
from .shell_places import Place, Places, starts_of
from .shell_programs import PROGRAMS, SHOWS_VARIABLES, TELLS_ITS_VERSION, Program
from .shown import plain, quoted

_READING = {
    Place.SECRET: (Risk.IRREVERSIBLE, "reads what may hold keys"),
    Place.ELSEWHERE: (Risk.OUTWARD, "may read what is outside the folder, and show it to the model"),
    Place.NETWORK: (Risk.OUTWARD, "speaks with another machine"),
}
_WRITING = {
    Place.NOWHERE: (Risk.READ, ""),
    Place.FOLDER: (Risk.LOCAL, "changes files in the folder"),
    Place.ROOT: (Risk.IRREVERSIBLE, "changes the folder itself"),
    Place.RUN_LATER: (Risk.IRREVERSIBLE, "changes what other programs run later"),
    Place.ELSEWHERE: (Risk.IRREVERSIBLE, "may change files outside the folder"),
    Place.PUBLIC: (Risk.IRREVERSIBLE, "changes files of the system"),
    Place.NETWORK: (Risk.IRREVERSIBLE, "sends something to another machine"),
    Place.SECRET: (Risk.IRREVERSIBLE, "changes what may hold keys"),
}
_KEY_LIKE = re.compile(r"\$\{?#?\w*(KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|PRIVATE)", re.IGNORECASE)
_HARMLESS_MODE = re.compile(r"[ugoa]*[-+=][rwxX]*(,[ugoa]*[-+=][rwxX]*)*|0?[0-7]{3}")

_JQ_SHOWS = re.compile(r"\b(env|ENV|import|include)\b")
_MOST_REASONS = 8

_Found = tuple[Risk, str]


def risk_of_shell(
    shell: Shell, *, folder: str, readers: Collection[str] = (), leads_to: Callable[[str], str] = normpath
) -> Raised:
    """The risk of running a script with bash, and why.

    Args:
        shell: the script, as `read_shell` read it.
        folder: where it runs, absolute, links followed. What it changes there is local; what it reads or changes
            elsewhere is more.
        readers: commands that only read, besides those that are known: "pytest", or with a sub-command "npm test".
        leads_to: where an absolute path leads, links followed. Without it links are not looked at.
    """
    starts = starts_of(folder, leads_to, [word for command in shell.commands for word in _changes_into(command)])
    judge = _Judge(Places(folder, leads_to, starts), [tuple(each.split()) for each in readers])
    found = [(Risk.IRREVERSIBLE, reason) for reason in shell.opaque]
    for command in shell.commands:
        found += [(risk, f"{quoted(command.text)} {why}.") for risk, why in judge.command(command) if risk or why]
    worst = max((risk for risk, _ in found), default=Risk.READ)
    reasons = [*dict.fromkeys(reason for risk, reason in found if risk is worst and risk > Risk.READ)]
    if len(reasons) > _MOST_REASONS:
        reasons[_MOST_REASONS:] = [f"{len(reasons) - _MOST_REASONS} more commands are like that."]
    return Raised(worst, tuple(reasons), opaque=bool(shell.opaque))


def _changes_into(command: Command) -> Sequence[Word]:
    if command.name in ("pushd", "popd"):
        return [Word("-", "-")]
    return (command.words[1:] or [Word("~", "~")]) if command.name == "cd" else []


class _Judge:
    def __init__(self, places: Places, readers: Sequence[tuple[str, ...]]) -> None:
        self._places, self._readers = places, readers

    def command(self, command: Command) -> Iterator[_Found]:
        for redirect in command.redirects:
            yield from self._reads([redirect.path]) if redirect.mode == "read" else self._writes([redirect.path])
        for word in command.words:
            if word.value is None and _KEY_LIKE.search(word.text):
                yield Risk.IRREVERSIBLE, "shows or passes on what may be a key"
        if command.words and not command.own and not self._is_reader(command):
            yield from self._program(command)

    def _is_reader(self, command: Command) -> bool:
        said = (command.name, *command.values)
        return any(reader and said[: len(reader)] == reader for reader in self._readers)

    def _program(self, command: Command) -> Iterator[_Found]:
        name, values = program(command.name), command.values
        known = PROGRAMS.get(name)
        if name in TELLS_ITS_VERSION and values in (("--version",), ("-V",)):
            return
        if name == "git":
            yield from self._git(command)
        elif name in SHOWS_VARIABLES or (name == "jq" and any(_JQ_SHOWS.search(value or "") for value in values)):
            yield Risk.IRREVERSIBLE, "shows variables, and there may be keys among them"
        elif known is None:
            yield Risk.IRREVERSIBLE, f"runs {plain(name, 40) or 'a program'}, of which nobody has said what it does"
        else:
            yield from self._known(name, known, _changes_into(command) or command.words[1:])

    def _known(self, name: str, known: Program, words: Sequence[Word]) -> Iterator[_Found]:
        options, paths = _options(words)
        if why := _beyond(known, options, paths):
            yield Risk.IRREVERSIBLE, why
            return
        skips = known.skips if not any(is_flag(word.value or "", known.unless) for word in options) else 0
        named = [*(word for word in options if word.value != "--"), *paths[skips:]]
        match known.does:
            case "nothing":
                return
            case "reads" if name == "find" and any(word.value == "-delete" for word in options):
                yield from self._writes([*_below(words)])
            case "reads" if name == "sed" and any(_in_place(word.value or "") for word in options):
                yield from self._writes(paths[skips:])
            case "reads":
                yield from self._reads(named)
            case "writes":
                yield from self._changes(name, paths, named)
            case "speaks":
                yield from self._speaks(name, words)

    def _changes(self, name: str, paths: Sequence[Word], named: Sequence[Word]) -> Iterator[_Found]:
        if name == "ln" and any(word.value is None or ".." in word.value.split("/") for word in paths):
            yield Risk.IRREVERSIBLE, "makes a link that may lead elsewhere"
        if name == "chmod" and (not paths or not _HARMLESS_MODE.fullmatch(paths[0].value or "")):
            yield Risk.IRREVERSIBLE, "gives away rights that nobody can foresee"
        # A folder may be what is written into, but not what is taken away or renamed.
        into = {"cp": named, "mv": named[-1:], "mkdir": named, "touch": named}.get(name, [])
        yield from self._writes([word for word in named if word not in into])
        for word in into:
            for place in self._places.of(word):
                yield _WRITING[Place.FOLDER if place is Place.ROOT else place]

    def _speaks(self, name: str, words: Sequence[Word]) -> Iterator[_Found]:
        yield Risk.OUTWARD, "speaks with another machine, which sees what is in the address"
        for at, word in enumerate(words[:-1]):
            if name in ("curl", "wget") and re.fullmatch(r"-\w*[oOP]|--output|--output-document", word.value or ""):
                yield from self._writes([words[at + 1]])
        for word in words:
            if re.match(r"--output(-document)?=|-[oOP].", word.value or "") and name in ("curl", "wget"):
                yield from self._writes([word])

    def _git(self, command: Command) -> Iterator[_Found]:
        words = git_words(command.words)
        if words is None:
            yield Risk.IRREVERSIBLE, "tells git to do more than usual"
            return
        risk, why = risk_of_git(words)
        yield risk, why
        if risk is Risk.READ:
            yield from self._reads([word for word in words[1:] if word.value != "--"])

    def _reads(self, words: Sequence[Word]) -> Iterator[_Found]:
        for word in words:
            for place in self._places.of(word):
                yield _READING.get(place, (Risk.READ, ""))

    def _writes(self, words: Sequence[Word]) -> Iterator[_Found]:
        for word in words:
            for place in self._places.of(word):
                yield _WRITING[place]


def _below(roots: Sequence[Word]) -> Iterator[Word]:
    """What find finds below the folders where it looks."""
    for word in before_options(roots) or [Word(".", ".", prefix=".")]:
        yield Word(word.text, None, pattern=f"{word.value}/*") if word.value else word


def _options(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """What may be options, and the rest."""
    end = next((at for at, word in enumerate(words) if word.value == "--"), len(words))
    options = [word for word in words[:end] if word.may_be_option]
    return options, [word for word in words[:end] if not word.may_be_option] + list(words[end + 1 :])


def _beyond(known: Program, options: Sequence[Word], paths: Sequence[Word]) -> str:
    """Why a program may do more than is known of it."""
    picky = known.beyond or known.only or known.does in ("writes", "speaks")
    for word in options:
        if word.value is None and picky:
            return "is given what may be an option"
        if word.value is not None and known.beyond and is_flag(word.value, known.beyond):
            return f"does more by {plain(word.value, 40)}"
        if word.value is not None and known.only and not re.fullmatch(known.only, word.value, re.DOTALL):
            return f"may do more by {plain(word.value, 40)}"
    if len(paths) > known.most or (
        known.most < 1000 and any(word.splits or word.pattern for word in (*options, *paths))
    ):
        return "is given more words than is usual, and may write to one"
    return ""


def _in_place(option: str) -> bool:
    return option.startswith("--in-place") or (not option.startswith("--") and "i" in option)
