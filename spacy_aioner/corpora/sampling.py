"""The registered sampling reader: an endless, well-mixed stream of many corpora."""

import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from ..errors import AionerError
from ..formats.document import Document
from ..scheme.scheme import ALL
from .docbin import docbin_files, read_tasks
from .docs import bare_doc, document_to_doc
from .split import split_document


def create_sampled_corpus(
    path: Path | None,
    exponent: float = 0.5,
    weights: dict[str, float] | None = None,
    replay: Path | None = None,
    replay_share: float = 0.5,
    min_length: int = 200,
    max_length: int = 700,
    negatives: float = 1.0,
    seed: int = 0,
) -> Callable[[Language], Iterable[Example]]:
    """Make a reader that draws from corpora by their size and never ends.

    A corpus of n characters is drawn as often as n ** exponent says: 1 takes corpora
    as they are, 0 gives each the same share; in between, small ones are seen more
    often (temperature sampling, Conneau et al. 2020, section 3.1). Within a corpus
    every document comes once before any comes again, cut at sentence ends into parts
    of lengths that differ each time, and all parts are shuffled: a batch holds text
    of many documents, each with some context. Use with `max_epochs = -1`.

    path (Path | None): A folder of DocBins, one per corpus (what a file has under
        several tasks counts as several corpora); None, as in a config that
        waits for it, is an error when reading begins.
    exponent (float): See above.
    weights (dict[str, float] | None): Factors for the share of corpora, by file name
        without its ending; 1 for those not named, 0 leaves one out. A warning tells
        of a name that is not there.
    replay (Path | None): A folder of DocBins of what a pipeline knows already, to be
        seen again while it learns what is in `path`. The weights are for both.
    replay_share (float): The share of the text that is drawn from it, whatever the
        sizes.
    min_length, max_length (int): Characters at which documents are cut, drawn between
        the two for each document anew.
    negatives (float): Share of the parts without any mention that are kept, for
        corpora with a task of their own; under ALL all are kept.
    seed (int): Of everything drawn.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (AionerError): If there is no such corpus or nothing to draw from.
    """

    def read(nlp: Language) -> Iterator[Example]:
        if path is None:
            raise AionerError(
                "The corpus reader has no path: name the folder of DocBins, for "
                "example with --paths.train project/corpus/all/train."
            )
        folders = {Path(path): 1.0}
        if replay is not None:
            if not 0.0 < replay_share < 1.0:
                raise AionerError(
                    f"The replay_share {replay_share} is not between 0 and 1: say how "
                    "much of the text is drawn from the folder replay."
                )
            folders = {Path(path): 1.0 - replay_share, Path(replay): replay_share}
        _warn_unknown(folders, weights or {})
        corpora, shares = [], []
        for folder, share in folders.items():
            here = _read_corpora(folder, weights or {})
            sizes = [c.weight * c.characters**exponent for c in here]
            corpora += here
            shares += [share * size / sum(sizes) for size in sizes]
        dice = random.Random(seed)
        lengths = (min_length, max_length)
        streams = [_parts(c, lengths, negatives, dice) for c in corpora]
        # Parts of one corpus may be longer than those of another, so it is not the
        # number of parts that is drawn by share, but their text.
        given = [0.0] * len(corpora)
        while True:
            wanted = [g / s for g, s in zip(given, shares, strict=True)]
            number = wanted.index(min(wanted))
            part = next(streams[number])
            # Drawn at random around the share, lest corpora come in a fixed order.
            given[number] += len(part.text) * dice.expovariate(1.0)
            reference = document_to_doc(nlp, part, task=corpora[number].task)
            yield Example(bare_doc(nlp, part), reference)

    return read


@dataclass(frozen=True)
class _Corpus:
    task: str
    documents: list[Document]
    weight: float
    characters: int


def _warn_unknown(folders: Iterable[Path], weights: dict[str, float]) -> None:
    """Not an error: a config may weigh a corpus that not everyone has."""
    names = [file.stem for folder in folders for file in docbin_files(folder)]
    for unknown in sorted(set(weights) - set(names)):
        warnings.warn(
            f"{', '.join(map(str, folders))}: there is no corpus '{unknown}' to weigh: "
            f"it has {', '.join(names)}.",
            stacklevel=1,
        )


def _read_corpora(path: Path, weights: dict[str, float]) -> list[_Corpus]:
    corpora = []
    for file in docbin_files(path):
        weight = weights.get(file.stem, 1.0)
        by_task: dict[str, list[Document]] = {}
        for document, task in read_tasks(file) if weight else ():
            by_task.setdefault(task, []).append(document)
        for task, documents in by_task.items():
            characters = sum(len(document.text) for document in documents)
            if characters:
                corpora.append(_Corpus(task, documents, weight, characters))
    if not corpora:
        raise AionerError(f"{path}: there is nothing to draw from: raise a weight.")
    return corpora


def _parts(
    corpus: _Corpus, lengths: tuple[int, int], negatives: float, dice: random.Random
) -> Iterator[Document]:
    """Parts of a corpus's documents, shuffled anew in each pass."""
    while True:
        parts = [
            part
            for document in corpus.documents
            for part in split_document(document, dice.randint(*lengths))
            if part.mentions or corpus.task == ALL or dice.random() < negatives
        ]
        if not parts:
            raise AionerError(
                f"No part of the corpus under the task '{corpus.task}' is kept: it "
                "has no mention, and negatives is 0; raise negatives."
            )
        dice.shuffle(parts)
        yield from parts
