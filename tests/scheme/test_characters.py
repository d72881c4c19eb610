"""What characters stand for."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.scheme.characters import invisible_offsets, plain, plain_signs

any_text = st.text(st.characters(codec="utf-8"), max_size=60) | st.text(
    "aB1.-\u00ad\u200b\ufeff\ufe0f\u0301\u2011\uff34\uff0e\ufb01\u2082\u00b4\u2122 \n",
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pro\u00adtein", "protein"),
        ("IL\u2060-\u200b6\ufeff", "IL-6"),
        ("\u200eTP53\u200f", "TP53"),
        ("\uff34\uff30\uff15\uff13\uff08\uff0a\uff09", "TP53(*)"),
        ("H\u2082O\u2082 Ca\u00b2\u207a Cl\u207b", "H2O2 Ca2+ Cl-"),
        ("\ufb02uoride e\ufb03cacy", "fluoride efficacy"),
        ("IL\u20116 IL\u20106 c.\u221232G", "IL-6 IL-6 c.-32G"),
        ("5\u00a0mg\u202fkg", "5 mg kg"),
        ("\U0001d413\U0001d40f\U0001d7d3\U0001d7d1 \U0001d6fc", "TP53 \u03b1"),
        ("e\u0301", "\u00e9"),
        # Accents that stand alone and marks of names are what they are.
        ("5\u00b4 a\u2122", "5\u00b4 a\u2122"),
        ("TNF-\u03b1 \u00b5\u2013\u4e2d", "TNF-\u03b1 \u03bc\u2013\u4e2d"),
    ],
)
def test_plain(text, expected):
    assert plain(text) == expected


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_stands_for_itself(text):
    assert plain(text) is text
    assert plain_signs(text)[0] is text


@given(any_text)
def test_what_is_read_holds_nothing_invisible(text):
    assert not invisible_offsets(plain(text))
    assert plain(plain(text)) == plain(text)


@given(any_text)
def test_each_sign_comes_from_one_of_the_text(text):
    signs, offsets = plain_signs(text)
    assert len(offsets) == len(signs) + 1
    assert offsets[-1] == len(text)
    seen = [text[i] for i in offsets[:-1]]
    assert seen == [sign for sign in text if not invisible_offsets(sign)]
    for sign, original in zip(signs, seen, strict=True):
        assert sign in (original, plain(original))


def test_format_characters_are_not_seen_but_those_that_have_a_glyph():
    """The others are signs before Arabic numbers and the like."""
    scripts = "ARABIC|SYRIAC|KAITHI|EGYPTIAN|INTERLINEAR"
    for sign in map(chr, range(0x110000)):
        if unicodedata.category(sign) == "Cf" and not invisible_offsets(sign):
            assert re.match(scripts, unicodedata.name(sign))


@pytest.mark.parametrize("sign", "aZ5.-*_ \n\u00e9\u03b1\u00b2\u0301\u4e2d\U0001f600")
def test_what_is_seen_is_not_hidden(sign):
    assert not invisible_offsets(sign)
