"""Votes of several models, and the sentences about which there is no doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.document import Mention
from spacy_aioner.scheme.segment import sentence_starts
from spacy_aioner.training.silver import confident_parts, vote

TEXT = "TP53 was lost. In the mice ABL1 was not. They did well. So did we."


def mention(word, kind, score):
    start = TEXT.index(word)
    return Mention(start, start + len(word), word, kind, score=score)


def test_votes_are_means_over_all_models():
    votes = vote(
        [
            [mention("TP53", "Gene", 0.9), mention("mice", "Species", 0.8)],
            [mention("TP53", "Gene", 0.7)],
        ]
    )
    assert [(m.text, m.type) for m in votes] == [("TP53", "Gene"), ("mice", "Species")]
    assert [m.score for m in votes] == pytest.approx([0.8, 0.4])


def test_sentences_in_doubt_are_left_out():
    mentions = [
        mention("TP53", "Gene", 0.95),
        mention("mice", "Species", 0.5),
        mention("ABL1", "Gene", 0.99),
        mention("They", "Species", 0.1),
    ]
    parts = list(confident_parts(TEXT, mentions, sure=0.8))
    assert [part.text.strip() for part in parts] == [
        "TP53 was lost.",
        "They did well. So did we.",
    ]
    assert [[(m.text, m.start) for m in part.mentions] for part in parts] == [
        [("TP53", 0)],
        [],
    ]


scores = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@given(scores, st.floats(0.5, 1.0))
def test_parts_are_slices_with_their_mentions(scores, sure):
    words = ("TP53", "mice", "ABL1", "well")
    mentions = [mention(w, "T", s) for w, s in zip(words, scores, strict=True)]
    position = 0
    bounds = {0, *sentence_starts(TEXT), len(TEXT)}
    for part in confident_parts(TEXT, mentions, sure=sure):
        start = TEXT.index(part.text, position)
        position = start + len(part.text)
        assert {start, position} <= bounds
        for m in part.mentions:
            assert part.text[m.start : m.end] == m.text
        found = {m.text for m in part.mentions}
        for m in mentions:
            if start <= m.start < position:
                assert (m.text in found) == (m.score >= sure)
                assert m.score >= sure or m.score <= 1 - sure
