"""Writes a page where `--html FILE` says, and tells where it is."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...plan_view import PlanView


def write_page(seen: "PlanView", out: Path, *, app: str = "") -> None:
    """Writes a plan, or a run beside its plan, as a page.

    Raises:
        BadInput: the file is the one that declares the `app`.
    """
    from ...run_errors import BadInput
    from ..page.plan import page

    if app and out.resolve() == Path(app).resolve():
        raise BadInput(f"{out} would be overwritten.", "It declares the App.", "Give another file as --html.")
    out.write_text(page(seen), encoding="utf-8", errors="replace")


def say_where(out: Path | None) -> None:
    """Names the page on stdout, if there is one."""
    from ..terminal.console import results, text

    if out is not None:
        results().print(text(("\npage  ", "label"), str(out)), soft_wrap=True)
