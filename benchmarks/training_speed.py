"""Training speed of the component against a bare PyTorch loop on the same batches.

Both sides train the same encoder with the same head on the same padded tensors, with
fused AdamW, in turns. The component's side is `nlp.update` on `Example`s, so it
includes tokens to word-pieces, batching, gold labels and copies of docs; the bare side
has its tensors made beforehand.

    python benchmarks/training_speed.py project/assets/BioRED_TrainDev.PubTator \
        benchmarks/results/training_speed.json
"""

import copy
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import srsly
import torch
import typer
from documents import first_documents
from spacy.language import Language
from spacy.training import Example
from spacy.util import minibatch
from thinc.api import Adam, fix_random_seed

from spacy_aioner.corpora.docs import bare_doc, blank_pipeline, document_to_doc
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.flat import TensorBatch
from spacy_aioner.models.planning import FRAME
from spacy_aioner.models.tensors import make_tensors
from spacy_aioner.pipeline.gold import gold_labels

Update = tuple[list[TensorBatch], torch.Tensor]


def main(
    corpus: Path = typer.Argument(..., help="A PubTator file with all six types."),
    output: Path = typer.Argument(..., help="The JSON file to write."),
    documents: int = typer.Option(48, help="Documents to train on."),
    batch: int = typer.Option(4, help="Documents per update."),
    rounds: int = typer.Option(5, help="Turns of each side that are counted."),
) -> None:
    """Measure both sides in turns and write word-pieces per second and the ratio."""
    fix_random_seed(0)
    nlp, examples = _pipeline(corpus, documents)
    batches = list(minibatch(examples, batch))
    updates, pieces = _tensors(nlp, batches)
    sgd = Adam(1e-4, L2=0.01, use_averages=False)
    ours = _component_round(nlp, batches, sgd)
    bare = _bare_round(nlp, updates)
    times: dict[str, list[float]] = {"component": [], "bare": []}
    for turn in range(rounds + 1):
        for name, side in (("component", ours), ("bare", bare)):
            begin = time.perf_counter()
            side()
            if turn:  # The first turn warms up.
                times[name].append(time.perf_counter() - begin)
    ratios = [b / c for c, b in zip(times["component"], times["bare"], strict=True)]
    result = {
        "documents": documents,
        "word_pieces": pieces,
        "precision": str(get_shim(nlp.get_pipe("aioner").model)._dtype),
        "pieces_per_second": {
            name: round(pieces / statistics.median(ts)) for name, ts in times.items()
        },
        "ratio_component_to_bare": {
            "median": round(statistics.median(ratios), 3),
            "min": round(min(ratios), 3),
            "max": round(max(ratios), 3),
        },
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output, result)
    typer.echo(srsly.json_dumps(result, indent=2))


def _pipeline(corpus: Path, documents: int) -> tuple[Language, list[Example]]:
    nlp = blank_pipeline()
    no_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    nlp.add_pipe("aioner", config={"model": {"encoder_config": no_dropout}})
    examples = [
        Example(bare_doc(nlp, d), document_to_doc(nlp, d, task="ALL"))
        for d in first_documents(corpus, documents)
    ]
    nlp.initialize(lambda: examples)
    return nlp, examples


def _tensors(
    nlp: Language, batches: Iterable[Sequence[Example]]
) -> tuple[list[Update], int]:
    """What the component makes of the batches, and the number of real pieces."""
    pipe = nlp.get_pipe("aioner")
    shim = get_shim(pipe.model)
    updates, pieces = [], 0
    for examples in batches:
        plan = pipe._plan([eg.predicted for eg in examples], [[0]] * len(examples))
        tensors, rows = make_tensors(
            plan.inputs,
            shim.frame,
            budget=get_shim(pipe.model).batch_pieces,
            limit=shim.limit,
            device=shim.device,
            flat=False,
        )
        local = gold_labels(pipe.scheme, examples, plan, "aioner")[rows]
        label_ids = np.array(pipe.scheme.label_ids(pipe.scheme.tasks[0]))
        updates.append((tensors, torch.from_numpy(label_ids[local])))
        pieces += len(plan.inputs.pieces) + FRAME * (len(plan.inputs.bounds) - 1)
    return updates, pieces


def _component_round(
    nlp: Language, batches: Sequence[Sequence[Example]], sgd: Adam
) -> Callable[[], None]:
    def run() -> None:
        for examples in batches:
            nlp.update(examples, sgd=sgd, drop=0.1)

    return run


def _bare_round(nlp: Language, updates: Sequence[Update]) -> Callable[[], None]:
    network = get_shim(nlp.get_pipe("aioner").model).network
    encoder = copy.deepcopy(network.encoder).train()
    head = torch.nn.Sequential(
        copy.deepcopy(network.dense),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.1),
        copy.deepcopy(network.output),
    ).train()
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True)
    shim = get_shim(nlp.get_pipe("aioner").model)
    dtype, device = shim._dtype, shim.device.type

    def run() -> None:
        for tensors, labels in updates:
            parts = labels.split([len(t.words) for t in tensors])
            for batch, gold in zip(tensors, parts, strict=True):
                with torch.autocast(device, dtype, enabled=dtype != torch.float32):
                    states = encoder(
                        input_ids=batch.to_grid(batch.input_ids),
                        attention_mask=batch.mask.long(),
                    ).last_hidden_state
                    scores = head(batch.from_grid(states)[batch.words])
                loss = torch.nn.functional.cross_entropy(
                    scores.float(), gold, reduction="sum"
                )
                (loss / len(labels)).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return run


if __name__ == "__main__":
    typer.run(main)
