"""The registered corpus reader: examples straight from annotated files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from ..errors import AionerError, check_choice
from ..formats.document import Document
from .config import SPLITS, Corpus, read_corpora
from .docs import bare_doc, document_to_doc
from .leakage import PROTOCOLS, select_documents
from .split import split_document


def create_aio_corpus(
    path: Path,
    split: str = "train",
    names: list[str] | None = None,
    max_length: int = 0,
    limit: int = 0,
    protocol: str = "leak-free",
) -> Callable[[Language], Iterable[Example]]:
    """Make a reader of corpora with their tasks.

    path (Path): The corpora file; see `spacy_aioner.corpora.config`.
    split (str): "train", "dev" or "test".
    names (list[str] | None): Corpora to read; all if not given.
    max_length (int): Longer documents are cut at sentence ends into parts of at most
        this many characters; 0 for no limit.
    limit (int): Documents to give of each corpus; 0 for all.
    protocol (str): "leak-free", so that no document of any corpus of the file both
        trains and is tested, or "paper"; see `spacy_aioner.corpora.leakage`.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (AionerError): If the split, a name or the protocol is unknown, or a file is
        not sound.
    """
    check_choice("split", split, SPLITS)
    check_choice("protocol", protocol, PROTOCOLS)
    # A config gives a string.
    path = Path(path)

    # Training asks for the examples again and again; the files are read once.
    @cache
    def choose() -> list[tuple[str, list[Document]]]:
        corpora = read_corpora(path)
        _check_names(path, names, corpora)
        return [
            (selected.corpus.task, selected.documents[split])
            for selected in select_documents(corpora, protocol=protocol)
            if names is None or selected.corpus.name in names
        ]

    def read(nlp: Language) -> Iterator[Example]:
        for task, documents in choose():
            for document in documents[: limit or None]:
                for part in split_document(document, max_length):
                    reference = document_to_doc(nlp, part, task=task)
                    yield Example(bare_doc(nlp, part), reference)

    return read


def _check_names(
    path: Path, names: Sequence[str] | None, corpora: Sequence[Corpus]
) -> None:
    known = [corpus.name for corpus in corpora]
    for name in names or ():
        if name not in known:
            raise AionerError(
                f"{path}: there is no corpus '{name}': it has {', '.join(known)}."
            )
