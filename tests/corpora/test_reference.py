import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.corpora.reference import (
    SPLIT_CHARACTERS,
    TextSpan,
    longest_of_touching,
    reference_sentences,
    split_reference,
)
from spacy_aioner.formats.conll import write_conll
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.files import read_documents
from spacy_aioner.scheme.scheme import Task

ALL = Task("ALL", ("Gene", "Disease", "Chemical", "Species", "Variant", "CellLine"))
GENE = Task("Gene", ("Gene",))


def make_document(*texts, mentions=()):
    passages, offset = [], 0
    for text in texts:
        passages.append(Passage(offset, text))
        offset += len(text) + 1
    document = Document("1", passages)
    for word, type_ in mentions:
        start = document.text.index(word)
        document.mentions.append(Mention(start, start + len(word), word, type_))
    return document


def lines(document, task):
    return [
        " ".join(f"{t}|{label}" for t, label in zip(*sentence, strict=True))
        for sentence in reference_sentences(document, task=task)
    ]


def tokens(text, mentions=()):
    spans = [TextSpan(*mention) for mention in mentions]
    return [
        [text[token.start : token.end] for token in sentence]
        for sentence in split_reference(text, mentions=spans)
    ]


def test_outside_label_names_the_task():
    document = make_document(
        "TP53-loss in mice.",
        "It is lethal.",
        mentions=[("TP53", "Gene"), ("mice", "Species")],
    )
    assert lines(document, GENE) == [
        "<Gene>|O-Gene TP53|B-Gene -|O-Gene loss|O-Gene in|O-Gene mice|O-Gene "
        ".|O-Gene </Gene>|O-Gene",
        "<Gene>|O-Gene It|O-Gene is|O-Gene lethal|O-Gene .|O-Gene </Gene>|O-Gene",
    ]
    assert lines(document, ALL)[0] == (
        "<ALL>|O TP53|B-Gene -|O loss|O in|O mice|B-Species .|O </ALL>|O"
    )


def test_a_title_without_full_stop_continues_in_the_abstract():
    document = make_document("About TP53", "It is a gene.", mentions=[("TP53", "Gene")])
    assert lines(document, ALL) == [
        "<ALL>|O About|O TP53|B-Gene It|O is|O a|O gene|O .|O </ALL>|O"
    ]


@pytest.mark.parametrize("character", sorted(SPLIT_CHARACTERS))
def test_split_characters_stand_alone(character):
    assert tokens(f"ab{character}cd") == [["ab", character, "cd"]]


def test_a_mention_within_a_word_cuts_it():
    document = make_document("anti-preS1ab", mentions=[("S1", "Gene")])
    assert lines(document, ALL) == ["<ALL>|O anti|O -|O pre|O S1|B-Gene ab|O </ALL>|O"]


def test_abbreviations_count_only_where_they_stand_alone():
    assert tokens("the p.G380R of C. elegans", [(4, 11)]) == [
        ["the", "p", ".", "G380R", "of", "C.", "elegans"]
    ]


def test_no_sentence_ends_in_a_mention_or_at_its_full_stop():
    text = "He took St. John wort. extract. Then he left."
    assert [s[-1] for s in tokens(text)] == [".", ".", "."]
    assert [s[-1] for s in tokens(text, [(8, 30)])] == [".", "."]
    assert [s[-1] for s in tokens(text, [(8, 31)])] == ["."]


def test_longest_of_touching():
    def mention(start, end, type_="Gene"):
        return Mention(start, end, "", type_)

    # 0-4 and 4-9 touch, 8-10 overlaps the second: one group, the second is longest.
    # 12-14 twice: the first of equals. 15-16 is one character away: its own group.
    kept = longest_of_touching(
        [
            mention(12, 14, "Gene"),
            mention(12, 14, "Chemical"),
            mention(8, 10),
            mention(0, 4),
            mention(4, 9),
            mention(16, 17),
        ]
    )
    assert [(m.start, m.end, m.type) for m in kept] == [
        (4, 9, "Gene"),
        (12, 14, "Gene"),
        (16, 17, "Gene"),
    ]


