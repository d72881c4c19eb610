"""Weights come back from disk as they were, as nearly as their format allows."""

import pytest
import torch

from spacy_aioner.models.storage import STORAGES, dump_weights, load_weights


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {
        "matrix": torch.randn(64, 32) * torch.linspace(0.01, 10, 64)[:, None],
        "turned": torch.randn(32, 64).T,
        "nothing": torch.zeros(4, 4),
        "vector": torch.randn(32),
        "numbers": torch.arange(5),
    }


@pytest.mark.parametrize("storage", STORAGES)
def test_values_come_back(state, storage):
    again = load_weights(dump_weights(state, storage))
    assert again.keys() == state.keys()
    assert torch.equal(again["numbers"], state["numbers"])
    assert not again["nothing"].any()
    worst = {"fp32": 0.0, "fp16": 1e-3, "bf16": 5e-3, "int8": 5e-3}[storage]
    for name in ("matrix", "turned", "vector"):
        error = (again[name].float() - state[name]).abs().amax(-1)
        largest = state[name].abs().amax(-1)
        # Each row has a step of its own, so small ones keep their digits.
        assert (error <= worst * largest).all()


def test_sizes(state):
    sizes = {s: len(dump_weights({"w": torch.randn(400, 300)}, s)) for s in STORAGES}
    assert sizes["fp16"] == pytest.approx(sizes["fp32"] / 2, rel=0.01)
    assert sizes["int8"] == pytest.approx(sizes["fp32"] / 4, rel=0.03)
