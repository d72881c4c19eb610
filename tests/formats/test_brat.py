"""brat's standoff files: offsets are those of the text as it is stored."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats import text as plain
from spacy_aioner.formats.brat import read_brat
from spacy_aioner.formats.document import Mention, Passage, text_between

TEXT = "TP53 in\nHeLa cells \U0001f42d mice"
# Characters that move offsets where text is read carelessly are more frequent.
CHARACTERS = st.sampled_from("\r\n\t \x85\u2028\u0301\U0001f42da.") | st.characters(
    exclude_categories=["Cs"]
)
TEXTS = st.text(CHARACTERS, max_size=30).filter(lambda text: text[:1] != "\ufeff")
NAMES = st.text("aB-_.é0", min_size=1, max_size=5)


def read(path):
    problems = []
    return list(read_brat(path, report=problems.append)), problems


def write(folder, annotation, text=TEXT, name="a"):
    """Write the two files of a document as they are given."""
    for suffix, data in ((".txt", text), (".ann", annotation)):
        data = data if isinstance(data, bytes) else data.encode()
        (folder / f"{name}{suffix}").write_bytes(data)


def standoff(text, mentions):
    """The lines that brat writes for mentions."""
    lines = []
    for number, mention in enumerate(mentions, 1):
        stated = text[mention.start : mention.end].replace("\n", " ").replace("\t", " ")
        place = f"{mention.type} {mention.start} {mention.end}"
        lines.append(f"T{number}\t{place}\t{stated}\n")
        if mention.id is not None:
            lines.append(f"N{number}\tReference T{number} {mention.id}\tname\n")
    return "".join(lines)


def test_mentions_and_what_is_passed_over(tmp_path):
    write(
        tmp_path,
        "#1\tAnnotatorNotes T1\tsure?\n"
        "N1\tReference T1 Taxonomy:9606\thuman\n"
        "T1\tGene 0 4\tTP53\n"
        "T2\tCellLine 8 12\tHeLa\n\n"
        "R1\tFrom Arg1:T1 Arg2:T2\n*\tEquiv T1 T2\nE1\tLoss:T1\nA1\tNegated E1\n"
        "M1\tSpeculation E1\nN2\tReference T1 NCBIGene:7157 x\ttp53\n"
        "N3\tReference E1 GO:1\tloss\n"
        "T3\tSpecies 19 20\t\U0001f42d\n",
    )
    [document], problems = read(tmp_path)
    assert problems == []
    assert document.id == "a"
    assert document.passages == [Passage(0, TEXT, "text")]
    assert document.mentions == [
        Mention(0, 4, "TP53", "Gene", "Taxonomy:9606;NCBIGene:7157 x"),
        Mention(8, 12, "HeLa", "CellLine"),
        Mention(19, 20, "\U0001f42d", "Species"),
    ]


def test_folders_in_order_of_their_paths(tmp_path):
    for name in ("b", "sub", "sub/deep", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("sub/PMID-1", "c.v2", "sub/deep/1", "a", ".hidden/x", "b/._y"):
        write(tmp_path, "", name=name)
    (tmp_path / "b" / "notes.txt").write_text("Nothing.")
    documents, [problem] = read(tmp_path)
    assert [d.id for d in documents] == ["a", "c.v2", "sub/PMID-1", "sub/deep/1"]
    assert (problem.path, problem.lost) == (str(tmp_path), False)
    assert "1 of the text files have no .ann file beside" in problem.message
    assert str(Path("b/notes.txt")) in problem.message
    documents, problems = read(tmp_path / "sub" / "PMID-1.ann")
    assert ([d.id for d in documents], problems) == (["PMID-1"], [])


def test_offsets_count_what_is_stored(tmp_path):
    text = "\ufeffTP53\r\n\r\nin\rHeLa"
    write(
        tmp_path,
        "T1\tG 1 5\tTP53\r\nT2\tC 12 16\tHeLa\r\nT3\tX 3 11\t53    in\r\n",
        text,
    )
    [document], [problem] = read(tmp_path)
    assert not problem.lost
    assert problem.path == str(tmp_path / "a.txt")
    assert document.text == text[1:]
    assert [(m.start, m.end, m.text) for m in document.mentions] == [
        (1, 5, "TP53"),
        (12, 16, "HeLa"),
        (3, 11, "53\r\n\r\nin"),
    ]
    assert text_between(document.passages, 12, 16) == "HeLa"


def test_parts_with_only_white_space_between_them_are_one_mention(tmp_path):
    write(tmp_path, "T1\tX 5 7;8 12\tin HeLa\nT2\tX 5 7;13 18\tin cells\n")
    [document], [problem] = read(tmp_path)
    assert document.mentions == [Mention(5, 12, "in\nHeLa", "X")]
    assert (problem.line, problem.document, problem.lost) == (2, "a", True)
    assert "'T2' is of 2 parts that are not one stretch" in problem.message


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("T1", "'T1' is not of the form"),
        ("T1\tGene 0\tT", "is not of the form"),
        ("T1\tGene\t0\t4\tTP53", "is not of the form"),
        ("T1\tGene -1 4\tTP53", "is not of the form"),
        ("T1\tGene \u0661 4\tTP53", "is not of the form"),
        ("T1\tGene 4 4\t", "start that is not before its end (4, 4)"),
        ("T1\tGene 0 3;5 4\tTP53", "start that is not before its end (5, 4)"),
        ("T1\tGene 0 99\tTP53", "offsets (0, 99) that are not in the text, which is"),
        ("T1\tGene 0 3;2 4\tTP53", "is of 2 parts"),
        ("N1\tReference T2\tTP53", "the normalization 'N1' is not of the form"),
        ("N1\tReference T8 a:1\tTP53", "is of 'T8', and there is no such mention"),
        ("T2 Gene 0 4 TP53", "is not of the form"),
        ("Really?", "'Really?' is no line of brat's standoff format"),
        ("1\tGene 0 4\tTP53", "is no line of brat's standoff format"),
    ],
)
def test_a_bad_line_is_left_out(tmp_path, line, says):
    write(tmp_path, f"{line}\nT2\tCellLine 8 12\tHeLa\n")
    [document], [problem] = read(tmp_path)
    assert document.mentions == [Mention(8, 12, "HeLa", "CellLine")]
    assert (problem.line, problem.document, problem.lost) == (1, "a", True)
    assert problem.path == str(tmp_path / "a.ann")
    assert says in problem.message
    with pytest.raises(AionerError, match=r"a\.ann:1: document a: "):
        list(read_brat(tmp_path))


def test_another_text_or_id_is_warned_of(tmp_path):
    write(tmp_path, "T1\tX 0 4\tp53\nT1\tX 8 12\tHeLa\nT2\tX 21 25\nN1\tR T1 a:1\t\n")
    [document], problems = read(tmp_path)
    assert document.mentions == [
        Mention(0, 4, "p53", "X"),
        Mention(8, 12, "HeLa", "X", "a:1"),
        Mention(21, 25, "", "X"),
    ]
    assert [(p.line, p.lost) for p in problems] == [(1, False), (2, False), (3, False)]
    assert "'p53' is not the document's text at 0 to 4, 'TP53'" in problems[0].message
    assert "'T1' was that of another mention" in problems[1].message


def test_files_that_cannot_be_read_leave_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(plain, "MAX_TEXT", 100)
    good = "T1\tX 0 4\tTP53\n"
    write(tmp_path, good, b"a\n\xff", "badtext")
    write(tmp_path, good.encode() + b"\xff\xfe", TEXT, "badann")
    write(tmp_path, good, "x" * 101, "large")
    write(tmp_path, good * 20, TEXT, "many")
    write(tmp_path, good, TEXT, "good")
    (tmp_path / "lone.ann").write_text(good)
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.ann").write_text(good)
    (tmp_path / "gone.ann").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.ann")
    [document], problems = read(tmp_path)
    assert document.id == "good"
    assert all(problem.lost for problem in problems)
    told = {Path(problem.path).name: problem for problem in problems}
    assert len(told) == len(problems)
    assert set(told) == {
        *("badtext.txt", "badann.ann", "large.txt", "many.ann"),
        *("lone.ann", "folder.ann", "gone.ann", "pipe.ann"),
    }
    assert (told["badtext.txt"].line, told["badann.ann"].line) == (2, 2)
    assert "there is no lone.txt beside it" in told["lone.ann"].message


def test_nothing_to_read_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "none.ann"):
        documents, [problem] = read(path)
        assert documents == []
        assert problem.lost


def test_a_folder_that_cannot_be_opened_is_told(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    write(tmp_path, "")

    def scandir(path, real=os.scandir):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    [document], [problem] = read(tmp_path)
    assert document.id == "a"
    assert (problem.path, problem.lost) == (str(tmp_path / "closed"), True)


@given(st.data())
def test_what_is_written_comes_back(data):
    with TemporaryDirectory() as folder:
        written = {}
        for name in data.draw(st.sets(st.sampled_from(["1", "b.c", "é"]), min_size=1)):
            text = data.draw(TEXTS)
            mentions = []
            bounds = st.integers(0, len(text))
            for first, last in data.draw(st.lists(st.tuples(bounds, bounds))):
                start, end = min(first, last), max(first, last)
                if start < end:
                    kind, concept = data.draw(NAMES), data.draw(st.none() | NAMES)
                    there = text[start:end]
                    mentions.append(Mention(start, end, there, kind, concept))
            written[name] = text, mentions
            write(Path(folder), standoff(text, mentions), text, name)
        documents, problems = read(folder)
    assert problems == []
    assert [document.id for document in documents] == sorted(written)
    for document in documents:
        assert (document.text, document.mentions) == written[document.id]


PIECES = st.sampled_from(
    ["T1", "T2\t", "N1\tReference T1 ", "\t", " ", "\n", ";", "0 4", "3 99", "Gene "]
)


@given(
    st.binary(max_size=40) | TEXTS,
    st.binary(max_size=60) | st.lists(PIECES, max_size=20).map("".join),
)
def test_any_bytes_are_read_or_reported(text, annotation):
    with TemporaryDirectory() as folder:
        write(Path(folder), annotation, text)
        documents, problems = read(folder)
        assert documents or any(problem.lost for problem in problems)
        for document in documents:
            for mention in document.mentions:
                place = mention.start, mention.end
                assert text_between(document.passages, *place) is not None
