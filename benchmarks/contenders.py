"""What is timed: each contender turns texts into entities, or does a part of it.

A contender is loaded in a process of its own (`worker.py`). `load` imports what it
needs itself, so that the time and the memory of loading are its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Run = Callable[[Sequence[str]], int]
"""Processes texts; returns how many entities it found, 0 where it looks for none."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    group (str): Contenders of a group differ in a setting; the fastest one counts.
    title (str): For the report.
    load (Callable[[Path, str], Run]): Takes the folder of `prepare.py` and the name of
        the released pipeline.
    """

    group: str
    title: str
    load: Callable[[Path, str], Run]


def _spacy(folder: Path, model: str, *, name: str, precision: str = "") -> Run:
    import spacy

    own = {"components": {"aioner": {"model": {"precision": precision}}}}
    nlp = spacy.load(folder / name if name else model, config=own if precision else {})

    def run(texts: Sequence[str]) -> int:
        return sum(len(doc.ents) for doc in nlp.pipe(texts))

    return run


def _hugging_face(folder: Path, model: str, *, batch: int) -> Run:
    from transformers import pipeline

    # Long texts are read in overlapping parts, as nothing may be lost.
    tagger = pipeline(
        "token-classification",
        str(folder / "hugging-face"),
        aggregation_strategy="simple",
        stride=64,
        batch_size=batch,
        device=-1,
    )

    def run(texts: Sequence[str]) -> int:
        return sum(map(len, tagger(list(texts))))

    return run


def _on_prepared(
    prepare: Callable[[Sequence[str]], T], work: Callable[[T], None]
) -> Run:
    """Do work on what is prepared at the first run, which is not counted."""
    made: dict[tuple[str, ...], T] = {}

    def run(texts: Sequence[str]) -> int:
        key = tuple(texts)
        if key not in made:
            made[key] = prepare(texts)
        work(made[key])
        return 0

    return run


def _encoder(folder: Path, model: str, *, pieces: int, attention: str) -> Run:
    """The forward pass alone, on batches of like lengths that were made before.

    The windows are those that the released pipeline reads; the batches are padded to
    their longest window only, since here no new shape can come.
    """
    import numpy as np
    import spacy
    import torch
    from transformers import AutoModel

    from spacy_aioner.models.architectures import get_shim
    from spacy_aioner.models.planning import FRAME
    from spacy_aioner.models.precision import pick_dtype

    nlp = spacy.load(model)
    component = nlp.get_pipe("aioner")
    shim = get_shim(component.model)
    dtype = pick_dtype("auto", torch.device("cpu"))
    encoder = AutoModel.from_pretrained(
        folder / "encoder", attn_implementation=attention, add_pooling_layer=False
    )
    encoder = encoder.to(dtype).eval()

    def batches(texts: Sequence[str]) -> list[dict[str, torch.Tensor]]:
        plan = component._plan([nlp.make_doc(t) for t in texts], [[0]] * len(texts))
        inputs, frame = plan.inputs, shim.frame
        length = np.diff(inputs.bounds) + FRAME
        order = np.argsort(length, kind="stable")
        parts, first = [], 0
        while first < len(order):
            last = first + 1
            while last < len(order):
                if (last + 1 - first) * length[order[last]] > pieces:
                    break
                last += 1
            parts.append(order[first:last])
            first = last
        result = []
        for windows in parts:
            ids = np.full((len(windows), length[windows].max()), frame.pad)
            for row, window in zip(ids, windows, strict=True):
                begin, end = inputs.bounds[window : window + 2]
                row[0], row[1] = frame.begin, frame.first_tag
                row[2 : 2 + end - begin] = inputs.pieces[begin:end]
                row[2 + end - begin : 4 + end - begin] = frame.first_tag + 1, frame.end
            mask = np.arange(ids.shape[1]) < length[windows][:, None]
            tensors = {"input_ids": ids, "attention_mask": mask.astype(np.int64)}
            result.append({k: torch.from_numpy(v) for k, v in tensors.items()})
        return result

    def work(made: list[dict[str, torch.Tensor]]) -> None:
        with torch.inference_mode():
            for batch in made:
                encoder(**batch)

    return _on_prepared(batches, work)


def _roofline(folder: Path, model: str) -> Run:
    """Matrix products alone, as many operations as the encoder needs for the texts.

    Counted are the encoder's linear layers and the two products of attention for each
    word-piece of the text in its window (2 operations a multiplication), at the rate
    of products of 2048 by 384 by 1536 in the format that is fastest here.
    """
    import numpy as np
    import spacy
    import torch

    from spacy_aioner.models.architectures import get_shim
    from spacy_aioner.models.precision import pick_dtype

    nlp = spacy.load(model)
    component = nlp.get_pipe("aioner")
    config = get_shim(component.model).network.encoder.config
    width, inner = config.hidden_size, config.intermediate_size
    dtype = pick_dtype("auto", torch.device("cpu"))
    left = torch.ones(2048, 384, dtype=dtype)
    right = torch.ones(384, 1536, dtype=dtype)
    per_product = 2 * left.numel() * right.shape[1]

    def products(texts: Sequence[str]) -> int:
        plan = component._plan([nlp.make_doc(t) for t in texts], [[0]] * len(texts))
        length = np.diff(plan.inputs.bounds)
        linear = 2 * (4 * width * width + 2 * width * inner) * length.sum()
        attention = 4 * width * (length**2).sum()
        total = config.num_hidden_layers * (linear + attention)
        return max(1, round(total / per_product))

    def work(count: int) -> None:
        with torch.inference_mode():
            for _ in range(count):
                torch.mm(left, right)

    return _on_prepared(products, work)


CONTENDERS: dict[str, Contender] = {
    "aioner": Contender("aioner", "spacy-aioner", partial(_spacy, name="")),
    "aioner-fp32": Contender(
        "aioner-fp32",
        "spacy-aioner in fp32",
        partial(_spacy, name="", precision="fp32"),
    ),
    **{
        f"hugging-face-{batch}": Contender(
            "hugging-face",
            f"Hugging Face pipeline, batches of {batch}",
            partial(_hugging_face, batch=batch),
        )
        for batch in (1, 8, 32, 64)
    },
    "spacy-transformer": Contender(
        "spacy-transformer",
        "spaCy's transformer and ner",
        partial(_spacy, name="spacy-transformer"),
    ),
    "spacy-cnn": Contender(
        "spacy-cnn", "spaCy's tok2vec and ner", partial(_spacy, name="spacy-cnn")
    ),
    **{
        f"encoder-{pieces}-{attention}": Contender(
            "encoder",
            f"the bare encoder, batches of {pieces} pieces, {attention} attention",
            partial(_encoder, pieces=pieces, attention=attention),
        )
        for pieces in (2048, 4096)
        for attention in ("sdpa", "eager")
    },
    "roofline": Contender("roofline", "the encoder's matrix products", _roofline),
}
