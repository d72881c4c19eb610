"""Which corpora follow the same guidelines: a pipeline's scores under several tags.

A corpus with a task of its own may stand under the task of a type instead if that tag
finds in its development documents what the own tag finds, and no more or less. Choose
by a pipeline that was trained without these documents.
"""

from pathlib import Path
from typing import Any

import srsly
import typer
from predictions import predict
from spacy.language import Language

from spacy_aioner.bulk.tagging import load_pipeline
from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.docbin import docbin_files, read_tasks
from spacy_aioner.corpora.mapping import task_mentions
from spacy_aioner.evaluation.scores import compare
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.pipeline.aioner import AionerNER
from spacy_aioner.scheme.scheme import ALL

COLUMNS = ("corpus", "tag", "types", "gold", "strict F1", "relaxed P", "relaxed R")


def main(
    model: str = typer.Argument(..., help="The trained pipeline: folder or package."),
    corpora: Path = typer.Argument(..., help="Folder of DocBins, one for each corpus."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    limit: int = typer.Option(100, min=1, help="Documents of each corpus."),
    gpu_id: int = typer.Option(-1, help="The GPU; -1 for the CPU."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Score each corpus under its own tag, the tags of its types and ALL."""
    with plain_errors(debug=debug):
        nlp, components = load_pipeline(model, gpu_id=gpu_id)
        component = components[0]
        typer.echo("\t".join(COLUMNS))
        rows = []
        for file in docbin_files(corpora):
            by_task: dict[str, list[Document]] = {}
            for document, task in read_tasks(file):
                by_task.setdefault(task, []).append(document)
            for task, documents in by_task.items():
                if task not in component.cfg["trained_tasks"]:
                    continue
                for row in _rows(nlp, component, task, documents[:limit]):
                    rows.append({"corpus": file.stem, **row})
                    typer.echo("\t".join(str(v) for v in rows[-1].values()))
        with replace_file(output) as stream:
            stream.write((srsly.json_dumps(rows, indent=1) + "\n").encode())


def _rows(
    nlp: Language, component: AionerNER, task: str, gold: list[Document]
) -> list[dict[str, Any]]:
    """The scores of one corpus under each tag that knows one of its types."""
    types = component.scheme.task(task).types
    trained = component.cfg["trained_tasks"]
    rows = []
    for tag in dict.fromkeys([task, *types, ALL]):
        if tag not in trained:
            continue
        shared = [t for t in types if t in component.scheme.task(tag).types]
        component.tasks = [tag]
        predicted = predict(nlp, component, gold, task=tag, types=shared)
        wanted = [task_mentions(d, task=tag, type_map={}, types=shared) for d in gold]
        report = compare(wanted, predicted)
        strict, relaxed = report.strict_micro, report.relaxed_micro
        rows.append(
            {
                "tag": tag,
                "types": ",".join(shared),
                "gold": strict.gold,
                "strict_f1": round(strict.f1, 1),
                "relaxed_p": round(relaxed.precision, 1),
                "relaxed_r": round(relaxed.recall, 1),
            }
        )
    return rows


if __name__ == "__main__":
    typer.run(main)
