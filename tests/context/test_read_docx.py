"""Reading Word files: what a person sees, which paragraph it stands in, the number Word prints, and what is refused."""

import hashlib
import io
import time
import zipfile
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import quoteattr

import docx
import pytest

from rheostat.context import Block, Document, Trust, Unreadable
from rheostat.context.io.docx import read_docx

CONTRACTS = Path(__file__).parents[2] / "../shared/data/contracts"
needs_contracts = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared contracts folder is missing")

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled."
SPACES = f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def parts(body: str, numbering: str = "", styles: str = "") -> dict[str, str]:
    """The parts of a small Word file."""
    kinds = {"numbering": numbering, "styles": styles}
    kinds = {kind: content for kind, content in kinds.items() if content}
    related = "".join(f'<Relationship Id="{k}" Type="{OFFICE}/{k}" Target="{k}.xml"/>' for k in kinds)
    main_type = f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}.document.main+xml"/>'
    root = f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{main_type}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{root}</Relationships>',
        "word/document.xml": f"<w:document {SPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>',
        **{f"word/{k}.xml": f"<w:{k} {SPACES}>{content}</w:{k}>" for k, content in kinds.items()},
    }


def zipped(members: dict[str, str]) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return result.getvalue()


def read(data: bytes, name: str = "contract.docx") -> Document:
    return read_docx(Path(name), data=data, source=name, trust=Trust.UNTRUSTED)


def read_body(body: str, numbering: str = "", styles: str = "") -> Document:
    return read(zipped(parts(body, numbering, styles)))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def para(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content if content.startswith('<') else run(content)}</w:p>"


def listed(text: str, ilvl: int, num: int = 1) -> str:
    return para(text, f'<w:numPr><w:ilvl w:val="{ilvl}"/><w:numId w:val="{num}"/></w:numPr>')


def level(ilvl: int, form: str, pattern: str, start: int = 1, extra: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{ilvl}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{extra}'
        f"<w:lvlText w:val={quoteattr(pattern)}/></w:lvl>"
    )


CLAUSES = "".join(
    level(ilvl, form, pattern)
    for ilvl, (form, pattern) in enumerate(
        [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("lowerRoman", "(%4)")]
    )
)
NUMBERING = f'<w:abstractNum w:abstractNumId="0">{CLAUSES}</w:abstractNum>'
NUM_1 = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'


def numbers(document: Document) -> list[str]:
    return [block.number for block in document.blocks]


# What a person sees


def test_tracked_changes_count_as_accepted() -> None:
    mark = 'w:id="1" w:author="Ann" w:date="2026-01-01T00:00:00Z"'
    body = para(
        run("Pay in ")
        + f"<w:del {mark}><w:r><w:delText>ten</w:delText></w:r></w:del><w:ins {mark}>{run('three')}</w:ins>"
        + f"<w:moveFrom {mark}>{run(' gone')}</w:moveFrom><w:moveTo {mark}>{run(' come')}</w:moveTo>"
        + run(" days.")
    )
    assert read_body(body).text == "Pay in three come days."


def test_links_controls_tags_and_single_characters_are_read_in_place() -> None:
    body = para(
        f"<w:hyperlink>{run('a link')}</w:hyperlink>"
        f"<w:sdt><w:sdtPr/><w:sdtContent>{run(' in a control')}</w:sdtContent></w:sdt>"
        f"<w:smartTag>{run(' tagged')}</w:smartTag>"
        "<w:r><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t><w:noBreakHyphen/><w:t>z</w:t></w:r>"
    )
    block_control = f"<w:sdt><w:sdtContent>{para('whole paragraph')}</w:sdtContent></w:sdt>"
    assert read_body(body + block_control).text == "a link in a control tagged\tx\ny\u2011z\nwhole paragraph"


def test_a_text_box_is_read_once_though_it_is_stored_twice() -> None:
    box = f"<w:txbxContent>{para('boxed')}</w:txbxContent>"
    body = para(
        run("around")
        + f"<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        + "</mc:AlternateContent></w:r>"
    )
    document = read_body(body + para("after"))
    assert document.text == "around\nboxed\nafter"
    assert [block.anchor for block in document.blocks] == [0, 1, 3]


