"""How a prompt looks in a terminal: bars that add up, lists that say what they leave out, text that stays text."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rheostat.app_core.entrypoints.page.prompt import page
from rheostat.app_core.entrypoints.terminal.bars import Bar, Stacked, cells, parts_table, share
from rheostat.app_core.entrypoints.terminal.console import THEME
from rheostat.app_core.entrypoints.terminal.context import citation, drawn
from rheostat.app_core.prompt_view import Other, PromptView, on_other_terms, parts, pieces, where
from rheostat.context import (
    Attachment,
    Counter,
    Form,
    Need,
    NotThere,
    Origin,
    Pack,
    Quote,
    Section,
    Snippet,
    Trust,
    Window,
    pack,
)

WORDS = Counter(name="words", count_text=lambda text: len(text.split()))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def snippet(number: int, words: int = 20, **more: object) -> Snippet:
    """Passage `number` of a document, as long as is said; no two are alike."""
    text = " ".join(f"{LETTERS[number % 26]}{number}w{word}" for word in range(words))
    origin = Origin(source="nda.md", start=number * 1000, end=number * 1000 + len(text), place=f"{number}", line=number)
    return Snippet.model_validate({"text": text, "origin": origin, "score": 1000.0 - number, **more})


def packed(snippets: list[Snippet], room: int, sections: list[Section] | None = None) -> Pack:
    window = Window(room, 0)
    return pack(snippets, instruction="Answer.", task="What?", window=window, counter=WORDS, sections=sections or ())


def seen(made: Pack, other: Other | None = None) -> PromptView:
    return PromptView("What?", "m", made.receipt, made.source_map, other=other)


def printed(what: object, width: int = 80, *, coloured: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        color_system="standard" if coloured else None,
        force_terminal=coloured,
        theme=THEME,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(what)
    return out.getvalue()


def screen(view: PromptView, width: int = 80, *, everything: bool = False, whole: bool = False) -> str:
    return printed(drawn(view, coloured=False, everything=everything, whole=whole), width)


@given(st.lists(st.integers(0, 300_000), max_size=12), st.integers(0, 120))
def test_a_bar_is_as_wide_as_it_may_be_and_hides_nothing_that_is_there(values: list[int], width: int) -> None:
    lengths = cells(values, width)
    assert len(lengths) == len(values) and all(length >= 0 for length in lengths)
    if sum(values) and width:
        assert sum(lengths) == width
        there = [length for value, length in zip(values, lengths, strict=True) if value]
        assert min(there) >= 1 or width < len(there)
        assert all(not length for value, length in zip(values, lengths, strict=True) if not value)


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(60, 400))
def test_the_parts_are_the_room(lengths: list[int], room: int) -> None:
    made = packed([snippet(number, words) for number, words in enumerate(lengths)], room)
    used = parts(made.receipt)
    assert sum(part.tokens for part in used) == room
    assert all(part.tokens >= 0 for part in used)


def test_without_colours_neighbours_in_a_bar_differ_and_free_room_is_dotted() -> None:
    used = parts(packed([snippet(1), snippet(2, section="law")], 300, [Section("law")]).receipt)
    bar = printed(Stacked(used, coloured=False)).strip()
    assert len(bar) == 76 and bar.endswith("·" * 30)
    assert len({*bar}) == 5
    assert "\x1b[" in printed(Stacked(used, coloured=True), coloured=True)
    table = printed(parts_table(used, coloured=False))
    assert all(name in table for name in ("instruction", "law", "snippets", "task", "free"))


def test_what_is_there_is_never_said_to_be_nothing() -> None:
    assert [share(tokens, 1000) for tokens in (0, 1, 6, 340, 1000)] == ["0 %", "<1 %", "1 %", "34 %", "100 %"]
    assert printed(Bar(1, 1_000_000, "cyan")).strip()


def test_kept_shortened_and_left_out_stand_apart_with_reason_and_price() -> None:
    short = Form(text="only this", name="outline", worth=0.9)
    made = packed([snippet(1, need=Need.MUST), snippet(2, shorter=[short]), snippet(3), snippet(3)], 85)
    shown = screen(seen(made))
    assert "Kept" in shown and "outline; whole fits with" in shown and "more tokens" in shown
    assert "duplicate of 3" in shown
    assert "must" in shown


def test_what_is_the_same_in_all_rows_is_said_once() -> None:
    alike = screen(seen(packed([snippet(1), snippet(2)], 200)))
    assert "nda.md, untrusted" in alike
    mixed = screen(seen(packed([snippet(1), snippet(2, trust=Trust.TRUSTED)], 200)))
    assert "nda.md, untrusted" not in mixed and "trusted" in mixed.split("The prompt")[0]


def test_long_lists_end_with_how_much_they_leave_out() -> None:
    view = seen(packed([snippet(number) for number in range(300)], 700))
    assert view.receipt.entries
    short, whole = screen(view), screen(view, everything=True)
    kept = sum(entry.outcome == "kept" for entry in view.receipt.entries)
    assert f"and {kept - 8:,} more; --all shows them" in short and f"and {300 - kept - 8:,} more" in short
    assert "--all" not in whole and whole.count("more tokens") == 300 - kept
    assert "more blocks: --prompt shows them" in short


@pytest.mark.parametrize("width", [40, 80, 100])
def test_nothing_is_wider_than_the_screen(width: int) -> None:
    many = [snippet(number, 30, trust=Trust(number % 3), need=Need(number % 3)) for number in range(1, 30)]
    wide = Snippet(text="名前" * 200, origin=Origin(source="契約" * 30 + ".md", start=0, end=400, place="第" * 50))
    made = packed([*many, wide, Snippet(text="x" * 500)], 900)
    other = on_other_terms("in a window of 300 tokens", made.receipt, made.what_if(window=Window(950, 0)).receipt)
    console = Console(width=width)
    for whole in (False, True):
        for line in screen(seen(made, other=other), width, everything=True, whole=whole).splitlines():
            assert console.render_str(line, markup=False, emoji=False, highlight=False).cell_len <= width


def test_the_whole_prompt_is_shown_word_by_word_with_its_origin_in_the_gutter() -> None:
    made = packed([snippet(7), snippet(8, trust=Trust.TRUSTED)], 300)
    shown = screen(seen(made), 100, whole=True)
    words = " ".join(line.partition("│ ")[2].strip() for line in shown.splitlines() if "│" in line)
    for message in made.messages:
        assert " ".join(message.content.split()) in " ".join(words.split())
    assert "7 " in shown and "line 7" in shown


def test_the_pieces_of_a_prompt_are_all_of_it() -> None:
    made = packed([snippet(7), snippet(8, trust=Trust.TRUSTED), snippet(9, role="assistant")], 300)
    for message, found in pieces(made.source_map):
        assert "".join("".join(p.text for p in found).split()) == "".join(message.content.split())


def test_a_what_if_lists_what_enters_leaves_and_changes_its_form() -> None:
    short = Form(text="only this", name="outline", worth=0.9)
    made = packed([snippet(1, shorter=[short]), snippet(2)], 90)
    wider, without = made.what_if(window=Window(400, 0)), made.what_if(without=["nda.md"])
    shown = screen(seen(made, other=on_other_terms("in a window of 400", made.receipt, wider.receipt)))
    assert "What if: in a window of 400" in shown and ("Enters" in shown or "Changes its form" in shown)
    shown = screen(seen(made, other=on_other_terms("without nda.md", made.receipt, without.receipt)))
    assert "Leaves" in shown and "this is a prompt without it" in shown
    shown = screen(seen(made, other=on_other_terms("with m", made.receipt, made.receipt)))
    assert "Nothing enters, and nothing leaves." in shown


def test_a_citation_says_where_the_words_stand_and_how_far_to_trust_them() -> None:
    cited = packed([snippet(7)], 300).source_map.cite("h7w0 h7w1")
    assert printed(citation("h7w0 h7w1", cited)).strip() == (
        "✓ “h7w0 h7w1” 7, nda.md line 7, characters 7,000–7,009 · untrusted"
    )
    assert "made up" in printed(citation("h8", NotThere(Quote(text="h8"), "it")))


def test_a_place_is_called_as_a_person_would() -> None:
    def called(**known: object) -> str:
        return where(Origin.model_validate({"source": "nda.md", "start": 1200, "end": 1300, **known}))

    assert called(place="4.2", page=3, line=12) == "4.2, nda.md page 3"
    assert called(place="4.2") == "4.2, nda.md"
    assert called(line=12) == "nda.md line 12"
    assert where(Origin(source="a", start=1200, end=1300), source=False) == "character 1,200"
    assert where(Origin(source="a", start=0, end=9), source=False) == "the beginning"
    assert where(None, 7) == "snippet 7"


def test_an_attachment_stands_by_its_name_where_it_is_sent() -> None:
    scan = Attachment(name="scan\u202e.png", media_type="image/png", data=b"x", width=8, height=8)

    def five(_: Attachment) -> int:
        return 5

    counter = replace(WORDS, count_attachment=five)
    made = pack([snippet(7, attachment=scan)], instruction="", task="What?", window=Window(200, 0), counter=counter)
    shown, html = screen(seen(made)), page(seen(made))
    assert "attachment           │ scan\\u202e.png (image/png)" in shown
    assert "scan\\u202e.png (image/png)" in html
