"""The plain merge: all corpora as if each annotated every type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..formats.document import Document
from ..scheme.scheme import ALL
from .leakage import Selected


def merge_plainly(selected: Sequence[Selected]) -> list[Selected]:
    """Put all training documents under ALL, what the all-in-one scheme is held against.

    What a corpus does not annotate is then taught as outside (Luo et al. 2023, Table
    2, "plain merge"). Corpora that are read from the same files, one for each type,
    become one with the mentions of all.

    selected (Sequence[Selected]): Corpora with their documents.
    RETURNS (list[Selected]): In order, named after the first of those of a file.
    """
    merged: dict[tuple[str, ...], Selected] = {}
    for one in selected:
        files = tuple(map(str, one.corpus.sources("train")))
        if not files:
            continue
        first = merged.get(files)
        if first is None:
            corpus = replace(one.corpus, task=ALL)
            merged[files] = replace(one, corpus=corpus)
        else:
            documents = {
                split: _join(first.documents[split], one.documents[split])
                for split in first.documents
            }
            merged[files] = replace(first, documents=documents)
    return list(merged.values())


def _join(first: Sequence[Document], second: Sequence[Document]) -> list[Document]:
    """The same documents with the mentions of both."""
    return [
        replace(a, mentions=sorted([*a.mentions, *b.mentions], key=lambda m: m.start))
        for a, b in zip(first, second, strict=True)
    ]
