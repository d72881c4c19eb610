"""Parquet: texts in, a table of mentions out, and any damage is one problem."""

import io
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.parquet import FIELDS, ParquetWriter, read_parquet
from spacy_aioner.formats.rows import Columns

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

TEXT = st.text(
    st.sampled_from("\u2028\x85\x00\x1f\r\n\t\U0001f9ec\u0301 a")
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)


@pytest.fixture
def read(tmp_path):
    def run(table, **options):
        path = tmp_path / "in.parquet"
        if isinstance(table, bytes):
            path.write_bytes(table)
        else:
            pq.write_table(table, path)
        problems = []
        return list(read_parquet(path, report=problems.append, **options)), problems

    return run


def stored(table, **options):
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def write(documents, **options):
    stream = io.BytesIO()
    writer = ParquetWriter(stream, **options)
    for document in documents:
        writer.write(document)
    writer.close()
    assert not stream.closed
    return stream.getvalue()


MANY = pa.table({"id": range(1000), "text": [f"Text {n}" for n in range(1000)]})


def test_rows_are_documents(read):
    table = pa.table(
        {
            "year": [2001, 2002],
            "abstract": ["TP53 grew.", None],
            "title": ["Mice", "Rats"],
            "id": [5, 6],
        }
    )
    (first, second), problems = read(table)
    assert problems == []
    assert first.passages == [
        Passage(0, "Mice", "title"),
        Passage(5, "TP53 grew.", "abstract"),
    ]
    assert (second.id, second.text) == ("6", "Rats ")
    assert first.origin.values == {"id": 5, "title": "Mice", "abstract": "TP53 grew."}
    (first, _), _ = read(table, columns=Columns("year", ("abstract",)))
    assert (first.id, first.text) == ("2001", "TP53 grew.")


@pytest.mark.parametrize("group", [1, 130, 1000])
@pytest.mark.parametrize("limit", [0, 1 << 20])
def test_many_rows_in_groups_of_any_size(read, group, limit, monkeypatch):
    monkeypatch.setattr("spacy_aioner.formats.parquet.MAX_GROUP", limit)
    documents, problems = read(stored(MANY, row_group_size=group))
    assert problems == []
    assert [document.id for document in documents] == [str(n) for n in range(1000)]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_strings_of_any_kind(read, kind):
    column = pa.array(["a", None, "\U0001f9ec"]).cast(kind)
    documents, (problem,) = read(pa.table({"id": column, "text": column}))
    assert [document.id for document in documents] == ["a", "in-2", "\U0001f9ec"]
    assert [document.text for document in documents] == ["a", "", "\U0001f9ec"]
    assert not problem.lost
    assert "row 2 has no 'id'" in problem.message


@pytest.mark.parametrize(
    ("columns", "options", "word"),
    [
        ({"text": ["x"]}, {"columns": Columns("id")}, "not exactly one 'id', its"),
        ({"id": ["1"], "body": ["x"]}, {}, "no column of text"),
        ({"id": ["1"], "text": ["x"]}, {"columns": Columns(text=("a",))}, "one 'a'"),
        ({"id": ["1"], "text": [5]}, {}, "of int64 where strings are expected"),
        ({"id": ["1"], "text": [b"x"]}, {}, "of binary where strings are expected"),
        ({"id": ["1"], "text": [["x"]]}, {}, "where strings are expected"),
        ({"id": [1.5], "text": ["x"]}, {}, "of double where strings or whole"),
        ({name: ["1"] for name in FIELDS}, {}, "is a table of mentions"),
    ],
)
def test_columns_that_do_not_fit(read, columns, options, word):
    documents, (problem,) = read(pa.table(columns), **options)
    assert documents == []
    assert problem.lost
    assert word in problem.message
    assert len(problem.message) < 300


def test_a_column_that_is_there_twice(read):
    table = pa.table([["1"], ["2"], ["x"]], names=["id", "id", "text"])
    documents, (problem,) = read(table)
    assert documents == []
    assert "not exactly one 'id'" in problem.message


def test_no_rows(read):
    documents, (problem,) = read(MANY.slice(0, 0))
    assert documents == []
    assert not problem.lost


def test_a_text_that_is_not_utf_8_costs_its_row(read):
    texts = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    documents, (problem,) = read(pa.table({"id": ["1", "2", "3"], "text": texts}))
    assert [document.id for document in documents] == ["1", "3"]
    assert problem.lost
    assert problem.message.startswith("row 2 is not valid UTF-8")


def test_damage_costs_its_group_of_rows(read):
    data = stored(MANY, row_group_size=300, compression="gzip")
    place = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(0)
    start = place.dictionary_page_offset or place.data_page_offset
    documents, problems = read(data[:start] + b"\xff" * 200 + data[start + 200 :])
    rows = [*range(300), *range(600, 1000)]
    assert [document.id for document in documents] == [str(n) for n in rows]
    (problem,) = problems
    assert problem.lost
    assert "the rows 301 to 600 are damaged" in problem.message


def test_a_damaged_number_of_rows_is_told(read):
    data = stored(MANY.slice(0, 50))
    found = set()
    for match in re.finditer(rb"\x16\x64", data):  # A number that is 50.
        place = match.start() + 1
        documents, problems = read(data[:place] + b"\x32" + data[place + 1 :])
        found.add((len(documents), any(problem.lost for problem in problems)))
    assert {(25, True), (50, True)} <= found
    assert (25, False) not in found


