"""Redlines of ten real agreements: exact when rejected, exact when accepted, and nothing else touched."""

import random
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx_plus.revisions import accept_all_revisions, reject_all_revisions

from rheostat.app_core.redline import Change, Written, accept_all, reject_all, write_redlines
from rheostat.app_core.redline.plan import applied, planned
from rheostat.context import Block, Document, read

CONTRACTS = Path(__file__).parents[2] / "../shared/data/contracts"
NAMES = sorted(path.name for path in CONTRACTS.glob("*.docx"))
needs_contracts = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the shared contracts folder is missing")

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WORDS = "reasonable written notice mutually agreed party shall not exceed thirty (30) days including, without".split()


def redline(path: Path, changes: Sequence[Change], out: Path) -> Written:
    return write_redlines(path, read(path), changes, out, author="Ada Counsel", at=AT)


def lines(text: str) -> list[str]:
    """Paragraphs as Word shows them once what was deleted is gone: none is empty, none begins with a blank."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def promised(document: Document, changes: Sequence[Change]) -> list[str]:
    return lines(applied(document.text, planned(document, changes, "A")))


def document_xml(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return parse_xml(archive.read("word/document.xml"))


def looks(root: Any) -> list[tuple[str, bytes]]:
    """Each visible character with its run properties, paragraph by paragraph: told without any of our own code."""
    found: list[tuple[str, bytes]] = []
    for paragraph in root.iter(qn("w:p")):
        for node in paragraph.iter(qn("w:t"), qn("w:tab"), qn("w:br")):
            owner = node.getparent()
            if owner.tag == qn("w:r"):
                properties = owner.find(qn("w:rPr"))
                shown = b"" if properties is None else bytes(parse_xml(properties.xml).xml, "utf-8")
                found += [(character, shown) for character in (node.text or "\t" if node.tag == qn("w:t") else "\t")]
        found.append(("\n", b""))
    return found


def random_change(dice: random.Random, text: str, block: Block) -> Change:
    kind = dice.choice(["words", "append", "clause", "delete", "paragraph", "note"])
    clause = text[block.start : block.end]
    note = dice.choice(["", "See the playbook.\nSecond line."])
    if kind == "words":
        start = dice.randrange(len(clause))
        end = min(len(clause), start + dice.randrange(60))
        new = " ".join(dice.sample(WORDS, dice.randrange(1, 5)))
        return Change(start=block.start + start, end=block.start + end, new=new, comment=note)
    if kind == "clause":
        words = clause.split(" ")
        words[dice.randrange(len(words))] = "REPLACED"
        words.insert(dice.randrange(len(words)), "ADDED")
        return Change(start=block.start, end=block.end, new=" ".join(words), comment=note)
    if kind == "delete":
        return Change(start=block.start, end=block.end, new="", comment=note)
    if kind == "note":
        return Change(start=block.start, end=block.end, new=clause, comment="A note.")
    new = " It is added at the end." if kind == "append" else "\nA new paragraph.\nAnd\tanother one."
    return Change(start=block.end, end=block.end, new=new, comment=note)


def random_changes(document: Document, seed: int) -> list[Change]:
    dice = random.Random(seed)
    return [random_change(dice, document.text, block) for block in document.blocks if dice.random() < 0.5]


@needs_contracts
@pytest.mark.parametrize("name", NAMES)
def test_random_changes_of_real_agreements_are_exact(name: str, tmp_path: Path) -> None:
    path, out = CONTRACTS / name, tmp_path / name
    document = read(path)
    changes = random_changes(document, 1)
    written = redline(path, changes, out)
    assert written.changes > 0
    assert reject_all(out) == document.text
    assert lines(accept_all(out)) == promised(document, changes)


@needs_contracts
@pytest.mark.parametrize("name", NAMES)
def test_another_library_rejects_to_the_same_text_and_formatting_and_accepts_to_the_proposal(
    name: str, tmp_path: Path
) -> None:
    path, out = CONTRACTS / name, tmp_path / name
    document = read(path)
    # That library leaves the ends of paragraphs as they are, so new paragraphs are left out here.
    changes = [change for change in random_changes(document, 3) if "\n" not in change.new]
    redline(path, changes, out)
    rejected, accepted = docx.Document(str(out)), docx.Document(str(out))
    reject_all_revisions(rejected)
    accept_all_revisions(accepted)
    assert looks(cast(Any, rejected).element) == looks(document_xml(path))
    accepted.save(str(tmp_path / "accepted.docx"))
    assert lines(read(tmp_path / "accepted.docx").text) == promised(document, changes)


@needs_contracts
@pytest.mark.parametrize("name", ["bonterms-nda-cover.docx", "commonpaper-dpa.docx", "cp-mutual-nda.docx"])
def test_all_other_parts_stay_byte_for_byte_and_the_same_arguments_give_the_same_bytes(
    name: str, tmp_path: Path
) -> None:
    path, out, again = CONTRACTS / name, tmp_path / name, tmp_path / "again.docx"
    changes = random_changes(read(path), 4)
    assert redline(path, changes, out).sha256 == redline(path, changes, again).sha256
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out) as after:
        touched = {"word/document.xml", "word/comments.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"}
        kept = [part for part in before.namelist() if part not in touched]
        assert all(before.read(part) == after.read(part) for part in kept)
        assert set(after.namelist()) - set(before.namelist()) <= {"word/comments.xml"}


@needs_contracts
def test_ids_are_unique_and_every_mark_has_author_and_date(tmp_path: Path) -> None:
    path, out = CONTRACTS / "cp-csa.docx", tmp_path / "out.docx"
    redline(path, random_changes(read(path), 5), out)
    marks = list(document_xml(out).iter(qn("w:ins"), qn("w:del")))
    assert {(mark.get(qn("w:author")), mark.get(qn("w:date"))) for mark in marks} == {
        ("Ada Counsel", "2026-03-02T09:30:00Z")
    }
    tags = [qn(f"w:{tag}") for tag in ("ins", "del", "bookmarkStart", "commentRangeStart")]
    ids = [mark.get(qn("w:id")) for mark in document_xml(out).iter(*tags)]
    assert len(ids) == len(set(ids))


@needs_contracts
def test_a_long_agreement_is_written_in_less_than_a_second_and_a_half(tmp_path: Path) -> None:
    path = CONTRACTS / "cp-csa.docx"
    document = read(path)
    changes = random_changes(document, 6)[:12]
    started = time.process_time()
    write_redlines(path, document, changes, tmp_path / "out.docx", author="A", at=AT)
    assert time.process_time() - started < 1.5
