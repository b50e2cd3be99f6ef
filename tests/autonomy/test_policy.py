"""A policy as a file: read whole, or refused whole with a sentence for each problem and its place."""

import os
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rheostat.autonomy import BadPolicy, Hours, Patience, Policy, Rule, Ruling
from rheostat.autonomy.io import read_policy

DAY_S = 86_400


def rule(name: str = "house", at_least: Ruling = Ruling.ASK, **terms: object) -> Rule:
    return Rule.model_validate({"name": name, "at_least": at_least, "why": "The house says so."} | terms)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def problems(path: Path, text: str | bytes) -> tuple[str, ...]:
    """What is said about a file with this text."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadPolicy) as caught:
        read_policy(path)
    assert str(caught.value).startswith(f"The policy {path} can't be used, so nothing runs by it:\n")
    assert caught.value.problems
    assert all(sentence.endswith((".", "?")) for sentence in caught.value.problems)
    return caught.value.problems


WHOLE = """\
# Who may approve, each with their roles.
people:
  ann: [counsel, partner]
  bo:
  cy: finance
  no: []

patience: {remind: 1 day, escalate: 2 days, escalate_to: ann, expires: 2 weeks}

rules:
  - name: press
    tool: send*
    argument: to
    value: "*@press.example"
    ask: two
    role: counsel
    why: The press reads it.
  - name: large payments
    tool: pay
    argument: amount_usd
    over: 10,000
    person: cy
    ask: one
    four_eyes: yes
    why: Nobody pays so much alone.
  - name: at night
    hours: mon-fri 18:00-08:00 Europe/Berlin
    notify: yes
    why: Nobody is there to answer.
  - {name: 007, path: /srv/*/keys, deny: yes, why: "These are nobody's."}
"""


def test_a_policy_is_read_as_it_would_be_written_in_python(path: Path) -> None:
    path.write_text("\ufeff" + WHOLE.replace("\n", "\r\n"))
    weekdays = ("mon", "tue", "wed", "thu", "fri")
    assert read_policy(path) == Policy(
        people={"ann": ("counsel", "partner"), "bo": (), "cy": ("finance",), "no": ()},
        patience=Patience(expires_s=14 * DAY_S, remind_s=DAY_S, escalate_s=2 * DAY_S, escalate_to="ann"),
        rules=(
            Rule(
                name="press",
                tool="send*",
                argument="to",
                value="*@press.example",
                at_least=Ruling.ASK_TWO,
                people=2,
                role="counsel",
                why="The press reads it.",
            ),
            Rule(
                name="large payments",
                tool="pay",
                argument="amount_usd",
                over=10_000,
                person="cy",
                at_least=Ruling.ASK,
                four_eyes=True,
                why="Nobody pays so much alone.",
            ),
            Rule(
                name="at night",
                hours=Hours(zone="Europe/Berlin", days=weekdays, start=time(18), end=time(8)),
                at_least=Ruling.NOTIFY,
                why="Nobody is there to answer.",
            ),
            Rule(name="007", path="/srv/*/keys", at_least=Ruling.DENY, why="These are nobody's."),
        ),
    )


def test_a_policy_is_the_same_after_the_log(path: Path) -> None:
    path.write_text(WHOLE)
    policy = read_policy(path)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_the_page_shows_a_policy_that_can_be_read(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "autonomy.md").read_text(encoding="utf-8")
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    assert [rule.name for rule in read_policy(path).rules] == ["press", "large payments", "keys", "at night"]


def test_a_policy_that_lays_nothing_down_says_so(path: Path) -> None:
    path.write_text("rules: []\n")
    assert read_policy(path) == Policy()


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "{}", "---\n", "null"])
def test_an_empty_file_is_not_a_policy(path: Path, text: str) -> None:
    (said,) = problems(path, text)
    assert "rules: []" in said or "gives values to names" in said


