"""The same answer however docs are grouped, and any text at any length."""

import random
import unicodedata

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_aioner.models.architectures import get_shim

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."
SIGNS = (
    "aTP53 .\n\r\t\x00\x07\x1f\x85\xa0\u00ad\u200b\u200d\u2028\ufeff\ufe0f\u0301\u0323"
    "\u0627\u0644\u05d0\u202e\u4e2d\u0915\u094d\U0001f468\U0001f52c\U0001f1e9<>[]/"
)


def found(doc):
    offsets = doc.spans["aioner"].attrs["offsets"]
    return [(*o, s.label_) for o, s in zip(offsets, doc.spans["aioner"], strict=True)]


def texts_of(doc):
    return [doc.text[i:j] for i, j, _ in found(doc)]


def some_texts():
    rng = random.Random(0)
    words = f"{MICE} {DOSE} mice aspirin".split()
    texts = [MICE, "", DOSE, f"{MICE} {DOSE}", " "]
    for n in (1, 3, 8, 20, 70, 150):
        texts += [" ".join(rng.choices(words, k=n)) for _ in range(3)]
    return texts


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_answers_do_not_depend_on_the_batch(trained, decoder):
    nlp = trained[decoder]
    texts = some_texts()
    alone = [nlp(text) for text in texts]
    assert sum(len(doc.ents) for doc in alone) > 50
    others = [
        list(nlp.pipe(texts, batch_size=2)),
        list(nlp.pipe(texts, batch_size=7)),
        list(nlp.pipe(texts, batch_size=1000)),
        list(nlp.pipe(texts[::-1], batch_size=5))[::-1],
        [*nlp.pipe(texts[::2]), *nlp.pipe(texts[1::2])],
    ]
    order = [*range(0, len(texts), 2), *range(1, len(texts), 2)]
    others[-1] = [others[-1][order.index(i)] for i in range(len(texts))]
    for docs in others:
        for one, other in zip(alone, docs, strict=True):
            assert other.text == one.text
            assert found(other) == found(one)
            torch.testing.assert_close(
                torch.tensor(other.spans["aioner"].attrs["scores"]),
                torch.tensor(one.spans["aioner"].attrs["scores"]),
                atol=1e-5,
                rtol=0,
            )


def test_the_size_of_the_networks_batches_does_not_matter(trained_copy):
    texts = some_texts()
    expected = [found(doc) for doc in trained_copy.pipe(texts)]
    for budget in (1, 100, 1000):
        get_shim(trained_copy.get_pipe("aioner").model).batch_pieces = budget
        assert [found(doc) for doc in trained_copy.pipe(texts)] == expected


def test_docs_are_predicted_together_only_up_to_a_bound(trained_copy, monkeypatch):
    pipe = trained_copy.get_pipe("aioner")
    expected = [found(doc) for doc in trained_copy.pipe([MICE, DOSE, MICE])]
    sizes = []
    begin = pipe._begin
    monkeypatch.setattr(
        pipe, "_begin", lambda docs, r: sizes.append(len(docs)) or begin(docs, r)
    )
    monkeypatch.setattr("spacy_aioner.pipeline.stream._MAX_TOKENS", 20)
    docs = list(trained_copy.pipe([MICE, DOSE, MICE]))
    assert [found(doc) for doc in docs] == expected
    assert sizes == [1, 1, 1]


@pytest.fixture(scope="module", params=["softmax", "crf"])
def long_sighted(request, make_nlp, make_examples, overfit):
    """Knows TP53 between filler words, however the window lies."""
    nlp = make_nlp(request.param)
    sentences = []
    for before, after in ((0, 9), (9, 0), (25, 25), (40, 3), (4, 44)):
        text = "cells " * before + "TP53" + " cells" * after
        sentences.append((text, "ALL", [(6 * before, 6 * before + 4, "Gene")]))
    sentences.append(("cells " * 50 + "growth", "ALL", []))
    overfit(nlp, make_examples(nlp, sentences), steps=200)
    return nlp


def test_a_sentence_of_ten_thousand_words_is_read_to_its_end(long_sighted):
    words = ["cells"] * 10_000
    places = [0, 57, 5_000, 7_777, 9_999]
    for place in places:
        words[place] = "TP53"
    doc = long_sighted(" ".join(words))
    starts = [len(" ".join(words[:p])) + (p > 0) for p in places]
    assert found(doc) == [(s, s + 4, "Gene") for s in starts]
    assert min(doc.spans["aioner"].attrs["scores"]) > 0.5


def test_sentence_marks_are_used_and_stay(trained_copy):
    doc = trained_copy.make_doc(MICE)
    assert not trained_copy.get_pipe("aioner")(doc).has_annotation("SENT_START")
    # A mark inside a name cuts it: no entity reaches into the next sentence.
    doc = trained_copy.make_doc(DOSE)
    for token in doc:
        token.is_sent_start = token.text == "76"
    before = [token.is_sent_start for token in doc]
    doc = trained_copy.get_pipe("aioner")(doc)
    assert [token.is_sent_start for token in doc] == before
    assert not any(ent.start < 5 < ent.end for ent in doc.ents)


@pytest.mark.parametrize("tag", ["<ALL>", "</Gene>", "[MASK]", "[SEP]", "<Gene></ALL>"])
def test_tags_in_the_text_are_text(trained_nlp, tag):
    doc = trained_nlp(f"{tag}\n\n{MICE}\n\n{tag}")
    assert {*texts_of(doc)} >= {"TP53", "HeLa", "glioma", "mice"}
    shim = get_shim(trained_nlp.get_pipe("aioner").model)
    plan = trained_nlp.get_pipe("aioner")._plan([doc], [[0]])
    assert plan.inputs.pieces.max() < shim.frame.first_tag
    assert plan.inputs.pieces.min() > 4  # behind [PAD] … [MASK]
    inside = {doc.text[plan.words.start[i] : plan.words.end[i]] for i in plan.word}
    assert {sign for sign in tag if sign in "<>/[]"} <= inside


@given(st.lists(st.text(SIGNS, max_size=60), min_size=1, max_size=4))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_keeps_exact_offsets(trained, texts):
    for nlp in trained.values():
        for text, doc in zip(texts, nlp.pipe(texts), strict=True):
            assert doc.text == text
            for (start, end, _), span in zip(
                found(doc), doc.spans["aioner"], strict=True
            ):
                assert span.start_char <= start < end <= span.end_char
                assert text[start:end].strip() == text[start:end]
            assert len(doc.ents) <= len(doc.spans["aioner"])


@pytest.mark.parametrize(
    "around",
    [
        "\U0001f468\u200d\U0001f52c",
        "\u202e\u05d0\u05d1 \u0627\u0644",
        unicodedata.normalize("NFD", "\u1ec7\u0144"),
        "\ufb01\u0130\u00df",  # signs whose lower case has another length
        "\x00\x07\x1f",
        "\U0001f1e9\U0001f1ea\ufe0f",
    ],
)
def test_names_beside_odd_signs_are_cut_out_exactly(trained_nlp, around):
    doc = trained_nlp(f"{around}\n\n{MICE}\n\n{around}")
    assert {*texts_of(doc)} >= {"TP53", "HeLa", "glioma", "mice"}


@pytest.mark.slow
def test_a_line_of_half_a_million_characters(long_sighted):
    filler = "cells " * 83_000
    doc = long_sighted(f"{filler}TP53 {'x' * 2_000}")
    assert len(doc.text) > 500_000 - 1_000
    assert (len(filler), len(filler) + 4, "Gene") in found(doc)
