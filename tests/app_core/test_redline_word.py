"""Redlines in Word files: what is marked, where new text goes, what is refused, and the check before writing."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx_plus.comments import read_comments

from rheostat.app_core.redline import Change, NotVerified, Refused, Written, accept_all, reject_all, write_redlines
from rheostat.app_core.redline.plan import applied, planned
from rheostat.app_core.redline.word.verify import verify
from rheostat.context import Document, read
from rheostat.context.io.word import open_package, repacked

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def redline(path: Path, changes: Sequence[Change], out: Path) -> Written:
    return write_redlines(path, read(path), changes, out, author="Ada Counsel", at=AT)


def lines(text: str) -> list[str]:
    """Paragraphs as Word shows them once what was deleted is gone: none is empty, none begins with a blank."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def promised(document: Document, changes: Sequence[Change]) -> list[str]:
    return lines(applied(document.text, planned(document, changes, "A")))


def made(folder: Path, *bodies: str) -> Path:
    """A Word file whose body is these paragraphs' XML."""
    file = docx.Document()
    body = cast(Any, file).element.body
    for xml in reversed(bodies):
        body.insert(0, parse_xml(xml))
    path = folder / "made.docx"
    file.save(str(path))
    return path


def para(*runs: str, properties: str = "") -> str:
    return f"<w:p {W}><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def document_xml(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return parse_xml(archive.read("word/document.xml"))


# What the marks look like


def clause(document: Document, text: str) -> Change:
    """The change that inserts nothing at a passage: to be copied with another `new`."""
    start = document.text.index(text)
    return Change(start=start, end=start + len(text), new=text)


def replaced(path: Path, old: str, new: str, comment: str = "") -> Change:
    return clause(read(path), old).model_copy(update={"new": new, "comment": comment})


def test_only_the_words_that_change_are_marked_and_both_sides_keep_the_formatting(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("It ends after "), run("ten (10) years", "<w:b/>"), run(" and not before.")))
    out = tmp_path / "out.docx"
    redline(path, [replaced(path, "ends after ten (10) years", "ends after three (3) years", "Why.")], out)
    root = document_xml(out)
    assert ["".join(node.text for node in mark.iter(qn("w:delText"))) for mark in root.iter(qn("w:del"))] == [
        "ten",
        "10",
    ]
    inserted = list(root.iter(qn("w:ins")))
    assert ["".join(node.text for node in mark.iter(qn("w:t"))) for mark in inserted] == ["three", "3"]
    assert all(mark.find(f".//{qn('w:b')}") is not None for mark in [*inserted, *root.iter(qn("w:del"))])


def test_a_comment_is_anchored_at_its_change_with_author_and_initials(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("It ends after ten years.")))
    redline(path, [replaced(path, "ten", "three", "Playbook: three.\nFallback: five.")], tmp_path / "out.docx")
    redlined = docx.Document(str(tmp_path / "out.docx"))
    (comment,) = redlined.comments
    assert (comment.author, comment.initials) == ("Ada Counsel", "AC")
    assert [paragraph.text for paragraph in comment.paragraphs] == ["Playbook: three.", "Fallback: five."]
    assert read_comments(redlined)[0].anchored_text == "three"
    children = [child.tag.rpartition("}")[2] for child in document_xml(tmp_path / "out.docx").body[0]]
    assert children == ["pPr", "r", "commentRangeStart", "del", "ins", "commentRangeEnd", "r", "r"]


def test_a_comment_alone_leaves_the_text_unmarked(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("It ends after ten years.")))
    written = redline(path, [replaced(path, "ten years", "ten years", "Too long?")], tmp_path / "out.docx")
    root = document_xml(tmp_path / "out.docx")
    assert (written.changes, written.comments) == (0, 1)
    assert not list(root.iter(qn("w:ins"), qn("w:del")))
    between = [node.text for node in root.iter(qn("w:t"))]
    assert between == ["It ends after ", "ten years", "."]


def test_a_line_end_makes_a_new_paragraph_with_the_same_properties(tmp_path: Path) -> None:
    style = '<w:pStyle w:val="ListNumber"/><w:jc w:val="both"/>'
    path = made(tmp_path, para(run("First."), properties=style), para(run("Second.")))
    redline(path, [replaced(path, "First.", "First. More.\nNew clause.")], tmp_path / "out.docx")
    one, two, *_ = document_xml(tmp_path / "out.docx").body
    assert one.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:ins')}") is not None
    assert two.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:ins')}") is None
    assert [p.find(f"{qn('w:pPr')}/{qn('w:pStyle')}").get(qn("w:val")) for p in (one, two)] == ["ListNumber"] * 2
    assert accept_all(tmp_path / "out.docx") == "First. More.\nNew clause.\nSecond."
    assert reject_all(tmp_path / "out.docx") == "First.\nSecond."


