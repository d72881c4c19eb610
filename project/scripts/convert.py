"""Convert the corpora of a corpora file to spaCy's binary format, one file for each.

By default no document both trains and is scored; see `spacy_aioner.corpora.leakage`.
"""

from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import srsly
import typer
from new_corpora import check_new

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.config import SPLITS, Corpus, read_corpora
from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.corpora.documents import check_types
from spacy_aioner.corpora.leakage import PROTOCOLS, Selected, select_documents
from spacy_aioner.corpora.merging import merge_plainly
from spacy_aioner.corpora.split import split_document
from spacy_aioner.formats.sink import replace_file

COLUMNS = ("split", "corpus", "task", "documents", "articles", "mentions", "dropped")
LEAKY = (
    "PROTOCOL PAPER: documents of test files are in train, so scores on those test "
    "files are too high."
)


@dataclass
class Row:
    """What one split of one corpus gave; `documents` counts records of the files."""

    split: str
    corpus: str
    task: str
    documents: int
    articles: int
    mentions: int
    dropped: int
    held_out: int


def main(
    corpora: Path = typer.Argument(..., help="The corpora file (TOML)."),
    output: Path = typer.Argument(..., help="Folder for train/, dev/ and test/."),
    protocol: str = typer.Option(
        "leak-free",
        help="leak-free: no document both trains and is scored. paper: all documents "
        "of all files, as published.",
    ),
    with_dev: bool = typer.Option(
        False,
        help="Put the dev documents into train as well: for a last training, "
        "after everything was chosen.",
    ),
    plain: bool = typer.Option(
        False,
        help="Put every training document under ALL, as if its corpus annotated all "
        "types: the plain merge that the all-in-one scheme is compared with.",
    ),
    max_length: int = typer.Option(
        10_000,
        help="Cut longer training documents at sentence ends (characters); 0 cuts "
        "nothing.",
    ),
    teach: str | None = typer.Option(
        None,
        metavar="PIPELINE",
        help="The pipeline that is to learn the corpora as new tasks: check that they "
        "are new to it and that each corpus has mentions in all splits.",
    ),
) -> None:
    """Write a DocBin per split and corpus, and print what each gave."""
    with plain_errors(debug=False):
        selected = select_documents(
            read_corpora(corpora), protocol=protocol, with_dev=with_dev
        )
        for one in selected:
            check_types(
                corpora, one.corpus, chain.from_iterable(one.documents.values())
            )
        if teach is not None:
            check_new(corpora, selected, teach)
        if plain:
            selected = merge_plainly(selected)
        rows = []
        for split in SPLITS:
            limit = max_length if split == "train" else 0
            rows += _write(selected, split, output / split, limit)
        note = LEAKY if protocol == PROTOCOLS[1] else ""
        srsly.write_json(
            output / "counts.json",
            {
                "protocol": protocol,
                **({"note": note} if note else {}),
                "with_dev": with_dev,
                "plain": plain,
                "max_length": max_length,
                "counts": [asdict(row) for row in rows],
            },
        )
    if note:
        typer.echo(note)
    typer.echo("\t".join(COLUMNS))
    for row in rows:
        typer.echo("\t".join(str(getattr(row, column)) for column in COLUMNS))


def _write(selected: list[Selected], split: str, folder: Path, limit: int) -> list[Row]:
    """Write a split's files; what else a former run left there would be read too."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for one in selected:
        path = folder / f"{one.corpus.name}.spacy"
        if one.documents[split]:
            parts = (
                (part, one.corpus.task)
                for document in one.documents[split]
                for part in split_document(document, limit)
            )
            with replace_file(path) as stream:
                write_docbin(parts, stream)
        if one.corpus.sources(split):
            rows.append(_count(one, split))
    written = {f"{row.corpus}.spacy" for row in rows if row.documents}
    for path in folder.glob("*.spacy"):
        if path.name not in written:
            path.unlink()
    return rows


def _count(one: Selected, split: str) -> Row:
    documents = one.documents[split]
    corpus: Corpus = one.corpus
    return Row(
        split=split,
        corpus=corpus.name,
        task=corpus.task,
        documents=len(documents),
        articles=len({corpus.article_of(d.id) for d in documents}),
        mentions=sum(len(d.mentions) for d in documents),
        dropped=one.dropped[split],
        held_out=one.held_out if split == "train" else 0,
    )


if __name__ == "__main__":
    typer.run(main)
