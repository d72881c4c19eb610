"""How time and memory grow with the number of documents and with their length.

    python benchmarks/scaling.py project/assets/BioRED_Test.PubTator \
        benchmarks/results/scaling.json

Texts are sentences of the corpus in ever new order, and every tenth word of them is one
that no other document has, so that the vocabulary grows as it does in real text. The
stream runs in spaCy's memory zones, as `aioner tag` does; what its vocabulary takes
without them is measured apart.
"""

import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import spacy
import srsly
import typer
from released import MODEL
from spacy.language import Language

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.errors import check_choice
from spacy_aioner.formats.files import read_documents
from spacy_aioner.scheme.segment import sentence_starts

_NEW_WORDS = 10
_ZONE = 1_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)


def main(
    corpus: Path = typer.Argument(..., help="Documents whose sentences are used."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    most: int = typer.Option(
        100_000, min=1_000, help="Documents of the longest stream."
    ),
    sentences: int = typer.Option(2, min=1, help="Sentences of each of its documents."),
    rounds: int = typer.Option(3, min=1, help="Documents of each length that count."),
    part: str = typer.Option("all", help="length, number, or all."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Measure seconds and peak memory, each kind in a fresh process."""
    with plain_errors(debug=debug):
        check_choice("part", part, ("all", "length", "number"))
        found = read_documents(corpus, report=lambda problem: None)
        pool = [part for document in found for part in _sentences(document.text)]
        output.parent.mkdir(parents=True, exist_ok=True)
        result = srsly.read_json(output) if output.exists() else {}
        if part in ("all", "length"):
            result["length"] = _apart(_by_length, model, pool, rounds)
            srsly.write_json(output, result)  # What comes next takes longest.
        if part in ("all", "number"):
            arguments = model, pool, most, sentences
            result["sentences"] = sentences
            result["vocabulary"] = _apart(_vocabulary, *arguments)
            result["number"] = _apart(_by_number, *arguments)
            srsly.write_json(output, result)
        typer.echo(srsly.json_dumps(result, indent=2))


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(function, *arguments).result()


def _sentences(text: str) -> list[str]:
    bounds = [0, *sentence_starts(text), len(text)]
    return [text[i:j].strip() for i, j in pairwise(bounds)]


def _texts(pool: list[str], sentences: int) -> Iterator[str]:
    """Endless documents of a few sentences each, with words of their own."""
    dice = random.Random(0)
    while True:
        words = " ".join(dice.choices(pool, k=sentences)).split()
        for i in range(0, len(words), _NEW_WORDS):
            words[i] = "".join(dice.choices(_LETTERS, k=8))
        yield " ".join(words)


def _by_number(
    model: str, pool: list[str], most: int, sentences: int
) -> list[dict[str, float]]:
    """Seconds a document and peak memory after 100, 1,000, … documents."""
    nlp = spacy.load(model)
    rows: list[dict[str, float]] = []
    stops = [10**n for n in range(2, 10) if 10**n <= most]
    before, begin = 0, time.perf_counter()
    for count, _ in enumerate(_in_zones(nlp, _texts(pool, sentences)), 1):
        if count == stops[len(rows)]:
            seconds = time.perf_counter() - begin
            row = {"documents": count, "seconds_each": seconds / (count - before)}
            rows.append({**row, "peak_megabytes": _peak()})
            if len(rows) == len(stops):
                break
            before, begin = count, time.perf_counter()
    return rows


def _in_zones(nlp: Language, texts: Iterator[str]) -> Iterator[None]:
    """Nothing for each document, which is freed when its zone ends."""
    while True:
        with nlp.memory_zone():
            for _ in nlp.pipe(islice(texts, _ZONE)):
                yield


def _vocabulary(
    model: str, pool: list[str], most: int, sentences: int
) -> dict[str, int]:
    """Growth of memory by cutting documents into tokens, without memory zones."""
    nlp = spacy.load(model)
    texts = _texts(pool, sentences)
    for text in islice(texts, _ZONE):
        nlp.make_doc(text)
    before = _peak()
    for text in islice(texts, most - _ZONE):
        nlp.make_doc(text)
    return {"documents": most, "megabytes": _peak() - before}


def _by_length(model: str, pool: list[str], rounds: int) -> list[dict[str, float]]:
    """Seconds of single documents of growing length, and peak memory."""
    nlp = spacy.load(model)
    texts = _texts(pool, 4)
    rows = []
    for length in LENGTHS:
        times = []
        for turn in range(rounds + 1):
            text = ""
            while len(text) < length:
                text += next(texts) + " "
            begin = time.perf_counter()
            nlp(text[:length])
            if turn:  # The first one warms up.
                times.append(time.perf_counter() - begin)
        row = {"characters": length, "seconds": statistics.median(times)}
        rows.append({**row, "peak_megabytes": _peak()})
    return rows


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    typer.run(main)