def test_deleting_a_whole_clause_deletes_its_paragraph_too(tmp_path: Path) -> None:
    path = made(tmp_path, *(para(run(text)) for text in ("One. ", "Two.", "Three.")))
    redline(path, [replaced(path, "Two.", "")], tmp_path / "out.docx")
    ends = [
        p.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:del')}") is not None
        for p in document_xml(tmp_path / "out.docx").body[:3]
    ]
    assert ends == [False, True, False]
    assert accept_all(tmp_path / "out.docx") == "One.\nThree."
    assert reject_all(tmp_path / "out.docx") == "One.\nTwo.\nThree."


@pytest.mark.parametrize(
    ("old", "new", "accepted"),
    [
        ("One.\nTwo.\nThree.", "One and\nTwo and\nThree and", "One and\nTwo and\nThree and"),
        ("One.\nTwo.", "", "Three."),
        ("Two.\n", "", "One.\nThree."),
        ("\nTwo.", "", "One.\nThree."),
        ("One.\nTwo.\nThree.", "A single clause instead of them all.", "A single clause instead of them all."),
        ("wo.\nThree.", "wo and a half.", "One.\nTwo and a half."),
    ],
)
def test_a_change_of_several_paragraphs_is_taken_apart_where_that_is_exact(
    old: str, new: str, accepted: str, tmp_path: Path
) -> None:
    path = made(tmp_path, *(para(run(text)) for text in ("One.", "Two.", "Three.")))
    redline(path, [replaced(path, old, new)], tmp_path / "out.docx")
    assert accept_all(tmp_path / "out.docx") == accepted
    assert reject_all(tmp_path / "out.docx") == "One.\nTwo.\nThree."


def test_a_change_that_joins_two_paragraphs_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("One is here.")), para(run("Two is there.")))
    change = replaced(path, "here.\nTwo", "gone and")
    with pytest.raises(Refused, match="would join two paragraphs") as refused:
        redline(path, [change], tmp_path / "out.docx")
    assert refused.value.change == change
    assert not (tmp_path / "out.docx").exists()


def test_insertions_at_one_place_stay_in_the_given_order(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("Clause.")))
    start = [
        Change(start=0, end=0, new="First. "),
        Change(start=0, end=0, new="Second. "),
        replaced(path, "Clause", "Part"),
    ]
    end = [Change(start=7, end=7, new=" Third."), Change(start=7, end=7, new=" Fourth.\nFifth.")]
    redline(path, [*start, *end], tmp_path / "out.docx")
    assert accept_all(tmp_path / "out.docx") == "First. Second. Part. Third. Fourth.\nFifth."


# Links, controls, fields, notes and pictures


def linked(text: str) -> str:
    return f'<w:hyperlink w:anchor="x">{run(text, "<w:u/>")}</w:hyperlink>'


@pytest.mark.parametrize(
    ("old", "new", "in_link"),
    [("Terms", "Rules", True), ("the Terms", "all of it", False), ("Terms of", "Rules for", False)],
)
def test_new_text_is_in_a_link_only_where_all_the_old_text_was(
    old: str, new: str, in_link: bool, tmp_path: Path
) -> None:
    path = made(tmp_path, para(run("See the "), linked("Terms"), run(" of use.")))
    redline(path, [replaced(path, old, new)], tmp_path / "out.docx")
    (inserted,) = document_xml(tmp_path / "out.docx").iter(qn("w:ins"))
    assert (inserted.getparent().tag == qn("w:hyperlink")) == in_link
    assert (inserted.find(f".//{qn('w:u')}") is not None) == in_link


def test_text_added_after_a_link_or_control_stands_outside_it(tmp_path: Path) -> None:
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{run('2026')}</w:sdtContent></w:sdt>"
    path = made(tmp_path, para(run("Dated "), control), para(run("See "), linked("Terms")))
    document = read(path)
    ends = [Change(start=block.end, end=block.end, new=" and more.") for block in document.blocks]
    redline(path, ends, tmp_path / "out.docx")
    assert {mark.getparent().tag for mark in document_xml(tmp_path / "out.docx").iter(qn("w:ins"))} == {qn("w:p")}


def field(result: str) -> str:
    codes = (
        '<w:fldChar w:fldCharType="begin"/>',
        "<w:instrText>REF a</w:instrText>",
        '<w:fldChar w:fldCharType="separate"/>',
    )
    return "".join(f"<w:r>{code}</w:r>" for code in codes) + run(result) + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'


def test_a_field_goes_with_its_code_or_stays_whole(tmp_path: Path) -> None:
    path = made(tmp_path, para(run("As in Section "), field("Four Two"), run(" of this Agreement.")))
    redline(path, [replaced(path, "Four Two", "9")], tmp_path / "out.docx")
    root = document_xml(tmp_path / "out.docx")
    assert all(mark.getparent().getparent().tag == qn("w:del") for mark in root.iter(qn("w:fldChar")))
    assert [node.text for node in root.iter(qn("w:delInstrText"))] == ["REF a"]
    assert reject_all(tmp_path / "out.docx") == read(path).text
    for change in (
        replaced(path, "Two of", "Three of"),
        replaced(path, "Four", "Five"),
        Change(start=16, end=16, new="x"),
    ):
        with pytest.raises(Refused, match="Word computes"):
            redline(path, [change], tmp_path / "out.docx")


