"""Save a trained pipeline under its name, with its weights in fewer bits."""

from pathlib import Path

import spacy
import typer

from spacy_aioner.cli.console import plain_errors, require_file


def main(
    model: Path = typer.Argument(..., help="The trained pipeline."),
    output: Path = typer.Argument(..., help="Folder for the copy."),
    storage: str = typer.Option("fp16", help="int8, fp16, bf16 or fp32."),
    name: str = typer.Option("aioner_minilm", help="Name without the language."),
    version: str = typer.Option(..., help="Version of the model."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Copy a pipeline, weights stored in another format."""
    with plain_errors(debug=debug):
        require_file(model / "meta.json")
        setting = {"components.aioner.model.storage": storage}
        nlp = spacy.load(model, config=setting)
        nlp.meta.update(name=name, version=version)
        nlp.to_disk(output)


if __name__ == "__main__":
    typer.run(main)
