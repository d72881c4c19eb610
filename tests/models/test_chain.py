"""Exact inference against enumeration of all label sequences."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from spacy_aioner.models.chain import (
    FORBIDDEN,
    Chain,
    _LogPartition,
    best_labels,
    label_probabilities,
    log_partition,
    path_score,
    span_probabilities,
)
from spacy_aioner.scheme.bio import bio_to_spans, transition_mask

N_TYPES = 2
N_LABELS = 1 + 2 * N_TYPES


def random_chain(seed, *, learnt=True):
    """A chain with what BIO forbids, in double precision."""
    rng = torch.Generator().manual_seed(seed)
    allowed = torch.from_numpy(transition_mask(N_TYPES))
    forbidden = torch.where(allowed, 0.0, FORBIDDEN).double()
    start = torch.where(allowed[0], 0.0, FORBIDDEN).double()
    end = torch.zeros(N_LABELS).double()
    if learnt:
        forbidden += torch.randn(N_LABELS, N_LABELS, generator=rng)
        start += torch.randn(N_LABELS, generator=rng)
        end += torch.randn(N_LABELS, generator=rng)
    return Chain(start, end, forbidden)


def random_scores(seed, lengths):
    rng = torch.Generator().manual_seed(seed + 1)
    scores = 2 * torch.randn(sum(lengths), N_LABELS, generator=rng).double()
    return scores, np.cumsum([0, *lengths])


def enumerate_paths(scores, chain):
    """Every label sequence of one sequence with its score."""
    for path in itertools.product(range(N_LABELS), repeat=len(scores)):
        score = chain.start[path[0]] + chain.end[path[-1]]
        score = score + sum(scores[t, label] for t, label in enumerate(path))
        for left, right in itertools.pairwise(path):
            score = score + chain.transitions[left, right]
        yield path, float(score)


def spans_of(path):
    begins = np.arange(len(path)) == 0
    return set(zip(*(x.tolist() for x in bio_to_spans(np.array(path), begins))))  # noqa: B905


@st.composite
def chains(draw):
    """A chain with label scores of some sequences and their bounds."""
    seed = draw(st.integers(0, 10**6))
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return random_chain(seed, learnt=draw(st.booleans())), *random_scores(seed, lengths)


@settings(max_examples=15, deadline=None)
@given(chains())
def test_all_quantities_match_enumeration(drawn):
    chain, scores, bounds = drawn
    best = best_labels(scores, bounds, chain)
    total = 0.0
    for i, j in itertools.pairwise(bounds.tolist()):
        paths = list(enumerate_paths(scores[i:j].numpy(), chain_as_numpy(chain)))
        weights = np.array([score for _, score in paths])
        peak = weights.max()
        partition = peak + np.log(np.exp(weights - peak).sum())
        total += partition
        winner, winning = max(paths, key=lambda p: p[1])
        assert tuple(best[i:j].tolist()) == winner

        labels = torch.tensor(winner)
        alone = path_score(scores[i:j], labels, np.array([0, j - i]), chain)
        assert float(alone) == pytest.approx(winning, abs=1e-8)

        expected: dict[tuple[int, int, int], float] = {}
        for path, score in paths:
            for span in spans_of(path):
                weight = np.exp(score - partition)
                expected[span] = expected.get(span, 0.0) + weight
        starts, ends, kinds = (np.array(c) for c in zip(*expected, strict=True))
        found = span_probabilities(scores, bounds, chain, (starts + i, ends + i, kinds))
        np.testing.assert_allclose(found, list(expected.values()), atol=1e-6)
    assert float(log_partition(scores, bounds, chain)) == pytest.approx(total)


def chain_as_numpy(chain):
    return Chain(chain.start.numpy(), chain.end.numpy(), chain.transitions.numpy())


def test_path_scores_of_several_sequences_add_up():
    chain = random_chain(3)
    scores, bounds = random_scores(3, [3, 1, 2])
    labels = torch.tensor([1, 2, 0, 3, 0, 1])
    parts = sum(
        path_score(scores[i:j], labels[i:j], np.array([0, j - i]), chain)
        for i, j in itertools.pairwise(bounds.tolist())
    )
    whole = path_score(scores, labels, bounds, chain)
    assert float(whole) == pytest.approx(float(parts), abs=1e-9)


@given(st.integers(0, 10**6), st.lists(st.integers(1, 40), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_bio_forbids_is_never_decoded(seed, lengths):
    scores, bounds = random_scores(seed, lengths)
    scores[:, 2::2] += 50.0  # I everywhere, as wrong as can be
    labels = best_labels(scores.float(), bounds, float_chain(random_chain(seed)))
    labels = labels.numpy()
    allowed = transition_mask(N_TYPES)
    heads = np.zeros(len(labels), dtype=bool)
    heads[bounds[:-1]] = True
    assert allowed[0, labels[heads]].all()
    assert allowed[labels[:-1], labels[1:]][~heads[1:]].all()


def float_chain(chain):
    return Chain(chain.start.float(), chain.end.float(), chain.transitions.float())


def test_sequences_do_not_touch_each_other():
    chain = random_chain(7)
    lengths = [5, 17, 1, 9, 17]
    scores, bounds = random_scores(7, lengths)
    together = best_labels(scores, bounds, chain)
    apart = [
        best_labels(scores[i:j], np.array([0, j - i]), chain)
        for i, j in itertools.pairwise(bounds.tolist())
    ]
    assert torch.equal(together, torch.cat(apart))


def test_the_gradient_of_the_partition_is_the_marginal():
    chain = random_chain(5)
    scores, bounds = random_scores(5, [4, 2])
    scores.requires_grad_()
    log_partition(scores, bounds, chain).backward()
    # Exactly one label at every place, and none that BIO forbids at the start.
    torch.testing.assert_close(scores.grad.sum(1), torch.ones(6).double())
    assert scores.grad[0, 2::2].abs().max() < 1e-6


def test_probabilities_of_a_very_long_sequence_are_exact():
    # The chain factors where only "outside" is likely, so the short one tells.
    chain = random_chain(0, learnt=False)
    scores, bounds = random_scores(0, [4])
    outside = torch.zeros(3000, N_LABELS).double()
    outside[:, 0] = 40.0
    long_scores = torch.cat([outside, scores, outside])
    spans = (np.array([1]), np.array([3]), np.array([1]))
    short = span_probabilities(scores, bounds, chain, spans)
    moved = (spans[0] + 3000, spans[1] + 3000, spans[2])
    long = span_probabilities(long_scores, np.array([0, 6004]), chain, moved)
    torch.testing.assert_close(long, short, atol=1e-9, rtol=0)
    assert 0 < float(short) < 1


@settings(max_examples=25, deadline=None)
@given(chains())
def test_gradients_match_finite_differences(drawn):
    chain, scores, bounds = drawn
    allowed = chain.transitions > FORBIDDEN / 2
    moves = torch.where(allowed, chain.transitions, 0.0)

    def total(scores, start, end, moves):
        # What is forbidden stays so: finite differences of exp(-1e4) are nothing.
        transitions = torch.where(allowed, moves, FORBIDDEN)
        return log_partition(scores, bounds, Chain(start, end, transitions))

    inputs = (scores, chain.start, chain.end, moves)
    for tensor in inputs:
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(total, inputs, atol=1e-6)


def test_long_and_extreme_sequences_stay_finite():
    chain = random_chain(1)
    scores, bounds = random_scores(1, [3000, 1, 2])
    scores = (scores * 50).float().requires_grad_()
    total = log_partition(scores, bounds, chain)
    best = best_labels(scores.detach(), bounds, chain)
    assert total >= path_score(scores.detach(), best, bounds, chain) - 1
    total.backward()
    assert torch.isfinite(scores.grad).all()
    sums = scores.grad.sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-4, rtol=1e-4)


class _NoFloat64(TorchDispatchMode):
    """Fails as an Apple GPU does."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(value, torch.Tensor) and value.device.type == "mps":
                assert value.dtype != torch.float64, func
        return result


def test_float64_is_computed_where_there_is_one():
    """On the CPU for Apple's GPUs; stand-ins for tensors know devices and formats."""
    bounds = np.array([0, 3, 4])
    spans = (np.array([0]), np.array([2]), np.array([0]))
    kept = []
    context = SimpleNamespace(save_for_backward=lambda *values: kept.extend(values))
    with FakeTensorMode(allow_non_fake_inputs=True), _NoFloat64(), torch.no_grad():
        shapes = ((4, 3), (3,), (3,), (3, 3))
        scores, *parts = (torch.empty(shape, device="mps") for shape in shapes)
        total = _LogPartition.forward(context, scores, *parts, bounds)
        for value in (total, *kept):
            assert (value.device.type, value.dtype) == ("mps", torch.float32)
        assert [gradient.shape for gradient in kept] == [*shapes]
        chain = Chain(*parts)
        assert label_probabilities(scores, bounds, chain).dtype == torch.float64
        assert span_probabilities(scores, bounds, chain, spans).shape == (1,)
