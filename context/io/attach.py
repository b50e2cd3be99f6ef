"""Reading an image or a PDF as it is sent to a model, with what is needed to count its tokens."""

import logging
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

from ..attachment import Attachment, MediaType
from ..errors import Unreadable

_MOST_BYTES = 20_000_000
"""The least of what providers take in one request, more or less."""
_MOST_PAGES = 1000
_MOST_CHARACTERS = 10_000_000

_DAMAGED = "The file may be damaged; open it in another program and save it again."
_QUIET = logging.NullHandler()


def attach(path: str | Path, name: str | None = None) -> Attachment:
    """Reads a PNG, JPEG, GIF or WebP image, or a PDF, of at most 20 MB.

    What the file is, is told from its content, not from its name. Nothing but sizes is taken from an image.

    Args:
        path: the file.
        name: what the receipt and the model call it; the file's own without one.

    Raises:
        Unreadable: it is missing, empty, too large, damaged, encrypted, or of another kind.
    """
    path = Path(path)
    name = name or path.name
    data = _bytes(path, name)
    if data[:1024].lstrip().startswith(b"%PDF-"):
        pages, text = _read_pdf(name, data)
        return Attachment(name=name, media_type="application/pdf", data=data, pages=pages, text=text)
    kind = _image_kind(data)
    if kind is None:
        raise Unreadable(f"{name} is no PNG, JPEG, GIF or WebP image and no PDF. Save it as one of these.")
    try:
        width, height = _size(kind, data)
    except (IndexError, ValueError):
        raise Unreadable(f"{name} ends before its width and height are stated. {_DAMAGED}") from None
    if not (width and height):
        raise Unreadable(f"{name} states a size of {width} x {height} pixels. {_DAMAGED}")
    return Attachment(name=name, media_type=kind, data=data, width=width, height=height)


def _bytes(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise Unreadable(
                f"{name} has {size / 1e6:.1f} MB; at most {_MOST_BYTES // 1_000_000} MB can be sent to a model. "
                "Make it smaller, or split it."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path}. Check the path.") from None
    except IsADirectoryError:
        raise Unreadable(f"{path} is a folder. Name one file in it.") from None
    except OSError as error:
        raise Unreadable(f"{path} can't be opened: {error.strerror}. Check its permissions.") from error
    if not data:
        raise Unreadable(f"{name} is empty. Look for another copy.")
    return data


def _image_kind(data: bytes) -> MediaType | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def _size(kind: MediaType, data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises ValueError if the file ends before them."""
    if kind == "image/png":
        return _number(data, 16, 4, "big"), _number(data, 20, 4, "big")
    if kind == "image/gif":
        return _number(data, 6, 2, "little"), _number(data, 8, 2, "little")
    if kind == "image/jpeg":
        frame = next(at for marker, at in _jpeg_segments(data) if marker in _JPEG_FRAMES)
        return _number(data, frame + 5, 2, "big"), _number(data, frame + 3, 2, "big")
    return _webp_size(data)


_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}
"""Markers that nothing belongs to."""


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Each segment's marker, and where it begins after that."""
    at = 2
    while True:
        at = data.index(0xFF, at)
        while data[at] == 0xFF:
            at += 1
        marker, at = data[at], at + 1
        if marker not in _JPEG_BARE:
            yield marker, at
            at += _number(data, at, 2, "big")


def _webp_size(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        return _number(data, 24, 3, "little") + 1, _number(data, 27, 3, "little") + 1
    if chunk == b"VP8L":
        both = _number(data, 21, 4, "little")
        return (both & 0x3FFF) + 1, (both >> 14 & 0x3FFF) + 1
    return _number(data, 26, 2, "little") & 0x3FFF, _number(data, 28, 2, "little") & 0x3FFF


def _number(data: bytes, at: int, size: int, order: Literal["big", "little"]) -> int:
    if at + size > len(data):
        raise ValueError("ends too early")
    return int.from_bytes(data[at : at + size], order)


def _read_pdf(name: str, data: bytes) -> tuple[int, str]:
    """The number of pages, and their text."""
    from pypdf import PdfReader

    # It says on its log what it mends in passing, which without a handler would end up on people's screens.
    logging.getLogger("pypdf").addHandler(_QUIET)
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise Unreadable(f"{name} is encrypted, and no provider takes that. Print it into a new PDF.")
        pages = len(reader.pages)
        if not 0 < pages <= _MOST_PAGES:
            raise Unreadable(f"{name} has {pages:,} pages; 1 to {_MOST_PAGES:,} can be sent. Split it.")
        text, characters = list[str](), 0
        for page in reader.pages:
            text.append(page.extract_text())
            characters += len(text[-1])
            if characters > _MOST_CHARACTERS:
                raise Unreadable(f"{name} holds more text than any model can take. Split it.")
    except Unreadable:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes the library stumble over
        raise Unreadable(f"{name} can't be read as a PDF ({type(error).__name__}). {_DAMAGED}") from error
    return pages, "\n".join(text)
