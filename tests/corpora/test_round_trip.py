"""Documents as docs, in a DocBin, and back: every mention line comes back exactly."""

import io
import os
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin

from spacy_aioner.corpora.docs import (
    SPANS_KEY,
    bare_doc,
    doc_to_document,
    doc_to_mentions,
    document_to_doc,
)
from spacy_aioner.formats.document import Document, Mention, Passage, text_offsets
from spacy_aioner.formats.files import read_documents
from spacy_aioner.formats.pubtator import PubTatorWriter

FOLDER = os.environ.get("AIONER_CORPORA", "")
FILES = sorted(Path(FOLDER).glob("*.PubTator")) if FOLDER else []
# Most gold mentions, in per cent, that may begin or end within a token.
OFF_BOUNDARY = {
    "BioRED_TrainDev": 0.55,
    "NLMgene_Train": 0.95,
    "BC5CDR_TrainDev": 0.05,
}
TOKENIZER = {"nlp": {"tokenizer": {"@tokenizers": "spacy_aioner.Tokenizer.v1"}}}
PIPELINES = [spacy.blank("en", config=TOKENIZER), spacy.blank("en")]


@pytest.fixture
def nlp():
    return PIPELINES[0]


def through_docbin(nlp, documents):
    docs = DocBin(store_user_data=True)
    for document in documents:
        docs.add(document_to_doc(nlp, document, task="ALL"))
    for doc in DocBin().from_bytes(docs.to_bytes()).get_docs(nlp.vocab):
        yield doc_to_document(doc)


def pubtator(document):
    stream = io.BytesIO()
    PubTatorWriter(stream).write(document)
    return stream.getvalue().decode("utf8")


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="AIONER_CORPORA names no folder with corpora")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mention_line_comes_back(nlp, path):
    documents = list(read_documents(path, report=lambda problem: None))
    again = list(through_docbin(nlp, documents))
    assert len(again) == len(documents)
    for document, other in zip(documents, again, strict=True):
        lines = pubtator(other).splitlines()
        assert lines[0] == f"{document.id}|t|{document.passages[0].text}"
        assert lines[2:-1] == [mention.origin.line for mention in document.mentions]


@pytest.mark.skipif(not FILES, reason="AIONER_CORPORA names no folder with corpora")
@pytest.mark.parametrize(("name", "limit"), OFF_BOUNDARY.items())
def test_mentions_begin_and_end_at_tokens(nlp, name, limit):
    mentions = off = 0
    for document in read_documents(Path(FOLDER) / f"{name}.PubTator"):
        doc = document_to_doc(nlp, document)
        group = doc.spans[SPANS_KEY]
        for span, (start, end) in zip(group, group.attrs["offsets"], strict=True):
            mentions += 1
            off += (span.start_char, span.end_char) != (start, end)
    assert 100 * off / mentions <= limit


def test_a_mention_within_a_token_keeps_its_offsets_text_and_id(nlp):
    mentions = [
        Mention(1, 3, "eW", "Gene", "id 7"),
        Mention(1, 3, "other text", "Gene"),
        Mention(0, 6, "GeWe i", "Species", ""),
    ]
    document = Document("x", [Passage(0, "GeWe is"), Passage(8, "here.")], mentions)
    [again] = through_docbin(nlp, [document])
    assert again.mentions == mentions
    assert again.id == "x"
    assert [passage.text for passage in again.passages] == ["GeWe is", "here."]
    assert "x\t1\t3\tother text\tGene\n" in pubtator(again)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["", "A gene."]])
def test_documents_with_little_text(nlp, texts):
    offsets = [sum(len(t) + 1 for t in texts[:i]) for i in range(len(texts))]
    passages = [Passage(o, t) for o, t in zip(offsets, texts, strict=True)]
    [again] = through_docbin(nlp, [Document("1", passages)])
    assert again.text == " ".join(texts)
    assert again.mentions == []


def test_passages_far_apart(nlp):
    passages = [Passage(100, "About TP53"), Passage(500, "It is a gene.")]
    inside = [Mention(106, 110, "TP53", "Gene"), Mention(508, 512, "gene", "Gene")]
    across = Mention(106, 502, "", "Gene")
    document = Document("1", passages, [*inside, across])
    doc = document_to_doc(nlp, document)
    assert [span.text for span in doc.spans[SPANS_KEY]] == ["TP53", "gene"]
    assert doc_to_mentions(doc, document) == inside
    assert text_offsets(document, across) is None
    assert text_offsets(document, Mention(101, 101, "", "Gene")) is None
    assert text_offsets(document, Mention(505, 514, "", "Gene")) is None


def test_a_doc_without_the_group_gives_its_entities(nlp):
    document = Document("1", [Passage(10, "About TP53 here")])
    doc = bare_doc(nlp, document)
    doc.set_ents([doc.char_span(6, 10, label="Gene", alignment_mode="expand")])
    assert doc_to_mentions(doc, document) == [Mention(16, 20, "TP53", "Gene")]
    assert doc_to_mentions(doc, document, spans_key=None)[0].score is None


@given(st.text("aB1- \t\n.µ̈\u2028", max_size=30), st.data())
def test_any_mention_in_any_text_comes_back(text, data):
    cut = data.draw(st.integers(0, len(text)))
    passages = [Passage(0, text[:cut]), Passage(cut + 1, text[cut:])]
    document = Document("1", passages)
    whole = document.text
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    document.mentions.append(Mention(start, end, whole[start:end], "Gene", "1"))
    for nlp in PIPELINES:
        doc = document_to_doc(nlp, document)
        assert doc_to_document(doc).mentions == document.mentions
