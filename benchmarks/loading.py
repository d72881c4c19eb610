"""Time loading the released model against loading its encoder in plain PyTorch.

    python benchmarks/loading.py benchmarks/prepared benchmarks/results/loading.json

Each load is a fresh process, imports included; the two take turns.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import srsly
import typer
from released import MODEL

from spacy_aioner.cli.console import plain_errors, require_file
from spacy_aioner.errors import AionerError

_TIMED = """
import json, sys, time
begin = time.perf_counter()
{imports}
ready = time.perf_counter()
{load}
loaded = time.perf_counter()
print(json.dumps({{"imports": ready - begin, "load": loaded - ready}}))
"""
_PLAIN = _TIMED.format(
    imports="import torch\nfrom transformers import AutoModel, AutoTokenizer",
    load="AutoModel.from_pretrained(sys.argv[1])\n"
    "AutoTokenizer.from_pretrained(sys.argv[1])",
)
_OURS = _TIMED.format(imports="import spacy", load="spacy.load(sys.argv[1])")
_IMPORT = _TIMED.format(imports="import spacy_aioner", load="")


def main(
    folder: Path = typer.Argument(..., help="What prepare.py wrote."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    rounds: int = typer.Option(5, min=1, help="Turns that are counted."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Load in turns and write the seconds and their ratio."""
    with plain_errors(debug=debug):
        require_file(folder / "encoder" / "config.json")
        sides = {
            "encoder": (_PLAIN, str(folder / "encoder")),
            "model": (_OURS, model),
            "package": (_IMPORT, ""),
        }
        times: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for turn in range(rounds + 1):
            for name, side in sides.items():
                seconds = _run(*side)
                if turn:  # The first turn fills the file cache.
                    times[name].append(seconds)
        totals = {n: [sum(t.values()) for t in ts] for n, ts in times.items()}
        pairs = zip(totals["model"], totals["encoder"], strict=True)
        ratios = [ours / plain for ours, plain in pairs]
        result = {
            "seconds": times,
            "median_total": {n: statistics.median(t) for n, t in totals.items()},
            "ratio_model_to_encoder": {
                "median": statistics.median(ratios),
                "min": min(ratios),
                "max": max(ratios),
            },
        }
        output.parent.mkdir(parents=True, exist_ok=True)
        srsly.write_json(output, result)
        typer.echo(srsly.json_dumps(result["ratio_model_to_encoder"]))


def _run(code: str, argument: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", code, argument],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AionerError(f"Loading {argument} failed: {done.stderr.strip()[-500:]}")
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


if __name__ == "__main__":
    typer.run(main)