DEEP = "rules: " + "[" * 100_000
LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules:\n- name: a\n   tool: b", "Line 3: it is not YAML"),
        ("rules: [", "not YAML"),
        ("rules:\n\t- name: a", "Line 2: it is not YAML"),
        ("rules: []\n---\nrules: []", "not YAML"),
        ("rules: \x01", "not YAML"),
        ("just words", "Line 1: The policy gives values to names"),
        ("- a\n- b", "Line 1: The policy gives values to names"),
        ("42", "gives values to names"),
        (LAUGHS, "Line 2: *a stands for something above"),
        (DEEP, "nests more than 10 levels"),
        ("rules: !!python/object/apply:os.system [id]", "is a tag"),
        ("rules: !secret x", "is a tag"),
        ("[a, b]: c", "a key is a word"),
        ("rules: []\nruels: []", 'Line 2: The policy has the key "ruels", which is not known. Did you mean `rules`?'),
        ("rules: []\nрeople: {}", "Did you mean `people`?"),  # with a Cyrillic р
        ("rules: []\nqqq: 1", "Known are rules, people, patience."),
        ("rules: []\nrules: []", 'Line 2: The policy has "rules" twice'),
        ("rules: {name: a}", "Line 1: `rules` is a list"),
        ("rules:", "`rules` is a list"),
        ("people: [ann]", "`people` gives values to names"),
        ("people: {ann: {counsel: yes}}", 'The roles of "ann" are a list of words'),
        ("people: {ann: [counsel, [x]]}", 'The roles of "ann" are a list of words'),
        ("people: {ann: [null]}", 'The roles of "ann" are a list of words'),
        ('people:\n  ann: []\n  "b\\u200bo": []', "Line 3: `people`: "),
        ("people:\n  ann: []\n  Ann: []", "Line 3: ann and Ann are the same person"),
        ("patience: 3 days", "`patience` gives values to names"),
        ("patience: {expires: 3}", '"3" is no length of time'),
        ("patience: {expires: 3 fortnights}", '"fortnights" is no unit of time'),
        ("patience: {expires: .inf}", "is no length of time"),
        ("patience: {expires: 0 s}", "`expires`: has to be more than nothing"),
        ("patience: {expires: 99999 weeks}", "`expires`: is too much"),
        ("patience: {expires: }", "`expires` takes one value"),
        ("patience: {remind: [1 day]}", "`remind` takes one value"),
        ("patience: {remind: 2 days, expires: 1 day}", "reminds of a question only when that has expired"),
        ("people: {ann: }\npatience: {escalate: 1 day}", "it is not said to whom"),
        ("people: {ann: }\npatience: {escalate_to: ann}", "it is not said after how long"),
        (
            "people: {ann: }\npatience:\n  escalate: 2 days\n  escalate_to: ann\n  expires: 2 days",
            "Line 3: It hands on a question only when that has expired",
        ),
        ("people: {ann: }\npatience: {escalate: 1 h, escalate_to: bo}", "`people` does not name them"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(path: Path, text: str, said: str) -> None:
    (found,) = problems(path, text)
    assert said in found


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, ""),
        ({"name": ""}, "`name` takes one value"),
        ({"name": '""'}, "`name`: is empty"),
        ({"name": '"a\\nb"'}, "`name`: "),
        ({"name": None}, "`name`: is missing"),
        ({"why": None}, "`why`: is missing"),
        ({"why": "[a, b]"}, "`why` takes one value"),
        ({"ask": None}, "It does not say what it makes of an action"),
        ({"deny": "yes"}, "It says ask and deny"),
        ({"ask": "no"}, "does not say how many people"),
        ({"ask": "0"}, "does not say how many people"),
        ({"ask": "21"}, "does not say how many people"),
        ({"ask": "zwei"}, "does not say how many people"),
        ({"ask": None, "deny": "no"}, "a rule can't: it only raises"),
        ({"ask": None, "notify": "perhaps"}, "neither yes nor no"),
        ({"ask": None, "deny": "yes", "role": "counsel"}, "for which nobody is asked"),
        ({"four_eyes": "maybe"}, "neither yes nor no"),
        ({"tool": "send["}, '`tool`: The pattern "send[" opens a ['),
        ({"tool": '""'}, "`tool`: is empty"),
        ({"vaule": "x"}, 'has the key "vaule", which is not known. Did you mean `value`?'),
        ({"over": ".nan"}, '".nan" is no number'),
        ({"over": "5 EUR"}, "without a currency"),
        ({"over": "1.200,50"}, "is no number"),
        ({"over": "9" * 400}, "`over`: is too much"),
        ({"path": "contracts/*"}, "would match nothing"),
        ({"path": "/srv/*/../x"}, "would match nothing"),
        ({"path": '"/a\\0b"'}, "would match nothing"),
        ({"hours": "18:00"}, "are no hours"),
        ({"hours": "mon-fri 9-17 UTC"}, "are no hours"),
        ({"hours": "25:00-26:00 UTC"}, "are no hours"),
        ({"hours": "mon-fri"}, "are no hours"),
        ({"hours": "fri-mox UTC"}, '"mox" is no day'),
        ({"hours": "mon-fri Mars/Olympus"}, "is no time zone"),
        ({"role": "partner"}, "which `people` gives to nobody"),
        ({"ask": "4"}, "wants 4 to accept, but `people` names only 3"),
        ({"ask": "3", "four_eyes": "yes"}, "not counting the one the run is for"),
    ],
)
def test_a_broken_rule_is_refused_with_its_place(path: Path, terms: dict[str, str | None], said: str) -> None:
    lines = {"name": "press", "ask": "one", "why": "x"} | terms
    text = "".join(f"  {key}: {value}\n" for key, value in lines.items() if value is not None)
    text = f"people: {{ann: counsel, bo: , cy: }}\nrules:\n-{text[1:]}"
    if not terms:
        path.write_text(text)
        assert len(read_policy(path).rules) == 1
        return
    (found,) = problems(path, text)
    assert said in found
    keys = tuple(f"{key}:" for key in terms)
    written = [number for number, line in enumerate(text.splitlines(), 1) if line[2:].startswith(keys)]
    assert found.startswith(tuple(f"Line {line}: " for line in [*written, 3]))