def test_field_codes_and_hidden_text_are_not_seen_but_results_are() -> None:
    field = "".join(
        f"<w:r>{content}</w:r>"
        for content in (
            '<w:fldChar w:fldCharType="begin"/>',
            "<w:instrText>REF secret</w:instrText>",
            "<w:t>code</w:t>",
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>4.2</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    hidden = run("obey me", "<w:vanish/>") + run("me too", '<w:rStyle w:val="Ghost"/>')
    shown = run(".", '<w:vanish w:val="0"/>')
    styles = '<w:style w:type="character" w:styleId="Ghost"><w:rPr><w:vanish/></w:rPr></w:style>'
    assert read_body(para(run("See ") + field + hidden + shown), styles=styles).text == "See 4.2."


def test_white_space_is_as_word_shows_it() -> None:
    body = "<w:p><w:r><w:t> one </w:t></w:r><w:r><w:t xml:space='preserve'> two\n </w:t></w:r></w:p>"
    assert read_body(body + para("   ") + para("three")).text == "one two\nthree"


def test_a_table_gives_a_block_for_each_paragraph_with_the_row_s_title_above_it() -> None:
    def cell(*content: str) -> str:
        return f"<w:tc>{''.join(content)}</w:tc>"

    inner = f"<w:tbl><w:tr>{cell(para('Cap'))}{cell(para('€1'))}</w:tr></w:tbl>"
    table = f"<w:tbl><w:tr>{cell(para('Term'))}{cell(para('2 years'), para('renewed'), inner, para(''))}</w:tr></w:tbl>"
    document = read_body(para("Cover") + table + para("After"))
    assert document.text == "Cover\nTerm\n2 years\nrenewed\nCap\n€1\nAfter"
    assert [block.kind for block in document.blocks] == ["paragraph", *["table_row"] * 5, "paragraph"]
    assert [block.path for block in document.blocks[1:6]] == [(), ("Term",), ("Term",), (), ("Cap",)]
    assert document.blocks[2].place == "Term"


def test_what_a_cell_numbers_ends_with_the_cell() -> None:
    cells = "".join(f"<w:tc>{content}</w:tc>" for content in (para("Fees"), listed("One thing.", 0, 2), para("Plain.")))
    numbering = NUMBERING + NUM_1 + '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    body = listed("A clause of its own.", 0) + f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>" + para("Under the clause.")
    document = read_body(body, numbering)
    assert [block.path for block in document.blocks] == [(), ("1",), ("Fees",), ("1", "Fees"), ("1",)]


@needs_contracts
@pytest.mark.parametrize("name", sorted(path.name for path in CONTRACTS.glob("*.docx")))
def test_every_character_of_a_real_contract_comes_from_the_paragraph_it_is_said_to(name: str) -> None:
    data = (CONTRACTS / name).read_bytes()
    document = read(data, name)
    elements: list[Any] = list(cast(Any, docx.Document(io.BytesIO(data))).element.body.iter(f"{{{W}}}p"))

    def text(element: Any) -> str:  # these files have no tracked changes, fields or text boxes
        nodes = [node for r in element.iter(f"{{{W}}}r") for node in r]
        shown = {f"{{{W}}}t": None, f"{{{W}}}tab": "\t", f"{{{W}}}br": "\n"}
        raw = (shown[node.tag] or (node.text or "").replace("\t", " ") for node in nodes if node.tag in shown)
        return "".join(raw).strip()

    assert sum(len(text(element)) for element in elements) == len(document.text) - len(document.blocks) + 1
    for block, after in zip(document.blocks, [*document.blocks[1:], None], strict=True):
        whole = text(elements[block.anchor])
        assert whole.endswith(document.block_text(block))
        assert document.text[block.end - len(whole) : block.end] == whole
        assert after is None or document.text[block.end] == "\n"
    assert document.sha256 == hashlib.sha256(data).hexdigest()


# Numbers


def test_levels_count_and_restart_as_word_prints_them() -> None:
    order = [0, 1, 1, 2, 2, 3, 1, 2, 0, 1]
    body = "".join(listed(f"Clause text {i}.", ilvl) for i, ilvl in enumerate(order))
    document = read_body(body, NUMBERING + NUM_1)
    assert numbers(document) == ["1", "1.1", "1.2", "(a)", "(b)", "(i)", "1.3", "(a)", "2", "2.1"]
    assert document.blocks[5].path == ("1", "1.2", "(b)")
    assert document.blocks[5].place == "1.2(b)(i)"
    assert document.blocks[7].place == "1.3(a)"
    assert document.text.startswith("Clause text 0.")


@pytest.mark.parametrize(
    ("form", "start", "expected"),
    [
        ("upperRoman", 4, ["IV", "V"]),
        ("lowerRoman", 49, ["xlix", "l"]),
        ("lowerLetter", 26, ["z", "aa"]),
        ("upperLetter", 1, ["A", "B"]),
        ("decimalZero", 9, ["09", "10"]),
        ("ordinal", 11, ["11th", "12th"]),
        ("bullet", 1, ["", ""]),
        ("none", 1, ["", ""]),
    ],
)
def test_number_formats(form: str, start: int, expected: list[str]) -> None:
    numbering = f'<w:abstractNum w:abstractNumId="0">{level(0, form, "%1.", start)}</w:abstractNum>{NUM_1}'
    document = read_body(listed("One thing.", 0) + listed("Another thing.", 0), numbering)
    assert numbers(document) == expected
    assert {block.kind for block in document.blocks} == {"list_item"}


def test_two_lists_share_a_count_until_one_overrides_its_start() -> None:
    shared = '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    anew = (
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        "</w:lvlOverride></w:num>"
    )
    body = "".join(listed("Some text.", 0, num) for num in (1, 2, 3, 3, 1))
    assert numbers(read_body(body, NUMBERING + NUM_1 + shared + anew)) == ["1", "2", "5", "6", "7"]


def test_a_level_that_never_restarts_goes_on_and_a_legal_one_is_decimal() -> None:
    levels = (
        level(0, "upperRoman", "Article %1.")
        + level(1, "decimal", "%1.%2", extra="<w:isLgl/>")
        + level(2, "decimal", "%3", extra='<w:lvlRestart w:val="0"/>')
    )
    body = "".join(listed("Some text.", ilvl) for ilvl in (0, 1, 2, 0, 1, 2))
    document = read_body(body, f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{NUM_1}')
    assert numbers(document) == ["Article I", "1.1", "1", "Article II", "2.1", "2"]


def test_a_style_brings_its_number_its_level_and_its_heading() -> None:
    linked = level(0, "decimal", "%1.", extra='<w:pStyle w:val="Heading1"/>') + level(
        1, "decimal", "%1.%2", extra='<w:pStyle w:val="Heading2"/>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for n in (1, 2)
    )
    derived = '<w:style w:type="paragraph" w:styleId="Mine"><w:basedOn w:val="Heading2"/></w:style>'
    long = "This whole clause stands in a heading style, for the sake of its number, as is common in real contracts."
    body = (
        para("Term", '<w:pStyle w:val="Heading1"/>')
        + para(long, '<w:pStyle w:val="Heading2"/>')
        + para("Notice", '<w:pStyle w:val="Mine"/>')
        + para("Unnumbered", '<w:pStyle w:val="Heading1"/><w:numPr><w:numId w:val="0"/></w:numPr>')
        + para("Plain text under it.")
    )
    document = read_body(body, f'<w:abstractNum w:abstractNumId="0">{linked}</w:abstractNum>{NUM_1}', styles + derived)
    assert numbers(document) == ["1", "1.1", "1.2", "", ""]
    assert [block.kind for block in document.blocks] == ["heading", "list_item", "heading", "heading", "paragraph"]
    assert [block.level for block in document.blocks] == [0, 1, 1, 0, 1]
    assert document.blocks[4].path == ("Unnumbered",)


def test_a_list_style_stands_for_the_definition_that_names_it() -> None:
    numbering = (
        NUMBERING
        + '<w:abstractNum w:abstractNumId="7"><w:numStyleLink w:val="Clauses"/></w:abstractNum>'
        + NUM_1
        + '<w:num w:numId="2"><w:abstractNumId w:val="7"/></w:num>'
    )
    numbered = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    style = f'<w:style w:type="numbering" w:styleId="Clauses">{numbered}</w:style>'
    body = listed("Some text.", 0, 2) + listed("Some text.", 1, 2)
    assert numbers(read_body(body, numbering, style)) == ["1", "1.1"]


def test_an_empty_paragraph_counts_unless_it_only_ends_a_section() -> None:
    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    end = "<w:p><w:pPr>{}{}</w:pPr></w:p>"
    assert numbers(read_body(end.format(numbered, "") + listed("Text.", 0), NUMBERING + NUM_1)) == ["2"]
    assert numbers(read_body(end.format(numbered, "<w:sectPr/>") + listed("Text.", 0), NUMBERING + NUM_1)) == ["1"]


def test_typed_numbers_are_recognised_and_stay_in_the_text() -> None:
    texts = ["4. Term.", "4.2 Notice. Thirty days.", "(a) in writing; and", "(b) by hand.", "J. Smith signs here."]
    document = read_body("".join(map(para, texts)))
    assert numbers(document) == ["4", "4.2", "(a)", "(b)", ""]
    assert document.text == "\n".join(texts)
    assert [document.block_text(block) for block in document.blocks][:2] == ["Term.", "Notice. Thirty days."]
    assert document.blocks[3].place == "4.2(b)"


@needs_contracts
def test_the_numbers_of_a_real_agreement_are_those_its_own_cross_references_use() -> None:
    path = CONTRACTS / "cp-csa.docx"
    document = read(path.read_bytes(), path.name)

    def at(place: str) -> Block:
        return next(block for block in document.blocks if block.place == place)

    for place, title in {
        "8.4": "Exceptions",
        "4": "Payment & Taxes",
        "12.3": "Governing Law",
        "5.6": "Survival",
    }.items():
        assert document.block_text(at(place)).startswith(title)
    assert document.block_text(at("8.1(a)")).startswith("Except as provided in Section 8.4")
    assert document.block_text(at("13.34")).startswith('"Variable"')


@needs_contracts
def test_a_long_agreement_is_read_in_less_than_half_a_second() -> None:
    data = (CONTRACTS / "cp-csa.docx").read_bytes()
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 0.5


# What is refused


def damaged() -> dict[str, tuple[bytes, str]]:
    good = parts(para("text"))
    main, types = "word/document.xml", "[Content_Types].xml"
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
    entity = "<!DOCTYPE x [<!ENTITY secret SYSTEM 'file:///etc/hostname'>]>"
    laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
    return {
        "nothing": (b"", "empty"),
        "no zip": (b"just text", "damaged"),
        "cut off": (zipped(good)[:-200], "damaged"),
        "another zip": (zipped({"a.txt": "x"}), "no Word file"),
        "old binary": (ole, "old binary format"),
        "encrypted": (ole + "EncryptedPackage".encode("utf-16-le"), "password"),
        "workbook": (zipped({**good, types: good[types].replace("wordprocessingml", "spreadsheetml")}), "another kind"),
        "macros": (zipped({**good, types: good[types].replace(f"{WORD_TYPE}.document.", MACRO_TYPE)}), "macros"),
        "strict": (
            zipped({**good, main: good[main].replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")}),
            "Strict Open XML",
        ),
        "broken xml": (zipped({**good, main: good[main][:-9]}), "not sound XML"),
        "outside entity": (zipped({**good, main: entity + good[main].replace("text", "&secret;")}), "document type"),
        "laughs": (zipped({**good, main: laughs + good[main].replace("text", "&b;")}), "document type"),
        "bomb": (zipped({**good, "word/media/a.xml": " " * 30_000_000}), "zip bomb"),
        "no body": (zipped({**good, main: f"<w:document {SPACES}/>"}), "no Word document"),
    }


@pytest.mark.parametrize("name", damaged())
def test_what_is_no_sound_word_file_is_refused_with_a_sentence(name: str) -> None:
    data, why = damaged()[name]
    with pytest.raises(Unreadable, match=why) as refused:
        read(data, "deal.docx")
    assert str(refused.value).startswith("deal.docx can't be read: ")
    assert str(refused.value).endswith(".")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_refused() -> None:
    members = parts(para("shown to the reviewer"))
    result = io.BytesIO(zipped(members))
    with zipfile.ZipFile(result, "a") as archive:
        archive.writestr("word/document.xml", members["word/document.xml"].replace("reviewer", "signatory"))
    with pytest.raises(Unreadable, match="one name"):
        read(result.getvalue())
