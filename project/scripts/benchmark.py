"""Score a trained pipeline on the test files of all corpora.

For each corpus, under its own task and under ALL: strict and relaxed scores with
bootstrap intervals, speed, and the counts of each document, with which any two result
files can be compared later without tagging again.
"""

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import spacy
import torch
import typer
from predictions import predict
from spacy.language import Language

from spacy_aioner import __version__
from spacy_aioner.bulk.tagging import load_pipeline
from spacy_aioner.cli.console import plain_errors, split_names
from spacy_aioner.corpora.config import SPLITS, Corpus, read_corpora
from spacy_aioner.corpora.docs import bare_doc
from spacy_aioner.corpora.leakage import Selected, select_documents
from spacy_aioner.errors import AionerError, check_choice
from spacy_aioner.evaluation.bootstrap import LEVEL, RESAMPLES
from spacy_aioner.evaluation.results import (
    compare_results,
    read_results,
    results_to_json,
    scores_with_intervals,
)
from spacy_aioner.evaluation.scores import compare
from spacy_aioner.evaluation.units import UnitCounts, count_units
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.precision import pick_dtype
from spacy_aioner.pipeline.aioner import AionerNER
from spacy_aioner.scheme.scheme import ALL

OWN = "own"
PROTOCOL_TEXTS = {
    "leak-free": "Documents that stand in the training file of BioRED are not scored; "
    "the other corpora train without the documents that any test file holds.",
    "paper": "All documents are trained on and scored as published, also those that "
    "stand in a training file and in a test file.",
}


