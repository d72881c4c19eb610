"""JSON lines: there and back, and a broken line costs no other line."""

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.files import open_writer
from spacy_aioner.formats.jsonl import MAX_DEPTH, JSONLWriter, read_jsonl
from spacy_aioner.formats.rows import Columns

FIRST = b'{"id": "1", "text": "TP53 in mice"}'
LAST = b'{"id": 2, "title": "A title", "abstract": null}'
# Any character that can be written, with those that often go wrong more frequent.
TEXT = st.text(
    st.sampled_from('\u2028\u2029\x85\x00\x1f\x7f\r\n\t\\"{\U0001f9ec\u0301 a')
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)


@pytest.fixture
def read(tmp_path):
    def run(data, name="in.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(data)
        problems = []
        return list(read_jsonl(path, report=problems.append, **options)), problems

    return run


def write(documents, **options):
    stream = io.BytesIO()
    writer = JSONLWriter(stream, **options)
    for document in documents:
        writer.write(document)
    writer.close()
    return stream.getvalue()


def test_reads_a_document_a_line(read):
    (first, last), problems = read(b"\n \r\n" + FIRST + b"\r\n\n" + LAST)
    assert problems == []
    assert (first.id, first.text) == ("1", "TP53 in mice")
    assert (last.id, last.text) == ("2", "A title ")


def nested(depth):
    return b'{"id": 1, "text": "x", "more": ' + b"[" * depth + b"]" * depth + b"}"


BAD = [
    b"{",
    b"}",
    b'{"id": "1" "text": "x"}',
    b'{"id": "1", "text": "x"} {}',
    b"[]",
    b"5",
    b"null",
    b'"text"',
    b"\xff",
    b'{"id": "1", "text": "\xed\xa0\x80"}',
    b'{"id": "1", "text": "a\tb"}',
    rb'{"id": "1", "text": "\ud83e"}',
    rb'{"id": "1", "text": "x", "more": {"\uDC00": 1}}',
    b'{"id": "1", "text": "x", "n": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    nested(MAX_DEPTH),
    nested(5000),
    "\ufeff{}".encode(),
    b"\x00",
    b'{"id": "1"}',
    b'{"id": 1.5, "text": "x"}',
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_broken_line_costs_no_other_line(read, bad):
    documents, (problem,) = read(b"\n".join([FIRST, bad, LAST]))
    assert [document.id for document in documents] == ["1", "2"]
    assert problem.lost
    assert problem.line == 2
    assert len(problem.message) < 300


def test_a_loss_raises_by_default(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(FIRST + b"\n{\n")
    documents = read_jsonl(path)
    assert next(documents).id == "1"
    with pytest.raises(AionerError, match=r"a\.jsonl:2: the line is not valid JSON"):
        next(documents)


def test_deep_and_odd_values_come_out_again(read):
    line = b'{"id": 1, "text": "x", "more": [NaN, -Infinity, 1e9], "id2": "\xc3\xa9"}'
    documents, problems = read(line + b"\n" + nested(MAX_DEPTH - 1))
    assert problems == []
    first, second = write(documents).decode().splitlines()
    assert '"more": [NaN, -Infinity, 1000000000.0], "id2": "\u00e9"' in first
    assert second.count("[") == MAX_DEPTH


def test_an_escaped_pair_is_one_character(read):
    (document,), problems = read(rb'{"id": 1, "text": "\ud83e\uddec \\ud83e"}')
    assert problems == []
    assert document.text == "\U0001f9ec \\ud83e"


@pytest.mark.parametrize(
    ("data", "lost", "count"),
    [
        (b"", False, 0),
        (b"\n \n", False, 0),
        (b"\xef\xbb\xbf" + FIRST, False, 1),
        ("\ufeff{}".encode("utf-16-le"), True, 0),
    ],
)
def test_odd_file(read, data, lost, count):
    documents, (problem,) = read(data)
    assert len(documents) == count
    assert problem.lost == lost


def test_folder_and_missing_file_are_told(tmp_path):
    for path in (tmp_path, tmp_path / "none.jsonl"):
        problems = []
        assert list(read_jsonl(path, report=problems.append)) == []
        assert [problem.lost for problem in problems] == [True]


def test_a_long_line_is_passed_over(read, monkeypatch):
    monkeypatch.setattr("spacy_aioner.formats.jsonl.MAX_ROW", 100)
    long = b'{"id": "3", "text": "' + b"x" * 1000 + b'"}'
    documents, (problem,) = read(b"\n".join([FIRST, long, LAST]))
    assert [document.id for document in documents] == ["1", "2"]
    assert problem.line == 2


def test_compressed_data_that_breaks_off(read):
    lines = [b'{"id": %d, "text": "%d"}' % (n, n**99) for n in range(9000)]
    data = gzip.compress(b"\n".join(lines))
    documents, problems = read(data[: len(data) // 2], "in.jsonl.gz")
    assert 0 < len(documents) < 9000
    assert [document.id for document in documents] == [
        str(n) for n in range(len(documents))
    ]
    assert "cut short" in problems[-1].message
    assert problems[-1].lost


def test_a_row_comes_out_with_its_own_values(read):
    line = b'{"entities": [], "year": 2001, "pmid": 5, "head": "Mice", "body": "TP53"}'
    documents, _ = read(line, columns=Columns("pmid", ("head", "body")))
    documents[0].mentions = [
        Mention(5, 9, "tp53", "Gene", "7157", 0.123456, "ALL"),
        Mention(3, 6, "", "X"),
        Mention(3, 99, "out", "X"),
    ]
    problems = []
    made = json.loads(write(documents, report=problems.append))
    assert list(made) == ["entities", "year", "pmid", "head", "body"]
    first, second = made["entities"]
    assert list(first.items()) == [
        ("start", 5),
        ("end", 9),
        ("text", "TP53"),
        ("type", "Gene"),
        ("task", "ALL"),
        ("score", 0.1235),
        ("id", "7157"),
    ]
    assert second == {"start": 3, "end": 6, "text": "e T", "type": "X"}
    assert [problem.lost for problem in problems] == [True]
    assert documents[0].origin.values["entities"] == []


def test_a_document_of_another_format_gets_one_text():
    passages = [Passage(100, "About TP53"), Passage(500, "It is a gene.")]
    mentions = [Mention(106, 110, "TP53", "Gene"), Mention(508, 512, "gene", "Gene")]
    made = json.loads(write([Document("x", passages, mentions)]))
    assert made["text"] == "About TP53 It is a gene."
    assert [made["text"][e["start"] : e["end"]] for e in made["entities"]] == [
        "TP53",
        "gene",
    ]


def test_half_a_character_becomes_a_question_mark(read):
    data = write([Document("\ud800", [Passage(0, "a\udc00b")])])
    (document,), problems = read(data)
    assert problems == []
    assert (document.id, document.text) == ("?", "a?b")


@st.composite
def documents(draw):
    texts = draw(st.lists(TEXT, max_size=3))
    starts = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    passages = [Passage(*pair) for pair in zip(starts, texts, strict=True)]
    document = Document(draw(TEXT.filter(bool)), passages)
    size = len(document.text)
    places = st.tuples(st.integers(0, size), st.integers(0, size))
    for start, end in draw(st.lists(places, max_size=3)):
        if start < end:
            document.mentions.append(
                Mention(
                    start,
                    end,
                    document.text[start:end],
                    draw(TEXT),
                    draw(st.none() | TEXT),
                    draw(st.none() | st.sampled_from([0.0, 0.5, 0.9999, 1.0])),
                    draw(st.none() | TEXT),
                )
            )
    return document


@given(st.lists(documents(), min_size=1, max_size=4))
def test_any_document_comes_back(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("lines") / "in.jsonl"
    path.write_bytes(write(made))
    again = list(read_jsonl(path))
    assert [document.id for document in again] == [document.id for document in made]
    assert [document.text for document in again] == [d.text for d in made]
    assert [document.mentions for document in again] == [d.mentions for d in made]
    assert write(again) == path.read_bytes()


@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([FIRST[:9], b"\xef\xbb\xbf", b"\xff\xfe", *BAD[:12]]),
        max_size=4,
    )
)
def test_any_bytes_are_read_or_reported(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("lines") / "in.jsonl"
    data = b"\n".join([FIRST, *pieces, FIRST])
    path.write_bytes(data)
    problems = []
    found = list(read_jsonl(path, report=problems.append))
    assert [found[0].id, found[-1].id] == ["1", "1"]
    lost = {problem.line for problem in problems if problem.lost}
    filled = [n for n, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert len(found) + len(lost) == len(filled)
    path.write_bytes(b"".join(pieces))
    list(read_jsonl(path, report=problems.append))


def test_annotation_of_other_tools_is_replaced(tmp_path):
    """Else old annotation would count as predicted when the output is read."""
    path = tmp_path / "a.jsonl"
    line = {"text": "TP53", "spans": [{"start": 0, "end": 4, "label": "X"}], "n": 1}
    path.write_text(json.dumps(line | {"label": ["positive"], "id": "1"}))
    [document] = read_jsonl(path)
    document.mentions = [Mention(0, 2, "TP", "Gene")]
    with open_writer(tmp_path / "b.jsonl", "jsonl") as writer:
        writer.write(document)
    written = json.loads((tmp_path / "b.jsonl").read_text())
    assert list(written) == ["text", "n", "label", "id", "entities"]
    [again] = read_jsonl(tmp_path / "b.jsonl")
    assert again.mentions == document.mentions
