"""The registered corpus reader: examples straight from annotated files."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from ..errors import AionerError, check_choice
from .config import SPLITS, Corpus, read_corpora
from .docs import bare_doc, document_to_doc
from .documents import corpus_documents
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
