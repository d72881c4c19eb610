"""Files of any format: detection, conversion, safe writing, random input."""

import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.detect import detect_format
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.files import (
    FORMATS,
    READERS,
    WRITABLE,
    open_writer,
    read_documents,
)

PUBTATOR = (
    "1|t|TP53\n1|a|in rats\n1\t0\t4\tTP53\tGene\t7157\n1\t8\t12\trats\tSpecies\n\n"
)
XML = (
    "<?xml version='1.0'?>\n<collection><source>s</source><document><id>1</id><passage>"
    "<offset>0</offset><text>TP53</text><annotation id='a'><infon key='type'>Gene"
    "</infon><location offset='0' length='4'/><text>TP53</text></annotation></passage>"
    "</document></collection>"
)
JSON = (
    '{"source": "s", "documents": [{"id": "1", "passages": [{"offset": 0, "text": '
    '"TP53", "annotations": [{"id": "a", "infons": {"type": "Gene"}, "text": "TP53", '
    '"locations": [{"offset": 0, "length": 4}]}]}]}]}'
)
PUBMED = (
    "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>"
    "<ArticleTitle>TP53</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    "</PubmedArticleSet>"
)
JATS = (
    "<article><front><article-meta><article-id pub-id-type='pmid'>1</article-id>"
    "<title-group><article-title>TP53</article-title></title-group></article-meta>"
    "</front><body><p>in rats</p></body></article>"
)
SAMPLES = {
    "pubtator": PUBTATOR,
    "bioc-xml": XML,
    "bioc-json": JSON,
    "pubmed-xml": PUBMED,
    "jats": JATS,
    "jsonl": '{"id": 1, "text": "TP53 in rats"}\n{"id": 2, "title": "x"}\n',
    "nbib": "PMID- 1\nTI  - TP53\nAB  - in rats\n",
    "csv": "id,title,text\n1,TP53,in rats\n",
    "archive": "PK\x03\x04 of no use PK\x05\x06",
    "parquet": "PAR1 of no use PAR1",
    "text": "TP53 x",
}
# Those that are told from what they hold, and hold one document.
ALIKE = ["pubtator", "bioc-xml", "bioc-json", "pubmed-xml", "jats", "nbib"]


def read(path, **options):
    problems = []
    return list(read_documents(path, report=problems.append, **options)), problems


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.PubTator", "", "pubtator"),
        ("a.xml", "", "bioc-xml"),
        ("a.JSON", "", "bioc-json"),
        ("a.jsonl", "", "bioc-json"),
        ("a.jsonl", JSON, "bioc-json"),
        ("a.ndjson", '{"id": "1", "text": "TP53"}\n' + JSON, "jsonl"),
        ("a.xml", XML, "bioc-xml"),
        ("a.xml", PUBMED, "pubmed-xml"),
        ("a.nxml", "", "jats"),
        ("a.xml", "<?xml version='1.0'?>\n<!-- none -->" + JATS, "jats"),
        ("a", PUBMED, "pubmed-xml"),
        ("a.parquet", "", "parquet"),
        ("a.txt", "", "text"),
        ("a", "# note\n\n" + PUBTATOR, "pubtator"),
        ("a.txt", "\ufeff" + PUBTATOR, "pubtator"),
        ("a.txt", "a | t | b", "text"),
        ("a", "\n" + XML, "bioc-xml"),
        ("a.txt", "<b>bold</b>", "text"),
        ("a.TEXT", "TP53", "text"),
        ("a.nbib", "", "nbib"),
        ("a.txt", "\ufeff\nPMID- 1\nTI  - TP53", "nbib"),
        ("a.csv", "", "csv"),
        ("a.tsv", "id\ttext\n", "csv"),
        ("a.tar", "", "archive"),
        ("a.zip", "", "archive"),
        ("a", f"{'a' * 257}ustar", "archive"),
        ("a", JSON, "bioc-json"),
        ("a", f"[{JSON}]", "bioc-json"),
        ("a.txt", "[Article in German]", "text"),
        ("a.txt", "{sic} and {}", "text"),
    ],
)
def test_detect_format(tmp_path, name, content, format):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert detect_format(path) == format


def test_what_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(AionerError, match="cannot be read"):
            detect_format(path)
        for format in (None, *FORMATS):
            documents, (problem,) = read(path, format=format)
            assert documents == []
            assert problem.lost
        with pytest.raises(AionerError, match="cannot be read"):
            list(read_documents(path))
    with pytest.raises(AionerError, match="no format 'brat'"):
        read_documents(tmp_path, format="brat")


def interrupt(path, format):
    with open_writer(path, format) as writer:
        writer.write(Document("1", [Passage(0, "a", "title")]))
        raise KeyError


