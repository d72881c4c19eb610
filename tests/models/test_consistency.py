"""The same words twice: found where they stand, and supporting each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.models.consistency import best_first, find_repetitions, support


def ints(*values):
    return np.array(values, dtype=np.int64)


def repetitions(text, doc, bounds, spans):
    columns = tuple(ints(*column) for column in zip(*spans, strict=True))
    found = find_repetitions(ints(*text), ints(*doc), ints(*bounds), columns)
    return list(
        zip(found.start.tolist(), found.end.tolist(), found.type.tolist(), strict=True)
    ), found.group.tolist()


def test_words_are_found_again_in_their_doc_only():
    #       sentence one   two       another doc
    text = [5, 6, 1, 5, 6, 6, 5, 6, 5, 6, 2]
    doc = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    places, group = repetitions(text, doc, [0, 4, 8, 11], [(0, 2, 3)])
    # Rows 3 and 4 hold the same words across the end of a sentence.
    assert places == [(0, 2, 3), (6, 8, 3)]
    assert group[0] == group[1]


def test_every_type_of_the_words_is_considered_everywhere():
    text = [5, 1, 5, 2, 7]
    places, group = repetitions(
        text, [0] * 5, [0, 5], [(0, 1, 0), (2, 3, 1), (4, 5, 0)]
    )
    assert places == [(0, 1, 0), (0, 1, 1), (2, 3, 0), (2, 3, 1), (4, 5, 0)]
    assert group[0] == group[2]
    assert group[1] == group[3]
    assert len(set(group)) == 3


def test_the_same_entity_predicted_twice_is_one_group():
    places, _ = repetitions([5, 1, 5], [0] * 3, [0, 3], [(0, 1, 0), (2, 3, 0)])
    assert places == [(0, 1, 0), (2, 3, 0)]


def test_very_long_entities_are_left_alone():
    text = [*range(13), *range(13)]
    places, _ = repetitions(text, [0] * 26, [0, 26], [(0, 13, 0), (13, 14, 0)])
    assert places == [(0, 1, 0), (0, 13, 0), (13, 14, 0)]


@st.composite
def texts(draw):
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    n = sum(lengths)
    text = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    per_sentence = sorted(
        draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    )
    doc = np.repeat(per_sentence, lengths).tolist()
    bounds = np.cumsum([0, *lengths]).tolist()
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    spans = []
    for start in range(n):
        end = start + draw(st.integers(0, 3))
        if start < end <= n and sentence[start] == sentence[end - 1]:
            spans.append((start, end, draw(st.integers(0, 1))))
    return text, doc, bounds, spans


@given(texts())
def test_against_a_plain_search(drawn):
    text, doc, bounds, spans = drawn
    if not spans:
        return
    places, _ = repetitions(text, doc, bounds, spans)
    inner = set(bounds[1:-1])
    expected = set()
    for start, end, kind in spans:
        words, n = text[start:end], end - start
        for i in range(len(text) - n + 1):
            whole = not inner & set(range(i + 1, i + n))
            if whole and doc[i] == doc[start] and text[i : i + n] == words:
                expected.add((i, i + n, kind))
    assert places == sorted(expected)


def test_support_mixes_with_the_mean_of_the_group():
    own = np.array([0.9, 0.1, 0.5])
    mixed = support(own, ints(7, 7, 3), 0.5)
    assert mixed == pytest.approx([0.7, 0.3, 0.5])
    assert support(own, ints(7, 7, 3), 0.0) == pytest.approx(own)


def test_the_best_of_overlapping_places_is_taken():
    start, end = ints(0, 1, 4, 5), ints(2, 3, 5, 6)
    score = np.array([0.6, 0.8, 0.3, 0.4])
    assert best_first(start, end, score, 0.4).tolist() == [1, 3]
    assert best_first(start, end, score, 0.0).tolist() == [1, 2, 3]
    assert best_first(*(ints(), ints()), np.zeros(0), 0.0).tolist() == []
