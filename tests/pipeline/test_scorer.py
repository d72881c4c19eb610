"""Strict scores, counted only where the example's task annotates."""

import pytest
from spacy.tokens import SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_aioner.pipeline.scorer import score_entities
from spacy_aioner.pipeline.tokenizer import AionerTokenizer

TEXT = "one two three four five"
TYPES = {"ALL": ["Gene", "Drug"], "Gene": ["Gene"]}


def doc_of(spans, *, task=None):
    doc = AionerTokenizer(Vocab())(TEXT)
    doc.set_ents([doc.char_span(*span) for span in spans])
    if task:
        doc.user_data["aioner_task"] = task
    return doc


def score(*pairs, **settings):
    examples = [Example(predicted, reference) for predicted, reference in pairs]
    return score_entities(examples, task_types=TYPES, **settings)


ONE, TWO, FOUR = (0, 3, "Gene"), (4, 7, "Gene"), (14, 18, "Drug")


def test_counts_by_hand():
    scores = score(
        (doc_of([ONE, FOUR]), doc_of([ONE, TWO, FOUR])),
        (doc_of([TWO]), doc_of([(4, 13, "Gene")])),
        (doc_of([(0, 3, "Drug")]), doc_of([])),
    )
    # Right: ONE, FOUR. Wrong: TWO, the drug. Missed: TWO, the long gene.
    assert scores["ents_p"] == pytest.approx(2 / 4)
    assert scores["ents_r"] == pytest.approx(2 / 4)
    assert scores["ents_f"] == pytest.approx(0.5)
    per_type = scores["ents_per_type"]
    assert per_type["Gene"] == pytest.approx({"p": 1 / 2, "r": 1 / 3, "f": 0.4})
    assert per_type["Drug"] == pytest.approx({"p": 1 / 2, "r": 1.0, "f": 2 / 3})


def test_only_the_types_of_the_task_count():
    predicted = [ONE, FOUR]
    assert score((doc_of(predicted), doc_of([ONE], task="Gene")))["ents_f"] == 1.0
    whole = score((doc_of(predicted), doc_of([ONE], task="ALL")))
    assert whole["ents_p"] == 0.5
    assert (
        "Drug"
        not in score((doc_of([FOUR]), doc_of([ONE], task="Gene")))["ents_per_type"]
    )


def test_unannotated_examples_count_neither_way():
    bare = AionerTokenizer(Vocab())(TEXT)
    empty = score((doc_of([ONE]), bare))
    assert empty == dict.fromkeys(("ents_p", "ents_r", "ents_f", "ents_per_type"))
    mixed = score((doc_of([ONE]), bare), (doc_of([TWO]), doc_of([TWO])))
    assert mixed["ents_f"] == 1.0
    assert score()["ents_f"] is None


def test_annotated_as_empty_counts():
    assert score((doc_of([ONE]), doc_of([])))["ents_f"] == 0.0


def test_groups_are_read_with_exact_offsets_and_overlaps():
    def grouped(offsets):
        doc = doc_of([])
        spans = [
            doc.char_span(start, end, label="Gene", alignment_mode="expand")
            for start, end in offsets
        ]
        doc.spans["aioner"] = SpanGroup(doc, spans=spans, attrs={"offsets": offsets})
        return doc

    gold = grouped([(0, 3), (1, 3), (0, 7)])
    exact = score((grouped([(0, 3), (1, 3), (0, 7)]), gold), spans_key="aioner")
    assert exact["ents_f"] == exact["ents_r"] == 1.0
    assert exact["ents_per_type"] == {"Gene": {"p": 1.0, "r": 1.0, "f": 1.0}}
    inexact = score((grouped([(0, 2)]), gold), spans_key="aioner")
    assert inexact["ents_f"] == 0.0
    # Without the group on one side its entities are read.
    assert score((doc_of([ONE]), gold), spans_key="aioner")["ents_p"] == 1.0


def test_the_scorer_of_the_component_uses_its_tasks(trained_nlp, make_examples):
    text = "TP53 loss in HeLa cells worsened glioma growth in mice."
    whole = make_examples(trained_nlp, [(text, "ALL", [(0, 4, "Gene")])])
    part = make_examples(trained_nlp, [(text, "Gene", [(0, 4, "Gene")])])
    assert trained_nlp.evaluate(whole)["ents_p"] == pytest.approx(1 / 4)
    assert trained_nlp.evaluate(part)["ents_f"] == 1.0
