"""Writes redlines where the professional works: tracked changes in a Word file, CriticMarkup beside a text file."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rheostat.context import Document

from .atomic import replace_file
from .change import Change
from .critic import accepted, marked_up, refuse_marks, rejected
from .errors import NotVerified, Refused
from .plan import Planned, applied, planned

_WORD = ".docx"
_TEXTS = (".md", ".markdown", ".txt")


class Written(BaseModel):
    """What was written.

    Args:
        path: the redlined file.
        sha256: of its bytes.
        changes: how many changes show as redlines.
        insertions, deletions: how many passages were inserted and deleted in them.
        comments: how many comments stand in the margin.
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    sha256: str
    changes: int
    insertions: int
    deletions: int
    comments: int


def redlinable(document: Document) -> Document:
    """The document, if redlines can be written into it: a check to be made before anything is spent on them.

    Raises:
        Refused: it is a text that holds CriticMarkup already.
    """
    if Path(document.source).suffix.lower() != _WORD:
        refuse_marks(document.text)
    return document


def write_redlines(
    path: Path, document: Document, changes: Sequence[Change], out: Path, *, author: str, at: datetime
) -> Written:
    """Writes a copy of a contract with changes shown for a person to accept or reject one by one.

    A .docx gets tracked changes and comments; all its other parts stay byte for byte. A .md or .txt gets CriticMarkup.
    The result is read back before it is written: rejecting gives the original, accepting the approved text. It replaces
    `out` at once, so that a crash or a full disk leaves the old file. The same arguments give the same bytes.

    Args:
        path: the contract; it is never written to.
        document: what was read from it.
        changes: in any order; those that stand at one place stay in the given order.
        out: a .docx for a .docx, a .md for a text.
        author: whose name the changes carry.
        at: their time, with a time zone.

    Raises:
        Refused: the contract changed since it was read, changes overlap, or one touches what can't be changed exactly,
            such as another's tracked change; then its `change` says which.
        NotVerified: the result did not hold what is promised above.
        NotWritten: the file system refused.
        OSError: the contract can't be opened.
    """
    data = path.read_bytes()
    suffix = path.suffix.lower()
    _check_files(path, out, document, data)
    plan = planned(document, changes, author)
    if suffix == _WORD:
        from .word import redlined

        result = redlined(data, document, plan, author, at)
    else:
        result = _marked_up(document, plan)
    replace_file(out, result)
    return _written(out, result, plan)


def accept_all(path: Path) -> str:
    """The text of a redlined file after accepting every tracked change in it, whoever made it."""
    return _resolved(path, accept=True)


def reject_all(path: Path) -> str:
    """The text of a redlined file after rejecting every tracked change in it, whoever made it."""
    return _resolved(path, accept=False)


def _resolved(path: Path, accept: bool) -> str:
    data = path.read_bytes()
    if path.suffix.lower() != _WORD:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        return accepted(text) if accept else rejected(text)
    from rheostat.context.io.word import layout_of, open_package

    from .word import resolve

    package = open_package(data, path.name)
    root = package.tree(package.main)
    resolve(root, accept)
    return layout_of(package, root).text


def _check_files(path: Path, out: Path, document: Document, data: bytes) -> None:
    suffix = path.suffix.lower()
    if suffix not in (_WORD, *_TEXTS):
        raise Refused(f"{path.name} can't be redlined: give a .docx, or a .md or .txt.")
    wanted = _WORD if suffix == _WORD else ".md"
    if out.suffix.lower() != wanted:
        raise Refused(f"The redline of {path.name} is a {wanted} file; name it so instead of {out.name}.")
    if out.exists() and out.samefile(path):
        raise Refused(f"The redline would overwrite the contract {path.name} itself; give it another name.")
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise Refused(f"{path.name}: the contract changed since it was reviewed. Review it again.")


def _marked_up(document: Document, plan: Sequence[Planned]) -> bytes:
    text = marked_up(document.text, plan)
    if rejected(text) != document.text or accepted(text) != applied(document.text, plan):
        raise NotVerified(
            f"The redline of {document.source} was not written: read back, it would not give the original when "
            "rejected or the approved text when accepted. This is a fault of the program; please report it."
        )
    return text.encode()


def _written(out: Path, data: bytes, plan: Sequence[Planned]) -> Written:
    edits = [edit for entry in plan for edit in entry.edits]
    return Written(
        path=out,
        sha256=hashlib.sha256(data).hexdigest(),
        changes=sum(bool(entry.edits) for entry in plan),
        insertions=sum(bool(edit.new) for edit in edits),
        deletions=sum(edit.end > edit.start for edit in edits),
        comments=sum(bool(entry.note) for entry in plan),
    )
