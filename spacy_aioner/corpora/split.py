"""Cutting long documents into parts for training."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

from ..formats.document import Document, Passage
from ..scheme.segment import sentence_starts


def split_document(document: Document, max_length: int) -> Iterator[Document]:
    """Cut a document at sentence ends.

    document (Document): Any document.
    max_length (int): Characters of a part, unless one sentence is longer; 0 keeps
        the document whole.
    YIELDS (Document): Parts with their share of the passages, and mentions at their
        offsets; a mention across a cut is left out. Ids stay.
    """
    if not max_length or len(document.text) <= max_length:
        yield document
        return
    mentions = document.mentions
    order = sorted(range(len(mentions)), key=lambda i: mentions[i].start)
    starts = [mentions[i].start for i in order]
    for sentences in _runs(document, max_length):
        passages = []
        for _, group in groupby(sentences, key=lambda sentence: sentence[0]):
            run = list(group)
            passage, start, end = run[0][0], run[0][1], run[-1][2]
            text = document.passages[passage].text[start:end]
            kind = document.passages[passage].kind
            offset = document.passages[passage].offset + start
            passages.append(Passage(offset, text, kind))
        first, last = passages[0].offset, passages[-1].end
        begun = order[bisect_left(starts, first) : bisect_right(starts, last)]
        inside = [mentions[i] for i in sorted(begun) if mentions[i].end <= last]
        yield replace(document, passages=passages, mentions=inside)


def _runs(document: Document, max_length: int) -> Iterator[list[tuple[int, int, int]]]:
    """Runs of sentences of at most max_length characters, or one longer sentence.

    A sentence is its passage's number, and its start and end in the passage's text.
    """
    run: list[tuple[int, int, int]] = []
    length = 0
    for number, passage in enumerate(document.passages):
        bounds = sorted({0, *sentence_starts(passage.text), len(passage.text)})
        for start, end in pairwise(bounds):
            if run and length + end - start > max_length:
                yield run
                run, length = [], 0
            run.append((number, start, end))
            length += end - start
    if run:
        yield run
