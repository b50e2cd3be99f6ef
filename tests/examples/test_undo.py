"""A delivered redline is taken back: what stood at its place before is there again."""

from typing import TYPE_CHECKING

import pytest

from rheostat.app_core.run_errors import NotUndone

if TYPE_CHECKING:
    from tests.examples.conftest import Office, Student


def test_what_was_delivered_is_taken_back(office: "Office", student: "Student") -> None:
    run = office.review()
    assert office.out().exists()
    run.undo("deliver", by="Ada")
    assert not office.out().exists()
    assert run.effects[-1].undone_by == "Ada"


def test_an_older_redline_comes_back_unless_somebody_has_worked_on_the_new_one(
    office: "Office", student: "Student"
) -> None:
    office.out().write_bytes(b"of last week")
    run = office.review()
    delivered = office.out().read_bytes()
    office.out().write_bytes(b"edited in Word")
    with pytest.raises(NotUndone, match="Changed since: .*nothing was touched"):
        run.undo("deliver")
    assert office.out().read_bytes() == b"edited in Word"
    office.out().write_bytes(delivered)
    run.undo("deliver")
    assert office.out().read_bytes() == b"of last week"


def test_a_redline_is_in_the_delivered_file_and_has_no_undo_of_its_own(office: "Office", student: "Student") -> None:
    run = office.review()
    with pytest.raises(NotUndone, match=r"redline\(\) has no undo.*Nothing was undone"):
        run.undo_to()
    assert office.out().exists()
