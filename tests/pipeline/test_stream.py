"""Batches of a stream, begun ahead and finished in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.lang.en import English

from spacy_aioner.pipeline.aioner import AionerNER
from spacy_aioner.pipeline.stream import annotate, batches

NLP = English()


def make_docs(numbers):
    return [NLP.make_doc(f"document {number}") for number in numbers]


def numbers(docs):
    return [int(doc[1].text) for doc in docs]


@given(
    count=st.integers(0, 20),
    size=st.integers(1, 6),
    ahead=st.integers(0, 3),
    bad_begin=st.sets(st.integers(0, 20)),
    bad_end=st.sets(st.integers(0, 20)),
)
def test_every_doc_comes_out_in_order_or_is_told(
    count, size, ahead, bad_begin, bad_end
):
    log, told = [], []

    def begin(docs):
        first = numbers(docs)[0]
        if first in bad_begin:
            raise ValueError("begin")
        log.append(("begin", first))

        def write():
            log.append(("write", first))
            if first in bad_end:
                raise ValueError("write")

        return write

    found = annotate(
        iter(make_docs(range(count))),
        size,
        begin=begin,
        ahead=ahead,
        failed=lambda docs, error: told.extend(numbers(docs)),
    )
    answered = numbers(found)
    firsts = range(0, count, size)
    lost = [
        number
        for first in firsts
        if first in bad_begin | bad_end
        for number in range(first, min(first + size, count))
    ]
    assert sorted(told) == lost
    assert answered == [n for n in range(count) if n not in lost]
    open_now = most = 0
    for what, _ in log:
        open_now += 1 if what == "begin" else -1
        most = max(most, open_now)
    assert not open_now
    assert most == min(ahead + 1, sum(what == "begin" for what, _ in log))


def test_no_more_docs_are_taken_than_are_begun():
    taken = []

    def stream():
        for doc in make_docs(range(9)):
            taken.append(doc)
            yield doc

    def failed(docs, error):
        raise error

    found = annotate(
        stream(), 2, begin=lambda docs: lambda: None, ahead=1, failed=failed
    )
    next(found)
    # Two batches, and the doc that shows the second one to be full.
    assert len(taken) == 5


def test_what_fails_may_stop_the_stream():
    def begin(docs):
        raise ValueError("no memory")

    def failed(docs, error):
        raise error

    with pytest.raises(ValueError, match="no memory"):
        list(annotate(make_docs([1]), 1, begin=begin, ahead=0, failed=failed))


def test_batches_are_bounded_by_tokens(monkeypatch):
    monkeypatch.setattr("spacy_aioner.pipeline.stream._MAX_TOKENS", 4)
    docs = [*make_docs([1, 2, 3]), NLP.make_doc("one two three four five six")]
    assert list(map(len, batches(docs, 100))) == [2, 1, 1]
    assert list(batches([], 100)) == []


def test_the_component_answers_the_same_one_batch_ahead(trained_nlp, monkeypatch):
    texts = ["BRCA1 and mice", "", "aspirin in mice", "BRCA1", "breast cancer"]
    settings = {"component_cfg": {"aioner": {"batch_size": 2}}}
    expected = [doc.to_bytes() for doc in trained_nlp.pipe(texts, **settings)]
    assert any(doc.ents for doc in trained_nlp.pipe(texts))
    monkeypatch.setattr(AionerNER, "_ahead", 1)
    found = [doc.to_bytes() for doc in trained_nlp.pipe(texts, **settings)]
    assert found == expected
