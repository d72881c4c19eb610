"""Tensors for the network, filled by array operations alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .encoders import Frame
from .flat import TensorBatch
from .planning import FRAME, Batch, plan_batches, round_up
from .types import Inputs, Ints, ranges


def make_tensors(
    inputs: Inputs,
    frame: Frame,
    *,
    budget: int,
    limit: int,
    device: torch.device,
    flat: bool,
    exact: bool = False,
) -> tuple[list[TensorBatch], Ints]:
    """Wrap windows in tags and group them into batches.

    inputs (Inputs): The windows.
    frame (Frame): Ids of special pieces and tags.
    budget (int): Pieces that one batch may have, padding included.
    limit (int): Pieces that the encoder can read.
    device (torch.device): Where the tensors go.
    flat (bool): Whether the encoder spares the padding; see `flat.runs_flat`.
    exact (bool): Whether it must get none; see `families.reads_padding`.
    RETURNS (tuple[list[TensorBatch], Ints]): The batches, and which output row each
        of their words is, (n_rows,).
    """
    lengths = np.diff(inputs.bounds) + FRAME
    n_windows = len(lengths)
    first_row = np.searchsorted(inputs.window, np.arange(n_windows + 1))
    batches, rows = [], []
    planned = plan_batches(lengths, budget=budget, limit=limit, flat=flat, exact=exact)
    for batch in planned:
        arrays, its_rows = _fill(inputs, frame, batch, first_row)
        tensors = (torch.from_numpy(a).to(device, non_blocking=True) for a in arrays)
        batches.append(TensorBatch(*tensors))
        rows.append(its_rows)
    return batches, np.concatenate([*rows, np.zeros(0, dtype=np.int64)])


def _fill(
    inputs: Inputs, frame: Frame, batch: Batch, first_row: Ints
) -> tuple[tuple[npt.NDArray[Any], ...], Ints]:
    """The arrays of a `TensorBatch`, and the words' output rows."""
    windows = batch.windows
    source = inputs.bounds[windows]
    count = inputs.bounds[windows + 1] - source
    length = count + FRAME
    begin = np.cumsum(length) - length
    used = int(length.sum())
    # As with rows, few numbers of pieces; and one at least in the row that fills up.
    total = round_up(used + 1)

    ids = np.full(total, frame.pad, dtype=np.int64)
    shapes = np.zeros_like(ids)
    open_tag = frame.first_tag + 2 * inputs.task[windows]
    ids[begin] = frame.begin
    ids[begin + 1] = open_tag
    text, read = ranges(begin + 2, count), ranges(source, count)
    ids[text] = inputs.pieces[read]
    shapes[text] = inputs.shapes[read]
    ids[begin + count + 2] = open_tag + 1
    ids[begin + count + 3] = frame.end

    positions = np.zeros_like(ids)
    positions[:used] = ranges(np.zeros_like(length), length)
    row = np.repeat(np.arange(len(windows)), length)
    cells = np.full(total, batch.rows * batch.length)
    cells[:used] = row * batch.length + positions[:used]
    mask = np.zeros((batch.rows + 1, batch.length), dtype=bool)
    mask[: len(windows)] = np.arange(batch.length) < length[:, None]
    # A row without any piece would make the attention's softmax divide by zero.
    mask[:, 0] = True

    n_rows = first_row[windows + 1] - first_row[windows]
    rows = ranges(first_row[windows], n_rows)
    words = inputs.position[rows] + 2 + np.repeat(begin, n_rows)
    return (ids, shapes, positions, cells, mask, words), rows
