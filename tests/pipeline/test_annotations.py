"""What is written to docs: groups, entities, scores, offsets, filters."""

import json

import numpy as np
import pytest
from spacy.cli.find_threshold import find_threshold
from spacy.pipeline.span_ruler import prioritize_existing_ents_filter
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from spacy_aioner.pipeline.filters import highest_score_first
from spacy_aioner.pipeline.groups import Prediction

TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."
FOUND = ["TP53", "HeLa", "glioma", "mice"]


@pytest.fixture
def pipe(trained_copy):
    return trained_copy.get_pipe("aioner")


def prediction(start, end, label, score, chars=(0, 1)):
    return Prediction(start, end, *chars, label, score, "ALL")


def write(nlp, predictions, *, doc=None):
    doc = nlp.make_doc("one two three four five") if doc is None else doc
    nlp.get_pipe("aioner").set_annotations([doc], [predictions])
    return doc


def group_of(doc):
    group = doc.spans["aioner"]
    return [
        (span.start, span.end, span.label_, round(float(score), 3), *offsets)
        for span, score, offsets in zip(
            group, group.attrs["scores"], group.attrs["offsets"], strict=True
        )
    ]


def check(doc):
    group = doc.spans["aioner"]
    scores, offsets = group.attrs["scores"], group.attrs["offsets"]
    assert [doc.text[i:j] for i, j in offsets] == FOUND == [s.text for s in group]
    assert len(scores) == 4
    assert all(0.5 < score <= 1 for score in scores)
    # Arrays, as spaCy's spancat has them: of a prediction, of a file, of a copy.
    numbers = json.dumps([scores.tolist(), offsets.tolist()])
    assert json.loads(numbers)[1] == [list(pair) for pair in offsets]


def test_scores_and_offsets_stand_beside_the_group_and_survive(trained_nlp, tmp_path):
    doc = trained_nlp(TEXT)
    check(doc)
    check(Doc(trained_nlp.vocab).from_bytes(doc.to_bytes()))
    docs = DocBin(docs=[doc, trained_nlp("")], store_user_data=True)
    docs.to_disk(tmp_path / "docs.spacy")
    first, second = (
        DocBin().from_disk(tmp_path / "docs.spacy").get_docs(trained_nlp.vocab)
    )
    check(first)
    assert len(second.spans["aioner"]) == 0


def test_predict_leaves_the_docs_alone(pipe, trained_copy):
    doc = trained_copy.make_doc(TEXT)
    before = doc.to_bytes()
    (found,) = pipe.predict([doc])
    assert doc.to_bytes() == before
    assert [TEXT[p.start_char : p.end_char] for p in found] == FOUND
    assert [doc[p.start : p.end].text for p in found] == FOUND


def test_without_entities(pipe, trained_copy):
    pipe.annotate_ents = False
    doc = trained_copy(TEXT)
    assert not doc.has_annotation("ENT_IOB")
    check(doc)


def test_without_group(make_nlp, trained_nlp):
    nlp = make_nlp(spans_key=None)
    # What is saved decides, so the setting is made after loading.
    nlp.from_bytes(trained_nlp.to_bytes()).get_pipe("aioner").cfg["spans_key"] = None
    doc = nlp(TEXT)
    assert len(doc.spans) == 0
    assert [ent.text for ent in doc.ents] == FOUND


def test_threshold_drops(pipe, trained_copy):
    everything = trained_copy(TEXT).spans["aioner"].attrs["scores"]
    middle = sorted(everything)[2]
    pipe.cfg["threshold"] = middle - 1e-6
    doc = trained_copy(TEXT)
    assert len(doc.spans["aioner"]) == len(doc.ents) == 2
    assert min(doc.spans["aioner"].attrs["scores"]) > middle - 1e-5
    pipe.cfg["threshold"] = 1.0
    assert len(trained_copy(TEXT).ents) == 0


def test_the_highest_score_wins_in_entities_and_all_stay_in_the_group(trained_copy):
    found = [
        prediction(0, 3, "Gene", 0.5),
        prediction(0, 1, "Gene", 0.9),
        prediction(2, 4, "Disease", 0.8),
        prediction(3, 5, "Chemical", 0.7),
    ]
    doc = write(trained_copy, found)
    assert [(e.start, e.end) for e in doc.ents] == [(0, 1), (2, 4)]
    assert [x[3] for x in group_of(doc)] == [0.5, 0.9, 0.8, 0.7]


def test_the_filter_of_the_group_sees_the_highest_score_first(pipe, trained_copy):
    pipe.spans_filter = highest_score_first
    found = [
        prediction(0, 3, "Gene", 0.5, (0, 13)),
        prediction(0, 1, "Gene", 0.9, (0, 3)),
        prediction(2, 4, "Disease", 0.8, (8, 18)),
    ]
    assert group_of(write(trained_copy, found)) == [
        (0, 1, "Gene", 0.9, 0, 3),
        (2, 4, "Disease", 0.8, 8, 18),
    ]


