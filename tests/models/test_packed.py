"""Packed layers give what others give, and leave what is trained alone."""

import copy

import pytest
import torch
from transformers import AutoModel, DistilBertConfig

from spacy_aioner.models import packed
from spacy_aioner.models.flat import encode
from spacy_aioner.models.packed import PackedLinear, can_pack, pack

works = pytest.mark.skipif(not can_pack(torch.float32), reason="no oneDNN here")


@pytest.fixture(params=["gelu", "relu"])
def encoder(request, make_encoder):
    return make_encoder(hidden_act=request.param)


def count_packed(encoder):
    return sum(isinstance(module, PackedLinear) for module in encoder.modules())


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


@pytest.mark.parametrize("pays", [False, pytest.param(True, marks=works)])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", ["bert", "mpnet", "roberta"])
def test_an_encoder_made_ready_gives_the_same(
    make_encoder, encoder, batch, monkeypatch, pays, attention, family
):
    monkeypatch.setattr(packed, "pays", lambda encoder: pays)
    encoder = make_encoder(attention, family, hidden_act=encoder.config.hidden_act)
    other = copy.deepcopy(encoder)
    pack(other)
    # One product for queries, keys and values, three more in each layer.
    packs = sum(isinstance(m, PackedLinear) for m in other.encoder.layer.modules())
    assert packs == (2 * 4 if pays else 0)
    with torch.inference_mode():
        expected, found = (
            encode(e, e.get_input_embeddings()(batch.input_ids), batch)
            for e in (encoder, other)
        )
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("capability", ["AVX2", "AVX512"])
def test_in_full_precision_packing_pays_with_wide_vectors_only(
    encoder, monkeypatch, capability
):
    monkeypatch.setattr(packed, "can_pack", lambda dtype: True)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert packed.pays(encoder) == (capability == "AVX512")
    assert packed.pays(encoder.bfloat16())


def test_other_encoders_are_left_alone():
    config = DistilBertConfig(dim=32, n_layers=1, n_heads=4, hidden_dim=48)
    encoder = AutoModel.from_config(config)
    before = list(encoder.modules())
    pack(encoder)
    assert list(encoder.modules()) == before


def test_half_precision_is_left_alone(encoder):
    pack(encoder.half())
    assert not count_packed(encoder)


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


def test_nothing_random_is_drawn():
    before = torch.get_rng_state()
    can_pack.__wrapped__(torch.float32)
    assert torch.equal(torch.get_rng_state(), before)
