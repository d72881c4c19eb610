"""Time the released model against what else one could take, in one run.

    python benchmarks/speed.py benchmarks/work project/assets/BioRED_Test.PubTator \
        project/assets/Linnaeus_Test.PubTator benchmarks/results/speed.json

Every contender sits in a process of its own on the same processors; they take turns,
so that what slows the machine slows all. Ratios are of one turn; given is their median
with the lowest and the highest.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import spacy
import srsly
import torch
import typer
from contenders import CONTENDERS
from documents import first_documents
from prepare import MODEL

from spacy_aioner import __version__
from spacy_aioner.cli.console import plain_errors, require_file
from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.precision import cpu_prefers_bf16

WORKER = Path(__file__).with_name("worker.py")
OURS = "aioner"
ABSTRACTS, FULL_TEXTS = "abstracts", "full texts"
# Some of the abstracts, on which the fastest setting of a contender is found.
SAMPLE, _SAMPLED = "sample", 64

Times = dict[str, dict[str, list[float]]]
"""Seconds by set of texts and group, one for each turn."""


def main(
    folder: Path = typer.Argument(..., help="What prepare.py wrote."),
    abstracts: Path = typer.Argument(..., help="A corpus of abstracts."),
    full_texts: Path = typer.Argument(..., help="A corpus of full texts."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    documents: int = typer.Option(100, min=1, help="Abstracts."),
    long_documents: int = typer.Option(3, min=1, help="Full texts."),
    rounds: int = typer.Option(5, min=1, help="Turns that are counted."),
    cpus: str = typer.Option("0,1", help="Processors to run on."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Time all contenders on abstracts and full texts and write what they took."""
    with plain_errors(debug=debug):
        require_file(folder / "encoder" / "config.json")
        sets = {
            ABSTRACTS: [d.text for d in first_documents(abstracts, documents)],
            FULL_TEXTS: [d.text for d in first_documents(full_texts, long_documents)],
        }
        with tempfile.TemporaryDirectory() as scratch:
            texts = Path(scratch) / "texts.json"
            srsly.write_json(texts, {**sets, SAMPLE: sets[ABSTRACTS][:_SAMPLED]})
            settings = (str(folder), model, str(texts), cpus)
            workers: dict[str, Worker] = {}
            try:
                for name in CONTENDERS:
                    workers[name] = Worker(name, settings)
                kept = _fastest(workers)
                times, entities = _turns(kept, list(sets), rounds)
            finally:
                for worker in workers.values():
                    worker.stop()
        result = {
            "machine": _machine(cpus, workers[OURS].ready["threads"]),
            "rounds": rounds,
            "texts": {
                name: {
                    "documents": len(found),
                    "characters": sum(map(len, found)),
                    "word_pieces": _count_pieces(model, found),
                }
                for name, found in sets.items()
            },
            "contenders": {
                group: {
                    "title": CONTENDERS[worker.name].title,
                    **worker.ready,
                    "peak_megabytes": worker.peak,
                    "entities": entities[group],
                    "seconds": {name: times[name][group] for name in sets},
                    "ratio": {name: _ratio(times[name], group) for name in sets},
                }
                for group, worker in kept.items()
            },
        }
        output.parent.mkdir(parents=True, exist_ok=True)
        srsly.write_json(output, result)


class Worker:
    """A process with one contender.

    name (str): The contender.
    settings (tuple[str, ...]): Folder, model, texts and processors; see worker.py.
    RAISES (AionerError): If the contender cannot be loaded.
    """

    def __init__(self, name: str, settings: tuple[str, ...]) -> None:
        self.name = name
        self.peak = 0
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), name, *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TOKENIZERS_PARALLELISM": "true"},
        )
        self.ready = self._answer()
        typer.echo(f"{name}: loaded in {self.ready['load_seconds']:.1f} s", err=True)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AionerError(
                f"The contender '{self.name}' ended with exit code "
                f"{self._process.wait()}: its message stands above."
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self, texts: str) -> tuple[float, int]:
        """Process a set of texts: seconds and number of entities."""
        assert self._process.stdin is not None
        print(texts, file=self._process.stdin, flush=True)
        answer = self._answer()
        self.peak = max(self.peak, answer["peak_megabytes"])
        return answer["seconds"], answer["entities"]

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _count_pieces(model: str, texts: list[str]) -> int:
    """Word-pieces of the texts themselves, without tags and special pieces."""
    nlp = spacy.load(model)
    table = get_shim(nlp.get_pipe("aioner").model).table
    return int(table.words([nlp.make_doc(text) for text in texts]).piece_count.sum())


def _fastest(workers: Mapping[str, Worker]) -> dict[str, Worker]:
    """Warm all up, and keep the fastest of each group; the others are ended."""
    groups: dict[str, list[tuple[float, str]]] = {}
    for name, worker in workers.items():
        worker.run(SAMPLE)
        seconds = worker.run(SAMPLE)[0]
        groups.setdefault(CONTENDERS[name].group, []).append((seconds, name))
        typer.echo(f"{name}: {seconds:.2f} s", err=True)
    kept = {}
    for group, found in groups.items():
        best = min(found)[1]
        kept[group] = workers[best]
        for _, name in found:
            if name != best:
                workers[name].stop()
    return kept


def _turns(
    kept: Mapping[str, Worker], sets: list[str], rounds: int
) -> tuple[Times, dict[str, int]]:
    times: Times = {name: {group: [] for group in kept} for name in sets}
    entities = {}
    for turn in range(rounds + 1):
        for name in sets:
            for group, worker in kept.items():
                seconds, found = worker.run(name)
                if turn:  # The first turn warms up.
                    times[name][group].append(seconds)
                if name == ABSTRACTS:
                    entities[group] = found
        typer.echo(f"turn {turn} of {rounds}", err=True)
    return times, entities


def _ratio(times: Mapping[str, list[float]], group: str) -> dict[str, float]:
    """How many times as fast as the contender spacy-aioner is."""
    pairs = zip(times[group], times[OURS], strict=True)
    ratios = [theirs / ours for theirs, ours in pairs]
    return {
        "median": statistics.median(ratios),
        "min": min(ratios),
        "max": max(ratios),
    }


def _machine(cpus: str, threads: int) -> dict[str, Any]:
    amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)
    return {
        "processors": len(cpus.split(",")),
        "threads": threads,
        "amx": amx(),
        "bf16": cpu_prefers_bf16(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "spacy-aioner": __version__,
    }


if __name__ == "__main__":
    typer.run(main)
