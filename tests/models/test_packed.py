"""Packed layers give what others give, and leave what is trained alone."""

import copy

import pytest
import torch
from transformers import AutoModel, BertConfig, DistilBertConfig

from spacy_aioner.models import packed
from spacy_aioner.models.packed import PackedLinear, can_pack, pack

SMALL = {"vocab_size": 60, "max_position_embeddings": 64}
BERT = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
works = pytest.mark.skipif(not can_pack(torch.float32), reason="no oneDNN here")


@pytest.fixture(params=["gelu", "relu"])
def encoder(request):
    torch.manual_seed(0)
    config = BertConfig(hidden_act=request.param, **BERT, **SMALL)
    return AutoModel.from_config(config).eval()


@works
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_layer(gelu, bias):
    linear = torch.nn.Linear(20, 12, bias=bias)
    values = torch.randn(7, 20)
    with torch.inference_mode():
        expected = linear(values)
        if gelu:
            expected = torch.nn.functional.gelu(expected)
        found = PackedLinear(linear, gelu=gelu)(values)
    torch.testing.assert_close(found, expected)


@works
def test_a_packed_encoder_gives_the_same(encoder):
    other = copy.deepcopy(encoder)
    pack(other)
    kinds = [type(m) for m in other.modules()]
    assert kinds.count(PackedLinear) == 2 * 6
    ids = torch.arange(12).view(2, 6) + 5
    with torch.inference_mode():
        expected, found = (e(ids).last_hidden_state for e in (encoder, other))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_other_encoders_are_left_alone():
    config = DistilBertConfig(dim=32, n_layers=1, n_heads=4, hidden_dim=48, **SMALL)
    encoder = AutoModel.from_config(config)
    pack(encoder)
    assert not any(isinstance(m, PackedLinear) for m in encoder.modules())


def test_half_precision_is_left_alone(encoder):
    pack(encoder.half())
    assert not any(isinstance(m, PackedLinear) for m in encoder.modules())


@pytest.mark.parametrize("error", [AttributeError, RuntimeError])
def test_where_the_operator_is_missing_or_another(encoder, monkeypatch, error):
    def fail(self, linear, *, gelu=False):
        raise error("no such operator")

    monkeypatch.setattr(packed.PackedLinear, "__init__", fail)
    can_pack.cache_clear()
    try:
        assert not can_pack(torch.float32)
        pack(encoder)
    finally:
        can_pack.cache_clear()
    assert isinstance(encoder.encoder.layer[0].output.dense, torch.nn.Linear)


def test_where_the_operator_gives_something_else(monkeypatch):
    monkeypatch.setattr(PackedLinear, "forward", lambda self, values: values @ values.T)
    can_pack.cache_clear()
    try:
        assert not can_pack(torch.float32)
    finally:
        can_pack.cache_clear()
