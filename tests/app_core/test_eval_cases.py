"""The cases of an eval: what is taken, and that each line that does not fit is named with what is wrong with it."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from rheostat import App
from rheostat.app_core.eval_cases import NAME, Case, cases_in, read_cases
from rheostat.app_core.run_errors import BadInput

app = App("desk")


class Ticket(BaseModel):
    sender: str
    words: int = 0


@app.function
def send_on(ticket: Ticket, day: date) -> str:
    return f"{ticket.sender} {day}"


@app.workflow
def answer(ticket: Ticket, day: date = date(2026, 1, 1)) -> str:
    return send_on(ticket, day)


@app.function
def hail(name: str) -> str:
    return name


@app.workflow
def greet(name: str) -> str:
    return hail(name)


def refused(*lines: str) -> str:
    with pytest.raises(BadInput) as caught:
        cases_in(lines, answer, called="cases.jsonl")
    return str(caught.value)


def test_a_case_is_a_line_and_its_name_no_argument() -> None:
    lines = ['{"name": "angry", "ticket": {"sender": "ann"}}', "", '{"ticket": {"sender": "bo"}, "day": "2026-02-03"}']
    assert cases_in(lines, answer, called="cases.jsonl") == [
        Case("angry", {"ticket": {"sender": "ann"}}),
        Case("line 3", {"ticket": {"sender": "bo"}, "day": "2026-02-03"}),
    ]


def test_a_workflow_that_takes_a_name_gets_it() -> None:
    assert cases_in(['{"name": "ann"}'], greet, called="x") == [Case("line 1", {NAME: "ann"})]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "no JSON (Expecting property name enclosed in double quotes at character 2)."),
        ("[1]", "no JSON object. Write one with ticket, day for keys."),
        ("{}", "'ticket' is missing. It takes ticket, day."),
        ('{"ticket": {"sender": "a"}, "mood": 1}', "answer takes no 'mood'. It takes ticket, day."),
        ('{"ticket": {"sender": 5}}', "ticket.sender: Input should be a valid string."),
        ('{"ticket": {}}', "ticket.sender: Field required."),
        ('{"ticket": {"sender": "a"}, "day": "soon"}', "day: "),
        ('{"ticket": {"sender": "a", "words": NaN}}', "NaN is no JSON."),
        ('{"ticket": {"sender": "a", "sender": "b"}}', "'sender' stands there twice."),
        ('{"ticket": {"sender": "a"}, "name": 7}', "its name is no text."),
        ("[" * 100_000, "nested too deeply."),
    ],
)
def test_a_line_that_does_not_fit_is_named(line: str, what: str) -> None:
    assert refused('{"ticket": {"sender": "a"}}', "", line).startswith(f"cases.jsonl, line 3: {what}")


def test_all_that_is_wrong_is_told_at_once_but_not_endlessly() -> None:
    told = refused(*["{}"] * 3, '{"ticket": {"sender": "a"}}', *["{}"] * 4).splitlines()
    assert [line.partition(":")[0] for line in told[:-1]] == [f"cases.jsonl, line {n}" for n in (1, 2, 3, 5, 6)]
    assert told[-1] == "And 2 more like these."


def test_two_cases_of_one_name_are_refused() -> None:
    line = '{"ticket": {"sender": "a"}, "name": "angry"}'
    assert refused(line, line) == "cases.jsonl: 2 cases are called 'angry'."


def test_a_file_without_cases_is_refused() -> None:
    assert refused("", "  ") == "cases.jsonl holds no cases. Write one JSON object a line, with ticket, day for keys."


def test_a_file_that_is_none_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no\.jsonl can't be read: No such file"):
        read_cases(tmp_path / "no.jsonl", answer)
    with pytest.raises(BadInput, match="can't be read: Is a directory"):
        read_cases(tmp_path, answer)
    (tmp_path / "latin.jsonl").write_bytes(b'{"name": "a"}\n{"name": "\xfc"}\n')
    with pytest.raises(BadInput, match=r"latin\.jsonl, line 2: not UTF-8"):
        read_cases(tmp_path / "latin.jsonl", answer)


def test_a_file_as_windows_writes_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(b'\xef\xbb\xbf{"name": "ann"}\r\n{"name": "bo"}\r\n')
    assert [case.inputs for case in read_cases(tmp_path / "cases.jsonl", greet)] == [{"name": "ann"}, {"name": "bo"}]
