"""The endless stream: shares by size, no document twice before each came once."""

from collections import Counter
from itertools import islice

import pytest

from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.corpora.docs import ID_KEY, TASK_KEY, blank_pipeline
from spacy_aioner.corpora.sampling import create_sampled_corpus
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage

SENTENCE = "The gene ABC{} was lost in all of the mice. "


def document(number, *, sentences, kind="Gene"):
    text = "".join(SENTENCE.format(number) for _ in range(sentences)).strip()
    mentions = []
    if kind:
        start = text.index("ABC")
        name = f"ABC{number}"
        mentions.append(Mention(start, start + len(name), name, kind))
    return Document(str(number), [Passage(0, text, "abstract")], mentions)


@pytest.fixture
def folder(tmp_path):
    large = [(document(n, sentences=8), "Gene") for n in range(64)]
    small = [(document(n, sentences=8), "ALL") for n in range(100, 104)]
    for name, documents in (("large", large), ("small", small)):
        with (tmp_path / f"{name}.spacy").open("wb") as stream:
            write_docbin(documents, stream)
    return tmp_path


def draw(folder, count, **settings):
    nlp = blank_pipeline()
    return list(islice(create_sampled_corpus(folder, **settings)(nlp), count))


def share(examples):
    by_task = Counter()
    for eg in examples:
        by_task[eg.reference.user_data[TASK_KEY]] += len(eg.reference.text)
    return by_task["Gene"] / by_task["ALL"]


@pytest.mark.parametrize(("exponent", "ratio"), [(0.0, 1.0), (0.5, 4.0), (1.0, 16.0)])
def test_shares_follow_the_exponent(folder, exponent, ratio):
    assert share(draw(folder, 4000, exponent=exponent)) == pytest.approx(ratio, rel=0.2)


def test_a_file_of_two_tasks_is_two_corpora(tmp_path):
    pairs = [(document(n, sentences=8), "Gene") for n in range(4)]
    pairs += [(document(n, sentences=8), "ALL") for n in range(100, 116)]
    with (tmp_path / "both.spacy").open("wb") as stream:
        write_docbin(pairs, stream)
    examples = draw(tmp_path, 2000, exponent=0.5)
    assert share(examples) == pytest.approx(0.5, rel=0.2)
    for eg in examples[:200]:
        number = int(eg.reference.user_data[ID_KEY].partition("/")[0])
        assert eg.reference.user_data[TASK_KEY] == ("Gene" if number < 100 else "ALL")


def test_weights_multiply_the_share(folder):
    weights = {"small": 2.0}
    examples = draw(folder, 4000, exponent=0.0, weights=weights)
    assert share(examples) == pytest.approx(0.5, rel=0.2)
    only = draw(folder, 50, weights={"large": 0.0})
    assert {eg.reference.user_data[TASK_KEY] for eg in only} == {"ALL"}


def test_every_document_comes_before_any_comes_again(folder):
    examples = draw(folder, 64, weights={"small": 0.0}, min_length=900, max_length=900)
    ids = [eg.reference.user_data[ID_KEY] for eg in examples]
    assert len(set(ids)) == 64
    assert ids != sorted(ids)


def test_parts_are_cut_at_sentence_ends_and_keep_their_mentions(folder):
    examples = draw(folder, 400, min_length=60, max_length=140)
    texts = {eg.reference.text for eg in examples}
    assert len({len(text) for text in texts}) > 1
    for eg in examples:
        assert eg.reference.text.lstrip().startswith("The gene")
        assert len(eg.reference.text) <= 140
        assert eg.predicted.text == eg.reference.text
        for span in eg.reference.spans["aioner"]:
            assert span.text.startswith("ABC")


def test_negatives_thin_out_parts_without_mentions(folder):
    """Each document has one mention in its first part of several."""
    settings = {"weights": {"small": 0.0}, "min_length": 60, "max_length": 100}

    def without(negatives):
        examples = draw(folder, 800, negatives=negatives, **settings)
        return sum(not eg.reference.spans["aioner"] for eg in examples) / 800

    assert without(0.0) == 0.0
    assert 0.5 < without(1.0) < 0.9
    assert without(0.0) < without(0.3) < without(1.0)


def test_the_seed_decides(folder):
    first, again = draw(folder, 40, seed=3), draw(folder, 40, seed=3)
    assert [eg.text for eg in first] == [eg.text for eg in again]
    assert [eg.text for eg in first] != [eg.text for eg in draw(folder, 40, seed=4)]


def test_what_cannot_be_drawn_is_told(folder, tmp_path):
    with pytest.warns(UserWarning, match="no corpus 'medium'"):
        draw(folder, 1, weights={"medium": 1.0})
    with pytest.raises(AionerError, match="nothing to draw from"):
        draw(folder, 1, weights={"large": 0.0, "small": 0.0})
    with pytest.raises(AionerError, match="holds no DocBin"):
        draw(tmp_path / "elsewhere", 1)
    with pytest.raises(AionerError, match=r"--paths\.train"):
        draw(None, 1)
    (folder / "large.spacy").unlink()
    (folder / "small.spacy").unlink()
    with (folder / "empty.spacy").open("wb") as stream:
        write_docbin([(document(1, sentences=2, kind=None), "Gene")], stream)
    with pytest.raises(AionerError, match="raise negatives"):
        draw(folder, 1, negatives=0.0)
