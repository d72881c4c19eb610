"""Files of no format that is read: each is refused by name, with what to do."""

import gzip

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.detect import UnknownFormat, detect_format, is_known
from spacy_aioner.formats.files import read_documents

BIO = b"TP53\tB-Gene\nwas\tO\n\nlost\tO\n"
CONCEPTS = b"1\tGene\t7157\tTP53|p53\tPubTator3\n1\tDisease\tD1\tglioma\tPubTator3\n"


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("a.txt", b"%PDF-1.7\n", "a PDF document"),
        ("a.pdf.gz", gzip.compress(b"%PDF-1.7\n"), "a PDF document"),
        ("a.docx", b"PK\x03\x04word", "an office document"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1", "an office document"),
        ("a.dat", b"PK\x03\x04word", "add the suffix .zip"),
        ("a.rtf", b"{\\rtf1 TP53}", "an office document"),
        ("a.html", b"TP53", "an HTML page"),
        ("a", b"<!doctype HTML>\n<p>TP53", "an HTML page"),
        ("a.txt", b"\xef\xbb\xbf\n<html lang='en'><p>TP53", "an HTML page"),
        ("a.xml", b"<?xml version='1.0'?><html><article/></html>", "an HTML page"),
        ("a.conll", b"", "words with labels"),
        ("a", BIO, "words with labels"),
        ("a.txt", BIO.replace(b"\n", b"\r\n"), "words with labels"),
        ("a.tsv", BIO.replace(b"B-Gene", b"B"), "words with labels"),
        ("a.txt", b"x NN O\ny NN B-Gene\nz NN I-Gene\n" * 999, "words with labels"),
        ("bioconcepts2pubtator3", CONCEPTS, "a table of PubTator's annotations"),
        ("gene.tsv.gz", gzip.compress(CONCEPTS * 999), "a table of PubTator's"),
        ("a.ris", b"TY  - JOUR\n", "a list of references"),
        ("a.txt", b"TY  - JOUR\nTI  - TP53\n", "a list of references"),
        ("a.bz2", b"BZh91AY&SY...", "compressed with bzip2"),
        ("a.7z", b"7z\xbc\xaf'\x1c", "a 7z archive"),
        ("a.dat", gzip.compress(b"TP53"), "add the suffix .gz"),
        ("a.spacy", b"\x78\x9c", "a DocBin"),
        ("a.ann", b"T1\tGene 0 4\tTP53\n", "brat"),
        ("a.md", b"TP53 in mice", "an unknown format; if it is plain text, use"),
        ("README", b"TP53 in mice", "an unknown format"),
        ("a", b"", "is empty"),
        ("a.dat", "TP53".encode("utf-16"), "UTF-16"),
        ("a.png", b"\x89PNG\0\0", "a binary file"),
    ],
)
def test_refused_by_name(tmp_path, name, content, word):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnknownFormat, match=f"^{path}: ") as caught:
        detect_format(path)
    assert word in caught.value.reason
    problems = []
    assert list(read_documents(path, report=problems.append)) == []
    [problem] = problems
    assert (problem.lost, word in problem.message) == (True, True)
    with pytest.raises(AionerError, match="the file is left out"):
        list(read_documents(path))


@pytest.mark.parametrize(
    "text",
    [
        "Blood group O\n",
        "vitamin B\nhepatitis B\nfactor I\n",
        "Loss of TP53.\nNo\tO\nIt was seen.\n",
        "1\tGene\n",
        "Columns:\nTitle: 1|t|TP53\nand 1|a|Rats\n",
        "1|a|Rats\n2|t|TP53\n",
    ],
)
def test_text_is_text(tmp_path, text):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert detect_format(path) == "text"
    [document] = read_documents(path)
    assert document.text == text


@pytest.mark.parametrize(
    "text",
    [
        "1|t|TP53\r1|a|Rats\r",
        "# from PubMed\r1|t|TP53\r1|a|Rats\r",
        "Test set\n1|t|TP53\n1|a|Rats\n",
        "1|a|Rats\n1|t|TP53\n",
        "Test set\r1|t|TP53\r1|a|Rats\r",
        "Test set\r\n\r\n1|a|Rats\r\n1|t|TP53\r\n",
    ],
)
def test_pubtator_that_is_out_of_order_is_no_plain_text(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    assert detect_format(path) == "pubtator"
    problems = []
    list(read_documents(path, report=problems.append))
    assert any(problem.lost for problem in problems)


@pytest.mark.parametrize("content", [b"TP53\0 in mice", "TP53".encode("utf-16-le")])
@pytest.mark.parametrize("format", [None, "text"])
def test_text_holds_no_nul(tmp_path, content, format):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    problems = []
    assert not list(read_documents(path, format=format, report=problems.append))
    assert "holds NUL bytes" in problems[0].message


def test_a_format_that_is_named_is_taken(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("# TP53")
    [document] = read_documents(path, format="text")
    assert document.text == "# TP53"
    archive = tmp_path / "pack.tgz"
    archive.write_bytes(b"")
    with pytest.raises(AionerError, match="is an archive and not of the format jats"):
        read_documents(archive, format="jats")


def test_known_names():
    known = ["a.txt", "A.XML", "b.csv.gz", "c.tgz", "d.tar.zst", "x/e.parquet"]
    assert all(map(is_known, known))
    others = [".a.txt", "b.md", "c", "d.parquet.gz", "e.gz", ".txt"]
    assert not any(map(is_known, others))
