"""Words and word-pieces of docs, whatever stands in the text."""

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from spacy_aioner.models import wordpieces
from spacy_aioner.models.wordpieces import WordPieceTable, letter_case
from spacy_aioner.models.words import PASSAGES_KEY

SIGNS = "aZ9 .\n\t<>[]/-_µ²ß\u0000\u0007\u200b\u200d\u0301\u0323\u0627\u05d0\U0001f600"


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder):
    return AutoTokenizer.from_pretrained(tiny_encoder).backend_tokenizer


@pytest.fixture
def table(tokenizer):
    return WordPieceTable(Tokenizer.from_str(tokenizer.to_str()))


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp()


@pytest.fixture(scope="module")
def by_space():
    nlp = spacy.blank("en")
    nlp.tokenizer = spacy.tokenizer.Tokenizer(nlp.vocab)
    return nlp


def pieces_of(table, words):
    return [
        [table.tokenizer.id_to_token(p) for p in words.pieces[i : i + n]]
        for i, n in zip(words.piece_start, words.piece_count, strict=True)
    ]


def texts_of(docs, words):
    return [
        [docs[d].text[words.start[i] : words.end[i]]
         for i in range(words.docs[d], words.docs[d + 1])]
        for d in range(len(docs))
    ]  # fmt: skip


def test_words_of_several_docs(table, nlp):
    docs = [nlp.make_doc(t) for t in ("TP53 in mice.", "", " \n ", "p.Glu104X")]
    words = table.words(docs)
    assert texts_of(docs, words) == [
        ["TP", "53", "in", "mice", "."], [], [], ["p", ".", "Glu", "104", "X"]
    ]  # fmt: skip
    assert pieces_of(table, words)[:4] == [
        ["t", "##p"], ["5", "##3"], ["in"], ["mice"]
    ]  # fmt: skip
    assert words.sentences.tolist() == [0, 5, 10]


def test_a_token_is_looked_up_once_and_alike(table, nlp):
    first = table.words([nlp.make_doc("mice and mice")])
    size = len(table._rows)
    again = table.words([nlp.make_doc("and mice")])
    assert len(table._rows) == size
    assert pieces_of(table, again) == pieces_of(table, first)[1:]


def test_the_table_forgets_when_it_is_full(table, nlp, monkeypatch):
    monkeypatch.setattr(wordpieces, "_MAX_ENTRIES", 3)
    for text in ("one two three four", "mice with TP53", "one two"):
        doc = nlp.make_doc(text)
        words = table.words([doc])
        assert texts_of([doc], words) == [[t.text for t in doc]]
        assert [p[0][0] for p in pieces_of(table, words)] == [
            t.lower_[0] for t in doc
        ]  # fmt: skip
    assert len(table._rows) <= 6


@pytest.mark.parametrize(
    "text", ["[MASK]", "[SEP] [CLS]", "<ALL>", "</Gene>", "[PAD][UNK]", "a[MASK]b"]
)
def test_special_pieces_in_text_stay_text(table, nlp, by_space, tiny_encoder, text):
    special = set(AutoTokenizer.from_pretrained(tiny_encoder).all_special_ids)
    size = table.tokenizer.get_vocab_size()
    for maker in (nlp, by_space):
        doc = maker.make_doc(text)
        words = table.words([doc])
        assert "".join(texts_of([doc], words)[0]) == text.replace(" ", "")
        used = {p for i, n in zip(words.piece_start, words.piece_count, strict=True)
                for p in words.pieces[i : i + n].tolist()}  # fmt: skip
        assert used.isdisjoint(special)
        assert max(used) < size  # tags have ids behind the vocabulary


def test_a_special_piece_as_one_token_stays_text(table, nlp):
    doc = spacy.tokens.Doc(nlp.vocab, words=["[MASK]", "mask"])
    words = table.words([doc])
    assert texts_of([doc], words) == [["[", "MASK", "]", "mask"]]
    assert pieces_of(table, words) == [["["], ["mask"], ["]"], ["mask"]]


