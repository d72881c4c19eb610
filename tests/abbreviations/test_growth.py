"""Time grows with the text, its definitions and its entities, not with their square."""

import re

import pytest

from spacy_aioner.abbreviations.agreement import Found, agree
from spacy_aioner.abbreviations.component import Abbreviations
from spacy_aioner.abbreviations.definitions import (
    find_all_uses,
    find_definitions,
    find_uses,
)
from spacy_aioner.corpora.docs import blank_pipeline


def sentences(n):
    """n abbreviations, each of which is used once."""
    pairs = (f"Alpha{i} beta (AB{i}) is new. We saw AB{i}. " for i in range(n))
    return "".join(pairs)


def one_sentence(n):
    """The same without an end of a sentence."""
    return sentences(n).replace(".", "")


def again(n):
    """One abbreviation that is defined again and again."""
    return "chronic myeloid leukemia (CML) and CML " * n


@pytest.mark.parametrize("make", [sentences, one_sentence, again])
def test_growth(assert_linear, make):
    tokenize = blank_pipeline().make_doc
    mark = Abbreviations(spans_key="abbreviations")

    def found(text):
        words = list(re.finditer(r"\w+", text))[::2]
        return text, [Found(*word.span(), "Gene", 0.5) for word in words]

    assert_linear(lambda given: agree(*given), lambda n: found(make(n)), 300)
    assert_linear(mark, lambda n: tokenize(make(n)), 300)


@pytest.mark.parametrize("shorts", [["CML", "T cell", "cell", "CM"], ["A A", "A-A"]])
@pytest.mark.parametrize(
    "text", ["CML, (CML) and CML1 of T cell cells_CML", "A A A A-A-A A1 A_A A", ""]
)
def test_all_uses_at_once_are_those_one_by_one(text, shorts):
    expected = {short: find_uses(text, short) for short in shorts}
    assert find_all_uses(text, shorts) == expected


def test_a_long_sentence_before_a_definition_is_no_hindrance():
    before = "words without an end and " * 200
    text = f"{before}chronic myeloid leukemia (CML) and {'x' * 3000} (XX)"
    (found,) = find_definitions(text)
    assert text[slice(*found.long)] == "chronic myeloid leukemia"
