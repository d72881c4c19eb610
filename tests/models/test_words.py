"""What of a doc is read as one word, and what is read as the plain text is."""

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spacy_aioner.models.wordpieces import WordPieceTable


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp()


@pytest.fixture(scope="module")
def english():
    return spacy.blank("en")


@pytest.fixture(scope="module")
def table(tiny_encoder):
    return WordPieceTable(AutoTokenizer.from_pretrained(tiny_encoder).backend_tokenizer)


def written(doc, words):
    return [doc.text[i:j] for i, j in zip(words.start, words.end, strict=True)]


def read(table, words):
    pieces = [
        [table.tokenizer.id_to_token(p) for p in words.pieces[i : i + n]]
        for i, n in zip(words.piece_start, words.piece_count, strict=True)
    ]
    return ["".join(p.removeprefix("##") for p in word) for word in pieces]


def seen(table, words):
    """All that the network sees of words."""
    shapes = [
        words.shapes[i : i + n].tolist()
        for i, n in zip(words.piece_start, words.piece_count, strict=True)
    ]
    return read(table, words), shapes, words.glued.tolist(), words.sentences.tolist()


PLAIN = "TP53 loss (H2O2, Ca2+) worsened growth in mice-like cells. IL-6 fell."
HIDDEN = "\u00ad\u200b\u200d\u2060\ufeff\u200e\ufe0f"


def full_width(text):
    return "".join(c if c == " " else chr(ord(c) + 0xFEE0) for c in text)


@pytest.mark.parametrize("maker", ["nlp", "english"])
@pytest.mark.parametrize(
    "change",
    [
        full_width,
        lambda text: text.replace("2", "\u2082").replace("+", "\u207a"),
        lambda text: text.replace("-", "\u2011"),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: "\u200b".join(text),
        lambda text: text.replace("-", "-\u200b").replace("row", "r\u00adow"),
    ],
)
def test_the_same_text_in_another_look(request, table, nlp, maker, change):
    other = request.getfixturevalue(maker).make_doc(change(PLAIN))
    assert other.text == change(PLAIN)
    expected = table.words([nlp.make_doc(PLAIN)])
    assert seen(table, table.words([other])) == seen(table, expected)


@settings(deadline=None)
@given(st.data())
def test_invisible_characters_anywhere_change_nothing(table, nlp, data):
    signs = st.text(HIDDEN, max_size=1)
    other = "".join(data.draw(signs) + sign for sign in PLAIN) + data.draw(signs)
    doc = nlp.make_doc(other)
    assert doc.text == other
    words = table.words([doc])
    assert seen(table, words) == seen(table, table.words([nlp.make_doc(PLAIN)]))
    for word in written(doc, words):
        assert not {word[0], word[-1]} & {*HIDDEN}


def test_docs_are_not_glued(table, nlp):
    docs = [nlp.make_doc(text) for text in ("", "mice", "\u200b", "mice-cells", "")]
    words = table.words(docs)
    assert words.glued.tolist() == [False, False, True, True]


@pytest.mark.parametrize("maker", ["nlp", "english"])
def test_a_stop_codon_is_read_as_a_letter(request, table, maker):
    doc = request.getfixturevalue(maker).make_doc(
        "the p.Gln17fs*74 or p.Trp24* in mice"
    )
    words = table.words([doc])
    assert "".join(written(doc, words)) == doc.text.replace(" ", "")
    assert "".join(read(table, words)) == "thep.gln17fsx74orp.trp24xinmice"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The tiny vocabulary has these words whole.
        ("wor-\nsened growth", ["worsened", "growth"]),
        ("pati-\r\n ents", ["patients"]),
        ("pati\u00ad\nents", ["patients"]),
        ("ab\u00ad\ncd", ["abcd"]),
        ("ab-\ncd", ["abcd"]),
        # These have more pieces as one word.
        ("gene-\nvariant", ["gene", "-", "variant"]),
    ],
)
@pytest.mark.parametrize("maker", ["nlp", "english"])
def test_words_that_a_line_end_parts(request, table, maker, text, expected):
    doc = request.getfixturevalue(maker).make_doc(text)
    words = table.words([doc], join_hyphenated=True)
    assert read(table, words) == expected
    start, end = words.start.tolist(), words.end.tolist()
    assert (start[0], end[-1]) == (0, len(text))
    assert len(expected) > 1 or words.last_token.tolist() == [len(doc) - 1]
    assert len(read(table, table.words([doc]))) > 1


def test_joined_words_of_several_docs(table, nlp):
    docs = [nlp.make_doc(t) for t in ("mice", "pati-\nents in", "", "the pati-\nents")]
    words = table.words(docs, join_hyphenated=True)
    assert read(table, words) == ["mice", "patients", "in", "the", "patients"]
    assert words.docs.tolist() == [0, 1, 3, 3, 5]
    assert words.sentences.tolist() == [0, 1, 3, 5]
    # Joined or not, the same word is the same entry: repetitions support each other.
    assert np.unique(words.piece_start[[1, 4]]).size == 1


def test_a_sentence_of_the_doc_is_not_joined_with_the_one_before(table, nlp):
    doc = nlp.make_doc("pati-\nents")
    for token in doc:
        token.is_sent_start = token.text == "ents"
    words = table.words([doc], join_hyphenated=True)
    assert read(table, words) == ["pati", "-", "ents"]


def test_tokens_as_words_are_read_alike(tiny_encoder, english):
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder).backend_tokenizer
    table = WordPieceTable(tokenizer, words="tokens")
    doc = spacy.tokens.Doc(
        english.vocab, words=["\uff4d\uff49\uff43\uff45", "\u200b", "ge\u00adne"]
    )
    words = table.words([doc])
    assert read(table, words) == ["mice", "gene"]
    assert words.first_token.tolist() == [0, 2]
