"""The released model's encoder without anything around it, and its products alone.

It reads the windows that the released model reads, in batches that were made before:
neither cutting text into pieces nor finding entities is timed.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Run = Callable[[Sequence[str]], int]
"""Processes texts; returns how many entities it found, 0 where it looks for none."""

Forward = Callable[[Any, Any], object]
"""Takes word-piece ids and attention mask, arrays of int64 (rows, length)."""

ENGINES = {
    "compiled": "torch.compile",
    "int8": "PyTorch's dynamic int8",
    "onnxruntime": "ONNX Runtime in fp32",
    "openvino": "OpenVINO",
}
"""Other ways to compute the encoder that PyTorch's plain one is compared with."""


def run_encoder(folder: Path, model: str, *, pieces: int, engine: str) -> Run:
    """The forward pass alone.

    folder (Path): Of `prepare.py`.
    model (str): The released pipeline.
    pieces (int): Padded word-pieces of a batch.
    engine (str): One of `ENGINES`, or how plain PyTorch computes attention.
    RETURNS (Run): Finds no entities.
    """
    import torch

    plan = _planner(model)
    forward = _engine(folder / "encoder", engine)

    def work(batches: list[tuple[Any, Any]]) -> None:
        with torch.inference_mode():
            for ids, mask in batches:
                forward(ids, mask)

    return _on_prepared(lambda texts: _batches(plan(texts), pieces), work)


def run_products(folder: Path, model: str) -> Run:
    """Matrix products alone, as many operations as the encoder needs for the texts.

    Counted are the encoder's linear layers and the two products of attention for each
    word-piece of the text in its window (2 operations a multiplication), at the rate
    of products of 2048 by 384 by 1536 in the format that is fastest here.

    folder (Path): Of `prepare.py`.
    model (str): The released pipeline.
    RETURNS (Run): Finds no entities.
    """
    import numpy as np
    import torch
    from transformers import AutoConfig

    from spacy_aioner.models.precision import pick_dtype

    plan = _planner(model)
    config = AutoConfig.from_pretrained(folder / "encoder")
    width, inner = config.hidden_size, config.intermediate_size
    dtype = pick_dtype("auto", torch.device("cpu"))
    left = torch.ones(2048, 384, dtype=dtype)
    right = torch.ones(384, 1536, dtype=dtype)
    per_product = 2 * left.numel() * right.shape[1]

    def products(texts: Sequence[str]) -> int:
        length = np.diff(plan(texts).bounds)
        linear = 2 * (4 * width * width + 2 * width * inner) * length.sum()
        attention = 4 * width * (length**2).sum()
        total = config.num_hidden_layers * (linear + attention)
        return max(1, round(total / per_product))

    def work(count: int) -> None:
        with torch.inference_mode():
            for _ in range(count):
                torch.mm(left, right)

    return _on_prepared(products, work)


def _planner(model: str) -> Callable[[Sequence[str]], Any]:
    """What lays out the windows that the released model reads, as `Inputs`."""
    import spacy

    nlp = spacy.load(model)
    component = nlp.get_pipe("aioner")

    def plan(texts: Sequence[str]) -> Any:
        docs = [nlp.make_doc(text) for text in texts]
        return component._plan(docs, [[0]] * len(docs)).inputs

    return plan


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


def _batches(inputs: Any, pieces: int) -> list[tuple[Any, Any]]:
    """Windows of like lengths together, padded to the longest of their batch only.

    Here no new shape can come, so that shapes need not be few. Tags are read as one
    ordinary piece each: which one changes no time, and the encoder has no row for them.
    """
    import numpy as np

    from spacy_aioner.models.planning import FRAME

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
        ids = np.ones((len(windows), length[windows].max()), dtype=np.int64)
        for row, window in zip(ids, windows, strict=True):
            begin, end = inputs.bounds[window : window + 2]
            row[2 : 2 + end - begin] = inputs.pieces[begin:end]
        mask = np.arange(ids.shape[1]) < length[windows][:, None]
        result.append((ids, mask.astype(np.int64)))
    return result


def _engine(folder: Path, engine: str) -> Forward:
    """The encoder of a folder, ready to be called."""
    import torch
    from transformers import AutoModel

    from spacy_aioner.models.precision import pick_dtype

    plain = engine in ("sdpa", "eager")
    encoder = AutoModel.from_pretrained(
        folder,
        attn_implementation=engine if plain else "eager",
        add_pooling_layer=False,
    ).eval()
    dtype = pick_dtype("auto", torch.device("cpu"))
    if engine == "onnxruntime":
        return _onnxruntime(encoder)
    if engine == "openvino":
        return _openvino(encoder, "bf16" if dtype == torch.bfloat16 else "f32")
    if engine == "int8":
        encoder = torch.ao.quantization.quantize_dynamic(encoder, {torch.nn.Linear})
    else:
        encoder = encoder.to(dtype)
    if engine == "compiled":
        encoder = torch.compile(encoder, dynamic=True)

    def forward(ids: Any, mask: Any) -> object:
        return encoder(
            input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
        )

    return forward


def _onnxruntime(encoder: Any) -> Forward:
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        _to_onnx(encoder), options, providers=["CPUExecutionProvider"]
    )
    return lambda ids, mask: session.run(
        None, {"input_ids": ids, "attention_mask": mask}
    )


def _openvino(encoder: Any, precision: str) -> Forward:
    import openvino
    import torch

    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": precision,
    }
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(_to_onnx(encoder)), "CPU", config=settings
    )
    return lambda ids, mask: compiled({"input_ids": ids, "attention_mask": mask})


def _to_onnx(encoder: Any) -> bytes:
    """The encoder as an ONNX model for batches of any shape."""
    import torch

    class LastStates(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.encoder(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state

    example = torch.ones(2, 16, dtype=torch.int64)
    axes = {0: "rows", 1: "length"}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "encoder.onnx"
        torch.onnx.export(
            LastStates(),
            (example, example),
            path,
            input_names=["input_ids", "attention_mask"],
            output_names=["states"],
            dynamic_axes=dict.fromkeys(["input_ids", "attention_mask", "states"], axes),
            dynamo=False,
        )
        return path.read_bytes()
