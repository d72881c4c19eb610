"""Make replay data: old corpora, and text with what a pipeline itself finds in it.

A pipeline keeps what it knows if beside a new task it learns to answer other text as it
did before (`imitation`). Old corpora alone are not enough: it knows them by heart, and
unseen text it soon answers otherwise. So documents that nobody annotated under the
pipeline's tasks are added, with its answers.
"""

import random
import shutil
from pathlib import Path

import typer
from predictions import predict

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.docbin import (
    DOCBIN_SUFFIX,
    docbin_files,
    read_tasks,
    write_docbin,
)
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.pipeline.loading import aioner_components, load_trained

OWN = f"own{DOCBIN_SUFFIX}"


def main(
    model: str = typer.Argument(..., help="The pipeline, a package or a folder."),
    old: Path = typer.Argument(..., help="Folder of DocBins that it was taught."),
    output: Path = typer.Argument(..., help="Folder to write: those, and own.spacy."),
    also: Path | None = typer.Option(None, help="Another folder to take text from."),
    limit: int = typer.Option(1000, help="How many documents to label.", min=1),
    seed: int = typer.Option(0, help="Of the draw of documents."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Write a folder for the setting `replay`."""
    with plain_errors(debug=debug):
        if output.resolve() in {f.resolve() for f in (old, also) if f}:
            raise AionerError(
                f"{output}: is to be written anew, so nothing can be read there: name "
                "another folder."
            )
        if (old / OWN).exists():
            raise AionerError(
                f"{old / OWN}: has the name of what is to be written: rename it."
            )
        nlp = load_trained(model)
        pipes = aioner_components(nlp)
        if len(pipes) != 1:
            raise AionerError(
                f"The pipeline '{model}' has {len(pipes)} aioner components, but one "
                "network learns with replay: give a pipeline of one."
            )
        component = pipes[0]
        tasks = list(component.tasks)
        texts = _texts([old, *([also] if also else [])], tasks)
        if len(texts) > limit:
            texts = random.Random(seed).sample(texts, limit)
        output.mkdir(parents=True, exist_ok=True)
        for file in output.glob(f"*{DOCBIN_SUFFIX}"):
            file.unlink()
        for file in docbin_files(old):
            shutil.copy(file, output)
        labelled = []
        for task in tasks:
            component.tasks = [task]
            types = component.scheme.task(task).types
            found = predict(nlp, component, texts, task=task, types=types)
            labelled += [(document, task) for document in found]
        with replace_file(output / OWN) as stream:
            write_docbin(labelled, stream)
        mentions = sum(len(document.mentions) for document, _ in labelled)
        typer.echo(f"{len(texts)} documents, {mentions} mentions under {tasks}")


def _texts(folders: list[Path], tasks: list[str]) -> list[Document]:
    """Documents without mentions; those of the tasks themselves are left out."""
    texts: dict[str, Document | None] = {}
    for folder in folders:
        for file in docbin_files(folder):
            for document, task in read_tasks(file):
                document.mentions = []
                if task in tasks:
                    texts[document.text] = None
                else:
                    texts.setdefault(document.text, document)
    return [document for document in texts.values() if document is not None]


if __name__ == "__main__":
    typer.run(main)
