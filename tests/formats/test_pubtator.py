"""PubTator: what comes in goes out, and every fault is told with its line."""

import io
import time

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.pubtator import PubTatorWriter, read_pubtator

GOOD = "1|t|Title \n1|a|Some TP53\ttext.\n1\t12\t16\tTP53\tGene\t7157\n\n"


@pytest.fixture
def read(tmp_path):
    """Read bytes as a file; get the documents and the problems."""

    def run(data):
        path = tmp_path / "in.PubTator"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        problems = []
        return list(read_pubtator(path, report=problems.append)), problems

    return run


def write(documents, **options):
    stream = io.BytesIO()
    writer = PubTatorWriter(stream, **options)
    for document in documents:
        writer.write(document)
    writer.close()
    return stream.getvalue()


def test_reads_offsets_over_title_space_abstract(read):
    (document,), problems = read(GOOD)
    assert problems == []
    assert [(p.offset, p.text, p.kind) for p in document.passages] == [
        (0, "Title ", "title"),
        (7, "Some TP53\ttext.", "abstract"),
    ]
    assert document.mentions == [Mention(12, 16, "TP53", "Gene", "7157")]
    assert document.text[12:16] == "TP53"


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD * 2,
        GOOD.rstrip("\n"),
        GOOD.rstrip("\n") + "\n",
        GOOD.rstrip("\n") + "\n2|t|x\n2|a|\n\n\n\n# end\n",
        "# top\n\n" + GOOD,
        "1|t|A\n# between\n1|a|B\n# c\n1\tCID\tD1\tD2\n1\t0\t1\tA\tX\tY\textra\t\n"
        "1\tAssociation\t12\tD2\tNovel\n1\t2\t3\tB\tX\n# last\n\t \n\n",
        "1|t|A\n1|a|B\n1\tCID\t12\t34\n1\tBind\t12\t34\tNo\n\n",
        "1|t|title alone\n\n",
        "1|t|A\n1|a|B\n1\t000\t01\tA\tX\t\n\n",
        "1|t|A\n1|a|B\n1\t0\t1\tother\tX\n\n",
        "1|t|A\n1|a|C\rD\x0b\x85\u2028E\n1\t2\t4\tC\r\tX\n\n",
    ],
)
def test_round_trip_is_byte_identical(read, data):
    documents, problems = read(data)
    assert not any(problem.lost for problem in problems)
    assert write(documents) == data.encode()


def test_text_that_goes_on_in_further_lines_is_joined(read):
    data = "1|t|Loss of\nTP53\n1|a|In mice\n\tand in\nrats.\n1\t8\t12\tTP53\tGene\n\n"
    (document,), (problem,) = read(data * 2)[0][:1], read(data)[1]
    assert [passage.text for passage in document.passages] == [
        "Loss of TP53",
        "In mice \tand in rats.",
    ]
    (mention,) = document.mentions
    assert document.text[mention.start : mention.end] == mention.text == "TP53"
    assert (problem.line, problem.lost) == (2, False)
    assert len(read(data * 2)[1]) == 2  # The line is told once, and the second id.
    joined = b"1|t|Loss of TP53\n1|a|In mice \tand in rats.\n1\t8\t12\tTP53\tGene\n\n"
    assert write([document]) == joined


@pytest.mark.parametrize("line", ["text below a mention", "a\tb\tc text"])
def test_text_that_stands_nowhere_is_a_loss_and_stays_as_it_is(read, line):
    data = f"1|t|A\n1|a|B\n1\t0\t1\tA\tX\n{line}\n\n"
    documents, (problem,) = read(data)
    assert (problem.line, problem.lost) == (4, True)
    assert write(documents) == data.encode()


def test_crlf_and_bom_are_read_and_told_once(read):
    data = GOOD.replace("\n", "\r\n")
    documents, problems = read(b"\xef\xbb\xbf" + (data + data).encode())
    assert [(p.line, p.lost) for p in problems] == [
        (1, False),
        (1, False),
        (5, False),
    ]
    assert documents[0].passages[0].text == "Title "
    assert write(documents, crlf=True) == (data + data).encode()


