"""Convert the corpora of a corpora file to spaCy's binary format, one file for each.

By default no document both trains and is scored; see `spacy_aioner.corpora.leakage`.
"""

from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import srsly
import typer

from spacy_aioner.cli.console import plain_errors, tell
from spacy_aioner.corpora.config import SPLITS, Corpus, read_corpora
from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.corpora.documents import check_types
from spacy_aioner.corpora.leakage import PROTOCOLS, Selected, select_documents
from spacy_aioner.corpora.merging import merge_plainly
from spacy_aioner.corpora.split import split_document
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Mention
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.pipeline.loading import aioner_components, load_trained
from spacy_aioner.scheme.scheme import Scheme, Task, add_tasks

# The share of mentions with wrong offsets that is only warned of.
MOST_WRONG = 0.1
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
            _check_new(corpora, selected, teach)
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


def _check_new(corpora: Path, selected: list[Selected], model: str) -> None:
    """Stop at what would fail later, when the training has taken its time."""
    pipes = aioner_components(load_trained(model))
    known = {task for pipe in pipes for task in pipe.cfg["trained_tasks"]}
    for one in selected:
        where = f"{corpora}: corpus '{one.corpus.name}'"
        try:
            add_tasks(Scheme(()), [Task(one.corpus.task, one.corpus.keep or ("any",))])
        except AionerError as error:
            raise AionerError(f"{where}: {error}") from error
        if one.corpus.task in known:
            raise AionerError(
                f"{where} has the task '{one.corpus.task}', which the pipeline "
                f"'{model}' has already: give what is new another name."
            )
        for split in SPLITS:
            if not any(document.mentions for document in one.documents[split]):
                raise AionerError(
                    f"{where} has no documents with mentions for {split}"
                    f"{_why(one, split)}: name files that hold some."
                )
        _check_offsets(where, one)


def _why(one: Selected, split: str) -> str:
    if split == "dev" and one.corpus.dev_ids:
        return f" ({len(one.corpus.dev_ids)} dev_ids, none of a training document)"
    dropped = one.dropped[split]
    return f" ({dropped} left out, as other splits hold them)" if dropped else ""


def _is_there(mention: Mention, text: str) -> bool:
    """Whether the text has the mention's words; of a discontinuous one it has more."""
    return set(mention.text.split()) <= set(text.split())


def _check_offsets(where: str, one: Selected) -> None:
    """What stands elsewhere than it is said to would be learnt there."""
    mentions = [
        (document, mention)
        for documents in one.documents.values()
        for document in documents
        for mention in document.mentions
    ]
    wrong = [(d, m) for d, m in mentions if not _is_there(m, d.text[m.start : m.end])]
    if not wrong:
        return
    document, mention = wrong[0]
    text = document.text[mention.start : mention.end]
    message = (
        f"{where}: {len(wrong)} of {len(mentions)} mentions are not where their text "
        f"is, first '{mention.text}' of document {document.id}, which has '{text}' at "
        f"{mention.start} to {mention.end}; `aioner convert` tells each"
    )
    if len(wrong) > MOST_WRONG * len(mentions):
        raise AionerError(f"{message}: correct the offsets.")
    tell("warning", message)


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
