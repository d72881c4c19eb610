"""Rows: columns become passages, entities become mentions, faults cost one row."""

import pytest

from spacy_aioner.formats.document import Mention, Passage
from spacy_aioner.formats.rows import COLUMNS, Columns, Place, read_rows, row_document
from spacy_aioner.formats.source import Source


def make(values, columns=COLUMNS, *, lines=True, path="folder/shelf.jsonl.gz"):
    problems = []
    place = Place(Source(path, problems.append), 7, lines)
    return row_document(values, columns, place), problems


def test_columns_follow_each_other_with_one_character_between():
    values = {"text": "Rest.", "abstract": None, "id": 12, "title": "Mice", "year": 1}
    document, problems = make(values)
    assert problems == []
    assert document.id == "12"
    assert document.passages == [
        Passage(0, "Mice", "title"),
        Passage(5, "", "abstract"),
        Passage(6, "Rest.", "text"),
    ]
    assert document.text == "Mice  Rest."
    assert list(document.origin.values) == list(values)


def test_named_columns_keep_their_order():
    values = {"pmid": "a", "head": "H", "body": "B", "title": "no"}
    document, _ = make(values, Columns("pmid", ("body", "head")))
    assert document.text == "B H"
    assert document.id == "a"


@pytest.mark.parametrize(
    ("values", "columns", "word"),
    [
        ({"id": "1"}, COLUMNS, "no column of text (title, abstract, text)"),
        ({"id": "1", "text": "x"}, Columns(text=("body",)), "has no 'body'"),
        ({"id": "1", "text": 5}, COLUMNS, "'text' that is no string"),
        ({"id": "1", "title": "x", "text": ["x"]}, COLUMNS, "'text' that is no string"),
        ({"id": 1.5, "text": "x"}, COLUMNS, "'id' that is neither"),
        ({"id": True, "text": "x"}, COLUMNS, "'id' that is neither"),
        ({"id": ["1"], "text": "x"}, COLUMNS, "'id' that is neither"),
    ],
)
@pytest.mark.parametrize("lines", [True, False])
def test_a_row_that_is_no_document(values, columns, word, lines):
    document, (problem,) = make(values, columns, lines=lines)
    assert document is None
    assert problem.lost
    assert word in problem.message
    assert problem.message.startswith("the row has" if lines else "row 7 has")
    assert problem.line == (7 if lines else None)


def test_a_row_without_an_id_is_numbered_and_that_is_said_once():
    problems = []
    rows = [
        (3, {"text": "a"}),
        (5, {"id": None, "text": "b"}),
        (6, {"id": "", "text": "c"}),
        (9, {"id": 0, "text": "d"}),
    ]
    source = Source("folder/shelf.jsonl.gz", problems.append)
    documents = list(read_rows(rows, COLUMNS, source, lines=True))
    assert [document.id for document in documents] == [
        "shelf-3",
        "shelf-5",
        "shelf-6",
        "0",
    ]
    (problem,) = problems
    assert (problem.line, problem.lost) == (3, False)


def test_entities_are_mentions_of_the_joined_text():
    entities = [
        {"start": 0, "end": 4, "type": "Species"},
        {"start": 5, "end": 9, "text": "TP53", "type": "Gene", "id": 7157},
        {"start": 0, "end": 9, "type": "", "score": 1, "task": "ALL", "id": "x"},
        {"start": 5, "end": 9, "text": None, "type": "G", "score": None, "id": None},
    ]
    values = {"id": "1", "title": "Mice", "text": "TP53", "entities": entities}
    document, problems = make(values)
    assert problems == []
    assert document.mentions == [
        Mention(0, 4, "Mice", "Species"),
        Mention(5, 9, "TP53", "Gene", "7157"),
        Mention(0, 9, "Mice TP53", "", "x", 1.0, "ALL"),
        Mention(5, 9, "TP53", "G"),
    ]


GOOD = {"start": 0, "end": 2, "type": "Gene"}


@pytest.mark.parametrize(
    "change",
    [
        {"start": None},
        {"start": "0"},
        {"start": 0.0},
        {"start": True},
        {"start": -1},
        {"start": 2},
        {"end": 5},
        {"end": 10**400},
        {"type": None},
        {"type": 5},
        {"text": 5},
        {"id": 1.5},
        {"task": ["ALL"]},
        {"score": "0.5"},
        {"score": True},
        {"score": float("nan")},
        {"score": 10**400},
    ],
)
def test_a_wrong_entity_is_left_out(change):
    entities = [GOOD | change, "Gene", GOOD]
    document, problems = make({"id": "1", "text": "TP53", "entities": entities})
    assert document.mentions == [Mention(0, 2, "TP", "Gene")]
    assert [problem.lost for problem in problems] == [True, True]
    assert all(problem.document == "1" for problem in problems)
    assert all(len(problem.message) < 300 for problem in problems)


def test_entities_that_are_no_list():
    document, (problem,) = make({"id": "1", "text": "x", "entities": {"a": 1}})
    assert document.mentions == []
    assert problem.lost


def test_the_offsets_of_an_entity_count():
    document, (problem,) = make(
        {"id": "1", "text": "TP53", "entities": [GOOD | {"text": "p5"}]}
    )
    assert document.mentions == [Mention(0, 2, "p5", "Gene")]
    assert not problem.lost