def test_every_problem_is_told_from_top_to_bottom(path: Path) -> None:
    found = problems(
        path,
        "people: {ann: }\n"
        "rules:\n"
        "- {name: a, deny: maybe, why: x}\n"
        "- just words\n"
        "- {name: b, tool: 'x[', ask: one, wyh: y}\n"
        "patience: {remind: soon}\n",
    )
    assert [said.split(":")[0] for said in found] == ["Line 3", "Line 4", "Line 5", "Line 6"]


def test_rules_that_contradict_each_other_are_told_with_their_lines(path: Path) -> None:
    found = problems(
        path,
        "people: {ann: }\n"
        "rules:\n"
        "- {name: a, ask: one, why: x}\n"
        "- {name: a, ask: two, why: x}\n"
        "- {name: b, ask: one, four_eyes: yes, why: x}\n",
    )
    assert [said.split(".")[0] for said in found] == [
        'Line 4: The rule "a" wants 2 to accept, but `people` names only 1',
        'Line 4: Two rules are called "a", so nobody could tell which one spoke',
        'Line 5: The rule "b" wants 1 to accept, not counting the one the run is for, but `people` names only 1',
    ]


# The file itself


def test_a_file_that_is_none_is_refused(path: Path, tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(BadPolicy) as caught:
            read_policy(path)
        return str(caught.value)

    assert "No such file" in said(path)
    assert "not a file" in said(tmp_path)
    (tmp_path / "real.yaml").write_text("rules: []")
    path.symlink_to(tmp_path / "real.yaml")
    assert "is a link" in said(path)
    path.unlink()
    path.symlink_to(tmp_path / "gone.yaml")
    assert "is a link" in said(path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a file" in said(tmp_path / "pipe")
    assert "not a file" in said(Path("/dev/null"))
    assert "can't be opened" in said(tmp_path / "real.yaml" / "under")
    assert "can't be opened" in said(Path("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(path: Path) -> None:
    path.write_text("rules: []")
    path.chmod(0)
    with pytest.raises(BadPolicy, match="Permission denied"):
        read_policy(path)


def test_what_is_no_text_or_too_much_is_refused(path: Path) -> None:
    assert "not UTF-8 from byte 8 on" in problems(path, b"rules: \xff")[0]
    assert "not UTF-8" in problems(path, "rules: []".encode("utf-16"))[0]
    assert "more than 1,000,000 bytes" in problems(path, "#" * 1_000_001)[0]


@given(st.text() | st.text(st.sampled_from("rules:people[]{}-,\n aå*&!\"'|>#")))
def test_any_text_is_a_policy_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        read_policy(path)
    except BadPolicy as bad:
        assert all(sentence.endswith((".", "?")) for sentence in bad.problems)


@given(st.lists(st.sampled_from(WHOLE.splitlines(keepends=True)), min_size=5), st.data())
def test_any_disorder_of_lines_is_a_policy_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines.yaml"
    path.write_text("rules:\n" + "".join(data.draw(st.permutations(lines))))
    try:
        read_policy(path)
    except BadPolicy as bad:
        assert bad.problems


def test_a_paths_links_are_followed_up_to_its_first_wildcard(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "da[ta"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    text = "rules:\n" + "".join(
        f"- {{name: {name}, path: '{tmp_path}/{glob}', deny: yes, why: x}}\n"
        for name, glob in [("a", "link/x*"), ("b", "link"), ("c", "link/../link/y/*/z"), ("d", "l*")]
    )
    path.write_text(text)
    globs = [found.path for found in read_policy(path).rules]
    assert globs == [f"{tmp_path}/da[[]ta{rest}" for rest in ("/x*", "", "/y/*/z")] + [f"{tmp_path}/l*"]


def test_a_path_may_begin_at_home(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path.write_text("rules: [{name: keys, path: ~/.ssh, deny: yes, why: x}]")
    assert read_policy(path).rules[0].path == f"{tmp_path}/.ssh"


# The same in Python


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"rules": (rule(), rule(at_least=Ruling.DENY))}, "Two rules are called"),
        ({"people": {"ann": (), "ANN": ()}}, "the same person"),
        ({"people": {"ann": ()}, "rules": (rule(role="counsel"),)}, "gives to nobody"),
        ({"people": {"ann": ()}, "rules": (rule(people=2),)}, "names only 1"),
        ({"people": {"ann": ()}, "rules": (rule(four_eyes=True),)}, "names only 1"),
        ({"patience": Patience(escalate_s=1)}, "to whom"),
        ({"patience": Patience(remind_s=2, expires_s=2)}, "has expired already"),
        ({"people": {"ann": ()}, "patience": Patience(escalate_s=1, escalate_to="Bo")}, "does not name them"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_in_python_too(terms: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Policy.model_validate(terms)


def test_another_policy_may_name_the_people() -> None:
    policy = Policy(rules=(rule(role="counsel", people=2),), patience=Patience(escalate_s=1, escalate_to="ann"))
    assert [each.place for each in policy.unmet()] == [("rules", 0, "role"), ("patience", "escalate_to")]
    assert not [*Policy(rules=policy.rules, people={"ann": ("counsel",), "bo": ()}).unmet()]


def test_one_person_is_enough_for_ask_two() -> None:
    assert Policy(rules=(rule(at_least=Ruling.ASK_TWO),), people={"ann": ()}).people == {"ann": ()}
