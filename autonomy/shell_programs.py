"""The programs whose doings are known. What is not listed here counts as the worst."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Program:
    """What a program does with its words.

    Args:
        does: "nothing" with files; "reads" those it is given; "writes" them; "speaks" with other machines.
        beyond: flags, joined by `|`, by which it does more than that; one letter for short ones.
        only: a pattern that all of its options must match; empty for any.
        skips: how many of its words come before the paths: a pattern to look for, a mode.
        unless: flags by which all its words are paths.
        most: how many words may follow the options.
    """

    does: Literal["nothing", "reads", "writes", "speaks"]
    beyond: str = ""
    only: str = ""
    skips: int = 0
    unless: str = ""
    most: int = 1000


PROGRAMS: dict[str, Program] = {
    **{
        name: Program("nothing")
        for name in "echo true false : test [ pwd sleep seq exit return break continue shift wait jobs which type "
        "command whereis whoami id groups nproc uptime arch free uname tty locale getconf unset read export declare "
        "local readonly typeset basename dirname times ulimit umask dirs getopts uuidgen factor numfmt exec".split()
    },
    **{
        name: Program("reads")
        for name in "cat tac head tail nl od hexdump strings stat ls dir vdir du df cut paste fold fmt expand unexpand "
        "column comm join cmp diff wc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base64 "
        "base32 realpath readlink rev cd pushd popd zcat tsort".split()
    },
    **{name: Program("writes") for name in ("touch", "mkdir", "rmdir", "cp", "mv", "tee", "truncate")},
    **{
        name: Program("speaks", beyond="f|k|x|file")
        for name in ("ping", "dig", "host", "nslookup", "whois", "traceroute")
    },
    "printf": Program("nothing", beyond="v"),
    "set": Program("nothing", only=r"[-+][eux]+|[-+][eux]*o"),
    "date": Program("reads", beyond="s|set|f|file", skips=1),
    "hostname": Program("nothing", most=0, beyond="F|file|b|boot"),
    "ps": Program("nothing", only="-ef|-A", most=0),
    "tr": Program("nothing"),
    "file": Program("reads", beyond="C|compile|m|magic-file|z|Z|uncompress"),
    "tree": Program("reads", beyond="o|R"),
    "sort": Program("reads", beyond="o|T|output|temporary-directory|compress-program"),
    "uniq": Program("reads", most=1),
    "xxd": Program("reads", beyond="r|revert", most=1),
    "grep": Program("reads", skips=1, unless="e|f|regexp|file"),
    "egrep": Program("reads", skips=1, unless="e|f|regexp|file"),
    "fgrep": Program("reads", skips=1, unless="e|f|regexp|file"),
    "rg": Program("reads", beyond="pre|z|search-zip|hostname-bin", skips=1, unless="e|f|regexp|file|files"),
    "jq": Program("reads", only=r"-[rcesnSjM]+|--(raw-output|compact-output|slurp|sort-keys|exit-status)", skips=1),
    "sed": Program("reads", skips=1, unless="e|f|expression|file"),
    "awk": Program("reads", skips=1),
    "find": Program("reads", beyond="fprint|fprint0|fprintf|fls|exec|execdir|ok|okdir|files0-from"),
    "fd": Program("reads", beyond="x|X|exec|exec-batch", skips=1),
    "rm": Program("writes", beyond="no-preserve-root"),
    "ln": Program("writes", beyond="t|target-directory"),
    "chmod": Program("writes", beyond="R|recursive|reference", skips=1),
    "nc": Program("speaks", only=r"-[zvnu46N]+|-w\d*"),
    "curl": Program(
        "speaks",
        only=r"-[sSLfiIvkgGN46#O]+|-[omA]|-[sSLfkg]+o|--(silent|show-error|location|fail|head|include|verbose|compressed"
        r"|insecure|output|remote-name|max-time|connect-timeout|retry|user-agent)(=.*)?",
    ),
    "wget": Program("speaks", only=r"-[qvSncN]+|-[OPTt]|-q?O-?|--(quiet|spider|output-document|timeout|tries)(=.*)?"),
}
for _same, _as in (("gawk", "awk"), ("mawk", "awk"), ("nawk", "awk"), ("ncat", "nc"), ("fdfind", "fd")):
    PROGRAMS[_same] = PROGRAMS[_as]

TELLS_ITS_VERSION = frozenset(
    "python python3 node npm npx yarn pnpm pip pip3 uv cargo rustc go java javac gcc g++ clang make cmake ruby gem php "
    "perl docker kubectl terraform rg jq curl pytest ruff mypy pyright tsc eslint bash sqlite3 psql".split()
)
"""Programs that do nothing else when they are only asked for their version."""

SHOWS_VARIABLES = frozenset({"env", "printenv"})
