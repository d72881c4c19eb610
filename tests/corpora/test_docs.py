"""Documents as docs and back."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from spacy_aioner.corpora.docs import (
    annotated_spans,
    bare_doc,
    blank_pipeline,
    doc_to_document,
    doc_to_mentions,
    document_to_doc,
)
from spacy_aioner.formats.document import Document, Mention, Passage


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp()


def make_document(*mentions, gap=1):
    """Title and abstract; by default one character lies between them."""
    title, abstract = "TP53null mice", "They grew."
    return Document(
        "17",
        [Passage(0, title, "title"), Passage(len(title) + gap, abstract, "abstract")],
        [Mention(*m) for m in mentions],
    )


GENE = (0, 4, "TP53", "Gene", "7157")
WIDE = (0, 8, "TP53null", "Disease")
MICE = (9, 13, "mice", "Species")
ACROSS = (9, 18, "mice They", "Species")


def test_gold_stands_in_the_group_and_the_longest_in_entities(nlp):
    document = make_document(GENE, WIDE, MICE)
    doc = document_to_doc(nlp, document, task="Gene")
    group = doc.spans["aioner"]
    assert [(s.text, s.label_) for s in group] == [
        ("TP53", "Gene"),
        ("TP53null", "Disease"),
        ("mice", "Species"),
    ]
    assert group.attrs["offsets"].tolist() == [[0, 4], [0, 8], [9, 13]]
    assert [ent.text for ent in doc.ents] == ["TP53null", "mice"]
    assert doc.user_data == {
        "aioner_id": "17",
        "aioner_task": "Gene",
        "aioner_passages": [14],
    }
    assert doc.text == document.text


def test_gold_inside_a_token_keeps_its_offsets():
    nlp = spacy.blank("en")
    doc = document_to_doc(nlp, make_document(GENE, WIDE))
    assert [s.text for s in doc.spans["aioner"]] == ["TP53null", "TP53null"]
    assert annotated_spans(doc, "aioner") == [(0, 4, "Gene"), (0, 8, "Disease")]
    assert len(doc.ents) == 1


def test_a_bare_doc_says_nothing_of_entities(nlp):
    doc = bare_doc(nlp, make_document(GENE))
    assert annotated_spans(doc, "aioner") is None
    assert len(doc.spans) == 0
    assert annotated_spans(document_to_doc(nlp, make_document()), "aioner") == []


@pytest.mark.parametrize("gap", [1, 7])
def test_there_and_back(nlp, gap):
    document = make_document(GENE, MICE, gap=gap)
    document.mentions.append(Mention(13 + gap, 17 + gap, "They", "Species", "x"))
    doc = document_to_doc(nlp, document)
    assert doc.spans["aioner"].attrs["offsets"][2].tolist() == [14, 18]
    assert doc_to_mentions(doc, document) == document.mentions


def test_mentions_across_passages_are_kept_only_where_offsets_run_on(nlp):
    document = make_document(ACROSS)
    doc = document_to_doc(nlp, document)
    assert doc.spans["aioner"][0].text == "mice They"
    assert doc_to_mentions(doc, document) == document.mentions
    apart = make_document(ACROSS, gap=7)
    assert len(document_to_doc(nlp, apart).spans["aioner"]) == 0
    assert doc_to_mentions(doc, apart) == []


@pytest.mark.parametrize("place", [(20, 99), (99, 120), (-3, 2), (4, 4), (6, 2)])
def test_mentions_outside_the_text_are_left_out(nlp, place):
    document = make_document((*place, "?", "Gene"), MICE)
    doc = document_to_doc(nlp, document)
    assert doc.spans["aioner"].attrs["offsets"].tolist() == [[9, 13]]


def test_a_doc_from_a_docbin_is_a_document_again(nlp, tmp_path):
    document = make_document(GENE, MICE)
    data = DocBin(docs=[document_to_doc(nlp, document)], store_user_data=True)
    data.to_disk(tmp_path / "a.spacy")
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(nlp.vocab)
    again = doc_to_document(doc)
    assert (again.id, again.text) == ("17", document.text)
    assert [passage.offset for passage in again.passages] == [0, 14]
    assert again.mentions == document.mentions


def test_entities_stand_in_for_a_missing_group(nlp):
    doc = Doc(nlp.vocab, words=["TP53", "grew"], ents=["B-Gene", "O"])
    (mention,) = doc_to_document(doc).mentions
    assert (mention.start, mention.end, mention.type) == (0, 4, "Gene")
    assert annotated_spans(doc, "aioner") == [(0, 4, "Gene")]
    assert annotated_spans(doc, None) == [(0, 4, "Gene")]


def test_scores_go_to_mentions(nlp, trained_nlp):
    document = Document("1", [Passage(0, "TP53 loss in HeLa cells")])
    doc = trained_nlp.get_pipe("aioner")(bare_doc(trained_nlp, document))
    scores = [m.score for m in doc_to_mentions(doc, document)]
    assert scores == pytest.approx(doc.spans["aioner"].attrs["scores"])
    assert len(scores) > 0


def test_offsets_of_another_length_are_not_believed(nlp):
    doc = nlp.make_doc("TP53 grew")
    spans = [doc.char_span(0, 4, label="Gene")]
    doc.spans["aioner"] = SpanGroup(
        doc, spans=spans, attrs={"offsets": np.array([[1, 2], [3, 4]])}
    )
    assert annotated_spans(doc, "aioner") == [(0, 4, "Gene")]


def test_a_component_may_add_to_the_group(trained_nlp):
    doc = trained_nlp("TP53 loss causes breast cancer.")
    before = len(doc.spans["aioner"])
    doc.spans["aioner"].append(Span(doc, 2, 3, label="Loss"))
    mentions = doc_to_mentions(doc, doc_to_document(doc))
    assert len(mentions) == before + 1
    assert (mentions[-1].text, mentions[-1].score) == ("loss", None)


@pytest.mark.parametrize("exact", [True, False])
def test_words_that_were_merged_cost_nothing(exact):
    nlp = blank_pipeline()
    text = "Acute kidney injury after aspirin in lung cancer."
    passages = [Passage(0, text)]
    mentions = [
        Mention(0, 19, "Acute kidney injury", "Disease"),
        Mention(26, 33, "aspirin", "Chemical"),
        Mention(37, 48, "lung cancer", "Disease"),
    ]
    document = Document("1", passages, mentions)
    doc = document_to_doc(nlp, document)
    if not exact:
        doc.spans["aioner"].attrs = {}
    doc = nlp.add_pipe("merge_entities")(doc)
    assert len(doc) < 8
    found = doc_to_mentions(doc, document)
    assert [(m.start, m.end, m.text, m.type) for m in found] == [
        (m.start, m.end, m.text, m.type) for m in mentions
    ]
    assert annotated_spans(doc, "aioner") == [
        (m.start, m.end, m.type) for m in mentions
    ]
