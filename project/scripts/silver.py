"""Annotate unlabelled text with what several trained pipelines agree on."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
import typer
from texts import HELP, find_texts, read_paragraphs

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.convert import write_docbin
from spacy_aioner.corpora.docs import bare_doc, doc_to_mentions
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.scheme.scheme import ALL
from spacy_aioner.training.silver import confident_parts, vote

_BATCH = 500


def main(
    texts: list[Path] = typer.Argument(..., help=HELP),
    output: Path = typer.Option(..., help="The DocBin to write."),
    model: list[Path] = typer.Option(..., help="A pipeline; may be given again."),
    limit: int = typer.Option(0, help="Paragraphs of each file; 0 for all."),
    sure: float = typer.Option(0.8, min=0.5, max=1.0, help="Least mean probability."),
    least: int = typer.Option(80, help="Least characters of a part."),
) -> None:
    """Tag text under ALL and keep the sentences on which the pipelines agree."""
    with plain_errors(debug=False):
        files = find_texts(texts)
        pipelines = [spacy.load(path) for path in model]
        for nlp in pipelines:
            nlp.get_pipe("aioner").tasks = [ALL]
        counts = {"paragraphs": 0, "parts": 0, "mentions": 0}

        def parts() -> Iterator[tuple[Document, str]]:
            lines = (
                line
                for path in files
                for line in islice(read_paragraphs(path), limit or None)
            )
            while batch := list(islice(lines, _BATCH)):
                counts["paragraphs"] += len(batch)
                for text, mentions in zip(batch, _tag(pipelines, batch), strict=True):
                    for part in confident_parts(text, mentions, sure=sure):
                        if len(part.text) >= least:
                            counts["parts"] += 1
                            counts["mentions"] += len(part.mentions)
                            yield replace(part, id=f"silver-{counts['parts']}"), ALL
                typer.echo(f"{counts}", err=True)

        output.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(output) as stream:
            write_docbin(parts(), stream)


def _tag(pipelines: list[Any], texts: list[str]) -> Iterator[list[Mention]]:
    """The votes of all pipelines, text by text."""
    documents = [Document("", [Passage(0, text)]) for text in texts]
    tagged = []
    for nlp in pipelines:
        pairs = ((bare_doc(nlp, document), document) for document in documents)
        tagged.append(
            [doc_to_mentions(doc, d) for doc, d in nlp.pipe(pairs, as_tuples=True)]
        )
    for predictions in zip(*tagged, strict=True):
        yield vote(predictions)


if __name__ == "__main__":
    typer.run(main)
