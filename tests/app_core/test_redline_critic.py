"""Redlines of text files: CriticMarkup that can be taken back."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.redline import Change, Refused, accept_all, reject_all, write_redlines
from rheostat.app_core.redline.critic import accepted, marked_up, rejected
from rheostat.app_core.redline.plan import applied, planned
from rheostat.context import Block, Document

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MARKED = ("{--", "--}", "{++", "++}", "{>>", "<<}", "{~~", "~~}", "{==", "==}")
TEXTS = st.text(alphabet="ab {}+-<>=~\n.", max_size=40)


def document(text: str) -> Document:
    block = Block(kind="paragraph", start=0, end=len(text))
    return Document(source="nda.md", text=text, blocks=(block,), sha256=hashlib.sha256(text.encode()).hexdigest())


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Change]]:
    text = draw(TEXTS)
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = zip(ends[::2], ends[1::2], strict=False)
    return text, [Change(start=a, end=b, new=draw(TEXTS), comment=draw(TEXTS)) for a, b in spans]


@given(cases())
def test_marks_can_be_taken_back_or_taken_in_unless_the_text_holds_marks_itself(case: tuple[str, list[Change]]) -> None:
    text, changes = case
    plan = planned(document(text), changes, "A")
    try:
        marked = marked_up(text, plan)
    except Refused:
        said = [text, *(change.new for change in changes), *(change.comment for change in changes)]
        assert any(mark in part for part in said for mark in MARKED)
        return
    assert rejected(marked) == text
    assert accepted(marked) == applied(text, plan)


def test_it_looks_like_this(tmp_path: Path) -> None:
    path, out = tmp_path / "nda.md", tmp_path / "nda.redlined.md"
    text = "# Term\n\nIt ends after ten (10) years.\n"
    path.write_text(text)
    change = Change(start=8, end=36, new="It ends after three (3) years", comment="Playbook:\nthree at most")
    written = write_redlines(path, document(text), [change], out, author="A", at=AT)
    assert out.read_text() == (
        "# Term\n\nIt ends after {--ten--}{++three++} ({--10--}{++3++}) years{>>Playbook: three at most<<}.\n"
    )
    assert (written.changes, written.insertions, written.deletions, written.comments) == (1, 2, 2, 1)
    assert written.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert reject_all(out) == text
    assert accept_all(out) == text.replace("ten", "three").replace("10", "3")


def test_a_comment_alone_stands_after_its_passage() -> None:
    text = "One. Two."
    plan = planned(document(text), [Change(start=0, end=4, new="One.", comment="why?")], "A")
    assert marked_up(text, plan) == "One.{>>why?<<} Two."


def test_a_text_with_marks_of_its_own_is_refused() -> None:
    with pytest.raises(Refused, match="Accept or reject the changes in it first"):
        marked_up("He {++said++} so", [])
