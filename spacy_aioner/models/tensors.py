"""Padded tensors for the network, filled by array operations alone."""

from __future__ import annotations

import numpy as np
import torch

from .encoders import Frame
from .network import TensorBatch
from .planning import FRAME, Batch, plan_batches
from .types import Inputs, Ints, ranges


def make_tensors(
    inputs: Inputs, frame: Frame, *, budget: int, limit: int, device: torch.device
) -> tuple[list[TensorBatch], Ints]:
    """Wrap windows in tags and pad them into batches.

    inputs (Inputs): The windows.
    frame (Frame): Ids of special pieces and tags.
    budget (int): Padded pieces that one batch may have.
    limit (int): Pieces that the encoder can read.
    device (torch.device): Where the tensors go.
    RETURNS (tuple[list[TensorBatch], Ints]): The batches, and which output row each
        of their words is, (n_rows,).
    """
    lengths = np.diff(inputs.bounds) + FRAME
    n_windows = len(lengths)
    first_row = np.searchsorted(inputs.window, np.arange(n_windows + 1))
    batches, rows = [], []
    for batch in plan_batches(lengths, budget=budget, limit=limit):
        tensors, its_rows = _fill(inputs, frame, batch, first_row)
        batches.append(
            TensorBatch(*(torch.from_numpy(t).to(device, non_blocking=True)
                          for t in tensors))
        )  # fmt: skip
        rows.append(its_rows)
    return batches, np.concatenate([*rows, np.zeros(0, dtype=np.int64)])


def _fill(
    inputs: Inputs, frame: Frame, batch: Batch, first_row: Ints
) -> tuple[tuple[Ints, Ints, Ints, Ints], Ints]:
    """Ids, shapes, mask and word places of one batch, and the words' output rows."""
    windows = batch.windows
    used = np.arange(len(windows))
    start = inputs.bounds[windows]
    count = inputs.bounds[windows + 1] - start
    open_tag = frame.first_tag + 2 * inputs.task[windows]
    ids = np.full((batch.rows, batch.length), frame.pad, dtype=np.int64)
    ids[:, 0] = frame.begin
    ids[used, 1] = open_tag
    cells = np.repeat(used, count), ranges(np.full_like(count, 2), count)
    source = ranges(start, count)
    ids[cells] = inputs.pieces[source]
    ids[used, count + 2] = open_tag + 1
    ids[used, count + 3] = frame.end
    shapes = np.zeros_like(ids)
    shapes[cells] = inputs.shapes[source]
    mask = np.zeros_like(ids)
    mask[: len(windows)] = np.arange(batch.length) < (count + FRAME)[:, None]
    # A row without any piece would make the attention's softmax divide by zero.
    mask[:, 0] = 1
    n_rows = first_row[windows + 1] - first_row[windows]
    rows = ranges(first_row[windows], n_rows)
    words = inputs.position[rows] + 2 + batch.length * np.repeat(used, n_rows)
    return (ids, shapes, mask, words), rows
