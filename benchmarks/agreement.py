"""How many entities stay the same when the encoder computes in fewer bits.

    python benchmarks/agreement.py project/assets/BC5CDR_TrainDev.PubTator \
        benchmarks/results/agreement.json

Compares with fp32: PyTorch's dynamic int8, which the component does not use for what is
found here, and bf16 where this processor is asked to compute in it.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import srsly
import torch
import typer
from documents import first_documents
from released import MODEL, load
from spacy.language import Language
from spacy.tokens import Doc

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.precision import cpu_prefers_bf16


def main(
    corpus: Path = typer.Argument(..., help="Documents; no test file is needed."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    documents: int = typer.Option(200, min=1, help="How many of them."),
    model: str = typer.Option(MODEL, help="The released pipeline."),
    debug: bool = typer.Option(False, "--debug", help="Show the Python traceback."),
) -> None:
    """Tag documents in each format and write the share of equal entities."""
    with plain_errors(debug=debug):
        texts = [document.text for document in first_documents(corpus, documents)]
        expected = list(load(model, "fp32").pipe(texts))
        others = {"int8": _with_int8(load(model, "fp32"))}
        if cpu_prefers_bf16():
            others["bf16"] = load(model, "bf16")
        result: dict[str, Any] = {
            "corpus": corpus.name,
            "documents": documents,
            "entities": sum(len(doc.ents) for doc in expected),
            "equal_to_fp32": {
                name: share_equal(expected, list(nlp.pipe(texts)))
                for name, nlp in others.items()
            },
        }
        output.parent.mkdir(parents=True, exist_ok=True)
        srsly.write_json(output, result)
        typer.echo(srsly.json_dumps(result, indent=2))


def share_equal(ours: Sequence[Doc], theirs: Sequence[Doc]) -> float:
    """Entities that both have, as a share of all that either has.

    ours, theirs (Sequence[Doc]): The same texts.
    RETURNS (float): 0 to 1.
    """
    pairs = [(_entities(a), _entities(b)) for a, b in zip(ours, theirs, strict=True)]
    both = sum(len(a & b) for a, b in pairs)
    return both / max(1, sum(len(a | b) for a, b in pairs))


def _entities(doc: Doc) -> set[tuple[int, int, str]]:
    return {(e.start_char, e.end_char, e.label_) for e in doc.ents}


def _with_int8(nlp: Language) -> Language:
    """Put int8 in place of the linear layers of the encoder, for prediction."""
    shim = get_shim(nlp.get_pipe("aioner").model)
    network = copy.deepcopy(shim.network).eval()
    kinds = {torch.nn.Linear}
    torch.ao.quantization.quantize_dynamic(network.encoder, kinds, inplace=True)
    shim._fast = network
    return nlp


if __name__ == "__main__":
    typer.run(main)
