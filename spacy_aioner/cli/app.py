"""The command line: `aioner`, and `python -m spacy aioner`."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from .console import EXIT_CODES, open_standard_streams
from .convert import convert
from .evaluate import evaluate
from .import_weights import import_weights
from .tag import tag
from .train import train

app = typer.Typer(
    name="aioner",
    help="All-in-one biomedical named entity recognition (AIONER).",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (tag, convert, evaluate):
    app.command(epilog=EXIT_CODES, no_args_is_help=True)(command)
app.command("import-weights", epilog=EXIT_CODES, no_args_is_help=True)(import_weights)
# Settings of the config are given as options that nobody can list here.
app.command(
    epilog=EXIT_CODES,
    no_args_is_help=True,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(train)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"aioner {__version__}")
        raise typer.Exit()


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """All-in-one biomedical named entity recognition (AIONER)."""
    open_standard_streams()


def main() -> None:
    """Run the command line."""
    app(prog_name="aioner")
