"""Archives: their files are read one after the other, and damage is told."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.compression import compress
from spacy_aioner.formats.files import read_documents
from spacy_aioner.formats.rows import Columns

JATS = (
    "<article><front><article-meta><article-id pub-id-type='pmc'>{0}</article-id>"
    "<title-group><article-title>TP53 {0}</article-title></title-group></article-meta>"
    "</front></article>"
)
PUBTATOR = "5|t|TP53\n5|a|\n5\t0\t4\tTP53\tGene\n\n"
FILES = {
    "pack/1.nxml": JATS.format(1),
    "pack/2.xml": JATS.format(2),
    "pack/deep/3.xml.gz": gzip.compress(JATS.format(3).encode()),
    "pack/4.txt": "TP53 four",
    "pack/5.pubtator": PUBTATOR,
    "pack/6.csv": "pmid,text\n6,TP53\n",
}
IDS = ["PMC1", "PMC2", "PMC3", "4", "5", "6"]


def tar(files, **options):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as archive:
        for name, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def packed_zip(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Read an archive of bytes; gives ids and problems."""

    folder = tmp_path_factory.mktemp("archive")

    def run(name, data, **options):
        path = folder / name
        with open(path, "wb") as stream, compress(stream, name) as packed:
            packed.write(data)
        problems = []
        documents = read_documents(path, report=problems.append, **options)
        return [document.id for document in documents], problems

    return run


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.tar", tar),
        ("a.tar.gz", tar),
        ("a.TGZ", tar),
        ("a.tar.zst", tar),
        ("a.gz", tar),
        ("a.zip", packed_zip),
    ],
)
def test_each_file_is_read_by_its_own_format(read, name, pack):
    assert read(name, pack(FILES)) == (IDS, [])


@pytest.mark.parametrize("pack", [tar, packed_zip])
def test_what_is_skipped_and_what_is_wrong_is_told(read, pack):
    files = {
        "a/1.jpg": b"\xff",
        "a/2.jpg": b"\xff",
        "a/b.tar.gz": b"x",
        "__MACOSX/._d.xml": b"x",
        "a/d.xml": b"<collection/>",
        "a/e.txt": b"\0",
        "a/f.xml.gz": b"no gzip",
        "a/g.tsv": b"x\tO\n" * 3,
        "a/h.txt": b"fine",
    }
    name = "a.zip" if pack is packed_zip else "a.tar"
    ids, problems = read(name, pack(files))
    assert ids == ["h"]
    lost = {p.path.partition(f"/{name}/a/")[2] for p in problems if p.lost}
    assert lost == {"d.xml", "e.txt", "f.xml.gz", "g.tsv"}
    [skipped] = [p for p in problems if not p.lost]
    assert skipped.path.endswith(f"/{name}")
    assert "3 files of unknown format (.jpg 2, .tar 1)" in skipped.message


@pytest.mark.parametrize("pack", [tar, packed_zip])
def test_an_archive_of_nothing(read, pack):
    name = "a.zip" if pack is packed_zip else "a.tar"
    ids, (problem,) = read(name, pack({}))
    assert (ids, problem.lost) == ([], True)
    ids, problems = read(name, pack({"a.jpg": b"x"}))
    assert sorted(problem.lost for problem in problems) == [False, True]


def test_a_file_is_opened_as_often_as_its_reader_needs(read):
    """Once more after a fault in BioC XML, and from its end for Parquet."""
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    passage = "<passage><offset>0</offset><text>TP53</text></passage>"
    whole = f"<document><id>{{}}</id>{passage}</document>"
    bioc = f"<collection>{whole.format(1)}<document><b></document>{whole.format(3)}"
    table = io.BytesIO()
    columns = {"id": ["7"], "text": ["TP53"]}
    pyarrow.parquet.write_table(arrow.table(columns), table)
    files = {"a.xml": f"{bioc}</collection>", "b.parquet": table.getvalue()}
    ids, problems = read("a.tgz", tar(files))
    assert ids == ["1", "3", "7"]
    assert [problem.lost for problem in problems] == [True]


def test_columns_reach_the_rows(read):
    files = {"a.csv": "pmid,key,body\n1,7,TP53\n"}
    options = {"columns": Columns("key", ("body",))}
    assert read("a.tar", tar(files), **options) == (["7"], [])


def test_links_and_long_names(read):
    stream = io.BytesIO()
    name = "d/" * 99 + "TP53.txt"
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for kind in (tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo(f"of-{kind}.txt")
            info.type = kind
            archive.addfile(info)
        info = tarfile.TarInfo(name)
        archive.addfile(info)
    ids, problems = read("a.tar", stream.getvalue())
    assert ids == ["TP53"]
    assert "2 links or devices" in problems[-1].message


def test_a_password_is_told_and_costs_one_file(read):
    data = bytearray(packed_zip({"a.txt": "TP53", "b.txt": "in mice"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    ids, (problem,) = read("a.zip", bytes(data))
    assert ids == ["b"]
    assert "a.txt cannot be read" in problem.message
    assert "password" in problem.message


def test_what_is_cut_short_is_told_wherever_it_is_cut(read):
    data = tar(FILES)
    end = data.rindex(b"6,TP53") + len("6,TP53\n")
    for cut in range(1, end, 97):
        ids, problems = read("a.tar", data[:cut])
        assert ids == IDS[: len(ids)]
        assert any(problem.lost for problem in problems)
    whole = gzip.compress(data)
    for cut in range(20, len(whole) - 20, 23):
        (read_path, problems) = read("a.tar.gz.part", whole[:cut], format="archive")
        assert any(problem.lost for problem in problems), read_path


def test_the_first_loss_raises(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(tar({"a.txt": b"\0", "b.txt": b"x"}))
    with pytest.raises(AionerError, match=r"a\.tar/a\.txt: holds NUL"):
        list(read_documents(path))


def test_memory_does_not_grow_with_the_archive(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        large = tarfile.TarInfo("large.jpg")
        large.size = 40 << 20
        archive.addfile(large, io.BytesIO(bytes(large.size)))
        for number in range(3000):
            archive.addfile(tarfile.TarInfo(f"{number}.jpg"))
        rows = tarfile.TarInfo("a.jsonl")
        rows.size = 20 << 20
        line = b" " * ((1 << 20) - 1) + b"\n"
        archive.addfile(rows, io.BytesIO(line * 20))
    tracemalloc.start()
    try:
        problems = []
        assert not list(read_documents(path, report=problems.append))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [problem.path for problem in problems] == [f"{path}/a.jsonl", str(path)]
    assert peak < 16 << 20


def test_a_header_of_any_length_is_not_read(read):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 50 << 20
    data = info.tobuf(tarfile.USTAR_FORMAT) + bytes(50 << 20)
    ids, problems = read("a.tar.gz", data)
    assert ids == []
    assert "a header is too long" in problems[0].message


SAMPLES = [tar(FILES), packed_zip(FILES)]


@given(st.sampled_from(SAMPLES), st.binary(max_size=40), st.data())
def test_damage_raises_nothing(read, sample, put, data):
    start = data.draw(st.integers(0, len(sample)))
    width = data.draw(st.integers(0, 40))
    damaged = sample[:start] + put + sample[start + width :]
    for name in ("a.tar", "a.tar.gz"):
        ids, problems = read(name, damaged)
        assert ids or problems
