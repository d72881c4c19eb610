"""Offsets found by bisection against a look at every passage."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.document import Document, Mention, Passage, Places
from spacy_aioner.formats.layout import lay_out


@st.composite
def passages(draw):
    """Passages that do not overlap, in any order, some of them empty."""
    made, position = [], draw(st.integers(0, 3))
    gaps = st.sampled_from([1, 1, 1, 0, 3]) if draw(st.booleans()) else st.just(1)
    for text in draw(st.lists(st.text("abc", max_size=4), max_size=5)):
        made.append(Passage(position, text, draw(st.sampled_from(["", "title"]))))
        position += len(text) + draw(gaps)
    return draw(st.permutations(made)) if draw(st.booleans()) else made


@given(passages(), st.integers(0, 25), st.integers(0, 25))
def test_a_mention_is_in_the_passage_that_holds_it(made, start, end):
    document = Document("1", made)
    places = Places(made)
    held = [
        number
        for number, passage in enumerate(made)
        if start < end and passage.offset <= start and end <= passage.end
    ]
    assert places.holder(start, end) == (held[0] if held else None)
    if held:
        passage = made[held[0]]
        text = passage.text[start - passage.offset : end - passage.offset]
        assert places.text(start, end) == text
        joined = places.to_joined(start, end)
        assert document.text[slice(*joined)] == text
        assert places.from_joined(*joined)[:2] == (start, end)
        laid = lay_out(document)
        assert laid.text[slice(*laid.move(start, end))] == text


@given(passages(), st.integers(0, 25), st.integers(0, 25))
def test_passages_that_a_mention_touches(made, start, end):
    touched = {
        number
        for number, passage in enumerate(made)
        if passage.offset <= end and start <= passage.end
    }
    assert set(Places(made).touched(start, end)) == touched


def test_of_passages_that_overlap_the_first_by_offset_counts():
    made = [Passage(5, "defgh"), Passage(0, "xxxxxdef"), Passage(0, "abcdefghijk")]
    places = Places(made)
    assert places.holder(5, 8) == 1
    assert places.holder(5, 9) == 2
    assert places.text(0, 11) == "abcdefghijk"
    assert Places([]).holder(0, 1) is None
    assert Places([]).to_joined(0, 1) is None
    assert Places([]).from_joined(0, 1) is None


def test_changed_passages_need_new_places():
    document = Document("1", [Passage(0, "abc")], [Mention(1, 2, "b", "X")])
    assert Places(document.passages).to_joined(1, 2) == (1, 2)
    document.passages.insert(0, Passage(9, "zz"))
    assert Places(document.passages).to_joined(1, 2) == (4, 5)
