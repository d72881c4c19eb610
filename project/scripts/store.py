"""Save a trained pipeline with its weights in fewer bits."""

from pathlib import Path

import spacy
import typer

from spacy_aioner.cli.console import plain_errors


def main(
    model: Path = typer.Argument(..., help="The trained pipeline."),
    output: Path = typer.Argument(..., help="Folder for the copy."),
    storage: str = typer.Option("fp16", help="fp16, bf16 or fp32."),
) -> None:
    """Copy a pipeline, weights stored in another format."""
    with plain_errors(debug=False):
        setting = {"components.aioner.model.storage": storage}
        spacy.load(model, config=setting).to_disk(output)


if __name__ == "__main__":
    typer.run(main)
