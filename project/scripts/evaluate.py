"""Score a trained pipeline on test documents and keep what it was trained with.

By default only documents that no training document equals; see
`spacy_aioner.corpora.leakage`.
"""

import platform
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import spacy
import srsly
import torch
import typer
from spacy.language import Language

from spacy_aioner import __version__
from spacy_aioner.corpora.config import Corpus, read_corpora
from spacy_aioner.corpora.docs import bare_doc, doc_to_mentions
from spacy_aioner.corpora.leakage import select_documents
from spacy_aioner.corpora.mapping import task_mentions
from spacy_aioner.evaluation.scores import compare
from spacy_aioner.formats.document import Document


def main(
    model: Path = typer.Argument(..., help="The trained pipeline."),
    corpora: Path = typer.Argument(..., help="The corpora file (TOML)."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    split: str = typer.Option("test", help="dev or test."),
    task: str = typer.Option("", help="Prompt this task, not each corpus's own."),
    protocol: str = typer.Option(
        "leak-free", help="As in convert.py; paper scores whole test files."
    ),
) -> None:
    """Tag each corpus under its task and write strict and relaxed scores."""
    if not (model / "config.cfg").is_file():
        typer.echo(f"error: {model}: holds no pipeline: train one first.", err=True)
        raise typer.Exit(1)
    nlp = spacy.load(model)
    pipe = nlp.get_pipe("aioner")
    results = {}
    for selected in select_documents(read_corpora(corpora), protocol=protocol):
        corpus, gold = selected.corpus, selected.documents[split]
        if not gold:
            continue
        pipe.tasks = [task or corpus.task]
        begin = time.perf_counter()
        predicted = list(_tag(nlp, gold, corpus))
        seconds = time.perf_counter() - begin
        report = compare(gold, predicted)
        results[corpus.name] = {
            "task": corpus.task,
            "prompted": pipe.tasks[0],
            "seconds": round(seconds, 2),
            **report.to_dict(),
        }
        typer.echo(f"{corpus.name} ({split})\n{report.to_table()}")
    config = nlp.config
    output.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(
        output,
        {
            "split": split,
            "protocol": protocol,
            "results": results,
            "settings": {
                "seed": config["training"]["seed"],
                "components": {"aioner": config["components"]["aioner"]},
                "training": config["training"],
            },
            "versions": {
                "python": platform.python_version(),
                "spacy": spacy.__version__,
                "spacy-aioner": __version__,
                "torch": torch.__version__,
            },
            "threads": torch.get_num_threads(),
        },
    )


def _tag(
    nlp: Language, documents: list[Document], corpus: Corpus
) -> Iterator[Document]:
    """Copies of documents with predicted mentions of the types that are scored."""
    pairs = ((bare_doc(nlp, document), document) for document in documents)
    for doc, document in nlp.pipe(pairs, as_tuples=True):
        tagged = replace(document, mentions=doc_to_mentions(doc, document))
        yield task_mentions(tagged, task=corpus.task, type_map={}, types=corpus.keep)


if __name__ == "__main__":
    typer.run(main)