def test_a_page_does_not_take_the_memory_that_it_claims(read):
    resource = pytest.importorskip("resource")
    data = stored(MANY, use_dictionary=False, compression="none")
    column = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(1)
    # The head of a page begins with its kind and its size unpacked and as stored.
    size = data.index(b"\x15", column.data_page_offset + 3) + 1
    rest = data.index(b"\x2c", size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    documents, (problem,) = read(data[:size] + b"\xfe\xff\xff\xff\x07" + data[rest:])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert documents == []
    assert "the rows 1 to 1000 are damaged" in problem.message


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"PAR1PAR1", b"x" * 999, stored(MANY)[:-9]]
)
def test_no_parquet_file(read, data):
    documents, (problem,) = read(data)
    assert documents == []
    assert problem.lost
    assert "cannot be read as a Parquet file" in problem.message


def test_folder_is_told(tmp_path):
    problems = []
    assert list(read_parquet(tmp_path, report=problems.append)) == []
    assert [problem.lost for problem in problems] == [True]


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(AionerError, match="needs pyarrow: install the extra `parquet`"):
        next(read_parquet(tmp_path / "a.parquet"))
    with pytest.raises(AionerError, match="needs pyarrow"):
        ParquetWriter(io.BytesIO())


@given(TEXT, TEXT, TEXT)
def test_any_text_is_read(tmp_path_factory, name, title, text):
    path = tmp_path_factory.mktemp("table") / "in.parquet"
    pq.write_table(pa.table({"id": [name], "title": [title], "text": [text]}), path)
    (document,) = read_parquet(path)
    assert document.id == name or not name
    assert [passage.text for passage in document.passages] == [title, text]


SOUND = stored(MANY.slice(0, 300), row_group_size=100)


@given(st.data())
def test_any_damage_is_read_or_reported(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("table") / "in.parquet"
    size = len(SOUND)
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, size - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        content[place : place + len(piece)] = piece
    path.write_bytes(content[: data.draw(st.sampled_from([size, size, size // 2]))])
    problems = []
    documents = list(read_parquet(path, report=problems.append))
    assert len(documents) == 300 or problems


@given(st.binary(max_size=200))
def test_any_bytes_are_reported(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("table") / "in.parquet"
    for content in (data, b"PAR1" + data + b"PAR1"):
        path.write_bytes(content)
        problems = []
        assert list(read_parquet(path, report=problems.append)) == []
        assert [problem.lost for problem in problems] == [True]


def test_mentions_are_written_as_a_table():
    passages = [Passage(100, "About TP53"), Passage(500, "It is a gene.")]
    mentions = [
        Mention(106, 110, "tp53", "Gene", "7157", 0.5, "ALL"),
        Mention(508, 512, "gene", "X"),
        Mention(106, 9999, "out", "X"),
    ]
    problems = []
    data = write([Document("x", passages, mentions)], report=problems.append)
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.names == list(FIELDS)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("x", 106, 110, "TP53", "Gene", "ALL", 0.5, "7157"),
        ("x", 508, 512, "gene", "X", None, None, None),
    ]
    assert table.schema.field("score").type == pa.float32()
    assert table.schema.field("start").type == pa.int64()
    assert [problem.lost for problem in problems] == [True]


def test_no_mentions_are_a_table_without_rows():
    table = pq.read_table(io.BytesIO(write([Document("1", [])])))
    assert (table.num_rows, table.schema.names) == (0, list(FIELDS))


def test_offsets_that_parquet_cannot_hold():
    far = 1 << 63
    document = Document("1", [Passage(far, "abc")], [Mention(far, far + 1, "a", "X")])
    problems = []
    table = pq.read_table(io.BytesIO(write([document], report=problems.append)))
    assert table.num_rows == 0
    assert "too far" in problems[0].message


def test_mentions_are_written_in_groups(monkeypatch):
    monkeypatch.setattr("spacy_aioner.formats.parquet.ROW_GROUP", 3)
    mentions = [Mention(n, n + 1, "", "X") for n in range(8)]
    document = Document("1", [Passage(0, "abcdefgh")], mentions)
    data = write([document])
    assert data == write([document])
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    assert [metadata.row_group(n).num_rows for n in range(3)] == [3, 3, 2]
    assert pq.read_table(io.BytesIO(data))["text"].to_pylist() == list("abcdefgh")


def test_a_writer_that_is_given_up_is_silent(tmp_path):
    with open(tmp_path / "a.parquet", "wb") as stream:
        writer = ParquetWriter(stream)
        writer.write(Document("1", [Passage(0, "a")], [Mention(0, 1, "a", "X")]))
    del writer


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT, st.none() | TEXT), max_size=4))
def test_any_mention_comes_back(made):
    documents = [
        Document(kind, [Passage(0, text)], [Mention(0, len(text), "", kind, name)])
        for text, kind, name in made
    ]
    rows = pq.read_table(io.BytesIO(write(documents))).to_pylist()
    assert [(row["text"], row["type"], row["id"]) for row in rows] == made
    assert [row["document"] for row in rows] == [document.id for document in documents]


def test_half_a_character_becomes_a_question_mark():
    document = Document("\ud800", [Passage(0, "a\udc00")], [Mention(0, 2, "", "X")])
    (row,) = pq.read_table(io.BytesIO(write([document]))).to_pylist()
    assert (row["document"], row["text"]) == ("?", "a?")
