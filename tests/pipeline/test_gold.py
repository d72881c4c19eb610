"""Gold spans as label numbers of the network's words."""

import numpy as np
import pytest
from spacy.tokens import SpanGroup
from spacy.training import Example

from spacy_aioner.pipeline.gold import gold_labels, is_annotated

# Local labels of the task ALL: outside, B and I of Gene, Disease, Chemical, Species.
OUT, B_GENE, I_GENE, B_SPECIES, I_SPECIES = 0, 1, 2, 7, 8


@pytest.fixture
def labels_of(trained_nlp):
    """Labels of (text, task, spans) examples, by word."""

    def label(*sentences, group=False):
        pipe = trained_nlp.get_pipe("aioner")
        examples = []
        for text, task, spans in sentences:
            doc = trained_nlp.make_doc(text)
            doc.user_data["aioner_task"] = task
            wide = [doc.char_span(*s, alignment_mode="expand") for s in spans]
            if group:
                exact = np.array([s[:2] for s in spans])
                doc.spans["aioner"] = SpanGroup(
                    doc, spans=wide, attrs={"offsets": exact}
                )
            else:
                doc.set_ents(wide)
            examples.append(Example(trained_nlp.make_doc(text), doc))
        tasks = [[pipe.scheme.index(task)] for _, task, _ in sentences]
        plan = pipe._plan([eg.predicted for eg in examples], tasks)
        gold = gold_labels(pipe.scheme, examples, plan, "aioner")
        by_word = np.full(len(plan.words.start), -1)
        by_word[plan.word] = gold
        return by_word.tolist()

    return label


def test_words_of_several_docs(labels_of):
    assert labels_of(
        ("TP53 in mice", "ALL", [(0, 4, "Gene"), (8, 12, "Species")]),
        ("", "ALL", []),
        ("no TP53", "Gene", [(3, 7, "Gene")]),
    ) == [B_GENE, I_GENE, OUT, B_SPECIES, OUT, B_GENE, I_GENE]


def test_numbers_are_those_of_the_task(labels_of):
    sentence = "Two mice", "Species", [(4, 8, "Species")]
    assert labels_of(sentence) == [OUT, 1]


def test_a_span_across_a_sentence_end_begins_anew(labels_of):
    text = "The mice fed. Mice grew"
    assert labels_of((text, "ALL", [(4, 18, "Species")])) == [
        OUT, B_SPECIES, I_SPECIES, I_SPECIES, B_SPECIES, OUT
    ]  # fmt: skip


def test_a_span_that_ends_at_a_sentence_end_stays_there(labels_of):
    text = "The mice. Mice grew"
    assert labels_of((text, "ALL", [(4, 8, "Species")])) == [
        OUT,
        B_SPECIES,
        OUT,
        OUT,
        OUT,
    ]


def test_of_overlapping_spans_the_longest_is_learnt(labels_of):
    spans = [(0, 4, "Gene"), (0, 12, "Species"), (8, 12, "Species")]
    assert labels_of(("TP53 in mice", "ALL", spans), group=True) == [
        B_SPECIES, I_SPECIES, I_SPECIES, I_SPECIES
    ]  # fmt: skip


def test_a_span_inside_a_word_takes_the_whole_word(labels_of):
    spans = [(1, 2, "Gene"), (9, 11, "Species")]
    assert labels_of(("TP in ermice", "ALL", spans), group=True) == [
        B_GENE, OUT, B_SPECIES
    ]  # fmt: skip


def test_a_span_without_words_is_passed_over(labels_of):
    assert labels_of(("TP  in", "ALL", [(2, 4, "Gene")]), group=True) == [OUT, OUT]


def test_what_counts_as_annotated(trained_nlp):
    bare = trained_nlp.make_doc("mice")
    empty = trained_nlp.make_doc("mice")
    empty.set_ents([])
    grouped = trained_nlp.make_doc("mice")
    grouped.spans["aioner"] = []
    found = [
        is_annotated(Example(trained_nlp.make_doc("mice"), doc), "aioner")
        for doc in (bare, empty, grouped)
    ]
    assert found == [False, True, True]
