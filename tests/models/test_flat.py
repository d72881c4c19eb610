"""An encoder without padding answers what transformers' own does."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModel, DistilBertConfig

from spacy_aioner.models import flat
from spacy_aioner.models.flat import encode, runs_flat


def answer(encoder, batch):
    """Hidden states of the words and the gradients of a sum of them."""
    encoder.zero_grad()
    embedded = encoder.get_input_embeddings()(batch.input_ids)
    states = encode(encoder, embedded, batch)[: len(batch.words)]
    (states * torch.linspace(-1, 1, states.shape[-1])).sum().backward()
    named = encoder.named_parameters()
    return states, {n: p.grad for n, p in named if p.grad is not None}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("activation", ["gelu", "relu"])
@pytest.mark.parametrize("family", ["bert", "mpnet", "roberta"])
def test_states_and_gradients_equal_those_of_transformers(
    make_encoder, batch, monkeypatch, attention, activation, family
):
    encoder = make_encoder(attention, family, hidden_act=activation)
    assert runs_flat(encoder)
    states, gradients = answer(encoder, batch)
    monkeypatch.setattr(flat, "runs_flat", lambda encoder: False)
    expected, expected_gradients = answer(encoder, batch)
    torch.testing.assert_close(states, expected, atol=1e-5, rtol=1e-4)
    assert gradients.keys() == expected_gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            gradient, expected_gradients[name], atol=1e-4, rtol=1e-3
        )


def test_dropout_works_in_training(make_encoder, batch):
    encoder = make_encoder(hidden_dropout_prob=0.5).train()
    torch.manual_seed(1)
    first, _ = answer(encoder, batch)
    assert not torch.allclose(first, answer(encoder, batch)[0])


def test_other_encoders_keep_their_own_way(make_encoder, batch):
    torch.manual_seed(0)
    sizes = {"vocab_size": 60, "max_position_embeddings": 64}
    config = DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=48, **sizes)
    encoder = AutoModel.from_config(config).eval()
    assert not runs_flat(encoder)
    ids = batch.to_grid(batch.input_ids)
    expected = encoder(ids, attention_mask=batch.mask.long()).last_hidden_state
    # Embeddings are looked up before, positions and norms are the encoder's.
    embedded = encoder.get_input_embeddings()(batch.input_ids)
    found = encode(encoder, embedded, batch)[: len(batch.words)]
    torch.testing.assert_close(found, batch.from_grid(expected)[batch.words])
    assert not runs_flat(make_encoder(position_embedding_type="relative_key"))


@pytest.mark.parametrize("length", [8, 16, 128, 512, 8192])
def test_rows_are_divided_into_few_sizes(length):
    sizes = set()
    for rows in range(1, 300):
        parts = flat._few_rows(rows, length)
        assert sum(parts) == rows
        sizes.update(parts)
    assert all(size & (size - 1) == 0 for size in sizes)
    assert max(sizes) * length**2 <= max(flat._CACHED_CELLS, length**2)


def test_words_are_padded_to_few_numbers(make_encoder, batch):
    encoder = make_encoder()
    shapes = set()
    for count in range(1, len(batch.words) + 1):
        part = replace(batch, words=batch.words[:count])
        embedded = encoder.get_input_embeddings()(batch.input_ids)
        states = encode(encoder, embedded, part)
        assert len(states) >= count
        shapes.add(len(states))
    assert len(shapes) < 0.7 * len(batch.words)
