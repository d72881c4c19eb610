"""MEDLINE: fields and their wrapped lines become titles and abstracts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.nbib import read_nbib

RECORD = """\
PMID- 7
OWN - NLM
TI  - Loss of TP53 in
      glioma.
AB  - BACKGROUND: Found by \n\
      chance.
FAU - Doe, J
AID - 10.1/x [doi]
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Read MEDLINE; gives the ids with the texts of the passages, and problems."""

    folder = tmp_path_factory.mktemp("nbib")

    def run(text, name="set.nbib"):
        path = folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        problems = []
        found = read_nbib(path, report=problems.append)
        return [(d.id, [p.text for p in d.passages]) for d in found], problems

    return run


ONE = ("7", ["Loss of TP53 in glioma.", "BACKGROUND: Found by chance."])


@pytest.mark.parametrize(
    "text",
    [
        RECORD,
        f"\n\n{RECORD}\n\n\n",
        RECORD.replace("\n", "\r\n"),
        RECORD.replace("PMID- 7", "PMID-7"),
        RECORD.replace("      ", "\t"),
        RECORD.replace("      glioma", "\n    glioma"),
    ],
)
def test_fields_and_wrapped_lines(read, text):
    documents, problems = read(text)
    assert (documents, problems) == ([ONE], [])


@pytest.mark.parametrize("between", ["\n", "\n\n", ""])
def test_records_are_parted(read, between):
    text = RECORD + between + RECORD.replace("PMID- 7", "PMID- 8")
    documents, problems = read(text)
    assert (documents, problems) == ([ONE, ("8", ONE[1])], [])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["glio-", "blastoma"], "glio-blastoma"),
        (["IL-", "2"], "IL-2"),
        (["pre-", "and postnatal"], "pre- and postnatal"),
        (["pre- ", "postnatal"], "pre- postnatal"),
        (["mice -", "rats"], "mice - rats"),
        (["a", "", "b"], "a b"),
    ],
)
def test_hyphens_at_line_ends(read, lines, text):
    wrapped = "\n      ".join(lines)
    documents, _ = read(f"PMID- 1\nTI  - {wrapped}\n")
    assert documents == [("1", [text])]


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ("TI  - [Not Available].\nTT  - Die Maus", ["Die Maus"]),
        ("TI  - Mice\nTT  - Die Maus", ["Mice"]),
        ("BTI - GeneReviews\nAB  - One.\nAB  - Two.", ["GeneReviews", "One.", "Two."]),
        ("TI  - GLUT1\nBTI - GeneReviews", ["GLUT1"]),
        ("OAB - Una.\nOABL- spa\nOAB - One.\nOABL- eng", ["", "One."]),
        ("OAB - Publisher: Abstract available from the publisher.", [""]),
    ],
)
def test_which_title_and_abstract(read, fields, texts):
    documents, problems = read(f"PMID- 1\n{fields}\n")
    assert documents == [("1", texts)]
    assert not any(problem.lost for problem in problems)


def test_further_abstracts_are_told_once(read):
    text = "PMID- 1\nTI  - T\nAB  - Main.\nOAB - Una.\nOABL- spa\n\n"
    documents, (problem,) = read(text * 2)
    assert documents == [("1", ["T", "Main."])] * 2
    assert (problem.lost, "(spa)" in problem.message) == (False, True)


def test_records_without_id_or_text(read):
    documents, problems = read("TI  - One\n\nPMC - PMC5\nTI  - Two\n\nPMID- 3\n")
    assert documents == [("set-1", ["One"]), ("PMC5", ["Two"]), ("3", [""])]
    assert [(p.line, p.lost) for p in problems] == [(1, False), (6, False)]


def test_lines_that_are_no_fields(read):
    documents, (problem,) = read(RECORD + "DNA-binding is lost\n")
    assert documents == [ONE]
    assert (problem.lost, problem.line) == (True, 9)


@pytest.mark.parametrize(
    ("data", "count", "lost"),
    [
        (b"\xef\xbb\xbf" + RECORD.encode(), 1, False),
        (RECORD.encode("utf-16"), 0, True),
        (RECORD.encode("utf-16-le"), 0, True),
        (b"", 0, True),
        (b"TP53 in mice\n", 0, True),
        (RECORD.replace("\n", "\r").encode(), 0, True),
        (RECORD.encode() + b"AD  - K\xf6ln\n", 1, True),
    ],
)
def test_odd_files(read, data, count, lost):
    documents, problems = read(data)
    assert documents == [ONE] * count
    assert [problem.lost for problem in problems][-1] is lost


@given(st.binary(max_size=40), st.integers(0, 300), st.integers(0, 40))
def test_any_bytes_are_read_or_reported(read, put, start, length):
    text = (RECORD + "\n" + RECORD).encode()
    documents, problems = read(text[:start] + put + text[start + length :])
    assert documents or problems
