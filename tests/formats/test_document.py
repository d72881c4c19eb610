"""Documents: mentions stay in the passage that they were found in."""

import io
import json

import pytest

from spacy_aioner.bulk.tagging import tag_documents
from spacy_aioner.corpora.convert import aioner_sentences, conll_task
from spacy_aioner.corpora.docbin import DocBinWriter, read_docbin
from spacy_aioner.corpora.docs import bare_doc, blank_pipeline, doc_to_mentions
from spacy_aioner.corpora.reference import reference_sentences
from spacy_aioner.evaluation.scores import compare
from spacy_aioner.formats.document import Document, Mention, Passage, text_offsets
from spacy_aioner.formats.files import WRITABLE, Frame, make_writer, read_documents

# Passages that begin at the same offset, and one that stands before those in the file.
TEXTS = [(90, "MYC rose."), (0, "EGFR in mice"), (0, "ALK was lost in dogs.")]
WORDS = ["MYC", "EGFR", "ALK", "dogs"]


@pytest.fixture
def nlp():
    """A pipeline that finds WORDS."""
    nlp = blank_pipeline()
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "Gene", "pattern": word} for word in WORDS])
    return nlp


@pytest.fixture
def document():
    return Document("1", [Passage(*each, "text") for each in TEXTS])


def tagged(nlp, document, *, keep=False):
    failures = []
    ((found, new),) = tag_documents(
        nlp,
        [document],
        spans_key=None,
        batch_size=1,
        keep=keep,
        failed=lambda *failure: failures.append(failure),
    )
    assert not failures
    return found, new


def test_predictions_name_the_passage_that_they_were_found_in(nlp, document):
    mentions = doc_to_mentions(nlp(bare_doc(nlp, document)), document)
    assert [(m.text, m.start, m.end, m.passage) for m in mentions] == [
        ("MYC", 90, 93, 0),
        ("EGFR", 0, 4, 1),
        ("ALK", 0, 3, 2),
        ("dogs", 16, 20, 2),
    ]
    for mention in mentions:
        start, end = text_offsets(document, mention)
        assert document.text[start:end] == mention.text


@pytest.mark.parametrize("format", [*WRITABLE, "docbin"])
def test_what_is_written_has_the_text_of_its_passage(nlp, document, tmp_path, format):
    found, _ = tagged(nlp, document)
    path = tmp_path / "out"
    with path.open("wb") as stream:
        if format == "docbin":
            writer = DocBinWriter(stream)
        else:
            writer = make_writer(stream, format, path=path, frame=Frame())
        writer.write(found)
        writer.close()
    if format == "text":
        texts = [line.split("\t")[-1] for line in path.read_text().splitlines()]
    elif format == "parquet":
        table = pytest.importorskip("pyarrow.parquet").read_table(path)
        texts = table["text"].to_pylist()
    else:
        reading = (
            read_docbin(path)
            if format == "docbin"
            else read_documents(path, format=format)
        )
        (back,) = reading
        places = [text_offsets(back, mention) for mention in back.mentions]
        texts = [back.text[start:end] for start, end in places]
    assert sorted(texts) == sorted(WORDS)


def test_annotations_of_bioc_stand_in_their_passage(nlp, tmp_path):
    passages = [
        {"offset": offset, "text": text, "annotations": []} for offset, text in TEXTS
    ]
    own = {"id": "7", "infons": {"type": "Gene"}, "text": "ALK"}
    own["locations"] = [{"offset": 0, "length": 3}]
    passages[2]["annotations"] = [own]
    path = tmp_path / "in.json"
    path.write_text(json.dumps({"documents": [{"id": "1", "passages": passages}]}))
    (document,) = read_documents(path)
    found, new = tagged(nlp, document, keep=True)
    # ALK is there; EGFR has the same place in another passage.
    assert [mention.text for mention in new] == ["EGFR", "dogs", "MYC"]
    stream = io.BytesIO()
    writer = make_writer(stream, "bioc-json", path="", frame=Frame(), keep=True)
    writer.write(found)
    writer.close()
    (out,) = json.loads(stream.getvalue())["documents"]
    assert [[each["text"] for each in p["annotations"]] for p in out["passages"]] == [
        ["MYC"],
        ["EGFR"],
        ["ALK", "dogs"],
    ]


@pytest.mark.parametrize("split", [aioner_sentences, reference_sentences])
def test_labels_stand_at_the_words_of_the_passage(nlp, document, split):
    found, _ = tagged(nlp, document)
    task = conll_task("ALL", found)
    labelled = [
        token
        for sentence in split(found, task=task)
        for token, label in zip(*sentence, strict=True)
        if label.startswith("B-")
    ]
    assert labelled == WORDS


def test_equal_offsets_in_other_passages_are_no_match(document):
    def with_mention(passage):
        mention = Mention(0, 3, "", "Gene", passage=passage)
        return [Document("1", document.passages, [mention])]

    assert compare(with_mention(1), with_mention(1)).strict["Gene"].right == 1
    assert compare(with_mention(1), with_mention(2)).strict["Gene"].right == 0


def test_a_mention_that_was_moved_counts_where_it_is_now():
    document = Document("1", [Passage(0, "EGFR"), Passage(5, "ALK")])
    mention = Mention(5, 8, "ALK", "Gene", passage=0)
    assert text_offsets(document, mention) == (5, 8)
    mention.passage = 7
    assert text_offsets(document, mention) == (5, 8)
