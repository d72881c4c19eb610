"""The documents of a corpus, with the mentions that its task annotates."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..errors import AionerError, Problem
from ..formats.document import Document
from .config import SPLITS, Corpus
from .convert import read_annotated
from .mapping import kept_types, task_mentions

Reader = Callable[[Path], Iterable[Document]]


def corpus_documents(
    corpus: Corpus, split: str, *, read: Reader | None = None
) -> Iterator[Document]:
    """Read the documents of one split with the mentions that the task annotates.

    corpus (Corpus): The corpus.
    split (str): "train", "dev" or "test".
    read (Reader | None): Reads a file in place of `read_corpus_file`, such as one that
        keeps what it has read, where several splits and corpora share files.
    YIELDS (Document): In the order of the files.
    RAISES (AionerError): If nothing of a file can be read. If only something of it is
        left out, one warning names the first place.
    """
    for path in corpus.sources(split):
        for document in (read or read_corpus_file)(path):
            if corpus.has(document.id, split):
                yield task_mentions(
                    document,
                    task=corpus.task,
                    type_map=corpus.type_map,
                    types=corpus.keep,
                )


def check_types(path: Path, corpus: Corpus, documents: Iterable[Document]) -> None:
    """Make sure that a corpus has each type that it is said to annotate.

    path (Path): The corpora file, for the message.
    corpus (Corpus): The corpus.
    documents (Iterable[Document]): Its documents as `corpus_documents` yields them, of
        all splits; its files are only read again if a type is in none of them.
    RAISES (AionerError): If a type is in no file; names the types that are there.
    """
    wanted = kept_types(corpus.task, corpus.keep) or ()
    missing = set(wanted) - {m.type for d in documents for m in d.mentions}
    if not missing:
        return
    there = Counter(
        corpus.type_map.get(mention.type, mention.type)
        for file in {file for split in SPLITS for file in corpus.sources(split)}
        for document in read_corpus_file(file)
        for mention in document.mentions
    )
    absent = [name for name in wanted if name in missing - set(there)]
    if absent:
        names = ", ".join(f"{name} ({n})" for name, n in sorted(there.items()) if name)
        why = "" if corpus.keep else " (the name of its task, as there is no keep)"
        raise AionerError(
            f"{path}: corpus '{corpus.name}' is to keep the type '{absent[0]}'{why}, "
            f"but its files have {names or 'no mention'}: correct keep, or rename with "
            "types."
        )


def read_corpus_file(path: Path) -> Iterator[Document]:
    """Read a file of a corpus, whatever is in it.

    path (Path): The file.
    YIELDS (Document): With all its mentions.
    RAISES (AionerError): If nothing of it can be read; a warning tells of less.
    """
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
