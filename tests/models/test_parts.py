"""Long chains in parts give what whole chains give, in bounded memory."""

import numpy as np
import pytest
import torch

from spacy_aioner.models import parts as module
from spacy_aioner.models.chain import (
    FORBIDDEN,
    Chain,
    best_labels,
    label_probabilities,
    span_probabilities,
)
from spacy_aioner.models.parts import Parts
from spacy_aioner.scheme.bio import bio_to_spans, transition_mask

N_TYPES = 2
N_LABELS = 1 + 2 * N_TYPES
LENGTHS = [3, 700, 1, 40, 1000, 41]


@pytest.fixture
def chain():
    rng = torch.Generator().manual_seed(7)
    allowed = torch.from_numpy(transition_mask(N_TYPES))
    moves = torch.where(allowed, 0.0, FORBIDDEN) + torch.randn(
        N_LABELS, N_LABELS, generator=rng
    )
    start = torch.where(allowed[0], 0.0, FORBIDDEN)
    return Chain(start, torch.randn(N_LABELS, generator=rng), moves)


@pytest.fixture
def scores():
    rng = torch.Generator().manual_seed(8)
    return 2 * torch.randn(sum(LENGTHS), N_LABELS, generator=rng)


@pytest.fixture
def small(monkeypatch):
    """Parts of at most 40 words with 30 around them, 100 rows at once."""
    monkeypatch.setattr(module, "LONGEST", 40)
    monkeypatch.setattr(module, "MARGIN", 30)
    monkeypatch.setattr(module, "MOST_ROWS", 100)


def test_parts_give_what_whole_chains_give(chain, scores, small):
    bounds = np.cumsum([0, *LENGTHS])
    parts = Parts(bounds)
    labels = parts.best_labels(scores, chain)
    assert labels.tolist() == best_labels(scores, bounds, chain).tolist()
    likely = parts.label_probabilities(scores, chain)
    whole = label_probabilities(scores, bounds, chain).numpy()
    np.testing.assert_allclose(likely, whole, atol=1e-6)
    begins = np.isin(np.arange(len(labels)), bounds)
    spans = bio_to_spans(labels, begins)
    assert len(spans[0]) > 200
    assert parts.within(*spans[:2]).tolist() == spans[1].tolist()
    np.testing.assert_allclose(
        parts.span_probabilities(scores, chain, spans),
        span_probabilities(scores, bounds, chain, spans).numpy(),
        atol=1e-6,
    )


def test_without_long_chains_nothing_differs(chain, scores):
    bounds = np.cumsum([0, *LENGTHS])
    parts = Parts(bounds)
    labels = parts.best_labels(scores, chain)
    assert labels.tolist() == best_labels(scores, bounds, chain).tolist()
    spans = bio_to_spans(labels, np.isin(np.arange(len(labels)), bounds))
    expected = span_probabilities(scores, bounds, chain, spans).numpy()
    assert parts.span_probabilities(scores, chain, spans).tolist() == expected.tolist()
    expected = label_probabilities(scores, bounds, chain).numpy()
    assert parts.label_probabilities(scores, chain).tolist() == expected.tolist()


def test_labels_stay_valid_where_an_entity_never_ends(chain, small):
    # One entity is as long as the text: no part holds it.
    scores = torch.full((500, N_LABELS), -20.0)
    scores[:, 2] = 20.0
    parts = Parts(np.array([0, 500]))
    labels = parts.best_labels(scores, chain)
    start, end, kind = bio_to_spans(labels, np.arange(500) == 0)
    assert start[0] == 0
    assert set(kind.tolist()) == {0}
    end = parts.within(start, end)
    assert (end - start <= 40 + 2 * 30).all()
    likely = parts.span_probabilities(scores, chain, (start, end, kind))
    assert ((likely >= 0) & (likely <= 1)).all()


def test_no_chains():
    parts = Parts(np.array([0]))
    nothing = torch.zeros(0, N_LABELS)
    chain = Chain(nothing.sum(0), nothing.sum(0), torch.zeros(N_LABELS, N_LABELS))
    assert parts.best_labels(nothing, chain).shape == (0,)
    assert parts.label_probabilities(nothing, chain).shape == (0, N_LABELS)


@pytest.mark.parametrize("n_words", [100_000])
def test_what_is_computed_at_once_is_bounded(chain, n_words, monkeypatch):
    seen = []

    def watch(rows, bounds, chain):
        seen.append((len(rows), int(np.diff(bounds).max())))
        return torch.zeros(len(rows), dtype=torch.int64)

    monkeypatch.setattr(module, "best_labels", watch)
    labels = Parts(np.array([0, n_words])).best_labels(
        torch.zeros(n_words, N_LABELS), chain
    )
    assert len(labels) == n_words
    longest = module.LONGEST + 2 * module.MARGIN
    assert len(seen) > 1
    assert max(rows for rows, _ in seen) <= module.MOST_ROWS + longest
    assert max(length for _, length in seen) <= longest
