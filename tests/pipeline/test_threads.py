"""One pipeline serves many threads: each finds what one thread finds alone."""

import random
import string
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from spacy_aioner.models import wordpieces

TEXT = "TP53 loss causes breast cancer in {} ."


@pytest.fixture
def switching():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def fresh_texts(count):
    """Each with words that no text before had, as real traffic has."""
    rng = random.Random(0)

    def word():
        return "".join(rng.choices(string.ascii_lowercase, k=7))

    return [TEXT.format(" ".join(word() for _ in range(12))) for _ in range(count)]


def found(doc):
    group = doc.spans["aioner"]
    spans = [(span.start, span.end, span.label_) for span in group]
    return spans, group.attrs["scores"].tolist()


def test_eight_threads_and_new_words(trained_copy, make_nlp, switching):
    alone = make_nlp().from_bytes(trained_copy.to_bytes())
    texts = fresh_texts(200)
    expected = [found(alone(text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: found(trained_copy(text)), texts))
    assert answers == expected
    # And nothing is wrong with it afterwards.
    assert [found(trained_copy(text)) for text in texts] == expected


def test_another_thread_saves_and_adds_a_component(
    trained_copy, make_nlp, switching, tmp_path
):
    alone = make_nlp().from_bytes(trained_copy.to_bytes())
    texts = fresh_texts(60)
    expected = [found(alone(text)) for text in texts]

    def change(number):
        trained_copy.to_disk(tmp_path / str(number))
        trained_copy.add_pipe("aioner_abbreviations", f"marks_{number}")

    with ThreadPoolExecutor(5) as pool:
        changes = [pool.submit(change, number) for number in range(5)]
        answers = list(pool.map(lambda text: found(trained_copy(text)), texts))
        for each in changes:
            each.result()
    assert answers == expected


def test_each_call_may_ask_for_something_else(trained_copy, switching):
    pipe = trained_copy.get_pipe("aioner")
    (text,) = fresh_texts(1)
    thresholds = [0.0, 1.0] * 40

    def ask(threshold):
        settings = {"aioner": {"threshold": threshold, "tasks": ["ALL"]}}
        return bool(trained_copy(text, component_cfg=settings).spans["aioner"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, thresholds)) == [not t for t in thresholds]
    assert pipe.threshold == 0.0


def test_interrupted_while_words_are_entered(trained_copy, make_nlp, monkeypatch):
    alone = make_nlp().from_bytes(trained_copy.to_bytes())
    texts = fresh_texts(5)
    expected = [found(alone(text)) for text in texts]

    def interrupt(text):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wordpieces, "letter_case", interrupt)
        with pytest.raises(KeyboardInterrupt):
            trained_copy(texts[0])
    assert [found(trained_copy(text)) for text in texts] == expected
