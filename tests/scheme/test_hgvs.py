"""Variants as HGVS writes them."""

import pytest

from spacy_aioner.scheme.hgvs import in_variant, prefix_start


@pytest.mark.parametrize(
    "text",
    ["p. V600E", "p. (Arg97Pro)", "p. Arg 97 Ter", "p. [H256R]", "p . V600E",
     "c. 76A>T", "c. (92_301)del", "c. [76A>T]", "c. (?_-30)_(301_?)del", "g. 123",
     "m. 3243A>G", "NM_000546.5:c. 76A>T", "(p. Glu104X)", ",p. Glu104X"],
)  # fmt: skip
def test_the_full_stop_of_a_prefix(text):
    assert in_variant(text, text.rindex(". ", 0, text.rindex(" ") + 1))


@pytest.mark.parametrize(
    "text",
    ["p. The", "p. Table 3", "c. Data", "s.e.m. (n=3)", "in p. Pro and", "sap. V600E",
     "5 p.m. 35", "c. (n=3)", "vitamin c. (A)"],
)  # fmt: skip
def test_other_full_stops(text):
    assert not in_variant(text, text.index(". "))


@pytest.mark.parametrize(
    ("before", "variant"),
    [("p.", "V600E"), ("p. ", "V600E"), ("p.(", "Arg97Pro"), ("p. (", "Arg97Pro"),
     ("c.", "76A>T"), ("c. ", "549delC"), ("c.", "1093-1G>T"), ("c.", "*32G>A")],
)  # fmt: skip
def test_a_variant_that_lacks_its_prefix(before, variant):
    text = f"We saw {before}{variant}."
    assert prefix_start(text, text.index(variant)) == text.index(before)


@pytest.mark.parametrize(
    ("before", "other"),
    [("p. ", "TP53"), ("", "V600E"), ("sap.", "V600E"), ("p. (", "ATG3"), ("p. ", "35"),
     ("c. ", "500 mice"), ("S. ", "aureus")],
)  # fmt: skip
def test_what_is_no_variant_has_no_prefix(before, other):
    text = f"{before}{other}"
    assert prefix_start(text, len(before)) == len(before)
