"""`rheostat context`: what a model would see, or saw, and what it did not."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, explained, print_json
from .options import AsJson, Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rheostat.context import Ambiguous, Cited, NotThere

    from ...events import Packed
    from ...prompt_view import PromptView
    from ...trial import WhatIf

    Found = Cited | Ambiguous | NotThere

_ANSWER_TOKENS = 600
_MOST_NAMED = 5


def context(
    what: Annotated[list[str], typer.Argument(metavar="FILE|RUN", help="Documents; or a run, and one of its steps.")],
    ask: Annotated[str | None, typer.Option(metavar="QUESTION", help="What is asked about the documents.")] = None,
    model: Model = None,
    window_tokens: Annotated[
        int | None, typer.Option("--window", min=1, metavar="TOKENS", help="Use no more of the model's window.")
    ] = None,
    answer_tokens: Annotated[
        int, typer.Option("--answer", min=0, metavar="TOKENS", help="Kept free of it for the answer.")
    ] = _ANSWER_TOKENS,
    what_if: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What would change with window=N, model=NAME, without=FILE."),
    ] = None,
    cite: Annotated[
        list[str] | None, typer.Option(metavar="QUOTE", help="Say where these words stand, or that they are made up.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all of it as a page, too.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every candidate, not only the first of a kind.")] = False,
    prompt: Annotated[bool, typer.Option("--prompt", help="The whole prompt, word by word.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at a prompt: what is in it, where it comes from, what was left out, and why.

    Of documents and a question: `rheostat context nda.docx --ask "How long does it last?"`. Or of a past run:
    `rheostat context last` lists its prompts, `rheostat context last STEP` shows one. No model is called.
    """
    about_files = ask is not None or Path(what[0]).exists()
    if about_files and not (ask or "").strip():
        raise typer.BadParameter("say what is asked about the documents: --ask QUESTION.")
    if not about_files and (what_if or window_tokens or model):
        raise typer.BadParameter("a past run is shown as it was; --model, --window and --what-if are for documents.")
    with explained(as_json=as_json):
        if about_files:
            view = _of_files(what, _writable(ask or ""), model, window_tokens, answer_tokens, what_if or ())
        else:
            view = _of_run(what, as_json=as_json)
        if view is None:
            return
        if html is not None:
            _write_page(view, html, what)
        citations = [(quote, _cited(view, quote)) for quote in map(_writable, cite or [])]
        if as_json:
            print_json(_document(view, citations, html))
        else:
            _tell(view, citations, html, everything=everything, whole=prompt)
        raise typer.Exit(Ending.FAILED if _made_up(found for _, found in citations) else Ending.DONE)


def _of_files(
    files: Sequence[str],
    question: str,
    model: str | None,
    window_tokens: int | None,
    answer_tokens: int,
    what_if: Sequence[str],
) -> "PromptView":
    """Packs what the documents say on the question."""
    from ...compose import get_local_model, resolve
    from ...errors import NoLocalModel
    from ...models import LOCAL
    from ...trial import Terms, ask_about, documents_at
    from ..terminal.console import aside
    from ..terminal.progress import Progress, label

    other = _read_what_if(what_if) if what_if else None
    chosen = resolve(model)
    terms = Terms(chosen.model, window_tokens, answer_tokens)
    with Progress(aside(), label) as progress:
        documents = documents_at([Path(file) for file in files])
        if LOCAL in (chosen.model, other and other.model):
            try:
                get_local_model(progress.doing)
            except NoLocalModel as error:
                error.add_note("Or name a hosted model with --model: to look at a prompt no key is needed.")
                raise
        return ask_about(documents, question, terms, why="" if model else chosen.why, what_if=other)


def _writable(given: str) -> str:
    """An argument without the bytes that are no text, which nothing could store or show."""
    return given.encode(errors="replace").decode()


def _read_what_if(given: Sequence[str]) -> "WhatIf":
    from ...trial import WhatIf

    named: dict[str, list[str]] = {"window": [], "model": [], "without": []}
    for pair in given:
        name, _, value = pair.partition("=")
        if name not in named or not value:
            raise typer.BadParameter(f"--what-if takes window=N, model=NAME or without=FILE, not {pair!r}.")
        named[name].append(value)
    if max(len(named["window"]), len(named["model"])) > 1:
        raise typer.BadParameter("--what-if takes one window and one model at a time.")
    window = next(iter(named["window"]), "")
    if window and not (window.isdecimal() and int(window)):
        raise typer.BadParameter(f"--what-if window={window}: give a number of tokens.")
    return WhatIf(next(iter(named["model"]), None), int(window) if window else None, tuple(named["without"]))


