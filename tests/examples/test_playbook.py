"""Reading playbooks: every rule that is there, none that isn't, and a sentence for whatever is wrong."""

from pathlib import Path

import docx
import pytest

from rheostat.app_core.data_file import MAX_BYTES, BadFile
from rheostat.examples.legal.playbook import read_playbook

SAMPLE = Path(__file__).parents[2] / "examples/legal/sample/playbook.yaml"
CONTRACTS = Path(__file__).parents[2] / "../shared/data/contracts"

needs_contracts = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared contracts folder is missing")


def written(folder: Path, text: str | bytes, name: str = "p.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_sample_has_a_position_a_fallback_and_a_limit_for_every_rule() -> None:
    book = read_playbook(SAMPLE)
    assert (book.name, book.source, len(book.rules)) == ("Brightwater NDA playbook", "playbook.yaml", 7)
    assert all(rule.preferred and rule.fallbacks and rule.not_acceptable and rule.guidance for rule in book.rules)
    assert [rule.id for rule in book.rules if not rule.wording] == ["non-solicitation"]
    assert not any("\n" in rule.wording for rule in book.rules)


def test_an_id_is_the_slug_of_the_topic_unless_it_is_stated(tmp_path: Path) -> None:
    rules = (
        "{topic: 'Term & End!', preferred: x}, {topic: Law, id: courts, preferred: x}, {topic: 保密期限, preferred: x}"
    )
    assert [rule.id for rule in read_playbook(written(tmp_path, f"rules: [{rules}]")).rules] == [
        "term-end",
        "courts",
        "保密期限",
    ]
    assert read_playbook(tmp_path / "p.yaml").name == "p"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "p.yaml: the file is empty."),
        ("just prose", "p.yaml: not a mapping of names to values."),
        ("name: x", "p.yaml: there are no rules; add one with at least a topic and a preferred position."),
        ("rules:", "p.yaml: there are no rules; add one with at least a topic and a preferred position."),
        ("rules: 3", 'p.yaml, field "rules": is not a list.'),
        ("rules: [3]", "p.yaml, rule 1: Input should be a valid dictionary or instance of Rule."),
        ("rules: [{topic: Term}]", 'p.yaml, rule 1 ("Term"), field "preferred": is missing.'),
        ("rules: [{preferred: x}]", 'p.yaml, rule 1, field "topic": is missing.'),
        (
            "rules: [{topic: Term, preferred: 3}]",
            'p.yaml, rule 1 ("Term"), field "preferred": Input should be a valid string.',
        ),
        (
            "rules: [{topic: Term, preferred: x, fallbacks: y}]",
            'p.yaml, rule 1 ("Term"), field "fallbacks": is not a list.',
        ),
        (
            "rules: [{topic: Term, preferred: x, prefered: y}]",
            'p.yaml, rule 1 ("Term"), field "prefered": is not known; write one of topic, id, preferred, fallbacks, '
            "not_acceptable, guidance, wording.",
        ),
        ("name: x\nruls: []", 'p.yaml, field "ruls": is not known; write one of name, source, rules.'),
        (
            "rules: [{topic: Term, preferred: x}, {topic: term, id: other, preferred: y}]",
            'p.yaml: rules 1 and 2 have the same topic "term"; merge or rename one.',
        ),
        (
            "rules: [{topic: Term, preferred: x}, {topic: Length, id: term, preferred: y}]",
            'p.yaml: rules 1 and 2 have the same id "term"; merge or rename one.',
        ),
        ("rules:\n  - topic: 'Term", "p.yaml, line 2: not YAML: found unexpected end of stream."),
        ("name: 2026-13-01", "p.yaml: not YAML: month must be in 1..12."),
        ("[" * 5000, "p.yaml: not YAML: maximum recursion depth exceeded"),
        (b"\xff\xfe\xfa", "p.yaml: not YAML: "),
        ("rules: !!python/object/apply:os.system [ls]", "p.yaml, line 1: not YAML: "),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_playbook(written(tmp_path, text))
    assert str(caught.value).startswith(sentence)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as caught:
        read_playbook(written(tmp_path, "rules: [{topic: Term}, {preferred: x}]"))
    assert str(caught.value).splitlines() == [
        'p.yaml, rule 1 ("Term"), field "preferred": is missing.',
        'p.yaml, rule 2, field "topic": is missing.',
    ]


