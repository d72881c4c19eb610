"""Ends of predictions that a bracket or a prefix says are wrong."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.pipeline.groups import Prediction
from spacy_aioner.pipeline.mending import mend, mended


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp()


def mended_text(text, mention):
    start = text.index(mention)
    start, end = mend(text, start, start + len(mention))
    return text[start:end]


@pytest.mark.parametrize(
    ("text", "mention", "expected"),
    [
        # The other half is right beside it.
        ("with p.(Arg97Pro) in", "p.(Arg97Pro", "p.(Arg97Pro)"),
        ("the poly(A) tail", "poly(A", "poly(A)"),
        ("c.[76A>T;83G>C] in", "c.[76A>T;83G>C", "c.[76A>T;83G>C]"),
        ("the a(b[c]) is", "a(b[c", "a(b[c])"),
        ("the (TEV) polymerase is", "TEV) polymerase", "(TEV) polymerase"),
        (
            "\uff08\uff21\uff09 x\uff08\uff22\uff09",
            "x\uff08\uff22",
            "x\uff08\uff22\uff09",
        ),
        # It begins or ends with the half.
        ("loss (TP53) in", "(TP53", "TP53"),
        ("loss (TP53) in", "TP53)", "TP53"),
        ("loss ( TP53 ) in", "( TP53", "TP53"),
        ("TP53 (human) is", "TP53 (", "TP53"),
        ("the [SC493] strain", "[SC493", "SC493"),
        # Nothing to do, or nothing that can be done.
        ("the (R)-(+)-limonene is", "(R)-(+)-limonene", "(R)-(+)-limonene"),
        ("types (A and B) of it", "types (A and", "types (A and"),
        ("a ( b", "(", "("),
        # The prefix belongs to a variant.
        ("the p. (Arg97Pro) allele", "Arg97Pro", "p. (Arg97Pro)"),
        ("the p.V600E allele", "V600E", "p.V600E"),
        ("the c. 549delC allele", "549delC", "c. 549delC"),
        ("the p.(V600E and others)", "V600E", "V600E"),
        # The end of an entity of HTML.
        ("TNF-&alpha; and", "TNF-&alpha", "TNF-&alpha;"),
        ("TNF-&#945; and", "TNF-&#945", "TNF-&#945;"),
        ("TP53; and", "TP53", "TP53"),
    ],
)
def test_mend(text, mention, expected):
    assert mended_text(text, mention) == expected


@given(st.text("a()[ p.V6;&", max_size=16), st.data())
def test_mending_keeps_a_mention_and_is_done_once(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if not text[start:end].strip():
        return
    low, high = mend(text, start, end)
    assert 0 <= low < high <= len(text)
    assert max(start, low) < min(end, high)
    assert mend(text, low, high) == (low, high)


def make_predictions(doc, *mentions, task="ALL"):
    found = []
    for text, label, score in mentions:
        start = doc.text.index(text)
        span = doc.char_span(start, start + len(text), alignment_mode="expand")
        ends = span.start, span.end, start, start + len(text)
        found.append(Prediction(*ends, label, score, task))
    return found


def test_tokens_follow_the_characters(nlp):
    for maker in (nlp, spacy.blank("en")):
        doc = maker.make_doc("We saw p. (Arg97Pro) and (TP53) there.")
        given = make_predictions(
            doc, ("Arg97Pro", "Variant", 0.9), ("(TP53", "Gene", 1)
        )
        for p, text in zip(mended(doc, given), ("p. (Arg97Pro)", "TP53"), strict=True):
            assert doc.text[p.start_char : p.end_char] == text
            tokens = doc[p.start : p.end]
            assert tokens.start_char <= p.start_char
            assert p.end_char <= tokens.end_char
            assert text in tokens.text


def test_what_is_alike_after_mending_stands_once_with_the_higher_score(nlp):
    doc = nlp.make_doc("the (TP53) gene")
    given = [
        *make_predictions(doc, ("(TP53", "Gene", 0.9), task="ALL"),
        *make_predictions(doc, ("TP53", "Gene", 0.7), task="Gene"),
    ]
    (found,) = mended(doc, given)
    assert (found.start_char, found.end_char, found.score) == (5, 9, 0.9)


def test_ends_stay_in_their_sentence(nlp):
    doc = nlp.make_doc("of p.V600E, (TP53")
    given = make_predictions(doc, ("V600E", "Variant", 0.9), ("(TP53", "Gene", 0.8))
    for token in doc:
        token.is_sent_start = token.text == "V"
    texts = [doc.text[p.start_char : p.end_char] for p in mended(doc, given)]
    assert texts == ["V600E", "TP53"]


def test_predictions_of_one_task_do_not_overlap(nlp):
    doc = nlp.make_doc("the p.V600E and a(b)c here")
    given = make_predictions(doc, ("p.", "Variant", 0.3), ("V600E", "Variant", 0.9))
    given += make_predictions(doc, ("a(b", "Gene", 0.6), (")c", "Gene", 0.6))
    texts = [doc.text[p.start_char : p.end_char] for p in mended(doc, given)]
    assert texts == ["p.V600E", "a(b)", "c"]
    given = make_predictions(doc, ("a(b", "Gene", 0.6), (")c here", "Gene", 0.6))
    texts = [doc.text[p.start_char : p.end_char] for p in mended(doc, given)]
    assert texts == ["a(b)", "c here"]