def test_failed_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.xml"
    path.write_text("old")
    for format in WRITABLE:
        with pytest.raises(KeyError):
            interrupt(path, format)
    assert os.listdir(tmp_path) == ["out.xml"]
    assert path.read_text() == "old"
    for bad in (tmp_path / "none" / "a", tmp_path):
        with (
            pytest.raises(AionerError, match="cannot be written"),
            open_writer(bad, "text"),
        ):
            pass
    with pytest.raises(AionerError, match="no format"), open_writer(path, "brat"):
        pass


@pytest.mark.parametrize("format", ["pubtator", "bioc-xml", "bioc-json"])
def test_file_over_itself(tmp_path, format):
    path = tmp_path / "a"
    path.write_bytes(SAMPLES[format].replace("\n", "\r\n").encode())
    before, _ = read(path)
    with open_writer(path, format, like=path, keep=True) as writer:
        for document in read_documents(path):
            writer.write(document)
    after, _ = read(path)
    assert after == before
    if format == "pubtator":
        assert path.read_bytes() == PUBTATOR.replace("\n", "\r\n").encode()
    else:
        assert after[0].origin.header.source == "s"


@pytest.mark.parametrize(
    ("old", "new"),
    list(itertools.product(ALIKE, ["pubtator", "bioc-xml", "bioc-json"])),
)
def test_every_format_becomes_every_other(tmp_path, old, new):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(SAMPLES[old])
    with open_writer(two, new, like=one) as writer:
        for document in read_documents(one):
            document.mentions = document.mentions or [Mention(0, 4, "TP53", "Gene")]
            writer.write(document)
    assert detect_format(two) == new
    (document,), problems = read(two)
    assert problems == []
    texts = {(m.text, m.type) for m in document.mentions}
    assert texts == {("TP53", "Gene")} | (
        {("rats", "Species")} if old == "pubtator" else set()
    )
    if old == new == "pubtator":
        assert two.read_text() == PUBTATOR


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
PLAIN = WORDS.map(lambda text: text.replace("\uffff", "").replace("\ufffe", ""))
NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 _.:-]{0,8}", fullmatch=True)


@st.composite
def documents(draw):
    """A document of two adjoining passages with mentions in either."""
    title, abstract = draw(PLAIN), draw(PLAIN)
    passages = [
        Passage(0, title, "title"),
        Passage(len(title) + 1, abstract, "abstract"),
    ]
    document = Document(draw(NAME), passages)
    for passage in passages:
        for _ in range(draw(st.integers(0, 3)) if passage.text else 0):
            start = draw(st.integers(0, len(passage.text) - 1))
            end = draw(st.integers(start + 1, len(passage.text)))
            place = passage.offset + start, passage.offset + end
            text, kind = passage.text[start:end], draw(NAME)
            identifier = draw(st.none() | NAME)
            document.mentions.append(Mention(*place, text, kind, identifier))
    return document


@pytest.mark.parametrize("format", ["pubtator", "bioc-xml", "bioc-json"])
def test_written_documents_are_read_back(tmp_path, format):
    path = tmp_path / "a"

    @settings(deadline=None, max_examples=60)
    @given(st.lists(documents(), min_size=1, max_size=3))
    def check(written):
        with open_writer(path, format) as writer:
            for document in written:
                writer.write(document)
        found, problems = read(path, format=format)
        assert found == written
        assert not any(problem.lost for problem in problems)
        first = path.read_bytes()
        with open_writer(path, format, like=path, keep=True) as writer:
            for document in found:
                writer.write(document)
        assert path.read_bytes() == first

    check()


@pytest.mark.parametrize("format", FORMATS)
def test_random_bytes_raise_nothing(tmp_path, format):
    path = tmp_path / "a"
    sample = SAMPLES[format].encode()

    @settings(deadline=None, max_examples=150)
    @given(
        st.binary(max_size=200)
        | st.lists(
            st.tuples(
                st.integers(0, len(sample)), st.integers(0, 6), st.binary(max_size=6)
            ),
            min_size=1,
            max_size=5,
        )
    )
    def check(change):
        data = change if isinstance(change, bytes) else sample
        for at, width, new in [] if isinstance(change, bytes) else change:
            data = data[:at] + new + data[at + width :]
        path.write_bytes(data)
        for reader in (format, None):
            found, problems = read(path, format=reader)
            assert found or problems
            for new in WRITABLE:
                with open_writer(
                    tmp_path / "b", new, like=path, keep=True, report=problems.append
                ) as writer:
                    for document in found:
                        writer.write(document)

    assert set(READERS) == set(FORMATS)
    check()
