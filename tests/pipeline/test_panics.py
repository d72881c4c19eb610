"""A panic of the tokenizers library costs a document; an interruption ends all."""

import pytest
import spacy

from spacy_aioner.bulk.tagging import tag_documents
from spacy_aioner.errors import AionerError, panics_as_errors
from spacy_aioner.formats.document import Document, Passage
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.pipeline.loading import load_trained

GOOD, BAD = "TP53 loss in mice.", "An unspeakable word."


@pytest.fixture
def frail(trained_copy, monkeypatch):
    """Have the pipeline's tokenizer fail on one word."""

    def make(fail):
        table = get_shim(trained_copy.get_pipe("aioner").model).table
        enter = table._enter

        def enter_or_fail(texts):
            if "unspeakable" in texts:
                fail()
            return enter(texts)

        monkeypatch.setattr(table, "_enter", enter_or_fail)
        return trained_copy

    return make


def interrupt():
    raise KeyboardInterrupt


def test_only_panics_become_errors(panic):
    with pytest.raises(BaseException, match="stride") as caught:
        panic()
    assert not isinstance(caught.value, Exception)
    with pytest.raises(RuntimeError, match=r"Panic.*stride"):  # noqa: SIM117
        with panics_as_errors():
            panic()
    for error in (KeyboardInterrupt, SystemExit, GeneratorExit, KeyError):
        with pytest.raises(error), panics_as_errors():
            raise error


def test_the_error_handler_sees_a_panic(frail, panic):
    nlp, told = frail(panic), []
    nlp.set_error_handler(lambda name, pipe, docs, error: told.append(str(error)))
    docs = list(nlp.pipe([GOOD, BAD, GOOD], batch_size=1))
    assert [doc.text for doc in docs] == [GOOD, GOOD]
    nlp(BAD)
    assert len(told) == 2
    assert all("stride" in text for text in told)


def test_a_panic_costs_one_document_of_many(frail, panic):
    nlp, lost = frail(panic), []
    texts = [GOOD, BAD, GOOD]
    documents = [Document(str(i), [Passage(0, t)]) for i, t in enumerate(texts)]
    settings = {"spans_key": "aioner", "batch_size": 8, "keep": False}
    found = tag_documents(
        nlp, documents, failed=lambda doc, error: lost.append(doc.id), **settings
    )
    assert [bool(mentions) for _, mentions in found] == [True, False, True]
    assert lost == ["1"]


def test_an_interruption_passes(frail):
    nlp = frail(interrupt)
    nlp.set_error_handler(lambda *args: None)
    with pytest.raises(KeyboardInterrupt):
        nlp(BAD)
    with pytest.raises(KeyboardInterrupt):
        list(nlp.pipe([GOOD, BAD]))
    documents = [Document("1", [Passage(0, BAD)])]
    settings = {"spans_key": "aioner", "batch_size": 8, "keep": False}
    with pytest.raises(KeyboardInterrupt):
        list(tag_documents(nlp, documents, failed=lambda *args: None, **settings))


def test_a_panic_while_loading_is_told(panic, monkeypatch):
    monkeypatch.setattr(spacy, "load", panic)
    with pytest.raises(AionerError, match=r"'some' cannot be loaded: .*stride"):
        load_trained("some")
