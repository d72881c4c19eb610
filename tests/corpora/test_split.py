"""Long documents in parts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.corpora.split import split_document
from spacy_aioner.formats.document import Document, Mention, Passage, text_between
from spacy_aioner.scheme.segment import sentence_starts

sentences = st.lists(
    st.sampled_from(["It grew.", "Mice died at 0.5 mg.", "No stop", "E. coli grew."]),
    min_size=1,
    max_size=8,
).map(" ".join)


@st.composite
def documents(draw):
    passages, offset = [], draw(st.integers(0, 5))
    for text in draw(st.lists(sentences, min_size=1, max_size=3)):
        passages.append(Passage(offset, text, "p"))
        offset += len(text) + draw(st.integers(1, 4))
    mentions = []
    for passage in passages:
        for word in ("grew", "Mice", "coli"):
            start = passage.text.find(word)
            if start >= 0:
                begin = passage.offset + start
                mentions.append(Mention(begin, begin + len(word), word, "T"))
    return Document("7", passages, mentions)


@given(documents(), st.integers(1, 90))
def test_parts_hold_all_text_and_all_mentions_in_place(document, limit):
    parts = list(split_document(document, limit))
    if len(document.text) <= limit:
        assert parts == [document]
        return
    for passage in document.passages:
        inside = [
            p
            for part in parts
            for p in part.passages
            if passage.offset <= p.offset < passage.end
        ]
        assert "".join(p.text for p in inside) == passage.text
        assert {p.kind for p in inside} == {"p"}
    for part in parts:
        assert part.id == "7"
        texts = [p.text for p in part.passages]
        # Longer than the limit only where one sentence is.
        if sum(map(len, texts)) > limit:
            assert len(texts) == 1
            assert not sentence_starts(texts[0])
        for mention in part.mentions:
            place = (mention.start, mention.end)
            assert text_between(part.passages, *place) == mention.text
    # Cut only where the next sentence would not fit.
    for part, following in pairwise(parts):
        text = following.passages[0].text
        first = [*sentence_starts(text), len(text)][0]
        assert sum(len(p.text) for p in part.passages) + first > limit
    found = [m for part in parts for m in part.mentions]
    assert sorted(found, key=lambda m: m.start) == sorted(
        document.mentions, key=lambda m: m.start
    )


def test_cuts_are_at_sentence_ends():
    text = "It grew. Mice died at 0.5 mg. It grew. No stop"
    parts = split_document(Document("1", [Passage(3, text)]), 31)
    assert [(p.passages[0].offset, p.text) for p in parts] == [
        (3, "It grew. Mice died at 0.5 mg."),
        (32, " It grew. No stop"),
    ]


def test_zero_keeps_the_document_whole():
    document = Document("1", [Passage(0, "It grew. " * 50)])
    assert list(split_document(document, 0)) == [document]


def test_a_long_sentence_stays_whole():
    text = "mice " * 30 + "grew. Then they died."
    parts = [p.text for p in split_document(Document("1", [Passage(0, text)]), 20)]
    assert parts == ["mice " * 30 + "grew.", " Then they died."]


def test_a_mention_across_a_cut_is_left_out():
    text = "It grew. Mice died."
    document = Document(
        "1",
        [Passage(0, text)],
        [Mention(3, 13, "grew. Mice", "T"), Mention(0, 2, "It", "T")],
    )
    first, second = split_document(document, 10)
    assert [m.text for m in first.mentions] == ["It"]
    assert second.mentions == []
