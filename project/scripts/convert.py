"""Convert the corpora of a corpora file to spaCy's binary format, split by split."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from spacy_aioner.corpora.config import SPLITS, Corpus, read_corpora
from spacy_aioner.corpora.convert import write_docbin
from spacy_aioner.corpora.reader import corpus_documents
from spacy_aioner.corpora.split import split_document
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.sink import replace_file


def main(
    corpora: Path = typer.Argument(..., help="The corpora file (TOML)."),
    output: Path = typer.Argument(..., help="Folder for train, dev and test.spacy."),
    with_dev: bool = typer.Option(
        False,
        help="Put the dev documents into train as well: for a last training, "
        "after everything was chosen.",
    ),
    max_length: int = typer.Option(
        10_000, help="Cut longer training documents at sentence ends (characters)."
    ),
) -> None:
    """Write one DocBin per split and print what each corpus gave."""
    output.mkdir(parents=True, exist_ok=True)
    try:
        entries = read_corpora(corpora)
    except AionerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("split\tcorpus\ttask\tdocuments\tmentions")
    for split in SPLITS:
        splits = [split, "dev"] if with_dev and split == "train" else [split]
        limit = max_length if split == "train" else 0
        with replace_file(output / f"{split}.spacy") as stream:
            write_docbin(_parts(entries, split, splits, limit), stream)


def _parts(
    entries: Iterable[Corpus], name: str, splits: Iterable[str], limit: int
) -> Iterator[tuple[Document, str]]:
    """Documents of all corpora with their tasks; each corpus's counts are printed."""
    for corpus in entries:
        count = mentions = 0
        for split in splits:
            for document in corpus_documents(corpus, split):
                count += 1
                mentions += len(document.mentions)
                for part in split_document(document, limit):
                    yield part, corpus.task
        typer.echo(f"{name}\t{corpus.name}\t{corpus.task}\t{count}\t{mentions}")


if __name__ == "__main__":
    typer.run(main)
