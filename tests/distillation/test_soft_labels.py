"""Label scores survive being stored, and reach the words of another network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.distillation.soft_labels import SoftLabels
from spacy_aioner.errors import AionerError

LABELS = ("O-Gene", "B-Gene", "I-Gene")


def make(offsets, scores, *, annotated=False):
    start, end = np.array(offsets, dtype=np.int64).reshape(-1, 2).T
    scores = np.array(scores, dtype=np.float16).reshape(-1, 3)
    return SoftLabels(LABELS, start, end, scores, annotated)


def test_what_is_stored_is_read_back():
    soft = make([(0, 4), (5, 9)], [[0.25, 0.75, 0.0], [0.9995, 0.0005, 0.0]])
    again = SoftLabels.unpack(soft.pack())
    assert again.labels == LABELS
    assert again.start.tolist() == [0, 5]
    assert again.end.tolist() == [4, 9]
    assert not again.annotated
    # What is hardly possible is taken for impossible.
    assert again.scores.tolist()[0] == [0.25, 0.75, 0.0]
    assert again.scores[1, 1] == 0.0


@pytest.mark.parametrize(
    "change", [{"scores": b"123"}, {"labels": None}, {"start": b"1234" * 3}]
)
def test_records_that_are_none(change):
    packed = {**make([(0, 4)], [[1, 0, 0]]).pack(), **change}
    with pytest.raises(AionerError, match="score the text again"):
        SoftLabels.unpack(packed)


def test_the_same_words():
    soft = make([(0, 4), (5, 9)], [[0.25, 0.75, 0.0], [0.5, 0.0, 0.5]])
    scores, known = soft.align(soft.start, soft.end)
    assert known.all()
    np.testing.assert_allclose(scores, soft.scores, atol=1e-3)


def test_a_word_in_two_is_one_entity():
    soft = make([(0, 4)], [[0.2, 0.7, 0.1]])
    scores, known = soft.align(np.array([0, 2]), np.array([2, 4]))
    assert known.all()
    np.testing.assert_allclose(scores, [[0.2, 0.7, 0.1], [0.2, 0.0, 0.8]], atol=1e-3)


def test_two_words_in_one_begin_as_the_first():
    soft = make([(0, 2), (2, 4)], [[0.2, 0.7, 0.1], [1.0, 0.0, 0.0]])
    scores, _ = soft.align(np.array([0]), np.array([4]))
    np.testing.assert_allclose(scores, [[0.2, 0.7, 0.1]], atol=1e-3)


def test_words_that_the_teacher_has_not():
    soft = make([(5, 9)], [[0.2, 0.7, 0.1]])
    scores, known = soft.align(np.array([0, 5, 9]), np.array([4, 9, 12]))
    assert known.tolist() == [False, True, False]
    assert not scores[[0, 2]].any()
    _, known = make([], []).align(np.array([0]), np.array([4]))
    assert not known.any()


@given(st.lists(st.integers(1, 5), max_size=8), st.lists(st.integers(1, 5), max_size=8))
def test_probabilities_stay_probabilities(theirs, ours):
    def offsets(lengths):
        ends = np.cumsum([0, *lengths])
        return np.stack([ends[:-1], ends[1:]], 1)

    rng = np.random.default_rng(len(theirs))
    soft = make(offsets(theirs), rng.dirichlet([1, 1, 1], len(theirs)))
    start, end = offsets(ours).T
    scores, known = soft.align(start, end)
    np.testing.assert_allclose(scores.sum(1), known, atol=1e-3)
    assert known.tolist() == (start < sum(theirs)).tolist()
