"""Repeated words in a doc are labelled alike when the component is told so."""

import itertools

import pytest

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
AGAIN = (
    f"{MICE} In cells with all of the TP53, loss of TP53 worsened mice in TP53 mice."
)
OTHER = "Patients tolerated aspirin. In the mice TP53 worsened."


@pytest.fixture
def consistent(trained_copy):
    trained_copy.get_pipe("aioner").cfg |= {"consistency": 1.0, "threshold": 0.2}
    return trained_copy


def scored(doc):
    group = doc.spans["aioner"]
    scores = group.attrs["scores"]
    return [
        (span.start_char, span.end_char, span.label_, score)
        for span, score in zip(group, scores, strict=True)
    ]


def test_the_same_words_have_the_same_label_and_score(consistent):
    found = [
        (label, score)
        for start, end, label, score in scored(consistent(AGAIN))
        if AGAIN[start:end] == "TP53"
    ]
    assert len(found) == AGAIN.count("TP53")
    assert {label for label, _ in found} == {"Gene"}
    scores = [score for _, score in found]
    assert scores == pytest.approx([scores[0]] * len(scores))


def test_nothing_changes_without_repetitions(consistent, trained_nlp):
    consistent.get_pipe("aioner").cfg["threshold"] = 0.0
    expected = scored(trained_nlp(MICE))
    found = scored(consistent(MICE))
    assert [span[:3] for span in found] == [span[:3] for span in expected]
    assert [span[3] for span in found] == pytest.approx([s[3] for s in expected])


def test_other_docs_in_the_batch_do_not_count(consistent):
    alone = scored(consistent(OTHER))
    together = list(consistent.pipe([AGAIN, OTHER, MICE], batch_size=3))
    assert [s[:3] for s in scored(together[1])] == [s[:3] for s in alone]
    assert [s[3] for s in scored(together[1])] == pytest.approx(
        [s[3] for s in alone], abs=1e-5
    )


def test_spans_do_not_overlap_and_reach_the_threshold(consistent):
    found = scored(consistent(AGAIN * 3))
    for one, following in itertools.pairwise(found):
        assert one[1] <= following[0]
    assert min(score for *_, score in found) >= 0.2
