"""Whether words call for an effect: read off the tool's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.autonomy.called_for import called_for, wants_change


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("send_email", "Please email the minutes to the client"),
        ("send_direct_message", "Write Ann that we agree"),
        ("create_calendar_event", "Add a reminder to my calendar"),
        ("createCalendarEvent", "put an event into the calendar"),
        ("delete_file", "Find and delete the largest file"),
        ("reserve_hotel", "go ahead and make a reservation"),
        ("send_money", "pay the bill"),
        ("update_scheduled_transaction", "adjust my rent payment"),
        ("invite_user", "Inviting Dora would be nice"),
        ("archive", "archived letters should go there: archive it"),
        ("launch-rocket", "Launch it"),
    ],
)
def test_a_tool_is_called_for_by_its_verb_and_its_thing(tool: str, asked: str) -> None:
    assert called_for(tool, asked)


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("create_calendar_event", "Make me a summary of the reviews"),
        ("create_calendar_event", "What is on my calendar?"),
        ("send_email", "How many letters did I get?"),
        ("delete_file", "Show me the largest file"),
        ("invite_user", "Who is in the channel?"),
        ("archive_mail", "Summarise the letter"),
        ("send_email", "Schreib Anna, dass alles gut ist"),
        ("delete_file", ""),
        ("", "do whatever you like"),
    ],
)
def test_what_the_words_do_not_name_is_not_called_for(tool: str, asked: str) -> None:
    assert not called_for(tool, asked)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("Label 318 with bug", True),
        ("Could you let the logistics channel know?", True),
        ("Summarise my mails", False),
        ("Who was invited to the meeting?", False),
        ("Show me the unread letters and tell me who wrote them", False),
        ("let me know how it went", False),
        ("Tell Ann", True),
    ],
)
def test_words_want_a_change_or_only_to_know(asked: str, wanted: bool) -> None:
    assert wants_change(asked) == wanted


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["send_email", "delete_file", "create_event", "x"]))
def test_more_words_never_call_for_less(one: str, more: str, tool: str) -> None:
    assert called_for(tool, one) <= called_for(tool, f"{one}\n{more}")
