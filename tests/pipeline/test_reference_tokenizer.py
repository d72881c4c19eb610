"""The tokenizer of the published preprocessing, and tokens as words."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.corpora.reference import split_reference
from spacy_aioner.models.architectures import get_shim

TEXT = "Loss of g8e (p.V600E) in E. coli.  Patients with IL-2 did well!\nMice did not."
REFERENCE = "spacy_aioner.ReferenceTokenizer.v1"


@pytest.fixture(scope="module")
def tokenizer():
    config = {"nlp": {"tokenizer": {"@tokenizers": REFERENCE}}}
    return spacy.blank("en", config=config).tokenizer


def test_tokens_and_sentences_are_those_of_the_preprocessing(tokenizer):
    doc = tokenizer(TEXT)
    assert doc.text == TEXT
    words = [[t.text for t in sent if not t.is_space] for sent in doc.sents]
    expected = [
        [TEXT[token.start : token.end] for token in sentence]
        for sentence in split_reference(TEXT)
    ]
    assert words == expected
    assert " IL - 2 " in " ".join(token for sentence in words for token in sentence)


@given(st.text(st.sampled_from("aB1 .!?\n\t-(=é\u00a0\u2003"), max_size=60))
def test_the_text_is_kept_to_the_character(tokenizer, text):
    doc = tokenizer(text)
    assert doc.text == text
    assert all(token.is_space or not token.text.isspace() for token in doc)


def test_a_single_sentence_is_not_split_again_by_rule(make_nlp, examples, overfit):
    nlp = make_nlp(tokenizer=REFERENCE, model={"words": "tokens"})
    overfit(nlp, examples, steps=1)
    pipe = nlp.get_pipe("aioner")
    # Of other docs an empty line ends a sentence.
    doc = nlp.make_doc("Growth of cells\n\nin mice worsened")
    words = get_shim(pipe.model).table.words([doc])
    assert words.sentences.tolist() == [0, 6]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("tokens", ["g8e", "in", "mice"]), ("runs", ["g", "8", "e", "in", "mice"])],
)
def test_tokens_as_words(make_nlp, examples, overfit, words, expected):
    nlp = make_nlp(tokenizer=REFERENCE, model={"words": words})
    overfit(nlp, examples, steps=1)
    doc = nlp.make_doc("g8e  in mice")
    table = get_shim(nlp.get_pipe("aioner").model).table
    found = table.words([doc])
    texts = [doc.text[a:b] for a, b in zip(found.start, found.end, strict=True)]
    assert texts == expected


def test_an_unknown_rule_is_refused(make_nlp):
    with pytest.raises(Exception, match="words"):
        make_nlp(model={"words": "letters"})
