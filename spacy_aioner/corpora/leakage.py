"""Which documents train and which are scored, so that none does both.

The corpora overlap: 72 of the 100 test documents of BioRED stand in training files of
other corpora, and 171 test documents of others in the training file of BioRED. Trained
and scored as published, a model has seen part of its test. The protocol "leak-free":

- An anchor (BioRED: the only corpus with all types) keeps all its training documents.
- The other corpora give up the training documents that any test file holds.
- Test documents that an anchor's training files hold are not scored.

A file holds a document if one of its documents has the same id or the same text, or is
a part of the same article (where the corpora file tells the article). Ids are compared
as strings over all corpora, so they should be those of PubMed or PubMed Central.

The protocol "paper" drops nothing, so its scores are too high.

Under both, no development document of any corpus trains, unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from ..errors import check_choice
from ..formats.document import Document
from .config import SPLITS, Corpus
from .documents import Reader, corpus_documents, read_corpus_file

PROTOCOLS = ("leak-free", "paper")
# Letters and digits of a text that tells which document it is. Corpora of full texts
# have records as short as "Introduction", or "The authors declare that they have no
# competing interests" (49): the same in many articles, they say nothing of any.
MIN_TEXT = 60

_Keyed = tuple[Document, frozenset[str]]


@dataclass(frozen=True)
class Selected:
    """What a protocol leaves of one corpus.

    corpus (Corpus): The corpus.
    documents (Mapping[str, list[Document]]): By split, with the mentions that the
        task annotates. Of the split "test" these are the ones to score.
    dropped (Mapping[str, int]): Documents that the protocol took out, by split.
    held_out (int): Documents of the training files that are left out because some
        corpus has them in "dev".
    """

    corpus: Corpus
    documents: Mapping[str, list[Document]]
    dropped: Mapping[str, int]
    held_out: int


def select_documents(
    corpora: Sequence[Corpus], *, protocol: str = "leak-free", with_dev: bool = False
) -> list[Selected]:
    """Choose the documents that train and those that are scored.

    corpora (Sequence[Corpus]): All corpora of a training; each is held against all.
    protocol (str): "leak-free" or "paper", as described above.
    with_dev (bool): Whether development documents are in "train" as well, for a last
        training after everything was chosen.
    RETURNS (list[Selected]): As many as corpora, in their order.
    RAISES (AionerError): If the protocol is unknown or a file cannot be read.
    """
    check_choice("protocol", protocol, PROTOCOLS)
    # Splits and corpora of several tasks share files: each is read once.
    reader = cache(lambda path: tuple(read_corpus_file(path)))
    read = [{s: _read(corpus, s, reader) for s in SPLITS} for corpus in corpora]
    kept = _leak_free(corpora, read) if protocol == "leak-free" else read
    dev = _keys(files["dev"] for files in kept)
    selected = []
    for corpus, files, left in zip(corpora, read, kept, strict=True):
        if with_dev:
            # A document that a file of "train" and one of "dev" both hold trains once.
            train = _without(left["train"], _keys([left["dev"]])) + left["dev"]
        else:
            train = _without(left["train"], dev)
        selected.append(
            Selected(
                corpus=corpus,
                documents={
                    split: [document for document, _ in documents]
                    for split, documents in {**left, "train": train}.items()
                },
                dropped={s: len(files[s]) - len(left[s]) for s in SPLITS},
                held_out=0 if with_dev else len(left["train"]) - len(train),
            )
        )
    return selected


def _leak_free(
    corpora: Sequence[Corpus], read: Sequence[Mapping[str, list[_Keyed]]]
) -> list[dict[str, list[_Keyed]]]:
    """Leave out of tests what anchors train on, of other training what is tested."""
    tested = _keys(files["test"] for files in read)
    anchored = _keys(
        files[split]
        for corpus, files in zip(corpora, read, strict=True)
        if corpus.anchor
        for split in ("train", "dev")
    )
    kept = []
    for corpus, files in zip(corpora, read, strict=True):
        held = {"train": tested, "dev": tested, "test": anchored}
        if corpus.anchor:
            held = {"test": anchored}
        kept.append({s: _without(files[s], held.get(s, set())) for s in SPLITS})
    return kept


def text_key(text: str) -> str | None:
    """Make a key that is equal for texts with the same letters and digits.

    text (str): The text of a document.
    RETURNS (str | None): A hash; None if the text is too short to tell documents
        apart.
    """
    signs = "".join(filter(str.isalnum, text.casefold()))
    if len(signs) < MIN_TEXT:
        return None
    return blake2b(signs.encode(), digest_size=16).hexdigest()


def _read(corpus: Corpus, split: str, reader: Reader) -> list[_Keyed]:
    """The documents of a split, each with all that identifies it."""
    read = []
    for document in corpus_documents(corpus, split, read=reader):
        keys = {document.id, text_key(document.text) or ""}
        if corpus.article:
            # Marked: a number of PubMed Central may be another article's at PubMed.
            keys.add(f"article {corpus.article_of(document.id)}")
        read.append((document, frozenset(keys - {""})))
    return read


def _keys(files: Iterable[Sequence[_Keyed]]) -> set[str]:
    return {key for documents in files for _, keys in documents for key in keys}


def _without(documents: Sequence[_Keyed], held: set[str]) -> list[_Keyed]:
    return [pair for pair in documents if held.isdisjoint(pair[1])]
