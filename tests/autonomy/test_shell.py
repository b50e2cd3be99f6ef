"""What a shell script runs: every command in it, and what can't be seen through."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rheostat.autonomy import Shell, read_shell


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("a; b && c || d & e | f |& g", "a b c d e f g"),
        ("(a; b) && { c; }", "a b c"),
        ("echo $(a) `b` <(c) >(d) $(e $(f))", "a b c d f e echo"),
        ('echo "x $(a `b`) y"', "b a echo"),
        ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ("while a; do b; done; until c; do d; done; for x in $(e); do f; done", "a b c d e f"),
        ("case $x in y|$(a)) b ;; *) c ;; esac", "a b c"),
        ("f() { a; b; }; f", "a b f"),
        ("x=$(a) y=`b`; z=(1 $(c))", "a b c"),
        ("[ -n $(a) ] && [[ $(b) == c* ]]", "a b"),
        ("cat <<EOF\n$(a)\nEOF\nb", "a cat b"),
        ("cat <<'EOF'\n$(a)\nEOF\nb", "cat b"),
        ("cat <<EOF | a > out\nrm\nEOF", "a cat"),
        ("cat <<< $(a)", "a cat"),
        ("echo ${x:-$(a)} ${y/b/$(c)}", "a c echo"),
        ("> $(a) b", "a b"),
        ("timeout 5 nice -n 3 env LANG=C nohup a x", "a"),
        ("xargs -0 -n 1 a", "a"),
        ("find . -name x -exec a {} + -exec b \\;", "find a b"),
        ("bash -lc 'a; b'", "a b"),
        ("sh -c \"bash -c 'a'\"", "a"),
        ("command a; exec b; time c", "a b c"),
        ("! a; ((1 + 2)); echo $((3 * 4)); for ((i=0; i<3; i++)); do b; done", "a echo b"),
        ("a # b\n# c", "a"),
        ("'a' x \\\n y", "a"),
    ],
)
def test_every_command_is_found(text: str, run: str) -> None:
    shell = read_shell(text)
    assert shell.opaque == ()
    assert [command.name for command in shell.commands] == run.split()


def test_words_are_what_bash_makes_of_them() -> None:
    (command,) = read_shell(r"""a 'b c' "d e" f\ g h"i"'j' "\$k" -- "x$y" $z *.py p/"q r"/[ab] ~/s""").commands
    known = [word.value for word in command.words]
    assert known == ["a", "b c", "d e", "f g", "hij", "$k", "--", None, None, None, None, "~/s"]
    assert [(word.prefix, word.splits) for word in command.words[7:9]] == [("x", False), ("", True)]
    assert [word.pattern for word in command.words[9:11]] == ["*.py", "p/q r/[ab]"]


def test_redirects_are_found_wherever_they_stand_and_words_behind_them_too() -> None:
    shell = read_shell("> a b < c 2>> d; { e; } &> f; g >| h i 2>&1 <&-; (j) > k; l <<E > m\nE")
    found = {(each.mode, each.path.value) for command in shell.commands for each in command.redirects}
    assert found == {("read", "c"), *(("write", path) for path in "adfhkm")}
    assert [word.value for command in shell.commands for word in command.words if command.name == "g"] == ["g", "i"]


@pytest.mark.parametrize(
    "text",
    [
        *("eval a", "source a", ". a", "alias ls=rm", "trap a EXIT", "shopt -s expand_aliases", "let x=1"),
        *("$a", "`a`", "$(a) b", '"$a"', "a*", "coproc a", "coproc X { a; }"),
        *('bash -c "$a"', "bash -c $a", "bash", "a | sh", "sh <<E\na\nE", "bash -s", "bash -ic a", "zsh -c '$(' "),
        *("python -c a", "python3.12 -c a", "python", "python -", "a | python", "perl -ne a", "node -e a", "ruby -e a"),
        *("php -r a", "python -W ignore -c a", "awk 'BEGIN{system(1)}'", "awk '{print > $1}' a", "awk -f a b"),
        *(
            "awk $a",
            "awk '{\"a\" | getline}'",
            "sed e",
            "sed 's/a/b/e' c",
            "sed 'w x' a",
            "sed -f a b",
            "sed s/a/b/ $c",
        ),
        *("sudo a", "su -c a", "ssh h a", "xargs -a f a", "parallel a", "watch a", "env -S a", "env A=1 a", "vim a"),
        *(
            "find . -execdir a {} +",
            "find . -exec sh -c 'a {}' \\;",
            "find . -exec {} +",
            "timeout --x 1 a",
            "xargs $a",
        ),
        *("git -c core.pager=a log", "git --exec-path=a log", "git $a", "make SHELL=a"),
        *("PATH=a b", "LD_PRELOAD=a b", "GIT_PAGER=a b", "http_proxy=a b", "IFS=a", "export PATH", "declare -n a=b"),
        *("set -- a; export", "declare -p", "export -p", "unset 'a[$(b)]'", "read 'a[$(b)]'", "x[$(a)]=1"),
        *("f() { f; }; f", ":(){ :|:& };:", "f() { g; }; g() { f; }; f"),
        *("a $'b'", 'a $"b"', "a ${b@P}", "a ${!b}", "a ${b:=c}", "a ${b[c]}"),
        *("x=$(a); ((x))", "read x; echo $((x))", "[[ $(a) -eq 1 ]]", "[[ -v a ]]", "for x in a; do echo $((x)); done"),
        *(
            "a <> b",
            "a <<< ",
            "a '",
            'a "',
            "a (",
            "if a",
            "a <<E\nb",
            "a <<E b\nE",
            "a <<$x\n$x",
            "a <<E\nb\nE ",
            "a &&",
        ),
        *("a\\\nb", "a\0b", "a\rb", "a\u200bb", "a \u202eb", "а\u0063at x", "a \x1b[2K", "cat\u00a0b", "a\ud800"),
        *(
            "{}",
            "[]",
            "a == 2>[",
            "a ${x/{a..b}",
            "a=(b)c",
            "time { a; }",
            "time ! a",
            "time A=1 b",
            "?x=1",
            "a 1'b'\\\n2",
        ),
        "a " + "$(" * 100 + ")" * 100,
        "a " * 20_000,
        ";".join(["a"] * 10) + " && a" * 100,
    ],
)
def test_what_hides_what_it_runs_is_opaque(text: str) -> None:
    shell = read_shell(text)
    assert shell.opaque
    assert all(reason.strip() == reason and len(reason) > 10 for reason in shell.opaque)


@pytest.mark.parametrize(
    "text",
    ["echo hi there", "FOO=a; echo $FOO", "python x.py -c", "python -m pytest", "awk '{print $1}' a", "sed -n 1,9p a"]
    + ["sed -i 's/a/b/g; s#c#d#' e", "git -C a --no-pager log", "bash a.sh", "echo 'eval $(rm)'", "grep -c python a"]
    + [
        "cat <<-E\n\ta\n\tE",
        "x=1; y=$((x + 2))",
        "[[ $# -eq 1 ]]",
        "set -euo pipefail",
        "export LANG=C",
        "bash -c a b c",
    ],
)
def test_what_hides_nothing_is_not_opaque(text: str) -> None:
    assert read_shell(text).opaque == ()


@given(st.text(max_size=60) | st.text("ab '\"\\$`(){}[]|&;<>\n#=!~*?-EOF", max_size=60))
def test_reading_never_raises(text: str) -> None:
    assert read_shell(text).text == text


# Beside a real bash

BASH = shutil.which("bash")
HEARD = 'command_not_found_handle() { printf "%s\\0" "$#" "$@" >> "$HEARD"; }\n'
TOKENS = (
    [
        "a",
        "b",
        "-n",
        "1",
        "x=",
        "=",
        "~",
        "*",
        "?",
        "[",
        "]",
        "{a,b}",
        "'",
        '"',
        "\\",
        "$",
        "`",
        "'a b'",
        '"c d"',
        "\\\n",
    ]
    + [
        "$x",
        "$(",
        "${",
        "${x:-",
        "}",
        ")",
        "(",
        "((",
        "))",
        "$((",
        "<(",
        "{ ",
        "; }",
        "[[ ",
        " ]]",
        "[ ",
        " ]",
        "#",
        " # ",
    ]
    + [
        " ",
        " ",
        " ",
        "\t",
        "\n",
        ";",
        "&",
        "&&",
        "|",
        "||",
        "<",
        ">",
        ">>",
        "2>",
        "&>",
        ">&2",
        "<<<",
        "<<E",
        "\nE\n",
        "E",
    ]
    + ["if ", "; then ", "; fi", "for x in a b", "; do ", "; done", "case a in a)", " ;; esac", "f() { ", "! ", "time "]
)


def heard(script: str, folder: Path) -> list[list[str]]:
    """What bash runs where no program can be found."""
    log = folder / "heard"
    log.unlink(missing_ok=True)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    subprocess.run(
        [str(BASH), "--noprofile", "--norc", "-c", HEARD + script],
        cwd=work,
        env={"PATH": "/nowhere", "HEARD": str(log), "HOME": "~"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    parts = log.read_bytes().decode(errors="replace").split("\0")[:-1] if log.exists() else []
    said = list[list[str]]()
    while parts:
        count = int(parts[0])
        said.append(parts[1 : count + 1])
        parts = parts[count + 1 :]
    return said


def is_listed(words: Sequence[str], shell: Shell) -> bool:
    # Behind a pipe it is no keyword, but a program that does the same.
    return any(_is_listed(said, shell) for said in (words, words[1:]) if said is words or words[:1] == ["time"])


def _is_listed(words: Sequence[str], shell: Shell) -> bool:
    spelled = "".join(f"{word}\0" for word in words)
    for command in shell.commands:
        parts = [
            f"{re.escape(word.value)}\0"
            if word.value is not None
            else "(?s:.*)"
            if word.splits or word.pattern
            else "[^\0]*\0"
            for word in command.words
        ]
        if re.fullmatch("".join(parts), spelled):
            return True
    return False


@pytest.mark.skipif(BASH is None, reason="there is no bash here to compare with")
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(tokens=st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9))
def test_bash_runs_nothing_that_was_not_listed(tmp_path_factory: pytest.TempPathFactory, tokens: list[str]) -> None:
    script = "".join(tokens)
    shell = read_shell(script)
    # What goes on in the background may be heard too late.
    if not shell.opaque and "&" not in script.replace("&&", "").replace("&>", "").replace(">&", ""):
        for words in heard(script, tmp_path_factory.mktemp("bash")):
            assert is_listed(words, shell), (script, words)
