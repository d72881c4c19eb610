from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.corpora.convert import aioner_sentences, conll_task
from spacy_aioner.corpora.docbin import read_docbin
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.scheme.scheme import Task

ALL = Task("ALL", ("Gene", "Disease"))


def make_document(text, *mentions, rest=None):
    passages = [Passage(0, text)]
    if rest is not None:
        passages.append(Passage(len(text) + 1, rest))
    document = Document("1", passages)
    for start, end, type_ in mentions:
        there = document.text[start:end]
        document.mentions.append(Mention(start, end, there, type_))
    return document


def lines(document, task=ALL):
    return [
        " ".join(f"{t}|{label}" for t, label in zip(*sentence, strict=True))
        for sentence in aioner_sentences(document, task=task)
    ]


def test_a_mention_takes_in_whole_words():
    document = make_document("anti TP53mut now", (6, 8, "Gene"))
    assert lines(document) == [
        "<ALL>|O anti|O TP|B-Gene 53|I-Gene mut|O now|O </ALL>|O"
    ]


def test_of_overlapping_mentions_the_longest_is_labelled():
    document = make_document(
        "BRCA breast cancer", (0, 4, "Gene"), (0, 18, "Disease"), (5, 11, "Gene")
    )
    assert lines(document) == [
        "<ALL>|O BRCA|B-Disease breast|I-Disease cancer|I-Disease </ALL>|O"
    ]


def test_a_mention_across_sentences_begins_anew():
    document = make_document("A gene", (2, 9, "Gene"), rest="is it.")
    assert lines(document) == [
        "<ALL>|O A|O gene|B-Gene </ALL>|O",
        "<ALL>|O is|B-Gene it|O .|O </ALL>|O",
    ]


def test_other_types_are_as_if_not_there():
    document = make_document("A gene", (2, 6, "Species"))
    assert lines(document, Task("Gene", ("Gene",))) == [
        "<Gene>|O-Gene A|O-Gene gene|O-Gene </Gene>|O-Gene"
    ]


@pytest.mark.parametrize("text", ["", " ", "\n \u2028"])
def test_a_text_without_words_has_no_sentences(text):
    assert lines(make_document(text, rest="")) == []


@given(st.text("aB1. \n-é", max_size=40), st.text("aB. ", max_size=10), st.data())
def test_no_word_is_lost_and_labels_are_valid(text, rest, data):
    bounds = st.integers(0, len(text) + 1 + len(rest))
    pairs = data.draw(st.lists(st.tuples(bounds, bounds), max_size=4))
    mentions = [(min(p), max(p), "Gene") for p in pairs]
    document = make_document(text, *mentions, rest=rest)
    words = []
    for tokens, labels in aioner_sentences(document, task=ALL):
        assert (tokens[0], tokens[-1]) == ("<ALL>", "</ALL>")
        assert len(tokens) == len(labels) > 2
        words += tokens[1:-1]
        for before, label in pairwise(labels):
            assert label != "I-Gene" or before in ("B-Gene", "I-Gene")
    assert "".join(words) == "".join(document.text.split())


def test_a_task_has_the_types_of_the_document():
    document = make_document("a b", (0, 1, "Cell"), (2, 3, "Cell"))
    assert conll_task("Anatomy", document) == Task("Anatomy", ("Cell",))
    with pytest.raises(AionerError, match="cannot name a task"):
        conll_task("two words", document)


def test_a_broken_docbin_raises_by_default(tmp_path):
    path = tmp_path / "x.spacy"
    path.write_bytes(spacy.tokens.DocBin().to_bytes()[:-3])
    with pytest.raises(AionerError, match="cannot be read as a DocBin"):
        list(read_docbin(path))
