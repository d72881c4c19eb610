"""The same text in another look has the same entities, at its own offsets."""

import pytest

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."


def entities(doc):
    group = doc.spans["aioner"]
    offsets = group.attrs["offsets"].tolist()
    return [(*o, s.label_) for o, s in zip(offsets, group, strict=True)]


def by_sign(change):
    """A change of each character, and what it makes of offsets."""

    def look(text):
        parts = [change(sign) for sign in text]
        starts = [sum(map(len, parts[:i])) for i in range(len(parts) + 1)]
        return "".join(parts), starts

    return look


LOOKS = {
    "full width": by_sign(lambda c: c if c == " " else chr(ord(c) + 0xFEE0)),
    "subscripts": by_sign(lambda c: chr(0x2080 + int(c)) if c.isdigit() else c),
    "no-break spaces": by_sign(lambda c: "\u00a0" if c == " " else c),
    "soft hyphens": by_sign(lambda c: "\u00ad" + c if c.isalpha() else c),
    "zero-width spaces": by_sign(lambda c: "\u200b" + c),
    "mathematical letters": by_sign(
        lambda c: chr(0x1D5D4 + ord(c) - ord("A")) if "A" <= c <= "Z" else c
    ),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("text", [MICE, DOSE])
def test_the_same_entities(trained_nlp, look, text):
    expected = entities(trained_nlp(text))
    assert expected
    other, at = LOOKS[look](text)
    doc = trained_nlp(other)
    assert doc.text == other
    plain = [
        (other[start:end].lstrip("\u00ad\u200b"), label)
        for start, end, label in entities(doc)
    ]
    assert plain == [
        (other[at[start] : at[end]].strip("\u00ad\u200b"), label)
        for start, end, label in expected
    ]
    assert [ent.label_ for ent in doc.ents] == [label for *_, label in expected]


def test_words_that_a_line_end_parts(trained_copy):
    text = MICE.replace("growth", "gro-\nwth").replace("mice", "mi-\nce")
    pipe = trained_copy.get_pipe("aioner")
    pipe.join_hyphenated = True
    doc = trained_copy(text)
    assert doc.text == text
    found = [(text[i:j], label) for i, j, label in entities(doc)]
    assert found == [
        (MICE[i:j].replace("mice", "mi-\nce"), label)
        for i, j, label in entities(trained_copy(MICE))
    ]
    assert found[-1] == ("mi-\nce", "Species")
    assert doc.ents[-1].text == "mi-\nce"
    pipe.join_hyphenated = False
    assert ("mi-\nce", "Species") not in [
        (text[i:j], label) for i, j, label in entities(trained_copy(text))
    ]


def test_learning_takes_the_words_that_are_joined(make_nlp, make_examples, overfit):
    text = "Loss of gro-\nwth in mice."
    start = text.index("gro-")
    gold = [(text, "ALL", [(start, start + len("gro-\nwth"), "Disease")])]
    nlp = make_nlp(join_hyphenated=True, types=["Disease"])
    overfit(nlp, make_examples(nlp, gold))
    assert entities(nlp(text)) == [(start, start + len("gro-\nwth"), "Disease")]
    assert entities(nlp("Loss of growth in mice.")) == [(8, 14, "Disease")]
