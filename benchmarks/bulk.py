"""How `aioner tag` does on many documents, with workers, and when it is killed.

    cd benchmarks
    python make_pubmed.py pubmed --documents 100000 --files 20 --sentences 0
    python bulk.py stream pubmed results/bulk-stream.json
    python make_pubmed.py few --documents 800 --files 8 --sentences 6
    python bulk.py workers few results/bulk-workers.json
    python bulk.py formats few results/bulk-formats.json
    python make_pubmed.py fifty --documents 1500 --files 50
    python bulk.py kills fifty results/bulk-kills.json
    python bulk.py kills fifty results/bulk-kills-workers.json --options "--workers 2"

Each command writes what it measured as JSON; report.py puts it into docs/speed.md.
"""

import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
import typer
from released import MODEL

from spacy_aioner.formats.files import read_documents

app = typer.Typer(no_args_is_help=True)
FOLDER = typer.Argument(..., help="Folder of inputs.")
OUTPUT = typer.Argument(..., help="The JSON file to write.")
_SETTLED = 1_000


def _command(*arguments: Any) -> list[str]:
    fixed = [sys.executable, "-m", "spacy_aioner.cli", "tag", "--model", MODEL]
    return [*fixed, *map(str, arguments)]


def _resident(pid: int) -> float:
    """Megabytes of a process and all below it."""
    total = 0.0
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            text = Path(f"/proc/{each}/status").read_text()
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        # A process that just ended has no memory any more.
        found = text.partition("VmRSS:")[2].split()
        total += int(found[0]) / 1024 if found else 0.0
        waiting += map(int, children.split())
    return total


@app.command()
def stream(folder: Path = FOLDER, output: Path = OUTPUT) -> None:
    """Every document exactly once, and memory while the stream runs."""
    with tempfile.TemporaryDirectory() as temporary:
        begin = time.perf_counter()
        command = _command(folder, "-o", temporary, "--to", "bioc-json")
        log = Path(temporary) / "progress"
        with log.open("w") as stderr:
            process = subprocess.Popen([*command, "--json-progress"], stderr=stderr)
        samples = list(_samples(process, log))
        seconds = time.perf_counter() - begin
        ids: Counter[str] = Counter()
        mentions = 0
        for path in sorted(Path(temporary).glob("*.json.gz")):
            for document in read_documents(path):
                ids[document.id] += 1
                mentions += _checked(document)
        summary = log.read_text().splitlines()[-1]
    settled = [mb for documents, mb in samples if documents >= _SETTLED and mb]
    result = {
        "exit_code": process.returncode,
        "summary": summary,
        "documents": ids.total(),
        "ids": len(ids),
        "mentions": mentions,
        "seconds": seconds,
        "megabytes_after_1000": settled[0],
        "megabytes_highest": max(settled),
        "megabytes_last": settled[-1],
    }
    _write(output, result)


def _samples(
    process: "subprocess.Popen[bytes]", log: Path
) -> Iterator[tuple[int, float]]:
    """Documents done and memory, once a second."""
    while process.poll() is None:
        time.sleep(1)
        lines = [line for line in log.read_text().splitlines() if line[:1] == "{"]
        yield (
            json.loads(lines[-1])["documents"] if lines else 0,
            _resident(process.pid),
        )


def _checked(document: Any) -> int:
    """Count the mentions, each of which says what stands at its offsets."""
    text = document.text  # Passages follow each other with one character between.
    for mention in document.mentions:
        assert text[mention.start : mention.end] == mention.text, document.id
    return len(document.mentions)


@app.command()
def workers(
    folder: Path = FOLDER,
    output: Path = OUTPUT,
    rounds: int = typer.Option(3, min=1, help="Turns of each."),
) -> None:
    """Documents a second of one process and of two workers, in turns."""
    rates: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(rounds):
        for number in rates:
            rates[number].append(_rate(folder, int(number)))
    ratios = [two / one for one, two in zip(rates["1"], rates["2"], strict=True)]
    spread = [min(ratios), statistics.median(ratios), max(ratios)]
    _write(output, {"documents_per_second": rates, "ratio_two_to_one": spread})


def _rate(folder: Path, number: int) -> float:
    """Documents a second between the first progress and the last, without loading."""
    with tempfile.TemporaryDirectory() as temporary:
        command = _command(folder, "-o", temporary, "--workers", number)
        process = subprocess.Popen(
            [*command, "--json-progress"], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        seen = [
            (time.perf_counter(), json.loads(line)["documents"])
            for line in process.stderr
            if line.startswith("{")
        ]
    first = next(pair for pair in seen if pair[1])
    return float((seen[-1][1] - first[1]) / (seen[-1][0] - first[0]))


@app.command()
def formats(folder: Path = FOLDER, output: Path = OUTPUT) -> None:
    """Seconds that reading and writing alone take, for each document."""
    from spacy_aioner.formats.files import open_writer

    path = sorted(folder.iterdir())[0]
    list(read_documents(path))
    begin = time.perf_counter()
    count = len(list(read_documents(path)))
    result = {"read pubmed-xml": (time.perf_counter() - begin) / count}
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        subprocess.run(_command(path, "-o", out, "--quiet"), check=True)
        tagged = list(read_documents(out / path.name))
        for document in tagged:
            document.origin = None
        for format in ("bioc-xml", "bioc-json", "pubtator", "jsonl", "parquet"):
            for _ in range(2):  # The first time loads what is needed.
                begin = time.perf_counter()
                with open_writer(out / f"{format}.gz", format) as writer:
                    for document in tagged:
                        writer.write(document)
            result[f"write {format}"] = (time.perf_counter() - begin) / count
    _write(output, result)


@app.command()
def kills(
    folder: Path = FOLDER,
    output: Path = OUTPUT,
    times: int = typer.Option(20, min=1, help="How often a run is killed."),
    options: str = typer.Option("", help="Further options of `aioner tag`."),
    seed: int = typer.Option(0, help="Of the moments."),
) -> None:
    """Kill a run at random moments, run it again each time, and compare the end."""
    with tempfile.TemporaryDirectory() as temporary:
        calm, torn = Path(temporary, "calm"), Path(temporary, "torn")
        begin = time.perf_counter()
        extra = [*options.split(), "--quiet"]
        subprocess.run(_command(folder, "-o", calm, *extra), check=True)
        whole = time.perf_counter() - begin
        dice = random.Random(seed)
        partial = 0
        killed = 0
        while killed < times:
            command = _command(folder, "-o", torn, *extra)
            process = subprocess.Popen(command)
            time.sleep(dice.uniform(0.1, 0.6) * whole)
            if process.poll() is None:
                process.kill()  # The workers have to see for themselves.
                killed += 1
            process.wait()
            partial += any(
                path.read_bytes() != (calm / path.name).read_bytes()
                for path in torn.glob("*.gz")
            )
            done = len(list(torn.glob("*.gz"))) == len(list(calm.glob("*.gz")))
            if done and killed < times:
                shutil.rmtree(torn)
        last = subprocess.run(_command(folder, "-o", torn, *extra))
        names = {p.name for p in calm.iterdir() if p.is_file()}
        same = {p.name for p in torn.iterdir() if p.is_file()} == names and all(
            (calm / name).read_bytes() == (torn / name).read_bytes() for name in names
        )
    result = {
        "options": options,
        "files": len(names),
        "kills": killed,
        "partial_or_different_files_seen": partial,
        "exit_code_of_the_last_run": last.returncode,
        "same_bytes": same,
    }
    _write(output, result)


def _write(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(path, result)
    typer.echo(srsly.json_dumps(result, indent=2))


if __name__ == "__main__":
    app()
