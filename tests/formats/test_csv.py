"""Tables: columns by name, and what is wrong with a row costs that row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.csv import MAX_ROW, read_csv
from spacy_aioner.formats.files import open_writer
from spacy_aioner.formats.rows import Columns


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Read a table; gives the ids with the texts of the passages, and problems."""

    folder = tmp_path_factory.mktemp("csv")

    def run(text, **options):
        path = folder / "set.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        problems = []
        found = read_csv(path, report=problems.append, **options)
        return [(d.id, [p.text for p in d.passages]) for d in found], problems

    return run


@pytest.mark.parametrize(
    "text",
    [
        "pmid,title,abstract\n7,TP53,In mice\n",
        "PMID\tTitle\tAbstract\r\n7\tTP53\tIn mice\r\n",
        '"id";"abstract";"title"\n"7";"In mice";"TP53"',
        "\n,id, title ,abstract,year\n0,7,TP53,In mice,2001\n\n",
    ],
)
def test_columns_by_name(read, text):
    assert read(text) == ([("7", ["TP53", "In mice"])], [])


def test_quotation_marks(read):
    text = 'id,text\n1,"a ""b"", c"\n2,"two\nlines"\n3,it\'s 5" long\n'
    documents, problems = read(text)
    assert documents == [
        ("1", ['a "b", c']),
        ("2", ["two\nlines"]),
        ("3", ["it's 5\" long"]),
    ]
    assert problems == []


def test_columns_that_are_named(read):
    options = {"columns": Columns("key", ("b", "a"))}
    assert read("key,a,b\nx,1,2\n", **options) == ([("x", ["2", "1"])], [])
    for names in ("id,a,b", "key,a", "key,key,a,b"):
        documents, (problem,) = read(f"{names}\n1,2,3\n", **options)
        assert (documents, problem.line, problem.lost) == ([], 1, True)
        assert "not exactly one" in problem.message


def test_a_table_without_names(read):
    documents, (problem,) = read('9000,"TP53 in mice","Lost."\n')
    assert documents == []
    assert "its first line must name the columns" in problem.message


def test_rows_without_an_id_are_numbered(read):
    documents, (problem,) = read("text,n\nTP53,1\nin mice,2\n")
    assert documents == [("set-2", ["TP53"]), ("set-3", ["in mice"])]
    assert (problem.line, problem.lost) == (2, False)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (["1,a", "2,b,c", "3"], [3, 4]),
        (["1,a", '2,"b" c', "3,c"], [3]),
        (["1,a", '2,"never closed', "3,c", "4,d"], [3]),
        (["1,a", '2,"odd', '3,c"d', "4,d"], [3]),
        (["1,a", b"2,\xff", "3,c"], [3]),
        (["1,a", '2,"odd', b"3,\xff", "4,d"], [3, 4]),
    ],
)
def test_a_broken_row_costs_itself(read, rows, lines):
    encoded = [row.encode() if isinstance(row, str) else row for row in rows]
    documents, problems = read(b"id,text\n" + b"\n".join(encoded) + b"\n")
    assert sorted(problem.line for problem in problems) == lines
    assert all(problem.lost for problem in problems)
    kept = [n for n in range(1, len(rows) + 1) if n + 1 not in lines]
    assert [name for name, _ in documents] == [str(n) for n in kept]


@pytest.mark.parametrize(
    ("data", "count", "lost"),
    [
        (b"\xef\xbb\xbfid,text\n1,x\n", 1, False),
        ("id,text\n1,x\n".encode("utf-16"), 0, True),
        ("id,text\n1,x\n".encode("utf-16-le"), 0, True),
        (b"id,text\r1,x\r", 0, True),
        (b"\xff,text\n1,x\n", 0, True),
        (b"", 0, False),
        (b"\n\n", 0, False),
        (b"id,text\n", 0, False),
    ],
)
def test_odd_files(read, data, count, lost):
    documents, problems = read(data)
    assert len(documents) == count
    assert [problem.lost for problem in problems] == [lost]


def test_long_values(read):
    text = "x" * 200_000
    assert read(f'id,text\n1,"{text}"\n') == ([("1", [text])], [])
    documents, (problem,) = read(f'id,text\n1,"{text * (MAX_ROW // 200_000 + 1)}\n2,a')
    assert (documents, problem.line, problem.lost) == ([("2", ["a"])], 2, True)


def test_all_columns_are_written_as_json_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("pmid,text,year\n1,TP53,2001\n")
    with open_writer(tmp_path / "a.jsonl", "jsonl") as writer:
        for document in read_csv(path):
            writer.write(document)
    assert (tmp_path / "a.jsonl").read_text() == (
        '{"pmid": "1", "text": "TP53", "year": "2001", "entities": []}\n'
    )


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(CELLS, CELLS)), st.sampled_from(",;\t"))
def test_what_csv_writes_comes_back(read, rows, delimiter):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "title", "text"), *((7, *row) for row in rows)])
    documents, problems = read(stream.getvalue())
    assert [texts for _, texts in documents] == [list(row) for row in rows]
    assert len(problems) == (not rows)


@given(st.binary(max_size=40), st.integers(0, 60), st.integers(0, 40))
def test_any_bytes_are_read_or_reported(read, put, start, length):
    text = b'id,title,text\n1,TP53,"in\nmice"\n2,"a ""b""",c\n'
    documents, problems = read(text[:start] + put + text[start + length :])
    assert documents or problems