def test_of_two_predictions_in_one_token_the_filter_keeps_the_better(
    pipe, trained_copy
):
    pipe.spans_filter = highest_score_first
    found = [
        prediction(0, 1, "Gene", 0.2, (0, 1)),
        prediction(0, 1, "Gene", 0.9, (2, 3)),
    ]
    assert group_of(write(trained_copy, found)) == [(0, 1, "Gene", 0.9, 2, 3)]
    pipe.spans_filter = None
    assert [x[4:] for x in group_of(write(trained_copy, found))] == [(0, 1), (2, 3)]


@pytest.mark.parametrize("overwrite", [True, False])
def test_what_is_there(pipe, trained_copy, overwrite):
    pipe.overwrite = overwrite
    doc = trained_copy.make_doc("one two three four five")
    doc.ents = [Span(doc, 0, 2, "Cell")]
    doc.spans["aioner"] = SpanGroup(doc, name="aioner", spans=[doc[4:5]])
    doc.spans["other"] = [doc[0:3]]
    write(trained_copy, [prediction(1, 4, "Gene", 0.5, (4, 18))], doc=doc)
    new = (1, 4, "Gene", 0.5, 4, 18)
    if overwrite:
        assert group_of(doc) == [new]
        assert [(e.start, e.end) for e in doc.ents] == [(1, 4)]
    else:
        assert group_of(doc) == [(4, 5, "", 1.0, 19, 23), new]
        assert [(e.start, e.end) for e in doc.ents] == [(0, 2)]
    assert len(doc.spans["other"]) == 1


def test_what_is_there_keeps_its_scores_and_offsets(pipe, trained_copy):
    doc = write(trained_copy, [prediction(0, 2, "Gene", 0.25, (1, 6))])
    pipe.overwrite = False
    write(trained_copy, [prediction(3, 4, "Gene", 0.5, (14, 18))], doc=doc)
    assert group_of(doc) == [
        (0, 2, "Gene", 0.25, 1, 6),
        (3, 4, "Gene", 0.5, 14, 18),
    ]


def test_attributes_of_another_length_are_not_believed(pipe, trained_copy):
    doc = trained_copy.make_doc("one two three four five")
    attrs = {"scores": np.array([0.5, 0.5]), "offsets": np.array([[0, 1], [2, 3]])}
    doc.spans["aioner"] = SpanGroup(doc, name="aioner", spans=[doc[4:5]], attrs=attrs)
    pipe.overwrite = False
    write(trained_copy, [prediction(0, 1, "Gene", 0.75, (0, 3))], doc=doc)
    assert group_of(doc) == [(4, 5, "", 1.0, 19, 23), (0, 1, "Gene", 0.75, 0, 3)]


def test_a_second_run_with_a_filter_adds_nothing(pipe, trained_copy):
    pipe.overwrite = False
    pipe.spans_filter = highest_score_first
    doc = trained_copy(TEXT)
    once = group_of(doc)
    assert group_of(pipe(doc)) == once
    assert [ent.text for ent in doc.ents] == FOUND


def test_a_filter_of_spacy(pipe, trained_copy):
    pipe.ents_filter = prioritize_existing_ents_filter
    pipe.overwrite = False
    doc = trained_copy.make_doc(TEXT)
    doc.ents = [Span(doc, 0, 3, "Mine")]
    doc = pipe(doc)
    assert [ent.label_ for ent in doc.ents][:1] == ["Mine"]
    assert [ent.text for ent in doc.ents][1:] == FOUND[1:]


def test_another_tokenizer_widens_spans_and_keeps_offsets(
    make_nlp, make_examples, overfit
):
    text = "In TP53+/mice (HeLa1) growth worsened."
    gold = [(3, 7, "Gene"), (9, 13, "Species"), (15, 19, "CellLine")]
    ours = make_nlp()
    overfit(ours, make_examples(ours, [(text, "ALL", gold)]))
    theirs = make_nlp(tokenizer="spacy.Tokenizer.v1").from_bytes(
        ours.to_bytes(), exclude=["tokenizer"]
    )
    doc = theirs.make_doc(text)
    assert [token.text for token in doc[1:4]] == ["TP53+/mice", "(", "HeLa1"]
    doc = theirs.get_pipe("aioner")(doc)
    group = doc.spans["aioner"]
    assert [span.text for span in group] == ["TP53+/mice", "TP53+/mice", "HeLa1"]
    assert group.attrs["offsets"].tolist() == [list(span[:2]) for span in gold]
    assert [ent.text for ent in doc.ents] == ["TP53+/mice", "HeLa1"]


def test_find_threshold(trained_nlp, examples, tmp_path):
    trained_nlp.to_disk(tmp_path / "model")
    docs = DocBin(docs=[eg.reference for eg in examples], store_user_data=True)
    docs.to_disk(tmp_path / "dev.spacy")
    best, score, scores = find_threshold(
        tmp_path / "model",
        tmp_path / "dev.spacy",
        pipe_name="aioner",
        threshold_key="threshold",
        scores_key="ents_f",
        n_trials=3,
        silent=True,
    )
    assert scores == {0.0: 1.0, 0.5: 1.0, 1.0: 0.0}
    assert (best, score) == (0.5, 1.0) or (best, score) == (0.0, 1.0)
