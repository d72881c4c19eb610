"""Plain text: offsets are those of the file."""

import io

import pytest

from spacy_aioner.formats.document import Document, Mention, Passage, text_between
from spacy_aioner.formats.text import TextWriter, read_text


def read(path):
    problems = []
    return list(read_text(path, report=problems.append)), problems


def test_text_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.v2.txt"
    path.write_bytes("\ufeffTP53 \u03b1\r\n\r\nin rats\n".encode())
    (document,), (problem,) = read(path)
    assert not problem.lost
    assert document.id == "notes.v2"
    assert document.text == "TP53 \u03b1\r\n\r\nin rats\n"


@pytest.mark.parametrize(
    ("data", "count", "line", "lost"),
    [(b"", 1, None, False), (b"a\nb\xff", 0, 2, True), (b"\xff\xfea\x00", 0, 1, True)],
)
def test_odd_file(tmp_path, data, count, line, lost):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    documents, (problem,) = read(path)
    assert (len(documents), problem.line, problem.lost) == (count, line, lost)


def test_folder_is_told(tmp_path):
    documents, (problem,) = read(tmp_path)
    assert documents == []
    assert problem.lost


def test_mentions_are_written_as_a_table():
    mentions = [
        Mention(0, 4, "TP53", "Gene", score=0.98765),
        Mention(5, 10, "?", 'a\t"b"'),
        Mention(9, 99, "out", "X"),
    ]
    stream, problems = io.BytesIO(), []
    writer = TextWriter(stream, report=problems.append)
    writer.write(Document("1", [Passage(0, "TP53 \u03b1\n\t\\\x01")], mentions))
    writer.close()
    assert stream.getvalue().decode().splitlines() == [
        "0\t4\tGene\t0.9877\tTP53",
        '5\t10\ta\\t"b"\t\t\u03b1\\n\\t\\\\\\u0001',
    ]
    assert [problem.lost for problem in problems] == [True]


PASSAGES = [Passage(10, "later"), Passage(2, "first"), Passage(10**12, "far")]


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (2, 7, "first"),
        (10, 15, "later"),
        (5, 12, "st   la"),
        (7, 9, "  "),
        (6, 9, "t  "),
        (8, 12, "  la"),
        (1, 3, None),
        (3, 3, None),
        (4, 3, None),
        (0, 1, None),
        (10, 10**12 + 2, None),
        (15, 16, " "),
        (10, 10**11, None),
        (10**12, 10**12 + 4, None),
        (-5, 10**15, None),
    ],
)
def test_text_between(start, end, text):
    assert text_between(PASSAGES, start, end) == text
    assert text_between([], start, end) is None
