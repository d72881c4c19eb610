import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.evaluation.pairing import pair_documents, parse_type_map
from spacy_aioner.formats.document import Document, Mention, Passage


def document(id_, *mentions, text="some text"):
    return Document(id_, [Passage(0, text)], [Mention(*m) for m in mentions])


def names(gold, predicted):
    pairs = pair_documents(map(document, gold), map(document, predicted))
    return [(p.name, p.gold is not None, p.predicted is not None) for p in pairs]


def test_repeated_ids_are_matched_by_occurrence():
    gold = [document("1", (0, 1, "", "A")), document("1", (2, 3, "", "A"))]
    predicted = [document("1", (4, 5, "", "A")), document("1", (6, 7, "", "A"))]
    pairs = list(pair_documents(gold, predicted))
    assert [(p.name, *p.gold.spans, *p.predicted.spans) for p in pairs] == [
        ("1", (0, 1, "A"), (4, 5, "A")),
        ("1 (occurrence 2)", (2, 3, "A"), (6, 7, "A")),
    ]


def test_missing_documents_come_last():
    assert names("abcd", "xbd") == [
        ("b", True, True),
        ("d", True, True),
        ("a", True, False),
        ("c", True, False),
        ("x", False, True),
    ]


def test_an_id_that_looks_like_an_occurrence():
    ids = ["1", "1", "1 (occurrence 2)"]
    assert len(names(ids, ids)) == 3


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_every_document_is_in_one_pair(gold, predicted):
    pairs = names(gold, predicted)
    assert sum(pair[1] for pair in pairs) == len(gold)
    assert sum(pair[2] for pair in pairs) == len(predicted)
    common = sum(min(gold.count(i), predicted.count(i)) for i in "abc")
    assert sum(pair[1:] == (True, True) for pair in pairs) == common


def test_sides_in_the_same_order_are_streamed():
    taken = []

    def documents(side):
        for i in range(5):
            taken.append((side, i))
            yield document(str(i))

    for i, _ in enumerate(pair_documents(documents("gold"), documents("predicted"))):
        assert len(taken) == 2 * (i + 1)


def test_types_are_mapped_once_then_chosen():
    mentions = [(0, 1, "", "A"), (1, 2, "", "B"), (2, 3, "", "C"), (3, 4, "", "D")]
    side = [document("1", *mentions)]
    (pair,) = pair_documents(
        side, side, type_map={"A": "B", "B": "X", "C": ""}, types=["B", "X"]
    )
    assert pair.gold.spans == {(0, 1, "B"), (1, 2, "X")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("A=B", {"A": "B"}),
        (" A = B , C= ", {"A": "B", "C": ""}),
        ("A=B,A=B", {"A": "B"}),
    ],
)
def test_parse_type_map(text, expected):
    assert parse_type_map(text) == expected


@pytest.mark.parametrize("text", ["A", "=B", "A=B,", "A=B=C", ",", "A=B,,C=D"])
def test_parse_type_map_names_the_bad_entry(text):
    with pytest.raises(AionerError, match=r"not of the form OLD=NEW"):
        parse_type_map(text)


def test_parse_type_map_refuses_two_new_types():
    with pytest.raises(AionerError, match="'A' two new types, 'B' and 'C'"):
        parse_type_map("A=B,A=C")
