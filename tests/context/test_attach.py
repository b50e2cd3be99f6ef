"""Images and PDFs are read with what counting needs, and anything else is refused in a sentence."""

import logging
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rheostat.context import Attachment, Unreadable, attach

DATA = Path(__file__).parents[2] / "../shared/data/contracts"


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    thumbnail = b"\xff\xc0\x00\x11\x08\x00\x10\x00\x10"  # as an EXIF block may hold one, with a size of its own
    exif = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    tables = b"\xff\xc4\x00\x04ab\xff\xff\xdb\x00\x03c"  # with a fill byte before the second
    frame = b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + exif + tables + frame + b"\xff\xd9"


def webp(chunk: bytes, body: bytes) -> bytes:
    inner = b"WEBP" + chunk + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


IMAGES = {
    "image/png": png(640, 480),
    "image/gif": b"GIF89a" + struct.pack("<HH", 640, 480) + b"\0\0\0;",
    "image/jpeg": jpeg(640, 480),
    "webp lossy": webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640 | 0x4000, 480)),
    "webp lossless": webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14) + b"\0"),
    "webp extended": webp(b"VP8X", b"\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")),
}


def pdf(pages: int, text: str = "Hello") -> bytes:
    """A small PDF, written by hand."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text} {n + 1}) Tj ET"
        page = "/Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< {page} /Contents {5 + 2 * n} 0 R >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    out, places = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{end}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_states_its_size(tmp_path: Path, kind: str):
    path = tmp_path / "photo.anything"
    path.write_bytes(IMAGES[kind])
    found = attach(path)
    assert (found.name, found.width, found.height, found.pages) == ("photo.anything", 640, 480, 0)
    assert found.media_type == (kind if "/" in kind else "image/webp")
    assert found.data == IMAGES[kind]


def test_a_pdf_states_its_pages_and_gives_its_text(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(3))
    found = attach(path, name="the offer")
    assert (found.name, found.media_type, found.pages, found.width) == ("the offer", "application/pdf", 3, 0)
    assert [line.strip() for line in found.text.splitlines()] == ["Hello 1", "Hello 2", "Hello 3"]


def test_a_real_contract_gives_its_text():
    path = DATA / "bonterms-mutual-nda.pdf"
    if not path.is_file():
        pytest.skip("The folder with real contracts is not there.")
    found = attach(path)
    assert found.pages == 1
    assert "Confidential Information" in found.text


def test_an_attachment_survives_being_stored():
    found = Attachment(name="a", media_type="image/png", data=IMAGES["image/png"], width=640, height=480)
    assert Attachment.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_cut_off_anywhere_is_refused_or_whole(tmp_path: Path, kind: str):
    path = tmp_path / "cut"
    for length in range(len(IMAGES[kind])):
        path.write_bytes(IMAGES[kind][:length])
        try:
            assert (attach(path).width, attach(path).height) == (640, 480)
        except Unreadable as error:
            assert str(error).startswith("cut ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip", "is no PNG, JPEG, GIF or WebP image and no PDF"),
        (png(0, 480), "states a size of 0 x 480 pixels"),
        (png(640, 480)[:22], "ends before its width and height"),
        (pdf(2)[:200], "can't be read as a PDF"),
        (b"%PDF-1.7\n" + b"\xff" * 5000, "can't be read as a PDF"),
        (pdf(0), "has 0 pages"),
        (pdf(1001, ""), "has 1,001 pages"),
        (pdf(1).replace(b"/Root", b"/Encrypt 9 0 R /Root"), "PDF|encrypted"),
    ],
)
def test_what_can_not_be_sent_is_refused(
    tmp_path: Path, content: bytes, reason: str, capfd: pytest.CaptureFixture[str]
):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        attach(path)
    assert capfd.readouterr() == ("", "")


def test_a_file_too_large_is_refused_unread(tmp_path: Path):
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(Unreadable, match="20.0 MB; at most 20 MB"):
        attach(path)


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(Unreadable, match="no file"):
        attach(tmp_path / "missing.png")
    with pytest.raises(Unreadable, match="is a folder"):
        attach(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from([*IMAGES, "pdf"]), at=st.integers(8, 400), junk=st.binary(min_size=1, max_size=8))
def test_damage_is_refused_or_read_but_never_a_crash(tmp_path: Path, kind: str, at: int, junk: bytes):
    whole = pdf(1) if kind == "pdf" else IMAGES[kind]
    path = tmp_path / "damaged"
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    logging.getLogger("pypdf")
    try:
        found = attach(path)
    except Unreadable:
        return
    assert found.pages or found.width and found.height
