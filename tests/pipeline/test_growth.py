"""The component takes time in step with a text of any kind."""

import pytest

from spacy_aioner.corpora.docs import blank_pipeline
from spacy_aioner.pipeline.filters import highest_score_first

TEXTS = {
    "a list without sentence ends": "gene growth in mice\n",
    "sentences": "TP53 loss of growth in mice. ",
    "definitions": "growth loss mice (GLM) and GLM ",
    "brackets": "((((((((((((((((((((",
    "digits without a space": "1234567890",
    "combining marks": "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_growth(assert_linear, trained_nlp, kind):
    assert_linear(trained_nlp, lambda n: TEXTS[kind] * n, 200)


def test_filter_of_spans_that_overlap(assert_linear):
    make_doc = blank_pipeline().make_doc

    def spans(n):
        """All end alike, and the shortest is first."""
        doc = make_doc("a " * n)
        return [doc[i:n] for i in reversed(range(n))]

    assert_linear(lambda given: highest_score_first([], given), spans, 2000)
