"""DocBin: documents with scores and tasks there and back."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_aioner.corpora.docbin import (
    DocBinWriter,
    read_docbin,
    read_tasks,
    write_docbin,
)
from spacy_aioner.formats.document import Document, Mention, Passage

TEXT = "TP53 loss in mice"


def make_document(*mentions, name="1"):
    return Document(name, [Passage(0, TEXT)], list(mentions))


def write(documents, **options):
    stream = io.BytesIO()
    writer = DocBinWriter(stream, **options)
    for document in documents:
        writer.write(document)
    assert stream.getvalue() == b""
    writer.close()
    return stream.getvalue()


def groups(data):
    docs = DocBin().from_bytes(data).get_docs(Vocab())
    return [doc.spans["aioner"] for doc in docs]


@pytest.fixture
def read(tmp_path):
    def run(data):
        path = tmp_path / "in.spacy"
        path.write_bytes(data)
        return list(read_tasks(path))

    return run


def test_documents_come_back_with_their_task(read):
    documents = [
        make_document(Mention(0, 4, "TP53", "Gene", "7157", 0.5, "Gene"), name="a"),
        make_document(name="b"),
        make_document(Mention(13, 17, "mice", "Species"), name="c"),
    ]
    pairs = read(write(documents, task="Gene"))
    assert [task for _, task in pairs] == ["Gene"] * 3
    assert [document.id for document, _ in pairs] == ["a", "b", "c"]
    assert [d.mentions for d, _ in pairs] == [d.mentions for d in documents]
    assert [task for _, task in read(write(documents))] == ["ALL"] * 3


def test_the_task_of_each_document(read):
    documents = [(make_document(), "Gene"), (make_document(), "Species")]
    stream = io.BytesIO()
    write_docbin(documents, stream)
    assert [task for _, task in read(stream.getvalue())] == ["Gene", "Species"]


def test_scores_and_tasks_stand_only_where_they_are_known():
    plain = Mention(0, 4, "TP53", "Gene")
    scored = Mention(5, 9, "loss", "X", score=0.25)
    of_task = Mention(13, 17, "mice", "Species", task="Species")
    documents = [
        make_document(plain),
        make_document(plain, scored),
        make_document(of_task, plain),
    ]
    neither, scores, tasks = (group.attrs for group in groups(write(documents)))
    assert not {"scores", "tasks"} & set(neither)
    assert "tasks" not in scores
    assert scores["scores"].dtype == np.float32
    np.testing.assert_array_equal(scores["scores"], np.array([np.nan, 0.25], "f"))
    assert "scores" not in tasks
    assert tasks["tasks"] == ["Species", None]


def test_a_mention_outside_the_text_is_told():
    problems = []
    inside = Mention(0, 4, "TP53", "Gene")
    document = make_document(inside, Mention(5, 99, "out", "X"), name="a")
    (group,) = groups(write([document], path="a.spacy", report=problems.append))
    assert len(group) == 1
    (problem,) = problems
    assert (problem.path, problem.document, problem.lost) == ("a.spacy", "a", True)


def test_no_documents_are_an_empty_docbin(read):
    assert read(write([])) == []


@given(
    st.text(st.sampled_from("aB1-. \t\n\u2028\x85\x00\U0001f9ec\u0301"), max_size=20),
    st.none() | st.sampled_from([0.0, 0.5, 1.0]),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.data(),
)
def test_any_mention_comes_back(tmp_path_factory, text, score, task, data):
    text = f"x{text}"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    mention = Mention(start, end, text[start:end], "Gene", None, score, task)
    plain = Mention(0, 1, "x", "Gene")
    path = tmp_path_factory.mktemp("docs") / "in.spacy"
    document = Document("1", [Passage(0, text)], [mention, plain])
    path.write_bytes(write([document]))
    (again,) = read_docbin(path)
    assert again.text == text
    assert again.mentions == document.mentions


def test_a_document_of_more_than_a_million_characters():
    stream = io.BytesIO()
    writer = DocBinWriter(stream)
    writer.write(Document("1", [Passage(0, "x" * 1_000_001, "text")]))
    writer.close()
    assert stream.getvalue()
