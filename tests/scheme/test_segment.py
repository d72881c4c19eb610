"""Words and sentences by rule."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.scheme.characters import invisible_offsets, plain
from spacy_aioner.scheme.segment import sentence_starts, word_offsets

any_text = st.text(st.characters(codec="utf-8"), max_size=80) | st.text(
    "aB1. \n\t_-µ²½Ａ．\u0301\u200d\u00ad\u0627\u05d0\U0001f600?!()\"'", max_size=80
)


def words(text):
    return [text[i:j] for i, j in word_offsets(text)]


def sentences(text):
    bounds = [0, *sentence_starts(text), len(text)]
    return [text[i:j].strip() for i, j in itertools.pairwise(bounds)]


@given(any_text)
def test_nothing_that_is_seen_lies_between_words(text):
    position = 0
    for start, end in word_offsets(text):
        assert position <= start < end
        assert not plain(text[position:start]).strip()
        assert not any(sign.isspace() for sign in text[start:end])
        assert not invisible_offsets(text[start] + text[end - 1])
        position = end
    assert not plain(text[position:]).strip()


@given(st.text("aB12.-\u03b2(", max_size=40), st.data())
def test_invisible_characters_part_no_word(text, data):
    hidden = st.text("\u00ad\u200b\u2060\ufe0f", max_size=2)
    other = "".join(sign + data.draw(hidden) for sign in text)
    assert [plain(word) for word in words(other)] == words(text)


@given(st.text("aB12.- ()", max_size=40))
def test_full_width_characters_make_the_same_words(text):
    wide = "".join(chr(ord(c) + 0xFEE0) if c != " " else c for c in text)
    assert word_offsets(wide) == word_offsets(text)
    assert sentence_starts(wide) == sentence_starts(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p.Glu104X", ["p", ".", "Glu", "104", "X"]),
        ("c.1093-1G>T", ["c", ".", "1093", "-", "1", "G", ">", "T"]),
        ("TGF-\u03b21/Smad3", ["TGF", "-", "\u03b2", "1", "/", "Smad", "3"]),
        ("na\u0131\u0308ve a_b", ["na\u0131\u0308ve", "a", "_", "b"]),
        ("</Gene>", ["<", "/", "Gene", ">"]),
        (" \t\n", []),
        ("H\u2082O\u2082", ["H", "\u2082", "O", "\u2082"]),
        ("Ca\u00b2\u207a 10\u00b2", ["Ca", "\u00b2", "\u207a", "10", "\u00b2"]),
        ("1\u00bdmg", ["1", "\u00bd", "mg"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@given(any_text)
def test_sentence_starts_increase_within_the_text(text):
    starts = sentence_starts(text)
    assert starts == sorted(set(starts))
    bounds = [0, *starts, len(text)]
    for start, end in itertools.pairwise(bounds):
        assert not starts or text[start:end].strip()


@given(any_text, any_text)
def test_no_word_lies_across_a_sentence_start(left, right):
    text = f"{left}. {right}"
    for start in sentence_starts(text):
        assert not any(i < start < j for i, j in word_offsets(text))


@pytest.mark.parametrize(
    "parts",
    [
        ["It grew.", "The cells died."],
        ["Growth of E. coli stopped.", "The cells died."],
        ["E. coli grew.", "The cells died."],
        ["We saw c. 1093-1G>T twice."],
        ["As shown by Weber et al.", "The cells died."],
        ["As shown by Weber et al. the cells died."],
        ["They took 0.5 mg.", "Then they slept."],
        ["It was p.Glu104X.", "It was rare."],
        ["See Fig. 2 and e.g. Table 3."],
        ["Did it grow?", "Yes!", "It did."],
        ["It grew (slowly.)", "(The cells died.)"],
        ["TITLE WITHOUT STOP\n\n", "First paragraph."],
        ["It grew.\n", "next line"],
        ["A line\nthat goes on."],
        ["It grew.", "\u03b2-catenin did not."],
        ["It fell in 2 h.", "5 mg were left."],
        ["We saw p. 104, not c.", "The cells died."],
        ["The p. V600E and p. (Arg97Pro) alleles."],
        ["It was NM_000546.5:c. (92_301)del or p . Arg 97 Ter."],
        ["We saw it on p.", "The cells died."],
        ["It grew\uff0e", "The cells died."],
    ],
)
def test_sentences(parts):
    assert sentences(" ".join(parts)) == [part.strip() for part in parts]


def test_a_sentence_begins_where_it_does_without_invisible_characters():
    text = "It gr\u00adew.\u200b \u2060The cells died."
    assert sentence_starts(text) == [text.index(" \u2060")]


def test_a_wrapped_line_with_a_full_stop_ends_a_sentence():
    assert sentence_starts("It grew.\nThe end") == [len("It grew.")]


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "No stop at all", "One.", "One. ", "One.\n", "\n\nOne", "One\n\n"],
)
def test_one_sentence(text):
    assert sentence_starts(text) == []
