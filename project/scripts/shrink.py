"""Make a student that begins with some layers of its teacher."""

from pathlib import Path

import typer

from spacy_aioner.cli.console import plain_errors, split_names
from spacy_aioner.distillation.shrinking import keep_layers
from spacy_aioner.errors import AionerError
from spacy_aioner.pipeline.loading import load_trained


def main(
    model: str = typer.Argument(..., help="The teacher, a package or a folder."),
    output: Path = typer.Argument(..., help="Folder for the student."),
    layers: str = typer.Option(..., help="Layers to keep, from 0, such as 0,2,5."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Copy a pipeline without the other layers of its encoder."""
    with plain_errors(debug=debug):
        try:
            numbers = [int(name) for name in split_names(layers, "--layers") or []]
        except ValueError as error:
            raise AionerError(
                f"--layers must be numbers such as 0,2,5, got {layers}."
            ) from error
        nlp = load_trained(model)
        keep_layers(nlp, numbers)
        nlp.to_disk(output)


if __name__ == "__main__":
    typer.run(main)
