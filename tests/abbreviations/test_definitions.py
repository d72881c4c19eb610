"""Definitions of abbreviations are found, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.abbreviations.definitions import find_definitions, find_uses


def pairs(text):
    return [
        (text[slice(*found.short)], text[slice(*found.long)])
        for found in find_definitions(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chronic myeloid leukemia (CML) is", [("CML", "Chronic myeloid leukemia")]),
        ("in CML (chronic myeloid leukemia),", [("CML", "chronic myeloid leukemia")]),
        ("heart failure (HF; n = 12) and", [("HF", "heart failure")]),
        ("heart failure [HF, n=12] and", [("HF", "heart failure")]),
        ('heart failure ("HF")', [("HF", "heart failure")]),
        ("a non-small cell cancer (NSCC)", [("NSCC", "non-small cell cancer")]),
        ("heat shock protein 70 (HSP70)", [("HSP70", "heat shock protein 70")]),
        ("necrosis factor alpha (NF-α)", [("NF-α", "necrosis factor alpha")]),
        ("tumor necrosis factor-α (TNFα)", [("TNFα", "tumor necrosis factor-α")]),
        ("Sonic hedgehog (Shh)", [("Shh", "Sonic hedgehog")]),
    ],
)  # fmt: skip
def test_definitions(text, expected):
    assert pairs(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(CML)",
        "They failed. (HF) is heart.",
        "the heart fails (mean 12.3)",
        "the heart fails (see Figure 1)",
        "many patients (or few)",
        "a group of 12 (12)",
        "tested twice (TT",
        "The HF of heart failure (HF)"[:6] + "(HF)",
        "heart (HEARTFAILUREOFTWO)",
    ],
)
def test_what_is_none(text):
    assert pairs(text) == []


def test_a_long_form_stays_within_its_sentence():
    assert pairs("He had a heart. Failure (HF) followed.") == []


def test_uses_are_words_of_their_own():
    text = "CML, pCML, CMLs and (CML)-like cml"
    assert [text[i : j + 1] for i, j in find_uses(text, "CML")] == ["CML,", "CML)"]


@given(st.text(alphabet="aAbB αß()[];,. \n", max_size=80))
def test_offsets_are_of_the_text(text):
    for found in find_definitions(text):
        short, long = text[slice(*found.short)], text[slice(*found.long)]
        assert short == short.strip()
        assert long == long.strip()
        assert 2 <= len(short) <= 10
        assert len(long) > len(short)
        assert found.short in find_uses(text, short)
