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
    assert "no 'id or pmid'" in problem.message
    assert "--id-column" in problem.message


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


def test_column_names_in_any_letter_case():
    document, problems = make({"PMID": 5, "Abstract": "b", "TITLE": "a", "title": "c"})
    assert (document.id, problems) == ("5", [])
    assert [passage.text for passage in document.passages] == ["c", "b"]


DOCCANO = {"start_offset": 0, "end_offset": 4}
SPAN = {"begin": 0, "end": 4}


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"spans": [{"start": 0, "end": 4, "label": "Gene", "token_start": 0}]}, 1),
        ({"ents": [{"start": 0, "end": 4, "label": "Gene"}]}, 1),
        ({"label": [[0, 4, "Gene"]]}, 1),
        ({"labels": [[0, 4, "Gene"]], "label": ["positive"]}, 1),
        ({"entities": [[0, 4, "Gene"]]}, 1),
        ({"denotations": [{"id": "T1", "span": SPAN, "obj": "Gene"}]}, 1),
        ({"entities": [{"id": 3, "label": "Gene"} | DOCCANO]}, 1),
        (
            {
                "ents": [{"start": 0, "end": 4, "label": "Gene"}],
                "spans": {"sc": [{"start": 0, "end": 4, "label": "Gene", "kb_id": ""}]},
                "tokens": [{"id": 0, "start": 0, "end": 4}],
            },
            2,
        ),
    ],
)
def test_annotation_of_other_tools(values, keys):
    document, problems = make({"id": "1", "text": "TP53 in mice"} | values)
    assert document.mentions == [Mention(0, 4, "TP53", "Gene")]
    assert problems == []
    assert len(document.origin.annotated) == keys


def test_concepts_of_spacy():
    span = {"start": 0, "end": 4, "label": "Gene", "kb_id": "7157"}
    document, _ = make({"id": "1", "text": "TP53", "spans": {"sc": [span]}})
    assert document.mentions == [Mention(0, 4, "TP53", "Gene", "7157")]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"spans": "[0, 4]"}, "'spans' that are no list"),
        ({"ents": {"a": 1}}, "'ents' that are no list"),
        ({"spans": [{"start": 0, "end": 4}]}, "(spans, number 1) whose type is no"),
        ({"label": [[0, 40, "Gene"]]}, "(label, number 1) whose offsets"),
        ({"label": [["0", "4", "Gene"]]}, "(label, number 1) whose start or end"),
        ({"denotations": [{"span": [SPAN, SPAN], "obj": "Gene"}]}, "whose start or"),
        ({"denotations": [{"span": {}, "obj": "Gene"}]}, "whose start or end"),
    ],
)
def test_annotation_that_cannot_be_read_is_lost(values, word):
    document, (problem,) = make({"id": "1", "text": "TP53"} | values)
    assert document.mentions == []
    assert problem.lost
    assert word in problem.message


def test_classes_of_texts_are_no_annotation():
    values = {"id": "1", "text": "TP53", "label": "positive", "labels": ["a", "b"]}
    document, problems = make(values)
    assert (document.mentions, problems) == ([], [])
    assert document.origin.annotated == ()


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_prodigy_does_not_accept_is_left_out(answer):
    values = {"id": "1", "text": "TP53", "spans": [], "answer": answer}
    document, (problem,) = make(values)
    assert (document, problem.lost) == (None, True)
    document, problems = make(values | {"answer": "accept"})
    assert (document.mentions, problems) == ([], [])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([{"span": {"begin": 0, "end": 4}, "obj": "Gene"}], True),
        ([{"start": 0, "end": 4, "entity_group": "Gene"}], True),
        ([[0, 4, "Gene"]], True),
        ([{"start": 0, "end": 4, "ref_id": "b1"}], False),
        (["TP53"], False),
        ([], False),
        ({"start": 0, "type": "x"}, False),
    ],
)
def test_what_looks_like_annotation_is_told_once(value, told):
    problems = []
    rows = [(n, {"id": n, "text": "TP53", "found": value}) for n in (1, 2)]
    source = Source("a.jsonl", problems.append)
    assert len(list(read_rows(rows, COLUMNS, source, lines=True))) == 2
    assert len(problems) == told
    assert all("'found'" in problem.message for problem in problems)
    assert not any(problem.lost for problem in problems)
