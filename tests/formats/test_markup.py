"""Texts that hold markup."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.corpora.docs import (
    bare_doc,
    blank_pipeline,
    doc_to_document,
    doc_to_mentions,
    document_to_doc,
)
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.files import read_documents
from spacy_aioner.formats.markup import PlainDocument, View, find_markup


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("<i>TP53</i> in mice", "TP53 in mice"),
        ("&lt;glioma&gt; &amp; TNF-&alpha;", "<glioma> & TNF-α"),
        ("IL-1&#946; &#x3b2;&nbsp;x", "IL-1β β\xa0x"),
        (
            "<h4>Results</h4>Loss of ALK.<p>In mice</p>",
            "Results\n\nLoss of ALK.\n\nIn mice\n\n",
        ),
        ("H<sub>2</sub>O<sub>2</sub>", "H2O2"),
        ("p53<sup>12</sup> or p53<sup>1,2-4</sup>.", "p53 12 or p53 1,2-4."),
        ("10<sup>3</sup> m<sup>2</sup> Ca<sup>2+</sup>", "103 m2 Ca2+"),
        ('<jats:p class="a">A<mml:mi>b</mml:mi></jats:p>', "Ab\n\n"),
        ("a<br/>b<!-- no --> c", "a\n\nb c"),
        # None of these is markup.
        ("p<0.05 and q>3, a <b and c> d", "p<0.05 and q>3, a <b and c> d"),
        ("AT&T; &unknown; R&D <glioma>", "AT&T; &unknown; R&D <glioma>"),
    ],
)
def test_what_is_read(stored, read):
    view = View(stored)
    assert view.text == read
    assert len(view.starts) == len(view.ends) == len(read)
    assert (find_markup(stored) is None) == (stored == read)


PIECES = [
    "<i>",
    "</i>",
    "<p>",
    "<sup>",
    "</sup>",
    "&lt;",
    "&alpha;",
    "&#9;",
    "&",
    "TP53",
    "12",
]
PIECES += ["<", "<!--", "-->"]


@given(st.lists(st.sampled_from([*PIECES, " ", "\n"]) | st.text()).map("".join))
def test_characters_stand_where_they_are_said_to(stored):
    view = View(stored)
    assert len(view.starts) == len(view.ends) == len(view.text)
    last = 0
    for char, start, end in zip(view.text, view.starts, view.ends, strict=True):
        assert last <= start <= end <= len(stored)
        last = end
        piece = stored[start:end]
        assert piece == char or (not piece and char in " \n") or piece.startswith("&")


@pytest.fixture
def nlp():
    nlp = blank_pipeline()
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "Gene", "pattern": each}
            for each in ("TNF-α", "IL-1β", "H2O2", "ALK")
        ]
    )
    return nlp


STORED = [
    (0, "<b>TNF-&alpha;</b> in mice"),
    (0, "IL-1&#946;&nbsp;and H<sub>2</sub>O<sub>2</sub>."),
    (90, "No ALK."),
]
FOUND = ["TNF-&alpha;", "IL-1&#946;", "H<sub>2</sub>O<sub>2", "ALK"]


def test_mentions_stand_in_the_stored_text(nlp):
    document = Document("1", [Passage(*each) for each in STORED], markup=True)
    doc = nlp(bare_doc(nlp, document))
    assert "TNF-α in mice IL-1β" in doc.text
    mentions = doc_to_mentions(doc, document)
    assert [mention.text for mention in mentions] == FOUND
    for mention in mentions:
        passage = document.passages[mention.passage]
        start, end = mention.start - passage.offset, mention.end - passage.offset
        assert passage.text[start:end] == mention.text


def test_annotations_of_the_stored_text_are_gold_in_the_doc(nlp):
    document = Document("1", [Passage(*each) for each in STORED], markup=True)
    document.mentions = doc_to_mentions(nlp(bare_doc(nlp, document)), document)
    document.mentions.append(Mention(0, 3, "<b>", "Gene", passage=0))
    doc = document_to_doc(nlp, document)
    assert [m.text for m in doc_to_document(doc).mentions] == [
        "TNF-α",
        "IL-1β",
        "H2O2",
        "ALK",
    ]
    plain = PlainDocument(document)
    assert [mention.text for mention in plain.lost] == ["<b>"]
    assert [plain.back(m) for m in plain.document.mentions] == document.mentions[:-1]


def test_a_mention_across_passages(nlp):
    stored = Document(
        "1", [Passage(0, "a <i>b</i>"), Passage(11, "&lt;c")], markup=True
    )
    stored.mentions = [Mention(5, 15, "b</i> &lt;", "X")]
    plain = PlainDocument(stored)
    (mention,) = plain.document.mentions
    assert plain.document.text[mention.start : mention.end] == "b <"
    assert plain.back(mention) == stored.mentions[0]
    stored.passages[1].offset = 500
    assert PlainDocument(stored).lost == stored.mentions
    assert plain.back(mention) is None


@pytest.mark.parametrize("format", ["jsonl", "pubtator", "text"])
def test_markup_is_told_once_a_file(tmp_path, format):
    text = "<i>TP53</i> &amp; ALK"
    data = {
        "jsonl": "\n".join(json.dumps({"id": n, "text": text}) for n in range(3)),
        "pubtator": f"1|t|{text}\n1|a|x\n\n2|t|x\n2|a|{text}\n\n",
        "text": text,
    }
    path = tmp_path / f"in.{format}"
    path.write_text(data[format])
    problems = []
    read = list(read_documents(path, format=format, report=problems.append))
    (problem,) = problems
    assert not problem.lost
    assert "<i>" in problem.message
    assert "--markup" in problem.message
    again = list(
        read_documents(path, format=format, markup=True, report=problems.append)
    )
    assert len(problems) == 1
    assert again == read
    assert all(document.markup for document in again)