def test_a_footnote_mark_and_a_picture_outlive_the_deletion_of_the_text_around_them(tmp_path: Path) -> None:
    mixed = '<w:r><w:t>ten</w:t><w:footnoteReference w:id="2"/><w:t xml:space="preserve"> years</w:t><w:drawing/></w:r>'
    path = made(tmp_path, para(run("After "), mixed, run(".")), para(run("Next.")))
    redline(path, [replaced(path, "After ten years.", "")], tmp_path / "out.docx")
    root = document_xml(tmp_path / "out.docx")
    for kept in (*root.iter(qn("w:footnoteReference")), *root.iter(qn("w:drawing"))):
        assert kept.getparent().getparent().tag == qn("w:p")
    assert not list(root.body[0].find(qn("w:pPr")).iter(qn("w:del")))
    assert reject_all(tmp_path / "out.docx") == "After ten years.\nNext."


# Files that have tracked changes already


@pytest.fixture
def negotiated(tmp_path: Path) -> Path:
    """A paragraph in which the other side proposed "thirty" for "ten", made by another library."""
    file = docx.Document()
    file.add_paragraph("Either party may end this Agreement on ten days notice.")
    file.add_paragraph("Notices are in writing.")
    revisions: Any = import_module("docx_revisions")  # it has no type information
    paragraph = revisions.RevisionParagraph.from_paragraph(file.paragraphs[0])
    assert paragraph.replace_tracked("ten", "thirty", author="Bob") == 1
    path = tmp_path / "negotiated.docx"
    file.save(str(path))
    return path


def test_the_other_side_s_changes_are_read_as_accepted_and_stay_as_they_are(negotiated: Path, tmp_path: Path) -> None:
    document, out = read(negotiated), tmp_path / "out.docx"
    assert document.text == "Either party may end this Agreement on thirty days notice.\nNotices are in writing."
    changes = [replaced(negotiated, "Either party", "Customer"), replaced(negotiated, "notice.", "written notice.")]
    redline(negotiated, changes, out)
    authors = [mark.get(qn("w:author")) for mark in document_xml(out).iter(qn("w:ins"), qn("w:del"))]
    assert authors.count("Bob") == 2
    assert lines(accept_all(out)) == promised(document, changes)
    assert reject_all(out) == document.text.replace("thirty", "ten")


@pytest.mark.parametrize(
    ("old", "new"),
    [("thirty", "ninety"), ("on thirty days", "at once"), ("thir", "nine"), ("irt", "i")],
)
def test_a_change_inside_the_other_side_s_change_is_refused(
    old: str, new: str, negotiated: Path, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="lies in a tracked change by Bob") as refused:
        redline(negotiated, [replaced(negotiated, old, new)], tmp_path / "out.docx")
    assert refused.value.change is not None
    assert not (tmp_path / "out.docx").exists()


def test_an_insertion_inside_the_other_side_s_insertion_is_refused_but_beside_it_is_not(
    negotiated: Path, tmp_path: Path
) -> None:
    start = read(negotiated).text.index("thirty")
    with pytest.raises(Refused, match="Bob"):
        redline(negotiated, [Change(start=start + 3, end=start + 3, new="x")], tmp_path / "out.docx")
    beside = [Change(start=start, end=start, new="about "), Change(start=start + 6, end=start + 6, new=" (30)")]
    redline(negotiated, beside, tmp_path / "out.docx")
    assert "on about thirty (30) days" in accept_all(tmp_path / "out.docx")
    assert "on about ten (30) days" not in reject_all(tmp_path / "out.docx")


# The check before writing


@pytest.mark.parametrize(
    ("good", "bad", "what"),
    [
        (b"Notices are", b"Notices were", "rejecting"),
        (b"<w:b/>", b"<w:i/>", "rejecting"),
        (b">three<", b">four<", "accepting"),
    ],
)
def test_a_redline_that_breaks_its_promise_is_caught(good: bytes, bad: bytes, what: str, tmp_path: Path) -> None:
    path = made(
        tmp_path, para(run("After "), run("ten", "<w:b/>"), run(" years.")), para(run("Notices are in writing."))
    )
    change, out = replaced(path, "ten", "three"), tmp_path / "out.docx"
    redline(path, [change], out)
    ids = {mark.get(qn("w:id")) for mark in document_xml(out).iter(qn("w:ins"), qn("w:del"))}
    package = open_package(path.read_bytes(), path.name)
    target = applied(read(path).text, planned(read(path), [change], "A"))
    verify(out.read_bytes(), package, ids, target)
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as archive:
        xml = archive.read("word/document.xml")
    assert good in xml
    with pytest.raises(NotVerified, match=what):
        verify(repacked(out.read_bytes(), {"word/document.xml": xml.replace(good, bad)}), package, ids, target)