def test_offsets_are_those_of_the_passages():
    document = Document(
        "1",
        [Passage(100, "About TP53."), Passage(500, "A gene")],
        [Mention(106, 110, "TP53", "Gene"), Mention(502, 506, "gene", "Gene")],
    )
    assert lines(document, ALL) == [
        "<ALL>|O About|O TP53|B-Gene .|O </ALL>|O",
        "<ALL>|O A|O gene|B-Gene </ALL>|O",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\t\u00a0"])
def test_no_text_has_no_sentence(text):
    assert reference_sentences(make_document(text), task=ALL) == []


def test_a_mention_of_white_space_has_no_token():
    assert tokens("a  b", [(1, 3)]) == [["a", "b"]]
    (sentence,) = split_reference("a  b", mentions=[TextSpan(1, 3)])
    assert [token.mention for token in sentence] == [None, None]


@st.composite
def annotated_texts(draw):
    letters = st.sampled_from("ab X.?!-(/'’é\u00a0\u2028\t\n3İ😀")
    text = draw(st.text(letters | st.characters(codec="utf-8"), max_size=60))
    ends = draw(st.sets(st.integers(0, len(text)), max_size=8))
    ordered = sorted(ends)
    pairs = zip(ordered[::2], ordered[1::2], strict=False)
    return text, [TextSpan(start, end) for start, end in pairs]


@given(annotated_texts())
def test_no_character_is_lost_or_moved(annotated):
    text, mentions = annotated
    split = [t for s in split_reference(text, mentions=mentions) for t in s]
    seen = [position for token in split for position in range(token.start, token.end)]
    assert seen == [i for i, character in enumerate(text) if not character.isspace()]


@given(annotated_texts())
def test_the_tokens_of_a_mention_cover_it(annotated):
    text, mentions = annotated
    split = [t for s in split_reference(text, mentions=mentions) for t in s]
    for index, (start, end) in enumerate(mentions):
        inside = [token for token in split if token.mention == index]
        covered = "".join(text[token.start : token.end] for token in inside)
        assert covered == "".join(text[start:end].split())
        assert [token.begins for token in inside] == [
            i == 0 for i in range(len(inside))
        ]
    assert not any(token.begins for token in split if token.mention is None)


def corpus(name):
    folder = os.environ.get("AIONER_CORPORA")
    if folder is None:
        pytest.skip("AIONER_CORPORA does not name the folder of the corpora")
    return Path(folder) / name


def converted(name):
    documents = list(read_documents(corpus(name)))
    types = {mention.type for document in documents for mention in document.mentions}
    stream = io.StringIO(newline="\n")
    task = Task("ALL", tuple(types))
    for document in documents:
        write_conll(reference_sentences(document, task=task), stream)
    return stream.getvalue()


def test_biored_is_the_published_file():
    theirs = corpus("BioRED_TrainDev-ALL.conll").read_text(encoding="utf-8")
    assert converted("BioRED_TrainDev.PubTator").splitlines() == theirs.splitlines()


def test_anem_labels_the_same_characters():
    """The published AnEM file has tokens of another tool, so characters count."""

    def characters(conll):
        rows = [line.split("\t") for line in conll.splitlines() if line]
        return [
            (character, label if i == 0 else label.replace("B-", "I-"))
            for token, label in rows
            if token not in ("<ALL>", "</ALL>")
            for i, character in enumerate(token)
        ]

    theirs = characters(corpus("AnEM_train.conll").read_text(encoding="utf-8"))
    ours = characters(converted("AnEM_Train.PubTator"))
    assert [c for c, _ in ours] == [c for c, _ in theirs]
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    assert same / len(theirs) > 0.9998
