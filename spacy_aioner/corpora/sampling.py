"""The registered sampling reader: an endless, well-mixed stream of many corpora."""

import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from ..distillation.soft_labels import SHARE_KEY, SOFT_KEY
from ..errors import AionerError
from ..scheme.scheme import ALL
from .docbin import TrainingText, docbin_files, read_training_texts
from .docs import bare_doc, document_to_doc
from .split import split_document


def create_sampled_corpus(
    path: Path | None,
    exponent: float = 0.5,
    weights: dict[str, float] | None = None,
    min_length: int = 200,
    max_length: int = 700,
    negatives: float = 1.0,
    teacher_share: float = 0.5,
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
        several tasks counts as several corpora; "pubmed.0.spacy" and "pubmed.1.spacy"
        are parts of one); None, as in a config that waits for it, is an error when
        reading begins.
    exponent (float): See above.
    weights (dict[str, float] | None): Factors for the share of corpora, by file name
        up to its first full stop; 1 for those not named, 0 leaves one out. A warning
        tells of a name that is not there.
    min_length, max_length (int): Characters at which documents are cut, drawn between
        the two for each document anew.
    negatives (float): Share of the parts without any mention that are kept, for
        corpora with a task of their own; under ALL all are kept, and all that a
        teacher has scored, which is not cut either.
    teacher_share (float): How much a teacher's scores count where a text has gold
        annotation besides, 0 to 1; see `pipeline.targets`.
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
        if not 0.0 <= teacher_share <= 1.0:
            raise AionerError(
                f"teacher_share must be between 0 and 1, got {teacher_share}."
            )
        corpora = _read_corpora(Path(path), weights or {})
        sizes = [c.weight * c.characters**exponent for c in corpora]
        shares = [size / sum(sizes) for size in sizes]
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
            document = part.document
            # Drawn at random around the share, lest corpora come in a fixed order.
            given[number] += len(document.text) * dice.expovariate(1.0)
            reference = document_to_doc(nlp, document, task=part.task)
            if part.soft is not None:
                reference.user_data[SOFT_KEY] = part.soft
                reference.user_data[SHARE_KEY] = teacher_share
            yield Example(bare_doc(nlp, document), reference)

    return read


@dataclass(frozen=True)
class _Corpus:
    task: str
    texts: list[TrainingText]
    weight: float
    characters: int


def _corpus_name(file: Path) -> str:
    return file.name.partition(".")[0]


def _read_corpora(path: Path, weights: dict[str, float]) -> list[_Corpus]:
    files = docbin_files(path)
    names = dict.fromkeys(map(_corpus_name, files))
    for unknown in sorted(set(weights) - set(names)):
        # Not an error: a config may weigh a corpus that not everyone has.
        warnings.warn(
            f"{path}: there is no corpus '{unknown}' to weigh: it has "
            f"{', '.join(names)}.",
            stacklevel=1,
        )
    corpora = []
    for name in names:
        weight = weights.get(name, 1.0)
        by_task: dict[str, list[TrainingText]] = {}
        for file in files:
            if weight and _corpus_name(file) == name:
                for text in read_training_texts(file):
                    by_task.setdefault(text.task, []).append(text)
        for task, texts in by_task.items():
            characters = sum(len(text.document.text) for text in texts)
            if characters:
                corpora.append(_Corpus(task, texts, weight, characters))
    if not corpora:
        raise AionerError(f"{path}: there is nothing to draw from: raise a weight.")
    return corpora


def _parts(
    corpus: _Corpus, lengths: tuple[int, int], negatives: float, dice: random.Random
) -> Iterator[TrainingText]:
    """Parts of a corpus's documents, shuffled anew in each pass."""
    while True:
        parts = [text for text in corpus.texts if text.soft]
        parts += [
            replace(text, document=part)
            for text in corpus.texts
            if not text.soft
            for part in split_document(text.document, dice.randint(*lengths))
            if part.mentions or corpus.task == ALL or dice.random() < negatives
        ]
        if not parts:
            raise AionerError(
                f"No part of the corpus under the task '{corpus.task}' is kept: it "
                "has no mention, and negatives is 0; raise negatives."
            )
        dice.shuffle(parts)
        yield from parts
