"""Convert the corpora of a corpora file to spaCy's binary format, split by split."""

from collections.abc import Iterator
from pathlib import Path

import spacy
import typer
from spacy.tokens import DocBin

from spacy_aioner.corpora.config import SPLITS, Corpus, read_corpora
from spacy_aioner.corpora.docs import document_to_doc
from spacy_aioner.corpora.reader import corpus_documents
from spacy_aioner.corpora.split import split_document
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document


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
    tokenizer = {"@tokenizers": "spacy_aioner.Tokenizer.v1"}
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    output.mkdir(parents=True, exist_ok=True)
    try:
        entries = read_corpora(corpora)
    except AionerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("split\tcorpus\ttask\tdocuments\tmentions")
    for split in SPLITS:
        docs = DocBin(store_user_data=True)
        for corpus in entries:
            count = mentions = 0
            for document in _documents(corpus, split, with_dev=with_dev):
                count += 1
                mentions += len(document.mentions)
                limit = max_length if split == "train" else 0
                for part in split_document(document, limit):
                    docs.add(document_to_doc(nlp, part, task=corpus.task))
            typer.echo(f"{split}\t{corpus.name}\t{corpus.task}\t{count}\t{mentions}")
        docs.to_disk(output / f"{split}.spacy")


def _documents(corpus: Corpus, split: str, *, with_dev: bool) -> Iterator[Document]:
    yield from corpus_documents(corpus, split)
    if with_dev and split == "train":
        yield from corpus_documents(corpus, "dev")


if __name__ == "__main__":
    typer.run(main)
