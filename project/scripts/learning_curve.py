"""How well a new task is learnt from few documents, from which start.

Trains a pipeline for each start, share of the training documents and seed: `raw` from
an encoder that knows no entity, `released` from a trained pipeline. Each is scored on
the test documents of the new task. What `released` gives is for the new task alone:
joined to the pipeline that it started from it leaves the old tasks as they were. The
file of results is written after every training; run again after an interruption it
goes on with those that lack.
"""

import random
import shutil
import sys
from pathlib import Path
from typing import Any

import spacy
import srsly
import typer
from predictions import predict
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.util import load_config

from spacy_aioner.cli.console import plain_errors, split_names
from spacy_aioner.corpora.config import Corpus, read_corpora
from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.corpora.documents import corpus_documents
from spacy_aioner.errors import check_choice
from spacy_aioner.evaluation.results import scores_with_intervals
from spacy_aioner.evaluation.scores import MICRO, compare
from spacy_aioner.evaluation.units import count_units
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.sink import replace_file
from spacy_aioner.pipeline.joining import prompt
from spacy_aioner.pipeline.loading import aioner_components
from spacy_aioner.training.loop import train

STARTS = ("raw", "released")
# Updates by share of the training documents.
STEPS = {0.05: 100, 0.1: 150, 0.25: 300, 0.5: 500, 1.0: 1000}
_ALL_SHARES = ",".join(map(str, STEPS))


def main(
    corpora: Path = typer.Argument(..., help="The corpora file of the new task."),
    results: Path = typer.Argument(..., help="The JSON file to write."),
    work: Path = typer.Option(..., help="Folder for training data and pipelines."),
    raw: Path = typer.Option(..., help="Config that trains from a raw encoder."),
    released: Path = typer.Option(..., help="Config that trains a known pipeline."),
    starts: str = typer.Option(",".join(STARTS), help="Starts to train from."),
    shares: str = typer.Option(_ALL_SHARES, help="Of the training documents."),
    seeds: str = typer.Option("0,1,2", help="Of subsets and trainings."),
    gpu_id: int = typer.Option(-1, help="The GPU; -1 for the CPU."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Train and score what the file of results lacks."""
    with plain_errors(debug=debug):
        chosen = split_names(starts, "--starts") or []
        for start in chosen:
            check_choice("start", start, STARTS)
        wanted_shares = split_names(shares, "--shares") or []
        for name in wanted_shares:
            check_choice("share", name, tuple(map(str, STEPS)))
        configs = {"raw": raw, "released": released}
        corpus = read_corpora(corpora)[0]
        dev = list(corpus_documents(corpus, "dev"))
        documents = [*corpus_documents(corpus, "train"), *dev]
        # They are learnt too, as everything is chosen: only the log tells of them.
        _write_data(work / "dev", corpus, dev)
        test = list(corpus_documents(corpus, "test"))
        found = srsly.read_json(results) if results.exists() else {}
        found = {"corpus": corpus.name, "rows": [], **found}
        rows = found["rows"]
        done = {(row["start"], row["share"], row["seed"]) for row in rows}
        wanted = [
            (start, share, seed)
            for seed in map(int, split_names(seeds, "--seeds") or [])
            for share in map(float, wanted_shares)
            for start in chosen
        ]
        for start, share, seed in wanted:
            if (start, share, seed) in done:
                continue
            folder = work / f"{start}-{share}-{seed}"
            subset = _draw(documents, share, seed)
            data = _write_data(folder / "train", corpus, subset)
            steps = STEPS[share]
            overrides: dict[str, Any] = {"paths.dev": str(work / "dev")}
            if start != "raw":
                # All types, those too that a small share of the documents lacks.
                overrides["initialize.before_init.task"] = corpus.task
                overrides["initialize.before_init.types"] = list(corpus.keep or ())
            model = _train(configs[start], folder, steps, seed, overrides, gpu_id)
            row: dict[str, Any] = {
                "start": start,
                "share": share,
                "seed": seed,
                "updates": steps,
                "documents": len(subset),
                "mentions": sum(len(d.mentions) for d in subset),
                "new": _score(model, test, corpus.task),
            }
            f1 = row["new"]["strict"][MICRO]["f1"]
            typer.echo(f"{start} {share} seed {seed}: {f1:.2f}")
            rows.append(row)
            _write_results(results, found)
            shutil.rmtree(data)


def _draw(documents: list[Document], share: float, seed: int) -> list[Document]:
    """A share of the documents; a larger share holds the smaller ones of its seed."""
    drawn = sorted(documents, key=lambda d: d.id)
    random.Random(seed).shuffle(drawn)
    return drawn[: round(share * len(drawn))]


def _write_results(path: Path, results: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as stream:
        stream.write((srsly.json_dumps(results, indent=1) + "\n").encode())


def _write_data(folder: Path, corpus: Corpus, documents: list[Document]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with replace_file(folder / f"{corpus.name}.spacy") as stream:
        write_docbin(((document, corpus.task) for document in documents), stream)
    return folder


def _train(
    config: Path,
    folder: Path,
    steps: int,
    seed: int,
    overrides: dict[str, Any],
    gpu_id: int,
) -> Language:
    """Train a pipeline, or go on with its training."""
    settings = {
        "paths.train": str(folder / "train"),
        "system.seed": seed,
        "training.max_steps": steps,
        "training.eval_frequency": steps,
        "training.optimizer.learn_rate.warmup_steps": steps // 10,
        **overrides,
    }
    nlp = init_nlp(
        load_config(config, overrides=settings, interpolate=False), use_gpu=gpu_id
    )
    return spacy.load(train(nlp, folder / "model", overwrite=True, stdout=sys.stderr))


def _score(nlp: Language, gold: list[Document], task: str) -> dict[str, Any]:
    """Tag documents under a task and score them.

    The best label sequences are taken as they are: thresholds and support by
    repetition suit models that are sure of themselves.
    """
    prompt(nlp, [task])
    component = aioner_components(nlp, running=True)[0]
    component.cfg.update(threshold=0.0, consistency=0.0)
    types = component.scheme.task(task).types
    predicted = predict(nlp, component, gold, task=task, types=types)
    report = compare(gold, predicted)
    units = count_units(gold, predicted, lambda d: d.id)
    strict = scores_with_intervals(report, units)["strict"]
    by_type = {name: round(score["f1"], 2) for name, score in strict["types"].items()}
    return {"strict": {MICRO: strict[MICRO], "types": by_type}}


if __name__ == "__main__":
    typer.run(main)
