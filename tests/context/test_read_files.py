"""`read` opens what it can and says what to do about the rest."""

import hashlib
import time
import zipfile
from pathlib import Path

import pytest

from rheostat.context import ContextError, Trust, Unreadable, read

TEXT = "1. Fees. The fee is 5 € – “net”.\n\n2. Term. Two years.\n"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode("cp1252"),
    ],
)
def test_any_usual_encoding_and_line_end_gives_the_same_text(tmp_path: Path, data: bytes):
    path = tmp_path / "fees.TXT"
    path.write_bytes(data)
    document = read(path)
    assert document.text == TEXT
    assert [block.number for block in document.blocks] == ["1", "2"]
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert (document.source, document.trust, document.markdown) == ("fees.TXT", Trust.UNTRUSTED, False)


def test_markdown_is_told_by_its_name_and_trust_is_handed_on(tmp_path: Path):
    for name in ("a.md", "b.markdown"):
        (tmp_path / name).write_text("# Title\n")
        document = read(str(tmp_path / name), trust=Trust.TRUSTED)
        assert (document.markdown, document.trust, document.blocks[0].kind) == (True, Trust.TRUSTED, "heading")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"", "holds no text"),
        ("a.md", b" \r\n\t ", "holds no text"),
        ("a.txt", b"\xef\xbb\xbf", "holds no text"),
        ("a.docx", b"", "holds no text"),
        ("a.txt", b"%PDF-1.7\n...", "is a PDF"),
        ("a.pdf", b"%PDF-1.7\n...", "is a PDF"),
        ("a.docx", b"%PDF-1.7\n...", "is a PDF"),
        ("a.doc", OLE + b"\0" * 99, "old Word format"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.txt", b"{\\rtf1 Fees}", "rich text"),
        ("a.docx", b"Fees are due.", "no Word file"),
        ("a.txt", b"PK\x03\x04 and so on", "ZIP archive"),
        ("a.txt", b"Fees\0are due" * 20, "binary"),
        ("a.txt", bytes(range(1, 256)) * 4, "Windows-1252"),
        ("a.txt", b"\x01\x02\x03\x04Fees" * 9, "binary"),
        ("a.txt", b"\xff\xfeF", "breaks off"),
        ("a.xlsx", b"Fees are due.", "of a kind"),
        ("a", b"Fees are due.", "of a kind"),
        ("a.txt", b"a\n" * 400_001, "400,001 lines"),
        ("a.txt", b"a" * 25_000_001, "at most 25 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, name: str, data: bytes, says: str):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=says) as refused:
        read(path)
    assert name in str(refused.value)
    assert str(refused.value).endswith(".")
    assert isinstance(refused.value, ContextError) and refused.value.mend == "operator"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(Unreadable, match="no file"):
        read(tmp_path / "none.txt")
    with pytest.raises(Unreadable, match="is a folder"):
        read(tmp_path)


def test_a_zip_that_is_no_word_file_is_refused(tmp_path: Path):
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "Fees are due.")
    with pytest.raises(Unreadable):
        read(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clauses.txt", "".join(f"{n % 900 + 1}. Clause. It says what it says.\n\n" for n in range(60_000))),
        ("one-line.txt", "word and 4.2 The " * 150_000),
        ("spaces.txt", "a" + " " * 2_000_000 + "b\n" + " " * 2_000_000 + "\nc"),
        ("numbers.txt", "1." * 1_000_000 + "x"),
        ("spaces.md", "# a" + " " * 2_000_000 + "b\n\n|" + " " * 500_000 + "x\n\n" + "-" * 500_000 + "x"),
        ("comments.md", "<!--" * 500_000),
        ("links.md", "[" * 500_000 + "](" * 250_000),
        ("stars.md", "*_<[" * 500_000),
    ],
)
def test_a_large_or_hostile_file_takes_seconds(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text)
    start = time.perf_counter()
    read(path)
    assert time.perf_counter() - start < 20
