"""The documents that all scripts of this folder read alike."""

from itertools import islice
from pathlib import Path

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document
from spacy_aioner.formats.files import read_documents


def first_documents(path: Path, count: int) -> list[Document]:
    """The first documents of a corpus; what cannot be read in it is passed over.

    path (Path): The corpus.
    count (int): How many.
    RETURNS (list[Document]): In the order of the file.
    RAISES (AionerError): If it holds fewer.
    """
    found = list(islice(read_documents(path, report=lambda problem: None), count))
    if len(found) < count:
        raise AionerError(f"{path}: holds {len(found)} documents, not {count}.")
    return found
