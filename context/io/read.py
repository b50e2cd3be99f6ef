"""Reading a file into a Document, whatever its kind, or refusing it with a sentence that says what to do."""

import hashlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from ..document import Document
from ..errors import Unreadable
from ..snippet import Trust
from .markdown import markdown_blocks
from .plain import plain_blocks

_MOST_BYTES = 25_000_000
_MOST_LINES = 400_000
_MARKDOWN = (".md", ".markdown")
_READABLE = ".docx, .md, .markdown and .txt"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_CONTROL_SHARE = 0.01


def read(path: str | Path, *, trust: Trust = Trust.UNTRUSTED) -> Document:
    """Reads a Word (.docx), Markdown (.md, .markdown) or plain text (.txt) file of at most 25 MB.

    Text may be UTF-8, UTF-16 or Windows-1252; `Document.text` is the file's text with its line ends as line feeds.

    Args:
        path: the file.
        trust: who wrote it; a counterparty's file is untrusted, the organisation's own playbook trusted.

    Raises:
        Unreadable: it is missing, empty, too large, encrypted, or not what its name says.
    """
    path = Path(path)
    data = _bytes(path)
    _refuse_other_kinds(path, data)
    suffix = path.suffix.lower()
    if suffix == ".docx":
        from .docx import read_docx

        document = read_docx(path, data=data, source=path.name, trust=trust)
        if not document.text.strip():
            raise Unreadable(_no_text(path))
        return document
    if suffix not in (*_MARKDOWN, ".txt"):
        raise Unreadable(f"{path.name} is of a kind that can't be read. Save it as one of {_READABLE}.")
    text = _decode(path, data).replace("\r\n", "\n").replace("\r", "\n")
    markdown = suffix in _MARKDOWN
    blocks = markdown_blocks(text) if markdown else plain_blocks(text)
    if not blocks:
        raise Unreadable(_no_text(path))
    digest = hashlib.sha256(data).hexdigest()
    return Document(source=path.name, text=text, blocks=blocks, sha256=digest, trust=trust, markdown=markdown)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise Unreadable(
                f"{path.name} has {size / 1e6:.1f} MB; at most {_MOST_BYTES // 1_000_000} MB can be read. "
                "Split it, or take out its images."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path}. Check the path.") from None
    except IsADirectoryError:
        raise Unreadable(f"{path} is a folder. Name one file in it.") from None
    except OSError as error:
        raise Unreadable(f"{path} can't be opened: {error.strerror}. Check its permissions.") from error


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    """Tells what a file really is by how it begins, since names lie."""
    if not data.strip():
        raise Unreadable(_no_text(path))
    suffix = path.suffix.lower()
    if data.startswith(b"%PDF-"):
        raise Unreadable(f"{path.name} is a PDF. Ask for the Word file, or convert it to {_READABLE}.")
    if data.startswith(b"{\\rtf"):
        raise Unreadable(f"{path.name} is rich text (RTF). Open it in a word processor and save it as .docx.")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable(
                f"{path.name} is protected by a password. Open it, remove the password, and save it again."
            )
        raise Unreadable(
            f"{path.name} is in the old Word format (.doc). Open it in a word processor and save it as .docx."
        )
    if data.startswith(b"PK\x03\x04") and suffix != ".docx":
        raise Unreadable(
            f"{path.name} is a ZIP archive or an office file. If it is a Word file, give it the name ending .docx."
        )
    if suffix == ".docx" and not data.startswith(b"PK\x03\x04"):
        raise Unreadable(
            f"{path.name} is no Word file: it does not begin as one. Open what it was made from and save it as .docx."
        )


def _decode(path: Path, data: bytes) -> str:
    text = _decoded(path, data)
    control = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\f\v")
    if (lines := text.count("\n")) > _MOST_LINES:
        raise Unreadable(f"{path.name} has {lines:,} lines; at most {_MOST_LINES:,} can be read. Split it.")
    if "\0" in text or control > _MOST_CONTROL_SHARE * len(text):
        raise Unreadable(f"{path.name} holds binary data, not text. Name the document itself, as one of {_READABLE}.")
    return text


def _decoded(path: Path, data: bytes) -> str:
    try:
        if data.startswith(BOM_UTF8):
            return data.decode("utf-8-sig")
        if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return data.decode("utf-16")
        if encoding := _utf16_without_mark(data):
            return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(
            f"{path.name} is damaged: it breaks off within a character. Get it again, or save it as UTF-8."
        ) from None
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(f"{path.name} is neither UTF-8, UTF-16 nor Windows-1252 text. Save it as UTF-8.")


def _utf16_without_mark(data: bytes) -> str:
    """Western text in UTF-16 has a zero in nearly every second byte, always on the same side."""
    sample = data[:4096]
    zeros = [sample[side::2].count(0) for side in (0, 1)]
    if len(data) % 2 or sum(zeros) < len(sample) * 0.3:
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] * 10 else "utf-16-be" if zeros[0] > zeros[1] * 10 else ""


def _no_text(path: Path) -> str:
    return f"{path.name} holds no text. If it is a scan, run text recognition on it first."