@pytest.mark.parametrize(
    ("line", "word", "lost"),
    [
        ("1\t0\t99\tA\tX", "not in the text", True),
        ("1\t-1\t1\tA\tX", "not in the text", True),
        ("1\t1\t1\tA\tX", "not before its end", True),
        ("1\t2\t1\tA\tX", "not before its end", True),
        ("1\ta\tb\tA\tX\tY", "no numbers", True),
        ("1\t1_0\t2\tA\tX", "no numbers", True),
        ("1\tBind\tC1\tC2\tMaybe", "nor a relation", True),
        ("1\tBind\tC1\tC2\tNovel\tx", "nor a relation", True),
        ("1 0 1 A X", "not read", True),
        ("1\t\u0663\t4\tA\tX", "no numbers", True),
        ("1\t0\t1\tA", "has no entity type; it is left out", True),
        ("2\t0\t1\tA\tX", "names the document '2'", True),
        ("1\t0\t1\tB\tX", "kept as written", False),
        ("2|a|other", "names the document '2'", True),
        ("1|a|again", "second abstract", True),
        ("1\tonly two columns", "not read", True),
    ],
)
def test_bad_line_is_told_with_its_number(read, line, word, lost):
    (document,), (problem,) = read(f"1|t|A\n1|a|B\n{line}\n1\t2\t3\tB\tX\n\n")
    assert (problem.line, problem.lost, problem.document) == (3, lost, "1")
    assert word in problem.message
    assert document.mentions[-1] == Mention(2, 3, "B", "X")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", None),
        (b"\n\n# only a comment\n", None),
        (b"1|a|no title\n1\t0\t1\tA\tX\n\n" + GOOD.encode(), 1),
        (GOOD.encode() + b"stray\nstray\n", 5),
        (b"\xff\n\n" + GOOD.encode(), 1),
        (b"2|t|TP53\r2|a|Rats\r2\t0\t4\tTP53\tGene\r", 1),
        (b"2|t|TP53\n2|a|Rats\r2\t0\t4\tTP53\tGene\r3|t|a\n\n" + GOOD.encode(), 2),
        (GOOD.encode() + b"2|t|\xff\n2|a|b\n\n", 5),
        (b"2|t|a\n2|a|\xffb\nx\xff\n1|t|no blank before\n1|a|\n\n", 2),
    ],
)
def test_bad_file_is_told_and_the_rest_read(read, data, line):
    documents, (problem,) = read(data)
    assert (problem.line, problem.lost) == (line, True)
    assert len(documents) == (b"1|t|" in data)


def test_a_cr_in_a_text_is_part_of_it(read):
    data = "1|t|A\rB\tC\n1|a|\n1\t0\t3\tA\rB\tX\n\n"
    (document,), problems = read(data)
    assert (document.passages[0].text, problems) == ("A\rB\tC", [])
    assert write([document]) == data.encode()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_as_such(read, codec):
    documents, (problem,) = read(f"\ufeff{GOOD}{GOOD}".encode(codec))
    assert documents == []
    assert (problem.line, problem.lost) == (1, True)
    assert "is not UTF-8" in problem.message
    assert "convert it to UTF-8" in problem.message


def test_records_without_blank_line_and_repeated_ids(read):
    documents, problems = read("1|t|A\n1|a|\n1|t|B\n1|a|\n1|t|C\n1|a|\n")
    assert [document.text for document in documents] == ["A ", "B ", "C "]
    assert [(p.line, p.lost) for p in problems] == [(3, False)]


def test_missing_abstract_is_no_loss(read):
    (document,), (problem,) = read("1|t|A\n\n")
    assert document.text == "A"
    assert (problem.line, problem.lost) == (1, False)


@pytest.mark.parametrize("name", ["", "none.PubTator"])
def test_unreadable_file(tmp_path, name):
    problems = []
    assert list(read_pubtator(tmp_path / name, report=problems.append)) == []
    assert [problem.lost for problem in problems] == [True]
    with pytest.raises(AionerError, match="cannot be read"):
        list(read_pubtator(tmp_path / name))


def test_mention_over_a_tab_keeps_its_columns(read):
    data = "1|t|A\n1|a|b\tc\n\n"
    (document,), _ = read(data)
    document.mentions = [Mention(2, 5, "b\tc", "X", "9", 0.5)]
    written = write([document])
    assert b"\n1\t2\t5\tb c\tX\t9\n" in written
    (again,), problems = read(written)
    assert problems == []
    assert again.mentions == [Mention(2, 5, "b\tc", "X", "9")]
    (raw,), problems = read("1|t|A\n1|a|b\tc\n1\t2\t5\tb\tc\tX\n\n")
    assert problems == []
    assert raw.mentions == [Mention(2, 5, "b\tc", "X")]


def test_changed_and_new_mentions_around_other_lines(read):
    data = "1|t|AB\n1|a|C\n1\t0\t1\tA\tX\t\tmore\n1\tR\ta\tb\n1\t1\t2\tB\tX\n\n"
    (document,), _ = read(data)
    first, second = document.mentions
    first.type = "Z"
    document.mentions = [first, Mention(3, 4, "C", "N\tew"), second]
    assert write([document]).decode().splitlines()[2:6] == [
        "1\t0\t1\tA\tZ\t\tmore",
        "1\t3\t4\tC\tN ew",
        "1\tR\ta\tb",
        "1\t1\t2\tB\tX",
    ]


def test_document_of_another_format_becomes_title_and_abstract(read):
    passages = [
        Passage(100, "Intro\nTP53", "intro"),
        Passage(10, "The\ttitle", "Title"),
        Passage(200, "end", ""),
    ]
    mentions = [
        Mention(106, 110, "TP53", "Gene"),
        Mention(14, 19, "title", "X", "3"),
        Mention(108, 203, "53 end", "Y"),
        Mention(500, 503, "far", "Y"),
    ]
    problems = []
    written = write([Document("#a|b", passages, mentions)], report=problems.append)
    assert [problem.lost for problem in problems] == [True, True]
    (again,), told = read(written)
    assert told == []
    assert again.id == "_a_b"
    assert again.text == "The title Intro TP53 end"
    assert [(m.text, m.id) for m in again.mentions] == [("TP53", None), ("title", "3")]


def test_one_gigantic_line_takes_linear_time(read):
    start = time.perf_counter()
    documents, problems = read(b"x" * 20_000_000)
    assert time.perf_counter() - start < 5
    assert documents == []
    assert all(len(str(problem)) < 1000 for problem in problems)