def test_a_special_piece_that_is_a_word_stays_text(tokenizer, nlp):
    other = Tokenizer.from_str(tokenizer.to_str())
    other.add_special_tokens(["xyz"])
    table = WordPieceTable(other)
    words = table.words([nlp.make_doc("an xyz")])
    assert pieces_of(table, words)[1] == ["x", "##y", "##z"]


@settings(deadline=None)
@given(st.lists(st.text(SIGNS, max_size=30), max_size=4))
def test_any_text_gives_words_in_order_inside_their_token(
    tokenizer, nlp, by_space, texts
):
    for maker in (nlp, by_space):
        docs = [maker.make_doc(text) for text in texts]
        words = WordPieceTable(tokenizer).words(docs)
        assert len(words.docs) == len(docs) + 1
        assert (words.piece_count > 0).all()
        for d, doc in enumerate(docs):
            end = 0
            for i in range(words.docs[d], words.docs[d + 1]):
                assert words.first_token[i] == words.last_token[i]
                token = doc[int(words.first_token[i])]
                assert end <= words.start[i] < words.end[i]
                assert token.idx <= words.start[i]
                assert words.end[i] <= token.idx + len(token)
                end = words.end[i]
        marks = words.sentences.tolist()
        assert marks == sorted(set(marks))
        assert {*words.docs.tolist()} <= {*marks}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TP53\u0007 loss", ["TP", "53", "loss"]),  # a bell has no pieces
        ("na\u0131\u0308ve", ["na\u0131\u0308ve"]),
        ("\u05d0\u05d1 \u0627\u0644", ["\u05d0\u05d1", "\u0627\u0644"]),
        ("a\U0001f600b", ["a", "\U0001f600", "b"]),
        ("\ufb01n", ["\ufb01n"]),
    ],
)
def test_signs_beyond_ascii(table, nlp, text, expected):
    doc = nlp.make_doc(text)
    assert texts_of([doc], table.words([doc])) == [expected]


def test_a_huge_word_keeps_its_offsets_and_few_pieces(tokenizer, nlp):
    table = WordPieceTable(tokenizer, max_pieces=5)
    doc = nlp.make_doc("in " + "ab" * 40 + " mice")
    words = table.words([doc])
    assert texts_of([doc], words) == [["in", "ab" * 40, "mice"]]
    assert words.piece_count.tolist() == [1, 5, 1]


def test_tokens_of_another_tokenizer_hold_several_words(table, by_space):
    doc = by_space.make_doc("(TP53-null mice)")
    words = table.words([doc])
    assert texts_of([doc], words)[0] == ["(", "TP", "53", "-", "null", "mice", ")"]
    assert words.first_token.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert words.last_token.tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_sentences_come_from_the_doc_where_it_has_them(table, nlp):
    text = "One. Two three. Four"
    doc = nlp.make_doc(text)
    assert table.words([doc]).sentences.tolist() == [0, 2, 5, 6]
    for token in doc:
        token.is_sent_start = token.i == 3
    assert table.words([doc]).sentences.tolist() == [0, 3, 6]


def test_a_passage_begins_a_sentence(table, nlp):
    doc = nlp.make_doc("A title Some text")
    assert table.words([doc]).sentences.tolist() == [0, 4]
    doc.user_data[PASSAGES_KEY] = [8]
    assert table.words([doc]).sentences.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("text", "case"),
    [("gene", 0), ("12", 0), ("µ", 0), ("Gene", 1), ("TP", 2), ("T", 3), ("mRNA", 4),
     ("Ab2B", 4), ("", 0)],
)  # fmt: skip
def test_letter_case(text, case):
    assert letter_case(text) == case


def test_every_piece_has_its_case(table, nlp):
    """The tiny vocabulary knows "mice" and single letters."""
    words = table.words([nlp.make_doc("Mice mice MICE aB")])
    shapes = [
        words.shapes[i : i + n].tolist()
        for i, n in zip(words.piece_start, words.piece_count, strict=True)
    ]
    assert shapes == [[1], [0], [2], [0, 3]]
