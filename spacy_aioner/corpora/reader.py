"""The registered corpus reader: examples straight from annotated files."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from ..errors import AionerError, Problem, check_choice
from ..formats.document import Document
from ..formats.files import read_documents
from .config import SPLITS, Corpus, read_corpora
from .convert import DOCBIN_SUFFIX, read_docbin
from .docs import bare_doc, document_to_doc
from .mapping import task_mentions
from .split import split_document


def create_aio_corpus(
    path: Path,
    split: str = "train",
    names: list[str] | None = None,
    max_length: int = 0,
    limit: int = 0,
) -> Callable[[Language], Iterable[Example]]:
    """Make a reader of corpora with their tasks.

    path (Path): The corpora file; see `spacy_aioner.corpora.config`.
    split (str): "train", "dev" or "test".
    names (list[str] | None): Corpora to read; all if not given.
    max_length (int): Longer documents are cut at sentence ends into parts of at most
        this many characters; 0 for no limit.
    limit (int): Documents to read of each corpus; 0 for all.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (AionerError): If the split or a name is unknown, or a file is not sound.
    """
    check_choice("split", split, SPLITS)

    # A config gives a string.
    path = Path(path)

    def read(nlp: Language) -> Iterator[Example]:
        for corpus in _choose(path, names):
            documents = corpus_documents(corpus, split)
            for document in islice(documents, limit or None):
                for part in split_document(document, max_length):
                    reference = document_to_doc(nlp, part, task=corpus.task)
                    yield Example(bare_doc(nlp, part), reference)

    return read


def _choose(path: Path, names: list[str] | None) -> list[Corpus]:
    corpora = read_corpora(path)
    known = [corpus.name for corpus in corpora]
    for name in names or ():
        if name not in known:
            raise AionerError(
                f"{path}: there is no corpus '{name}': it has {', '.join(known)}."
            )
    return [c for c in corpora if names is None or c.name in names]


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
    if path.suffix.lower() == DOCBIN_SUFFIX:
        yield from read_docbin(path)
        return
    lost: list[Problem] = []

    def report(problem: Problem) -> None:
        if problem.lost:
            lost.append(problem)

    documents = 0
    for document in read_documents(path, report=report):
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
