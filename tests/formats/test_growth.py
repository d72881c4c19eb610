"""Time grows with passages, mentions and characters, not with their square."""

import io

import pytest

from spacy_aioner.corpora.convert import aioner_sentences, conll_task, mentions_inside
from spacy_aioner.corpora.docbin import DocBinWriter, read_docbin
from spacy_aioner.corpora.docs import blank_pipeline, doc_to_mentions, document_to_doc
from spacy_aioner.corpora.split import split_document
from spacy_aioner.evaluation.scores import compare
from spacy_aioner.formats.brat import read_brat
from spacy_aioner.formats.document import Document, Mention, Passage, adjoining
from spacy_aioner.formats.files import Frame, make_writer, read_documents

WRITABLE = ["pubtator", "bioc-xml", "bioc-json", "jsonl", "text"]
READABLE = {"pubtator": "a.txt", "bioc-xml": "a.xml", "bioc-json": "a.json",
            "jsonl": "a.jsonl"}  # fmt: skip


def rows(n):
    """A document of n rows of a table, each with a mention."""
    passages = adjoining(("table", f"gene BRCA{i} row") for i in range(n))
    mentions = [
        Mention(p.offset + 5, p.end - 4, p.text[5:-4], "Gene") for p in passages
    ]
    return Document("1", passages, mentions)


def apart(n):
    """The same, with more than one character between the passages."""
    passages = [Passage(30 * i, f"gene BRCA{i} row", "table") for i in range(n)]
    mentions = [
        Mention(p.offset + 5, p.end - 4, p.text[5:-4], "Gene") for p in passages
    ]
    return Document("1", passages, mentions)


def crowded(n):
    """One passage with n mentions, each of which overlaps twenty others."""
    text = "ab " * (n + 20)
    ends = [3 * i + 59 - 3 * (i % 7) for i in range(n)]
    mentions = [
        Mention(3 * i, end, text[3 * i : end], "Gene") for i, end in enumerate(ends)
    ]
    return Document("1", [Passage(0, text, "abstract")], mentions)


def write(document, format):
    stream = io.BytesIO()
    writer = make_writer(stream, format, path="x", frame=Frame())
    writer.write(document)
    writer.close()
    return stream.getvalue()


def pack(document):
    stream = io.BytesIO()
    writer = DocBinWriter(stream)
    writer.write(document)
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("format", [*WRITABLE, "parquet"])
@pytest.mark.parametrize("shape", [rows, apart, crowded])
def test_writing(assert_linear, shape, format):
    if format == "parquet":
        pytest.importorskip("pyarrow")
    assert_linear(lambda document: write(document, format), shape, 500)


@pytest.mark.parametrize("format", READABLE)
@pytest.mark.parametrize("shape", [rows, apart, crowded])
def test_reading_and_writing_again(assert_linear, tmp_path, shape, format):
    def make(n):
        path = tmp_path / READABLE[format]
        path.write_bytes(write(shape(n), format))
        return path

    def again(path):
        (document,) = read_documents(path, format=format)
        document.mentions = document.mentions[::2] + [
            Mention(m.start, m.end, m.text, "New") for m in document.mentions[1::2]
        ]
        write(document, format)

    assert_linear(again, make, 300)


@pytest.mark.parametrize("shape", [rows, crowded])
def test_docbin(assert_linear, tmp_path, shape):
    def make(n):
        (tmp_path / "a.spacy").write_bytes(pack(shape(n)))
        return tmp_path / "a.spacy"

    assert_linear(pack, shape, 300)
    assert_linear(lambda path: list(read_docbin(path)), make, 300)


@pytest.mark.parametrize("shape", [rows, apart, crowded])
def test_docs_and_scores(assert_linear, shape):
    nlp = blank_pipeline()

    def there_and_back(document):
        doc = document_to_doc(nlp, document)
        assert len(doc_to_mentions(doc, document)) == len(document.mentions)

    assert_linear(there_and_back, shape, 500)
    assert_linear(lambda document: compare([document], [document]), shape, 1000)
    assert_linear(lambda document: list(split_document(document, 800)), shape, 500)


@pytest.mark.parametrize("shape", [rows, crowded])
def test_conll(assert_linear, shape):
    def convert(document):
        inside = mentions_inside(document, "x", print)
        aioner_sentences(inside, task=conll_task("ALL", document))

    assert_linear(convert, shape, 500)


def test_brat(assert_linear, tmp_path):
    def make(n):
        document = crowded(n)
        (tmp_path / "a.txt").write_text(document.text)
        lines = (
            f"T{i}\t{m.type} {m.start} {m.end}\t{m.text}\n"
            for i, m in enumerate(document.mentions)
        )
        (tmp_path / "a.ann").write_text("".join(lines))
        return tmp_path / "a.ann"

    assert_linear(lambda path: list(read_brat(path)), make, 500)


@pytest.mark.parametrize(
    "piece", ["<tr><td>BRCA1</td></tr>", '<tr><td>a<xref ref-type="bibr"/></td></tr>']
)
def test_jats_with_many_rows(assert_linear, tmp_path, piece):
    def make(n):
        body = f"<p>A</p><table-wrap><table>{piece * n}</table></table-wrap>"
        return jats(tmp_path, body)

    assert_linear(lambda path: list(read_documents(path, format="jats")), make, 1000)


def test_jats_with_many_marks_in_one_paragraph(assert_linear, tmp_path):
    mark = '<xref ref-type="bibr"/>'

    def make(n):
        return jats(tmp_path, f"<p>A{mark * n}</p>")

    assert_linear(lambda path: list(read_documents(path, format="jats")), make, 2000)


def jats(folder, body):
    path = folder / "a.nxml"
    path.write_text(
        "<article><front><article-meta>"
        '<article-id pub-id-type="pmc">1</article-id>'
        "<title-group><article-title>T</article-title></title-group>"
        f"</article-meta></front><body>{body}</body></article>"
    )
    return path
