"""Time the released model against what else one could take, in one run.

    python benchmarks/speed.py benchmarks/prepared project/assets/BioRED_Test.PubTator \
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
from released import MODEL

from spacy_aioner import __version__
from spacy_aioner.cli.console import plain_errors, require_file
from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.precision import cpu_prefers_bf16

WORKER = Path(__file__).with_name("worker.py")
OURS, FULL_PRECISION = "aioner", "aioner-fp32"
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
            fixed = {"machine": _machine(cpus), "texts": _describe(model, sets)}
            workers: dict[str, Worker] = {}
            try:
                for name in _contenders():
                    workers[name] = Worker(name, settings)
                kept = _fastest(workers)
                times: Times = {name: {group: [] for group in kept} for name in sets}
                for turn in range(rounds + 1):
                    _turn(kept, times, counted=turn > 0)
                    typer.echo(f"turn {turn} of {rounds}", err=True)
                    if turn:  # Written each time: what is cut off is not lost.
                        _write(output, {**fixed, **_result(kept, times, turn)})
            finally:
                for worker in workers.values():
                    worker.stop()


def _contenders() -> list[str]:
    """All, but spacy-aioner in fp32 only where it computes in another format."""
    return [n for n in CONTENDERS if n != FULL_PRECISION or cpu_prefers_bf16()]


def _describe(model: str, sets: Mapping[str, list[str]]) -> dict[str, dict[str, int]]:
    return {
        name: {
            "documents": len(texts),
            "characters": sum(map(len, texts)),
            "word_pieces": _count_pieces(model, texts),
        }
        for name, texts in sets.items()
    }


def _result(kept: Mapping[str, "Worker"], times: Times, rounds: int) -> dict[str, Any]:
    return {
        "rounds": rounds,
        "contenders": {
            group: {
                "title": CONTENDERS[worker.name].title,
                **worker.ready,
                "peak_megabytes": worker.peak,
                "entities": worker.entities[ABSTRACTS],
                "seconds": {name: times[name][group] for name in times},
                "ratio": {name: _ratio(times[name], group) for name in times},
            }
            for group, worker in kept.items()
        },
    }


def _write(output: Path, result: Mapping[str, Any]) -> None:
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
        self.entities: dict[str, int] = {}
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

    def run(self, texts: str) -> float:
        """Process a set of texts and tell the seconds."""
        assert self._process.stdin is not None
        print(texts, file=self._process.stdin, flush=True)
        answer = self._answer()
        self.peak = max(self.peak, answer["peak_megabytes"])
        self.entities[texts] = answer["entities"]
        seconds: float = answer["seconds"]
        return seconds

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
        seconds = worker.run(SAMPLE)
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


def _turn(kept: Mapping[str, Worker], times: Times, *, counted: bool) -> None:
    for name, by_group in times.items():
        for group, worker in kept.items():
            seconds = worker.run(name)
            if counted:
                by_group[group].append(seconds)


def _ratio(times: Mapping[str, list[float]], group: str) -> dict[str, float]:
    """How many times as fast as the contender spacy-aioner is."""
    pairs = zip(times[group], times[OURS], strict=True)
    ratios = [theirs / ours for theirs, ours in pairs]
    return {
        "median": statistics.median(ratios),
        "min": min(ratios),
        "max": max(ratios),
    }


def _machine(cpus: str) -> dict[str, Any]:
    amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)
    return {
        "processors": len(cpus.split(",")),
        "amx": amx(),
        "bf16": cpu_prefers_bf16(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "spacy-aioner": __version__,
    }


if __name__ == "__main__":
    typer.run(main)
