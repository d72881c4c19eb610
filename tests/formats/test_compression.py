"""Compressed files: read, written, cut short."""

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.compression import (
    Damaged,
    bare_name,
    compress,
    compression,
    decompress,
)
from spacy_aioner.formats.detect import detect_format
from spacy_aioner.formats.files import open_writer, read_documents

RECORD = (
    "{0}|t|Aspirin and the heart, part {0}\n{0}|a|It helps.\n"
    "{0}\t0\t7\tAspirin\tChemical\n\n"
)


def packed(data, name):
    stream = io.BytesIO()
    with compress(stream, name) as packer:
        packer.write(data)
    return stream.getvalue()


def test_names():
    assert compression("s3://bucket/a.XML.GZ") == ".gz"
    assert compression(Path("a.zst")) == ".zst"
    assert compression("a.xml") == ""
    assert bare_name("in/a.xml.gz") == Path("a.xml")
    assert bare_name(Path("a.b.zst")).suffix == ".b"


@pytest.mark.parametrize("name", ["a", "a.gz", "a.zst"])
@given(data=st.binary(max_size=300), size=st.integers(1, 50))
def test_what_is_written_is_read(name, data, size):
    stored = packed(data, name)
    assert stored == packed(data, name)
    with decompress(io.BytesIO(stored), name) as stream:
        assert stream.read() == data
    with decompress(io.BytesIO(stored), name) as stream:
        assert b"".join(iter(lambda: stream.read(size), b"")) == data
    with decompress(io.BytesIO(stored), name) as stream:
        assert b"".join(stream) == data


def read_all(stream, size, found):
    while piece := stream.read(size):
        found += piece


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
@pytest.mark.parametrize("size", [7, 1 << 16])
def test_a_file_cut_short_gives_what_it_has_and_then_raises(name, size):
    data = b"".join(b"%d " % (i * i) for i in range(100_000))
    stored = packed(data, name)
    with decompress(io.BytesIO(stored[: len(stored) // 2]), name) as stream:
        found = bytearray()
        with pytest.raises(Damaged):
            read_all(stream, size, found)
    assert len(found) > len(data) // 4
    assert data.startswith(found)
    with (
        pytest.raises(Damaged),
        decompress(io.BytesIO(b"no such data"), name) as stream,
    ):
        stream.read()


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_formats_of_compressed_files(tmp_path, suffix):
    plain = tmp_path / "a.PubTator"
    plain.write_text("".join(map(RECORD.format, range(3))))
    path = tmp_path / f"b{suffix}"
    path.write_bytes(packed(plain.read_bytes(), path.name))
    assert detect_format(path) == "pubtator"
    documents = list(read_documents(path))
    assert documents == list(read_documents(plain))
    copy = tmp_path / f"c.json{suffix}"
    with open_writer(copy, "bioc-json") as writer:
        for document in documents:
            writer.write(document)
    assert detect_format(copy) == "bioc-json"
    assert [d.text for d in read_documents(copy)] == [d.text for d in documents]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_record_that_breaks_off_is_left_out(tmp_path, suffix):
    data = "".join(RECORD.format(i * 7919 % 10_007) for i in range(3_000)).encode()
    path = tmp_path / f"a.pubtator{suffix}"
    stored = packed(data, path.name)
    path.write_bytes(stored[: 2 * len(stored) // 3])
    problems = []
    documents = list(read_documents(path, report=problems.append))
    assert 1_000 < len(documents) < 3_000
    for number, document in enumerate(documents):
        assert document.id == str(number * 7919 % 10_007)
        assert document.text.endswith("It helps.")
        assert len(document.mentions) == 1
    assert problems[0].lost
    assert "cut short or damaged" in problems[0].message
    assert problems[0].line >= 4 * len(documents)


def test_writing_like_a_file_that_breaks_off(tmp_path):
    path, copy = tmp_path / "a.pubtator.gz", tmp_path / "b"
    path.write_bytes(gzip.compress(b"1|t|no line break", mtime=0)[:-9])
    problems = []
    with open_writer(copy, "pubtator", like=path) as writer:
        for document in read_documents(path, report=problems.append):
            writer.write(document)
    assert problems[0].lost
    assert copy.read_bytes() == b""


def test_lines_without_end(tmp_path, monkeypatch):
    from spacy_aioner.formats import source

    monkeypatch.setattr(source, "MAX_LINE", 100)
    path = tmp_path / "a.pubtator.gz"
    long = RECORD.format(2).replace("It helps.", "very " * 100)
    text = RECORD.format(1) + long + RECORD.format(3)
    path.write_bytes(gzip.compress(text.encode()))
    problems = []
    documents = list(read_documents(path, report=problems.append))
    assert [document.id for document in documents] == ["1", "3"]
    [problem] = problems
    assert problem.lost
    assert problem.line == 6