def main(
    model: str = typer.Argument(..., help="The trained pipeline: folder or package."),
    corpora: Path = typer.Argument(..., help="The corpora file (TOML)."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    split: str = typer.Option("test", help="test or dev."),
    protocol: str = typer.Option("leak-free", help="leak-free or paper."),
    tasks: str = typer.Option(
        f"{OWN},{ALL}", help="Prompt each corpus's own task, ALL, or both."
    ),
    only: list[str] = typer.Option([], help="A corpus; may be given several times."),
    baseline: Path | None = typer.Option(
        None, help="A file that this script wrote, to compare with."
    ),
    name: str = typer.Option(
        "", help="The name of the pipeline in the report; its own if not given."
    ),
    gpu_id: int = typer.Option(-1, help="The GPU; -1 for the CPU."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Tag each corpus under the chosen tasks and write scores, intervals, speed."""
    with plain_errors(debug=debug):
        check_choice("split", split, SPLITS[1:])
        prompts = split_names(tasks, "--tasks") or []
        for prompt in prompts:
            check_choice("entry of --tasks", prompt, (OWN, ALL))
        entries = _select(corpora, protocol=protocol, split=split, only=only)
        other = None
        if baseline is not None:
            other = _read_baseline(baseline, entries, protocol=protocol, split=split)
        nlp, components = load_pipeline(model, gpu_id=gpu_id)
        if len(components) > 1:
            raise AionerError(
                f"{model}: has {len(components)} aioner components: score those "
                "pipelines that they come from."
            )
        component = components[0]
        results: dict[str, dict[str, Any]] = {}
        for entry in entries:
            gold = entry.documents[split]
            for prompt in _prompts(component, entry.corpus, prompts):
                component.tasks = [prompt]
                result = _score(nlp, component, entry.corpus, gold)
                result["dropped"] = entry.dropped[split]
                if other is not None:
                    _compare(result, other, entry.corpus.name)
                results.setdefault(entry.corpus.name, {})[prompt] = result
        if not results:
            raise AionerError(
                f"{model}: was trained on none of the tasks that --tasks asks for: it "
                f"knows {', '.join(component.cfg['trained_tasks'])}."
            )
        config = nlp.config.interpolate()
        values = {
            "model": _describe(nlp, component, name),
            "split": split,
            "protocol": {"name": protocol, "meaning": PROTOCOL_TEXTS[protocol]},
            "bootstrap": {"resamples": RESAMPLES, "level": LEVEL, "seed": 0},
            "machine": {
                "device": str(get_shim(component.model).device),
                "cpu": torch.backends.cpu.get_cpu_capability(),
                "threads": torch.get_num_threads(),
                "python": platform.python_version(),
                "spacy": spacy.__version__,
                "spacy-aioner": __version__,
                "torch": torch.__version__,
            },
            "results": results,
            "settings": {
                "seed": config["training"]["seed"],
                "components": {"aioner": config["components"][component.name]},
                "corpora": config["corpora"],
                "training": config["training"],
            },
        }
        output.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(output) as stream:
            stream.write(results_to_json(values).encode())


def _select(
    path: Path, *, protocol: str, split: str, only: Sequence[str]
) -> list[Selected]:
    """The corpora to score, each held against all those of the file."""
    corpora = read_corpora(path)
    for name in only:
        check_choice("corpus", name, [corpus.name for corpus in corpora])
    entries = [
        entry
        for entry in select_documents(corpora, protocol=protocol)
        if entry.documents[split] and (not only or entry.corpus.name in only)
    ]
    if not entries:
        raise AionerError(f"{path}: no chosen corpus has documents in '{split}'.")
    return entries


def _prompts(
    component: AionerNER, corpus: Corpus, chosen: Sequence[str]
) -> dict[str, None]:
    """The tasks to prompt, each once, without those that were not trained."""
    trained = component.cfg["trained_tasks"]
    names = [corpus.task if prompt == OWN else prompt for prompt in chosen]
    return dict.fromkeys(name for name in names if not trained or name in trained)


def _score(
    nlp: Language, component: AionerNER, corpus: Corpus, gold: list[Document]
) -> dict[str, Any]:
    """Tag the documents under the prompted task and score them."""
    begin = time.perf_counter()
    predicted = predict(nlp, component, gold, task=corpus.task, types=corpus.keep)
    seconds = time.perf_counter() - begin
    pieces = _count_pieces(nlp, component, gold)
    report = compare(gold, predicted)
    units = count_units(gold, predicted, lambda d: corpus.article_of(d.id))
    task = component.tasks[0]
    typer.echo(
        f"{corpus.name} under {task}: {len(gold)} documents, {len(units.names)} units, "
        f"{seconds:.1f} s\n{report.to_table()}"
    )
    return {
        "task": corpus.task,
        "prompted": task,
        "documents": len(gold),
        "seconds": round(seconds, 4),
        "documents_per_second": round(len(gold) / seconds, 2),
        "word_pieces": pieces,
        "word_pieces_per_second": round(pieces / seconds),
        **scores_with_intervals(report, units),
    }


def _count_pieces(nlp: Language, component: AionerNER, gold: list[Document]) -> int:
    """Word-pieces of the texts; those that frame or overlap windows do not count."""
    table = get_shim(component.model).table
    assert table is not None
    docs = [bare_doc(nlp, document) for document in gold]
    return int(table.words(docs).piece_count.sum())


def _read_baseline(
    path: Path, entries: Sequence[Selected], *, protocol: str, split: str
) -> Mapping[str, Any]:
    """Read the results to compare with; they must be of the same documents."""
    values = read_results(path)
    made = values["protocol"]["name"], values["split"]
    if made != (protocol, split):
        raise AionerError(
            f"{path}: was made under the protocol '{made[0]}' on '{made[1]}', so its "
            f"documents are not those of '{protocol}' on '{split}': choose the same."
        )
    for entry in entries:
        corpus = entry.corpus
        ids = [document.id for document in entry.documents[split]]
        names = tuple(dict.fromkeys(map(corpus.article_of, ids)))
        for theirs in values["results"].get(corpus.name, {}).values():
            if UnitCounts.from_dict(theirs["units"]).names != names:
                raise AionerError(
                    f"{path}: holds other documents of '{corpus.name}': make it again "
                    "with the same corpora file."
                )
    return values


def _compare(result: dict[str, Any], other: Mapping[str, Any], corpus: str) -> None:
    """Add how the result differs from that of the baseline, if that has one."""
    theirs = other["results"].get(corpus, {}).get(result["prompted"])
    if theirs is None:
        return
    found = compare_results(result, theirs)
    low, high = found.interval
    name = other["model"]["name"]
    result["baseline"] = {
        "model": name,
        "f1_difference": found.f1,
        "interval": [low, high],
        "p": found.p,
    }
    typer.echo(
        f"strict F1 against {name}: {found.f1:+.2f} ({low:+.2f} to {high:+.2f}), "
        f"p = {found.p:.4f}\n"
    )


def _describe(nlp: Language, component: AionerNER, name: str) -> dict[str, Any]:
    """What tells a model from another."""
    shim = get_shim(component.model)
    assert shim.network is not None
    weights = Path(nlp.path) / component.name / "model"
    return {
        "name": name or f"{nlp.lang}_{nlp.meta['name']}",
        "version": nlp.meta["version"],
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "encoder": component.model.attrs["encoder"],
        "parameters": sum(p.numel() for p in shim.network.parameters()),
        "decoder": get_shim(component.model).head["decoder"],
        "precision": str(pick_dtype(shim.precision, shim.device)).split(".")[-1],
        "trained_tasks": component.cfg["trained_tasks"],
    }


if __name__ == "__main__":
    typer.run(main)
