"""A stream of docs in batches, the next one begun before the last one is finished."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from spacy.tokens import Doc

from ..errors import panics_as_errors

# Docs are predicted together up to this many tokens, which bounds memory.
_MAX_TOKENS = 100_000

Finish = Callable[[], None]
"""Waits for what was begun for a batch, and writes it to the batch's docs."""


def annotate(
    stream: Iterable[Doc],
    batch_size: int,
    *,
    begin: Callable[[list[Doc]], Finish],
    ahead: int,
    failed: Callable[[list[Doc], Exception], None],
) -> Iterator[Doc]:
    """Annotate docs batch by batch.

    stream (Iterable[Doc]): The docs.
    batch_size (int): Docs of a batch at most; long docs make it fewer.
    begin (Callable[[list[Doc]], Finish]): Begins a batch.
    ahead (int): Batches that are begun before one is finished.
    failed (Callable[[list[Doc], Exception], None]): Takes docs that could not be
        annotated; unless it raises, the stream goes on without them.
    YIELDS (Doc): The docs in order.
    """
    begun: deque[tuple[list[Doc], Finish]] = deque()

    def finish() -> list[Doc]:
        docs, write = begun.popleft()
        try:
            with panics_as_errors():
                write()
        except Exception as error:
            failed(docs, error)
            return []
        return docs

    for docs in batches(stream, batch_size):
        try:
            with panics_as_errors():
                begun.append((docs, begin(docs)))
        except Exception as error:
            failed(docs, error)
        if len(begun) > ahead:
            yield from finish()
    while begun:
        yield from finish()


def batches(stream: Iterable[Doc], batch_size: int) -> Iterator[list[Doc]]:
    """Group docs.

    stream (Iterable[Doc]): The docs.
    batch_size (int): Docs of a batch at most; long docs make it fewer.
    YIELDS (list[Doc]): At least one doc, in order.
    """
    docs: list[Doc] = []
    tokens = 0
    for doc in stream:
        if docs and (len(docs) >= batch_size or tokens + len(doc) > _MAX_TOKENS):
            yield docs
            docs, tokens = [], 0
        docs.append(doc)
        tokens += len(doc)
    if docs:
        yield docs
