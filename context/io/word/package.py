"""A Word file as a zip of parts: opened with suspicion, and written back with all other parts byte for byte."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import Unreadable
from .xml import STRICT_WORD, WORD, Element, NotXml, parse, w

_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORD_TYPE = "wordprocessingml"

MAX_BYTES = 200_000_000
"""Largest uncompressed size that is read. A 1,000-page agreement has about 20 MB."""
MAX_RATIO = 200
"""Largest compression of a part over a megabyte. Word's own XML reaches about 40."""
MAX_PARTS = 5_000

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass(frozen=True)
class Package:
    """The parts of a Word file by name, in the file's order. `main` is the name of the document part."""

    source: str
    parts: Mapping[str, bytes]
    main: str

    def tree(self, name: str) -> Element:
        """A part's XML. Raises Unreadable where it is damaged."""
        try:
            return parse(self.parts[name])
        except NotXml as error:
            raise _unreadable(self.source, f"its part {name!r} is not sound XML ({error})", _REPAIR) from None

    def related(self, kind: str) -> str | None:
        """The name of the part that the document relates to as its "styles", "numbering", "comments", ..."""
        name = relationships_name(self.main)
        for relationship in self.tree(name) if name in self.parts else ():
            if relationship.get("Type") == f"{OFFICE}/{kind}" and relationship.get("TargetMode") != "External":
                path = posixpath.join("/", posixpath.dirname(self.main), relationship.get("Target") or "")
                return posixpath.normpath(path).lstrip("/")
        return None

    def related_tree(self, kind: str) -> Element | None:
        """The XML of that part; None where the document has none."""
        name = self.related(kind)
        return self.tree(name) if name is not None and name in self.parts else None


def relationships_name(part: str) -> str:
    """Where a part's relationships stand, whether or not that part exists; "" is the package itself."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def open_package(data: bytes, source: str) -> Package:
    """Opens a .docx.

    Args:
        data: the file's bytes.
        source: its name, for messages.

    Raises:
        Unreadable: it is empty, encrypted, damaged, suspiciously large, with macros, or no Word file.
    """
    if not data:
        raise _unreadable(source, "it is empty", "Save or download it again.")
    if data.startswith(_OLE_MAGIC):
        raise _ole(data, source)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(archive, source)
            parts = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise _unreadable(source, f"it is no Word file or it is damaged ({error})", _REPAIR) from None
    return _word_package(Package(source, parts, ""))


def repacked(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The same zip with some parts replaced or added; all other parts, their order and dates stay as they were."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        names = [info.filename for info in old.infolist()]
        for info in old.infolist():
            copy = zipfile.ZipInfo(info.filename, info.date_time)
            copy.compress_type, copy.external_attr = info.compress_type, info.external_attr
            new.writestr(copy, changed.get(info.filename, old.read(info)))
        for name in sorted(changed.keys() - set(names)):
            # A fixed date, so that the same redline gives the same bytes.
            added = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            added.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(added, changed[name])
    return result.getvalue()


_REPAIR = "Open it in Word, save it as .docx and try again."


def _unreadable(source: str, why: str, remedy: str) -> Unreadable:
    return Unreadable(f"{source} can't be read: {why}. {remedy}")


def _ole(data: bytes, source: str) -> Unreadable:
    if _ENCRYPTED in data:
        return _unreadable(source, "it is encrypted with a password", "Remove the password and save it as .docx.")
    return _unreadable(source, "it is in the old binary format (.doc)", "Open it in Word and save it as .docx.")


def _refuse_bomb(archive: zipfile.ZipFile, source: str) -> None:
    infos = archive.infolist()
    if any(info.flag_bits & 1 for info in infos):
        raise _unreadable(source, "its zip is encrypted with a password", "Remove the password and try again.")
    if len({info.filename for info in infos}) < len(infos):
        raise _unreadable(source, "two of its parts have one name, so readers would disagree on its text", _REPAIR)
    total = sum(info.file_size for info in infos)
    squeezed = any(i.file_size > 1_000_000 and i.file_size > MAX_RATIO * max(i.compress_size, 1) for i in infos)
    if total > MAX_BYTES or len(infos) > MAX_PARTS or squeezed:
        why = f"it unpacks to {total:,} bytes in {len(infos):,} parts, which looks like a zip bomb"
        raise _unreadable(source, why, "If it is genuine, remove large pictures and try again.")


def _word_package(package: Package) -> Package:
    source = package.source
    main = package.related("officeDocument")
    if main is None or main not in package.parts or "[Content_Types].xml" not in package.parts:
        raise _unreadable(source, "it is a zip but no Word file", "Give a .docx.")
    kind = _content_type(package, main)
    if "macroEnabled" in kind:
        raise _unreadable(source, "it carries macros (.docm)", "Save it as .docx, which leaves the macros out.")
    if _WORD_TYPE not in kind:
        raise _unreadable(source, f"it is an Office file of another kind ({kind or 'unknown'})", "Give a .docx.")
    root = package.tree(main)
    if root.tag == f"{{{STRICT_WORD}}}document":
        raise _unreadable(source, 'it is saved as "Strict Open XML"', 'Save it in Word as "Word Document (.docx)".')
    if root.tag != f"{{{WORD}}}document" or root.find(w("body")) is None:
        raise _unreadable(source, "its main part is no Word document", _REPAIR)
    return Package(source, package.parts, main)


def _content_type(package: Package, part: str) -> str:
    types = list(package.tree("[Content_Types].xml"))
    named = {(entry.get("PartName") or "").lower(): entry.get("ContentType") for entry in types}
    by_extension = {(entry.get("Extension") or "").lower(): entry.get("ContentType") for entry in types}
    return named.get(f"/{part}".lower()) or by_extension.get(part.rpartition(".")[2].lower()) or ""