def test_the_wrong_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="more than 2,000,000 bytes"):
        read_playbook(written(tmp_path, b" " * (MAX_BYTES + 1)))
    with pytest.raises(BadFile, match=r"a playbook is a \.yaml or a \.docx file"):
        read_playbook(written(tmp_path, "x", "p.pdf"))
    with pytest.raises(BadFile, match="not a Word file that opens"):
        read_playbook(written(tmp_path, b"PK\x03\x04 damaged", "p.docx"))
    with pytest.raises(BadFile, match="absent.yaml can't be read: No such file"):
        read_playbook(tmp_path / "absent.yaml")


def word_file(folder: Path, rows: list[tuple[str, str]]) -> Path:
    file = docx.Document()
    table = file.add_table(rows=0, cols=3)
    for left, right in rows:
        cells = table.add_row().cells
        cells[0].merge(cells[1]).text = left
        cells[2].text = right
    file.save(str(folder / "p.docx"))
    return folder / "p.docx"


def test_a_row_of_a_word_table_is_a_rule_if_it_gives_an_instruction(tmp_path: Path) -> None:
    rows = [
        ("Parties", "The Supplier and the Customer"),
        ("Add Affiliates", "Add to the end of Section 1 (Introduction):\n\nAn Affiliate may take part."),
        ("No Trial", "Delete the last sentence of Section 3 which reads:\n“A trial is free.”"),
        ("No Trial", "[USAGE NOTES: \nFor paid pilots.\nAsk sales.]"),
        ("Attachments (link or attach)", ""),
    ]
    affiliates, trial = read_playbook(word_file(tmp_path, rows)).rules
    assert affiliates.model_dump(exclude_defaults=True) == {
        "topic": "Add Affiliates",
        "id": "add-affiliates",
        "preferred": "Add to the end of Section 1 (Introduction)",
        "wording": "An Affiliate may take part.",
    }
    assert (trial.preferred, trial.not_acceptable) == ("Delete the last sentence of Section 3", "A trial is free.")
    assert (trial.wording, trial.guidance) == ("", "For paid pilots.\nAsk sales.")


def test_a_word_file_without_instructions_has_no_rules(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there are no rules"):
        read_playbook(word_file(tmp_path, [("Parties", "The Supplier and the Customer")]))


def test_two_word_rules_on_one_topic_are_not_quietly_joined(tmp_path: Path) -> None:
    rows = [("Term", "Add to Section 1:\nOne year."), ("Term", "Add to Section 2:\nTwo years.")]
    with pytest.raises(BadFile, match='rules 1 and 2 have the same topic "Term"'):
        read_playbook(word_file(tmp_path, rows))


@needs_contracts
def test_real_word_playbooks_give_their_rules_and_nothing_else() -> None:
    nda = read_playbook(CONTRACTS / "bonterms-nda-playbook.docx").rules
    assert [rule.topic for rule in nda] == [
        "Add Affiliates",
        "Add Feedback Clause",
        "No Independent Development Exception",
        "Make NDA Unilateral",
        "Remove Similar Product Development Language",
        "Add Job Candidate Provision",
    ]
    assert nda[3].guidance.startswith("In addition to inserting the above language") and not nda[3].guidance.endswith(
        "]"
    )
    assert [rule.id for rule in nda if not rule.wording] == [
        "no-independent-development-exception",
        "remove-similar-product-development-language",
    ]
    cloud = read_playbook(CONTRACTS / "bonterms-cloud-playbook.docx").rules
    assert len(cloud) == 13 and "Credit Tier 4" in cloud[-1].guidance and not cloud[-1].wording
    assert not any("Attachments" in rule.topic or "Policy" in rule.topic for rule in cloud)
