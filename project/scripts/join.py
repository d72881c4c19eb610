"""Join two trained pipelines into one that answers the tasks of both."""

import shutil
from pathlib import Path

import typer

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.errors import AionerError
from spacy_aioner.pipeline.joining import join
from spacy_aioner.pipeline.loading import load_trained


def main(
    model: str = typer.Argument(..., help="A pipeline, a package or a folder."),
    other: Path = typer.Argument(..., help="Another one, for what that one lacks."),
    output: Path = typer.Argument(..., help="Folder to write the joined pipeline to."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Write the first pipeline with the second's components for further tasks."""
    with plain_errors(debug=debug):
        if output.resolve() in {Path(model).resolve(), other.resolve()}:
            raise AionerError(
                f"{output}: is one of the pipelines to join: name another folder."
            )
        nlp = load_trained(model)
        added = join(nlp, load_trained(str(other)))
        tasks = ", ".join(task for name in added for task in nlp.get_pipe(name).tasks)
        description = (
            f"{nlp.meta['description']} Further tasks: {tasks}. Scores, sources and "
            "notes are those of the pipeline without them."
        )
        # Whoever made the first one did not make this one.
        nlp.meta.update(description=description.strip(), author="")
        if (output / "meta.json").exists():
            # Components of an earlier one would lie about in its folder.
            shutil.rmtree(output)
        nlp.to_disk(output)
        typer.echo(f"{output}: {', '.join(nlp.pipe_names)}; new: {', '.join(added)}")


if __name__ == "__main__":
    typer.run(main)
