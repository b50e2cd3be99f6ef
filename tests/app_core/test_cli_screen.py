"""What a person sees: nothing from outside can draw on the screen, and what is shown is what is asked."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from rheostat.app_core.entrypoints.terminal.console import THEME
from rheostat.app_core.entrypoints.terminal.preview import Piece, changed, drawn, understood
from rheostat.app_core.entrypoints.terminal.question import is_cut, screen
from rheostat.app_core.entrypoints.terminal.words import count, harmless, seconds, usd
from rheostat.app_core.events import Asked, NodeStarted, Request, RunStarted
from rheostat.app_core.view import View
from rheostat.autonomy import Action, Argument, Json, Level, Question, Risk, ask, verdict


def printed(what: object, width: int = 80) -> str:
    """What a terminal without colours would show."""
    out = io.StringIO()
    Console(file=out, width=width, no_color=True, theme=THEME, markup=False, highlight=False, emoji=False).print(what)
    return out.getvalue()


def asked(text: Json, preview: Json = None, *, to: str = "Ada", untrusted: bool = False) -> tuple[Question, View]:
    """A question as it waits in a run."""
    arguments = (
        Argument(name="to", value=to, control=True, untrusted=untrusted, vouched_by="" if untrusted else "the user"),
        Argument(name="text", value=text, control=False, untrusted=True),
    )
    action = Action(tool="send", arguments=arguments, risk=Risk.OUTWARD, node="send", run="r1", read_untrusted=True)
    now = datetime.now(UTC)
    until = now + timedelta(days=1)
    question = ask(action, verdict(Level.EDIT, action), id="send?1", asked_at=now, expires_at=until, preview=preview)
    view = View("r1")
    request = Request(app="a", where="m", workflow="w", graph="g", inputs={}, model="m", budget_usd=0.5)
    for event in (RunStarted(request=request), NodeStarted(node="send"), Asked(node="send", question=question)):
        view.apply(event, 0.0)
    return question, view


@given(st.text())
@example("\x1b[2J\x1b[31mred\u202etfel\u200b\x07\r\nnext\tcell\x0b\u2028")
def test_harmless_text_holds_nothing_but_visible_characters_blanks_and_ends_of_lines(words: str) -> None:
    made = harmless(words)
    assert all(character == "\n" or character.isprintable() for character in made)
    assert made.count("\n") == words.count("\n")
    assert harmless(made) == made


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])))
def test_ordinary_text_stays_as_it_is(words: str) -> None:
    assert harmless(words) == words


HOSTILE = "[bold red]x[/] :smile: \x1b]8;;http://a.example\x07link\x1b[1A\x1b[2K\u202eyas"


@pytest.mark.parametrize(
    "preview",
    [
        None,
        {"title": HOSTILE, "facts": {HOSTILE: HOSTILE}, "diff": [{"op": "insert", "text": HOSTILE}], "note": HOSTILE},
        {"something": HOSTILE},
        HOSTILE,
        [],
    ],
)
def test_hostile_text_is_shown_and_does_nothing(preview: Json) -> None:
    question, view = asked(HOSTILE, preview, to=HOSTILE)
    shown = printed(screen(question, view, coloured=False))
    assert "\x1b" not in shown and "\u202e" not in shown and "\x07" not in shown
    assert "[bold red]x[/] :smile:" in shown
    assert "\\u001b" in shown


def test_a_question_shows_why_it_is_asked_who_vouches_and_what_is_left() -> None:
    question, view = asked("Dear Ada")
    shown = printed(screen(question, view, coloured=False))
    for words in ("Dear Ada", "At level 1 (edit) the dial asks", "the user vouches", "$0 spent so far, $0.50 left"):
        assert words in shown
    assert "steering" not in shown


def test_a_steered_action_says_so_first() -> None:
    question, view = asked("Dear Ada", untrusted=True)
    shown = printed(screen(question, view, coloured=False))
    assert shown.index("Text from outside may be steering this.") < shown.index("At level 1")
    assert "from outside, nobody vouches" in shown


def test_a_long_value_is_cut_with_a_word_and_shown_whole_on_demand() -> None:
    question, view = asked("\n".join(f"line {number}" for number in range(100)))
    assert is_cut(question, view)
    short, whole = (printed(screen(question, view, coloured=False, whole=whole)) for whole in (False, True))
    assert "line 39" in short and "line 40" not in short and "60 more lines: press v" in short
    assert "line 99" in whole


def test_without_colours_what_goes_and_what_comes_stand_in_brackets() -> None:
    pieces = [Piece(op="keep", text="ends "), Piece(op="delete", text="ten"), Piece(op="insert", text="two")]
    assert changed(pieces, coloured=False).plain == "ends [-ten-] {+two+}"
    assert changed(pieces, coloured=True).plain == "ends ten two"


def test_a_preview_in_an_unknown_form_is_shown_as_the_json_it_is() -> None:
    odd: Json = {"title": "x", "colour": "red"}
    assert understood(odd) is None
    assert '"colour": "red"' in printed(drawn(odd, coloured=False))


def test_amounts_are_short_and_never_hide_that_something_was_spent() -> None:
    assert [usd(cost) for cost in (0, 0.00002, 0.0123, 0.25, 12.5)] == ["$0", "<$0.0001", "$0.0123", "$0.25", "$12.50"]
    assert [seconds(s) for s in (0.44, 12.4, 184, 7500)] == ["0.4 s", "12 s", "3 min 4 s", "2 h 5 min"]
    assert [count(1, "step"), count(1200, "step")] == ["1 step", "1,200 steps"]