def _of_run(given: Sequence[str], *, as_json: bool) -> "PromptView | None":
    """The prompt of a run's step as its Log kept it; without a step, says which there are and returns None."""
    from ...prompt_view import packed_in, prompt_of
    from ...run_errors import BadInput, UnknownRun
    from ...view import view
    from .found import records_of, run_meant

    if len(given) > 2:
        raise typer.BadParameter("give one run, and one of its steps; or files, and --ask QUESTION.")
    try:
        run = run_meant(given[0])
    except UnknownRun as unknown:
        raise BadInput(f"There is no file {given[0]!r}.", str(unknown)) from None
    records = records_of(run)
    prompts = packed_in(records)
    if not prompts:
        raise BadInput(f"Run {run} has no prompts.", "It has come to no step that calls a model.")
    if len(given) == 1:
        _list(run, prompts, as_json=as_json)
        return None
    return prompt_of(run, view(run, records).terms.model, prompts[_step_meant(given[1], list(prompts))])


def _step_meant(given: str, steps: Sequence[str]) -> str:
    """The step of that id, or the one whose id holds what was given."""
    from ...run_errors import BadInput

    meant = [given] if given in steps else [step for step in steps if given in step]
    if len(meant) == 1:
        return meant[0]
    named = ", ".join((meant or steps)[:_MOST_NAMED]) + (" and others" if len(meant or steps) > _MOST_NAMED else "")
    if meant:
        raise BadInput(f"{given!r} could mean several steps.", f"They are {named}.", "Give more of the id.")
    raise BadInput(f"The run has no step {given!r} that called a model.", f"Those that did are {named}.")


def _list(run: str, prompts: "Mapping[str, Packed]", *, as_json: bool) -> None:
    from ..terminal.console import results
    from ..terminal.context import nodes

    if as_json:
        listed = [packed.model_dump(mode="json", exclude={"kind", "source_map"}) for packed in prompts.values()]
        print_json({"run": run, "prompts": listed})
    else:
        results().print(nodes(prompts.values(), run))


def _cited(view: "PromptView", quote: str) -> "Found":
    from rheostat.context import Ambiguous, NotThere, Quote

    from ...run_errors import BadInput

    if view.source_map is None:
        raise BadInput(
            "No quote can be checked here.", "The run's Log holds the receipt of this prompt, not its words."
        )
    try:
        return view.source_map.cite(Quote.model_construct(text=quote))
    except (Ambiguous, NotThere) as error:
        return error


def _made_up(citations: "Iterable[Found]") -> bool:
    from rheostat.context import NotThere

    return any(isinstance(found, NotThere) for found in citations)


def _write_page(view: "PromptView", out: Path, inputs: Sequence[str]) -> None:
    from ...run_errors import BadInput
    from ..page.prompt import page

    if any(Path(file).resolve() == out.resolve() for file in inputs):
        raise BadInput(f"{out} would be overwritten.", "It is one of the documents.", "Give another file as --html.")
    out.write_text(page(view), encoding="utf-8", errors="replace")


def _document(view: "PromptView", citations: "Sequence[tuple[str, Found]]", html: Path | None) -> dict[str, Any]:
    from rheostat.context import Cited

    from ...prompt_view import as_json

    cited = [
        {
            "quote": quote,
            "found": type(found).__name__,
            **(found.model_dump(mode="json") if isinstance(found, Cited) else {"why": str(found)}),
        }
        for quote, found in citations
    ]
    page = {"html": str(html)} if html else {}
    return {**as_json(view), "citations": cited, **page}


def _tell(
    view: "PromptView", citations: "Sequence[tuple[str, Found]]", html: Path | None, *, everything: bool, whole: bool
) -> None:
    from ..terminal.console import results, text
    from ..terminal.context import citation, drawn, headed

    out = results()
    if citations:
        out.print(headed(view))
        out.print()
        for quote, found in citations:
            out.print(citation(quote, found))
    else:
        out.print(
            drawn(view, coloured=out.color_system is not None and not out.no_color, everything=everything, whole=whole)
        )
    if html:
        out.print(text(("\npage  ", "label"), str(html)), soft_wrap=True)
