"""Cutting long documents into parts for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..formats.document import Document, Passage
from ..scheme.segment import sentence_starts


def split_document(document: Document, max_length: int) -> Iterator[Document]:
    """Cut a document at sentence ends.

    document (Document): Any document.
    max_length (int): Characters of a part, unless one sentence is longer; 0 keeps
        the document whole.
    YIELDS (Document): Parts with passages and mentions at their offsets; a mention
        across a cut is left out. Ids stay.
    """
    if not max_length or len(document.text) <= max_length:
        yield document
        return
    for passage in document.passages:
        for start, end in _cuts(passage.text, max_length):
            part = Passage(
                passage.offset + start, passage.text[start:end], passage.kind
            )
            mentions = [
                m
                for m in document.mentions
                if part.offset <= m.start and m.end <= part.end
            ]
            yield replace(document, passages=[part], mentions=mentions)


def _cuts(text: str, max_length: int) -> Iterator[tuple[int, int]]:
    """Runs of sentences of at most max_length characters, or one longer sentence."""
    bounds = [*sentence_starts(text), len(text)]
    start = previous = 0
    for bound in bounds:
        if bound - start > max_length and previous > start:
            yield start, previous
            start = previous
        previous = bound
    if previous > start:
        yield start, previous
