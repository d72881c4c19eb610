"""Weights come back from disk as they were, as nearly as their format allows."""

import pytest
import safetensors.torch
import torch

from spacy_aioner.errors import AionerError
from spacy_aioner.models.storage import STORAGES, dump_weights, fill, load_weights


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


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.matrix = torch.nn.Parameter(torch.zeros(3, 2))
        self.vector = torch.nn.Parameter(torch.zeros(2))
        self.register_buffer("numbers", torch.arange(4))


@pytest.fixture
def weights():
    return {
        "matrix": torch.ones(3, 2),
        "vector": torch.full((2,), 3e38),  # The sum is infinite, the values are not.
        "numbers": torch.arange(4),
    }


def test_weights_that_fit_are_taken(weights):
    network = Small()
    fill(network, weights)
    assert network.matrix.sum() == 6
    assert network.matrix.dtype == torch.float32
    assert network.vector.max() == weights["vector"].max()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("matrix", torch.full((3, 2), torch.nan), "'matrix' holds NaN or infinite"),
        ("vector", torch.tensor([1.0, torch.inf]), "'vector' holds NaN or infinite"),
        ("vector", torch.tensor([torch.inf, -torch.inf]), "'vector' holds NaN or"),
        (
            "vector",
            torch.tensor([1, 2]),
            r"type torch\.int64 instead of torch\.float32",
        ),
        ("matrix", torch.ones(3, 2).bool(), r"type torch\.bool instead"),
        ("numbers", torch.ones(4), r"type torch\.float32 instead of torch\.int64"),
        ("matrix", torch.ones(2, 3), r"shape \(2, 3\) instead of \(3, 2\)"),
        ("other", torch.ones(2), "'other' is unknown"),
        ("matrix", None, "'matrix' is missing"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, name, value, says):
    weights[name] = value
    given = {key: tensor for key, tensor in weights.items() if tensor is not None}
    with pytest.raises(AionerError, match=f"weights of the pipeline are.*{says}"):
        fill(Small(), given)


@pytest.mark.parametrize(
    "steps", [torch.ones(1), torch.ones(64, 1), torch.ones(()), torch.ones(63)]
)
def test_steps_that_do_not_fit_are_refused(state, steps):
    kept = safetensors.torch.load(dump_weights(state, "int8"))
    kept["matrix::step"] = steps
    with pytest.raises(AionerError, match="the steps of 'matrix' do not fit"):
        load_weights(safetensors.torch.save(kept))
    kept["matrix::step"] = torch.ones(64)
    del kept["matrix"]
    with pytest.raises(AionerError, match="the steps of 'matrix' do not fit"):
        load_weights(safetensors.torch.save(kept))


def test_a_file_that_is_cut_short_is_refused(state):
    with pytest.raises(AionerError, match="cannot be read"):
        load_weights(dump_weights(state, "fp32")[:-7])
