"""Options and arguments that several commands share."""

from typing import Annotated

import typer

from ...login import login_name

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout; all else goes to stderr.")]
Dial = Annotated[
    int, typer.Option(min=0, max=4, help="How far to go alone: 0 propose, 1 edit, 2 share, 3 delegate, 4 alone.")
]
Budget = Annotated[
    float | None, typer.Option("--budget", min=0, metavar="USD", help="The most that model calls may cost.")
]
Deadline = Annotated[
    float | None,
    typer.Option("--deadline", metavar="SECONDS", help="The most work may take; waiting for you is not counted."),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Any litellm name, `local` or gguf:PATH. Without it: what is found first."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Any litellm name, `local` or gguf:PATH; several times for several, of which each step takes what suits "
        "it best. Without it: what is found first.",
    ),
]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; without it, your login name.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning or its end, or `last`.")]


def person(by: str | None) -> str:
    """The name under which answers are kept: the one given, else the login name, else `you`."""
    return by or login_name()
