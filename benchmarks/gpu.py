"""Check and time everything on a GPU: equality with the CPU, training, memory.

    python benchmarks/gpu.py project/assets/BioRED_Test.PubTator \
        benchmarks/results/gpu.json

Needs PyTorch with CUDA and the extra `cuda12x` or `cuda13x`; says what is missing.
"""

import importlib.util
import time
from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import spacy
import srsly
import torch
import typer
from agreement import share_equal
from documents import first_documents
from released import MODEL, load
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from thinc.api import Adam, require_cpu

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.docs import bare_doc, document_to_doc
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document

# Share of the spans that must be the CPU's, by precision: rounding tips close calls.
_LEAST_EQUAL = {"fp32": 0.995, "auto": 0.97}


def main(
    corpus: Path = typer.Argument(..., help="A PubTator file with all six types."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    documents: int = typer.Option(100, min=8, help="Documents."),
    repeats: int = typer.Option(50, min=1, help="How often they are tagged for speed."),
    updates: int = typer.Option(50, min=1, help="Training updates."),
    gpu_id: int = typer.Option(0, min=0, help="The GPU."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Tag and train on a GPU, compare with the CPU, and write what was measured."""
    with plain_errors(debug=debug):
        if missing := _missing():
            raise AionerError(f"There is no GPU check to make here: {missing}.")
        gold = first_documents(corpus, documents)
        texts = [document.text for document in gold]
        require_cpu()
        expected = list(load(model, "fp32").pipe(texts))
        spacy.require_gpu(gpu_id)
        result: dict[str, Any] = {
            "device": torch.cuda.get_device_name(gpu_id),
            "torch": torch.__version__,
            "documents": documents,
        }
        for precision, least in _LEAST_EQUAL.items():
            nlp = load(model, precision)
            equal = share_equal(expected, list(nlp.pipe(texts)))
            if equal < least:
                raise AionerError(
                    f"In {precision} the GPU finds only {equal:.1%} of what the CPU "
                    "finds: something is wrong with the GPU's way."
                )
            result[f"tagging_{precision}"] = {
                "equal_to_cpu": equal,
                **_tag(nlp, texts, repeats),
            }
        result["training"] = _train(spacy.load(model), gold, updates)
        output.parent.mkdir(parents=True, exist_ok=True)
        srsly.write_json(output, result)
        typer.echo(srsly.json_dumps(result, indent=2))


def _missing() -> str:
    """What a GPU check lacks here, or nothing."""
    if torch.version.cuda is None:
        return f"PyTorch {torch.__version__} was built without CUDA"
    if not torch.cuda.is_available():
        return "PyTorch finds no CUDA device"
    if importlib.util.find_spec("cupy") is None:
        return "cupy is not installed (extra cuda12x or cuda13x)"
    return ""


def _tag(nlp: Language, texts: Sequence[str], repeats: int) -> dict[str, float]:
    """Documents a second, text to spans, and the most memory that was in use."""
    torch.cuda.reset_peak_memory_stats()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in nlp.pipe(chain.from_iterable(repeat(texts, repeats))):
        pass
    torch.cuda.synchronize()
    seconds = time.perf_counter() - begin
    return {
        "documents_per_second": round(len(texts) * repeats / seconds, 1),
        "peak_megabytes": torch.cuda.max_memory_allocated() >> 20,
    }


def _train(nlp: Language, gold: Sequence[Document], updates: int) -> dict[str, Any]:
    """Update the model on the documents; the loss must fall, and a copy must equal."""
    fix_random_seed(0)
    examples = [
        Example(bare_doc(nlp, d), document_to_doc(nlp, d, task="ALL")) for d in gold
    ]
    batches = list(minibatch(examples, 8))
    optimizer = Adam(1e-4, use_averages=False)
    torch.cuda.reset_peak_memory_stats()
    losses = []
    begin = time.perf_counter()
    for step in range(updates):
        batch = batches[step % len(batches)]
        losses.append(nlp.update(batch, sgd=optimizer, drop=0.1)["aioner"])
    torch.cuda.synchronize()
    seconds = time.perf_counter() - begin
    once = min(len(batches), updates // 2)
    first, last = sum(losses[:once]), sum(losses[len(losses) - once :])
    if not last < first:
        raise AionerError(f"The loss does not fall in training: {first} to {last}.")
    texts = [document.text for document in gold[:8]]
    tagged = list(nlp.pipe(texts))
    again = nlp.from_bytes(nlp.to_bytes())
    if share_equal(tagged, list(again.pipe(texts))) < 1.0:
        raise AionerError(
            "A pipeline saved on the GPU finds other entities when loaded."
        )
    return {
        "updates_per_second": round(updates / seconds, 2),
        "documents_per_update": 8,
        "first_loss": first,
        "last_loss": last,
        "peak_megabytes": torch.cuda.max_memory_allocated() >> 20,
    }


if __name__ == "__main__":
    typer.run(main)
