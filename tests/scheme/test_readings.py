"""Places whose words are read as one other word."""

import pytest

from spacy_aioner.scheme.readings import parted_words, stop_codons


def readings(found, text):
    return [(text[r.start : r.end], r.text, r.sure) for r in found]


@pytest.mark.parametrize(
    "text",
    ["p.Trp24* allele", "p.(Trp24*) allele", "p.W24* allele", "p.(W24*) allele",
     "Arg97* allele", "p.Gln1756fs*74 was", "p.Arg97Profs*23 was", "R97Pfs*5 was",
     "p.Trp\u200b24\uff0a was"],
)  # fmt: skip
def test_the_end_of_a_protein(text):
    ((star, word, sure),) = readings(stop_codons(text), text)
    assert (star, word, sure) == ("\uff0a" if "\uff0a" in text else "*", "X", True)


@pytest.mark.parametrize(
    "text",
    ["TP53* was lost", "V600E* (see note)", "p.Arg97Pro* was", "c.*32G>A", "a * b",
     "HLA-B*57:01", "P24* in Table 2", "no sign"],
)  # fmt: skip
def test_other_asterisks_are_what_they_are(text):
    assert readings(stop_codons(text), text) == []


@pytest.mark.parametrize(
    ("text", "place", "word", "sure"),
    [
        ("the phos-\nphorylation of", "phos-\nphorylation", "phosphorylation", False),
        ("the Phos- \r\n  phorylation", "Phos- \r\n  phorylation", "Phosphorylation",
         False),
        ("the phos\u2010\nphorylation", "phos\u2010\nphorylation", "phosphorylation",
         False),
        ("the phos\u00ad\nphorylation", "phos\u00ad\nphorylation", "phosphorylation",
         True),
    ],
)  # fmt: skip
def test_parted_words(text, place, word, sure):
    assert readings(parted_words(text), text) == [(place, word, sure)]


@pytest.mark.parametrize(
    "text",
    ["IL-\n6", "TGF-\nBeta", "T-\ncell", "drug-resistant", "drug -\nresistant",
     "drug-\n\nresistant", "p53-\nnull", "drug-\n- other"],
)  # fmt: skip
def test_other_hyphens_part_nothing(text):
    assert readings(parted_words(text), text) == []
