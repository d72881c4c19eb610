"""Entities to label sequences and back."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.scheme.bio import (
    bio_to_spans,
    longest_spans,
    spans_to_bio,
    transition_mask,
)

spans_of_any_kind = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6), st.integers(0, 3)).map(
        lambda s: (s[0], s[0] + s[1], s[2])
    ),
    max_size=12,
)


def begins_of(lengths):
    begins = np.zeros(sum(lengths), dtype=bool)
    begins[np.cumsum([0, *lengths[:-1]])] = True
    return begins


def read(labels, begins):
    return [
        tuple(span)
        for span in np.stack(bio_to_spans(np.array(labels), begins)).T.tolist()
    ]


@given(spans_of_any_kind)
def test_spans_survive_bio(spans):
    spans = longest_spans(spans)
    assert read(spans_to_bio(36, spans), begins_of([36])) == spans


@given(st.lists(spans_of_any_kind, min_size=1, max_size=4))
def test_sequences_laid_end_to_end_stay_apart(sentences):
    sentences = [longest_spans(spans) for spans in sentences]
    labels = np.concatenate([spans_to_bio(36, spans) for spans in sentences])
    moved = [
        (start + 36 * i, end + 36 * i, kind)
        for i, spans in enumerate(sentences)
        for start, end, kind in spans
    ]
    assert read(labels, begins_of([36] * len(sentences))) == moved


def test_an_entity_ends_with_its_sequence():
    # B I | O and B | B I: what ends one sequence is not carried on in the next.
    assert read([1, 2, 0], begins_of([2, 1])) == [(0, 2, 0)]
    assert read([1, 1, 2], begins_of([1, 2])) == [(0, 1, 0), (1, 3, 0)]


def test_neighbours_of_one_type_stay_two():
    labels = spans_to_bio(4, [(0, 2, 1), (2, 4, 1)])
    assert labels.tolist() == [3, 4, 3, 4]
    assert read(labels, begins_of([4])) == [(0, 2, 1), (2, 4, 1)]


def test_no_words_no_spans():
    assert read(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)) == []


@pytest.mark.parametrize("n_types", [1, 2, 3])
def test_the_mask_allows_what_bio_allows(n_types):
    names = ["O", *(f"{p}-{k}" for k in range(n_types) for p in "BI")]
    allowed = transition_mask(n_types)
    assert allowed.shape == (len(names), len(names))
    for (i, left), (j, right) in itertools.product(enumerate(names), repeat=2):
        valid = right[0] != "I" or left in (f"B{right[1:]}", right)
        assert allowed[i, j] == valid, (left, right)


@given(spans_of_any_kind)
def test_longest_spans_are_apart_and_no_dropped_one_is_longer(spans):
    kept = longest_spans(spans)
    assert kept == sorted(kept)
    assert set(kept) <= set(spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(kept))
    for start, end, _ in set(spans) - set(kept):
        rivals = [k for k in kept if k[0] < end and start < k[1]]
        assert max(k[1] - k[0] for k in rivals) >= end - start


def test_the_longest_of_a_cluster_wins():
    assert longest_spans([(0, 2, 5), (1, 4, 6), (4, 5, 7)]) == [(1, 4, 6), (4, 5, 7)]
    assert longest_spans([(1, 3, 9), (0, 2, 8)]) == [(0, 2, 8)]
