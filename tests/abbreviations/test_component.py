"""The component marks abbreviations, with and without ours before it."""

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_aioner.abbreviations.component import long_forms

TEXT = "Chronic myeloid leukemia (CML) is rare. CML cells die; BCR-CML, CMLs do not."


@pytest.fixture
def nlp():
    nlp = spacy.blank("en")
    nlp.add_pipe("aioner_abbreviations")
    return nlp


def test_every_place_has_its_long_form(nlp):
    doc = nlp(TEXT)
    assert [span.start_char for span in doc.spans["abbreviations"]] == [26, 40, 59]
    assert {span.label_ for span in doc.spans["abbreviations"]} == {"ABBREVIATION"}
    assert [span.text for span in long_forms(doc)] == ["Chronic myeloid leukemia"] * 3


def test_defined_anew_it_means_something_else(nlp):
    doc = nlp(
        "Heart failure (HF) is rare. HF kills. Hay fever (HF) does not. HF is mild."
    )
    texts = [span.text for span in long_forms(doc)]
    assert texts == ["Heart failure"] * 2 + ["Hay fever"] * 2


def test_long_forms_are_kept_in_a_docbin(nlp):
    packed = DocBin(store_user_data=True, docs=[nlp(TEXT)]).to_bytes()
    (doc,) = DocBin().from_bytes(packed).get_docs(nlp.vocab)
    assert [span.text for span in long_forms(doc)] == ["Chronic myeloid leukemia"] * 3


def test_a_doc_without_text_and_another_group(nlp):
    other = spacy.blank("en")
    other.add_pipe("aioner_abbreviations", config={"spans_key": "short"})
    assert not len(nlp("").spans["abbreviations"])
    assert len(long_forms(other(TEXT), spans_key="short")) == 3


def test_behind_the_recognizer(trained_nlp, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("aioner", source=trained_nlp)
    nlp.add_pipe("aioner_abbreviations")
    nlp.to_disk(tmp_path)
    doc = spacy.load(tmp_path)(TEXT)
    assert len(doc.spans["abbreviations"]) == 3
    assert "aioner" in doc.spans
