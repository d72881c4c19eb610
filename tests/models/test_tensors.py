"""Padded tensors hold the windows with their tags, and words are found again."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.models.encoders import Frame
from spacy_aioner.models.tensors import make_tensors
from spacy_aioner.models.types import Inputs

CUSTOM = Frame(begin=101, end=102, pad=7, first_tag=1000, mask=8)


@st.composite
def some_inputs(draw):
    lengths = draw(st.lists(st.integers(1, 28), max_size=30))
    tasks = draw(
        st.lists(st.integers(0, 6), min_size=len(lengths), max_size=len(lengths))
    )
    every = draw(st.integers(1, 3))
    rows = [(w, p) for w, n in enumerate(lengths) for p in range(0, n, every)]
    return Inputs(
        pieces=np.arange(sum(lengths), dtype=np.int64) + 200,
        shapes=np.arange(sum(lengths), dtype=np.int64) % 10,
        bounds=np.cumsum([0, *lengths]),
        task=np.array(tasks, dtype=np.int64),
        window=np.array([w for w, _ in rows], dtype=np.int64),
        position=np.array([p for _, p in rows], dtype=np.int64),
    )


def tensors_of(inputs, budget=128, *, flat=True):
    device = torch.device("cpu")
    return make_tensors(
        inputs, CUSTOM, budget=budget, limit=32, device=device, flat=flat
    )


@given(some_inputs(), st.booleans())
def test_every_window_stands_framed_in_one_row(inputs, flat):
    batches, _ = tensors_of(inputs, flat=flat)
    found = []
    for batch in batches:
        used = int(batch.mask.sum())
        grid = batch.to_grid(batch.input_ids + 1) - 1
        places = batch.to_grid(batch.positions)
        for ids, place, mask in zip(grid, places, batch.mask, strict=True):
            row = ids[mask].tolist()
            if len(row) == 1:  # a row that fills up, alive for the softmax only
                assert row in ([-1], [CUSTOM.pad])
                used -= 1
                continue
            assert place[mask].tolist() == list(range(len(row)))
            begin, opening, *pieces, closing, end = row
            assert (begin, end) == (CUSTOM.begin, CUSTOM.end)
            assert closing == opening + 1
            found.append((pieces, (opening - CUSTOM.first_tag) / 2))
        assert (batch.input_ids[used:] == CUSTOM.pad).all()
        assert len(batch.input_ids) < 1.3 * used + 2
    bounds = inputs.bounds.tolist()
    expected = [
        (inputs.pieces[i:j].tolist(), task)
        for i, j, task in zip(bounds, bounds[1:], inputs.task.tolist(), strict=False)
    ]
    assert sorted(found) == sorted(expected)


@given(some_inputs())
def test_shapes_stand_beside_their_pieces(inputs):
    shapes = dict(zip(inputs.pieces.tolist(), inputs.shapes.tolist(), strict=True))
    for batch in tensors_of(inputs)[0]:
        for piece, shape in zip(batch.input_ids, batch.shapes, strict=True):
            assert shape == shapes.get(int(piece), 0)


@given(some_inputs())
def test_words_are_read_from_their_own_piece(inputs):
    batches, rows = tensors_of(inputs)
    assert sorted(rows.tolist()) == list(range(len(inputs.window)))
    flat = [b.input_ids[b.words] for b in batches]
    read = torch.cat([*flat, torch.zeros(0, dtype=torch.int64)]).numpy()
    expected = inputs.pieces[inputs.bounds[inputs.window] + inputs.position]
    assert read.tolist() == expected[rows].tolist()


@pytest.mark.parametrize(("budget", "count"), [(1, 12), (64, 3), (100_000, 1)])
def test_the_budget_decides_how_many_batches(budget, count):
    lengths = [10] * 12
    inputs = Inputs(
        pieces=np.arange(120),
        shapes=np.zeros(120, dtype=np.int64),
        bounds=np.cumsum([0, *lengths]),
        task=np.zeros(12, dtype=np.int64),
        window=np.arange(12),
        position=np.zeros(12, dtype=np.int64),
    )
    batches, _ = tensors_of(inputs, budget)
    assert len(batches) == count
