"""`rheostat context`: what it says of a prompt, as a person, a program and a browser get it. No model is called."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.entrypoints.page.prompt import page
from rheostat.app_core.prompt_view import PromptView
from rheostat.app_core.trial import Terms, ask_about, documents_at
from rheostat.context import read

CONTRACTS = Path(__file__).parents[2] / "../shared/data/contracts"
HOSTED = "openai/gpt-5.4-mini"
CLAUSES = {
    "Term": "This agreement lasts for twelve months and then renews for one year at a time.",
    "Liability": "The liability of each party is capped at the fees paid in the twelve months before the claim.",
    "Law": "The law of England governs this agreement.",
}
MORE = "Heirs come under it too. "
"""Stands in two clauses."""


def padding(number: int, words: int = 90) -> str:
    """Words that stand in no other clause."""
    return " ".join(f"Word{number}of{word}{'.' if word % 9 == 8 else ''}" for word in range(words)) + "."


CONTRACT = "# Agreement\n\n" + "\n\n".join(
    f"{number}. {title}. {text} {MORE if number > 1 else ''}{padding(number)}"
    for number, (title, text) in enumerate(CLAUSES.items(), 1)
)
HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(2)> & "quoted" </pre></style></untrusted>\n\n'
    "liability \x1b[2J\x1b]8;;http://a.example\x07here\x1b[1A \u202eesrever\u2066 [bold red]x[/] :smile: \x9b31m\n"
    "{{ 7*7 }}\n"
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("nda.md").write_text(CONTRACT)


def said(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    done = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["context", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def asked(*more: object, file: str = "nda.md") -> dict[str, Any]:
    code, out, err = said(file, "--ask", "What is the cap on liability?", "--model", HOSTED, *more, "--json")
    assert code == 0, err
    return json.loads(out)


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names = set[str]()
        self.attributes = list[tuple[str, str]]()
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_document_adds_up_and_each_span_is_the_source_word_by_word() -> None:
    told = asked("--window", 1300)
    assert sum(part["tokens"] for part in told["parts"]) == told["room_tokens"] == 1300 - 600
    assert told["tokens"] <= told["room_tokens"]
    outcomes = [entry["outcome"] for entry in told["receipt"]["entries"]]
    assert "left out" in outcomes and len(told["spans"]) == len(outcomes) - outcomes.count("left out")
    whole = [span for span in told["spans"] if span["form"] == 0]
    assert whole
    for span in whole:
        shown = told["messages"][span["message"]]["content"][span["start"] : span["end"]]
        assert shown == CONTRACT[span["origin"]["start"] : span["origin"]["end"]]


def test_what_bears_on_the_question_is_kept_and_the_rest_has_a_price() -> None:
    entries = asked("--window", 1300)["receipt"]["entries"]
    best = max(entries, key=lambda entry: entry["score"])
    assert best["origin"]["place"] == "2" and best["outcome"] == "kept"
    assert all(entry["missing_tokens"] > 0 for entry in entries if entry["reason"] == "budget")


def test_a_what_if_says_what_enters_with_more_room_and_what_leaves_with_less() -> None:
    narrow = asked("--window", 1300)
    kept = {entry["snippet"] for entry in narrow["receipt"]["entries"] if entry["outcome"] == "kept"}
    more = asked("--window", 1300, "--what-if", "window=4000")["what_if"]
    assert more["room_tokens"] == 4000 - 600
    assert {change["after"]["snippet"] for change in more["changes"]} == set(
        range(len(narrow["receipt"]["entries"]))
    ) - kept
    Path("other.md").write_text("# Other\n\n1. Cap. There is no cap on liability.\n")
    less = asked("other.md", "--what-if", "without=other.md")["what_if"]
    assert {change["after"]["reason"] for change in less["changes"]} == {"without"}
    dearer = asked("--what-if", "model=anthropic/claude-haiku-5-5")["what_if"]
    assert (dearer["changes"], dearer["terms"]) == ([], "with anthropic/claude-haiku-5-5")


def test_a_quote_is_traced_to_its_characters_or_shown_to_be_made_up() -> None:
    quote = "capped at the fees paid"
    (cited,) = asked("--cite", quote)["citations"]
    assert CONTRACT[cited["origin"]["start"] : cited["origin"]["end"]] == quote
    code, out, _ = said("nda.md", "--ask", "cap?", "--model", HOSTED, "--cite", quote, "--cite", "capped at nothing")
    assert code == 5
    assert "✓ “capped at the fees paid” 2, nda.md line" in out
    assert "✗ “capped at nothing” is made up" in out
    code, out, _ = said("nda.md", "--ask", "cap?", "--model", HOSTED, "--cite", "Heirs come under it too.")
    assert code == 0 and "stands 2 times" in out


def test_two_files_of_one_name_are_told_apart() -> None:
    Path("new").mkdir()
    Path("new/nda.md").write_text("# Agreement\n\n1. Liability. Nobody is liable for anything at all.\n")
    told = asked("new/nda.md")
    assert {entry["origin"]["source"] for entry in told["receipt"]["entries"]} == {"nda.md", "new/nda.md"}
    assert [part["name"] for part in told["parts"] if part["kind"] == "section"] == ["nda.md", "new/nda.md"]
    assert asked("./nda.md")["receipt"] == asked()["receipt"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nda.md"], "--ask QUESTION"),
        (["nda.md", "--ask", " "], "--ask QUESTION"),
        (["no.md", "--ask", "x", "--model", HOSTED], "no file no.md"),
        (["nda.pdf"], "There is no file 'nda.pdf'. There is no run"),
        (["last", "a", "b"], "one run, and one of its steps"),
        (["last", "--window", "9"], "shown as it was"),
        (["nda.md", "--ask", "x", "--model", HOSTED, "--window", "600"], "leaves no room"),
        (["nda.md", "--ask", "x", "--model", HOSTED, "--window", "610"], "there is room for 10"),
        (["nda.md", "--ask", "x", "--model", HOSTED, "--what-if", "window=610"], "in a window of 610 tokens"),
        (["nda.md", "--ask", "x", "--model", HOSTED, "--what-if", "without=a.md"], "one of these: nda.md"),
        (["nda.md", "--ask", "x", "--what-if", "budget=3"], "not 'budget=3'"),
        (["nda.md", "--ask", "x", "--what-if", "window=x"], "a number of tokens"),
        (["nda.md", "--ask", "x", "--what-if", "window=7", "--what-if", "window=8"], "one window"),
        (["nda.md", "--ask", "x", "--model", HOSTED, "--html", "nda.md"], "would be overwritten"),
        (["nda.md", "--ask", "x", "--model", "nobody/knows-this"], "nobody/knows-this"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(arguments: list[str], word: str) -> None:
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert word in " ".join(err.split())
    assert Path("nda.md").read_text() == CONTRACT


def test_a_file_goes_before_a_run_of_its_name() -> None:
    Path("last").write_text("not a document's name")
    assert "--ask QUESTION" in said("last")[2]


def test_hostile_text_does_nothing_on_a_terminal_or_in_a_browser() -> None:
    name = "<b>\x1b[31m\u202e.txt"
    Path(name).write_text(f"{HOSTILE}\n{padding(9)}")
    question = "liability? <i>\x1b[2J\u202e"
    code, out, err = said(name, "nda.md", "--ask", question, "--model", HOSTED, "--prompt", "--all", "--html", "p.html")
    assert code == 0, err
    assert not set("\x1b\x07\x9b\u202e\u2066") & set(out + err)
    assert "[bold red]x[/] :smile:" in out and "\\u202e" in out
    html = Path("p.html").read_text()
    assert not set("\x1b\x07\x9b\u202e\u2066") & set(html)
    tags = Tags(html)
    assert not {"script", "img", "b", "link", "iframe"} & tags.names
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in tags.words and "{{ 7*7 }}" in tags.words
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in tags.attributes
    assert not [value for name, value in tags.attributes if name in ("src", "href") and not value.startswith("#")]


def test_every_link_of_the_page_leads_somewhere_and_all_candidates_are_there() -> None:
    told = asked("--window", 1300, "--what-if", "window=4000", "--html", "p.html")
    tags = Tags(Path("p.html").read_text())
    ids = [value for name, value in tags.attributes if name == "id"]
    links = {value[1:] for name, value in tags.attributes if name == "href"}
    assert len(ids) == len(set(ids)) and links <= set(ids)
    assert {f"r{entry['snippet']}" for entry in told["receipt"]["entries"]} <= set(ids)
    assert {f"p{span['snippet']}" for span in told["spans"]} == {id for id in ids if id.startswith("p")}
    assert told["html"] == "p.html"
    for text in (
        "What if it were packed in a window of 4,000 tokens?",
        "capped at the fees paid",
        "tokens, proven best",
    ):
        assert text in " ".join(tags.words.split())


def test_the_screen_cuts_long_lists_with_a_word_and_shows_them_whole_on_demand() -> None:
    Path("long.md").write_text("\n\n".join(f"{n}. {padding(n, 60)}" for n in range(1, 41)))
    given = ("long.md", "--ask", "cap", "--model", HOSTED, "--window", 2000)
    code, short, _ = said(*given)
    assert code == 0 and "more; --all shows them" in short
    rows = [line for line in said(*given, "--all")[1].splitlines() if "more tokens" in line]
    assert len(rows) > 20
    assert all(len(line) <= 80 for line in short.splitlines())
    whole = said(*given, "--prompt")[1]
    assert "<untrusted id=" in whole and "<untrusted id=" not in short


def test_a_question_in_bytes_that_are_no_text_is_shown_all_the_same() -> None:
    code, out, _ = said("nda.md", "--ask", "cap \udcff?", "--model", HOSTED, "--html", "p.html", "--json")
    assert code == 0 and json.loads(out)["title"].startswith("cap ")
    assert "cap " in Path("p.html").read_text()


def test_a_prompt_whose_words_were_not_kept_is_shown_by_its_receipt() -> None:
    whole = ask_about(documents_at([Path("nda.md")]), "cap?", Terms(HOSTED, None, 600))
    html = page(PromptView("judge of run-1", "m", whole.receipt, None))
    assert "only its receipt" in html and 'id="r0"' in html and 'href="#p' not in html


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the folder of sample contracts is not on this machine")
def test_a_real_contract_is_searched_and_its_words_are_traced_into_the_word_file() -> None:
    file, quote = CONTRACTS / "bonterms-cloud-terms.docx", "will not exceed the Enhanced Cap"
    told = asked("--window", 2000, "--what-if", "window=3000", "--cite", quote, file=str(file))
    best = max(told["receipt"]["entries"], key=lambda entry: entry["score"])
    assert (best["origin"]["place"], best["outcome"]) == ("16", "kept")
    assert 1200 < told["tokens"] <= told["room_tokens"] == 1400
    assert told["what_if"]["changes"]
    (cited,) = told["citations"]
    assert cited["origin"]["source"] == file.name
    assert quote in read(file).text[cited["origin"]["start"] : cited["origin"]["end"]]
