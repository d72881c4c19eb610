"""The documents of a corpus, with the mentions that its task annotates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

from ..errors import AionerError, Problem
from ..formats.document import Document
from .config import Corpus
from .convert import read_annotated
from .mapping import task_mentions


def corpus_documents(corpus: Corpus, split: str) -> Iterator[Document]:
    """Read the documents of one split with the mentions that the task annotates.

    corpus (Corpus): The corpus.
    split (str): "train", "dev" or "test".
    YIELDS (Document): In the order of the files.
    RAISES (AionerError): If nothing of a file can be read. If only something of it is
        left out, one warning names the first place.
    """
    for path in corpus.sources(split):
        for document in _read(path):
            if corpus.has(document.id, split):
                yield task_mentions(
                    document,
                    task=corpus.task,
                    type_map=corpus.type_map,
                    types=corpus.keep,
                )


def _read(path: Path) -> Iterator[Document]:
    lost: list[Problem] = []

    def report(problem: Problem) -> None:
        if problem.lost:
            lost.append(problem)

    documents = 0
    for document in read_annotated(path, report=report):
        documents += 1
        yield document
    if not lost:
        return
    if not documents:
        raise AionerError(str(lost[0]))
    warnings.warn(
        f"{lost[0]} ({len(lost)} in all were left out of this file; `aioner convert` "
        "tells each)",
        stacklevel=2,
    )
