"""The words of docs as arrays: what is read as one, what is glued, sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.attrs import IDX, SENT_START
from spacy.tokens import Doc

from ..scheme.characters import invisible_offsets
from ..scheme.readings import Reading, parted_words, stop_codons
from ..scheme.segment import sentence_starts
from .types import Bools, Ints

PASSAGES_KEY = "aioner_passages"


@dataclass(frozen=True)
class Found:
    """Words of docs, laid end to end, as in `Words`.

    docs, start, end, first_token, last_token (Ints): As there.
    entry (Ints): The word's number in the table of word-pieces, (n_words,).
    """

    docs: Ints
    start: Ints
    end: Ints
    first_token: Ints
    last_token: Ints
    entry: Ints


@dataclass(frozen=True)
class Place:
    """A place of a doc that is read as one word.

    doc (int): The doc's number.
    reading (Reading): The place.
    entry (int): What it is read as, by its number in the table of word-pieces.
    """

    doc: int
    reading: Reading
    entry: int


def find_readings(
    texts: Sequence[str], *, join_hyphenated: bool
) -> list[tuple[int, Reading]]:
    """Find what is read otherwise than it is written.

    texts (Sequence[str]): The texts of docs.
    join_hyphenated (bool): Whether words that were parted at the end of a line count.
    RETURNS (list[tuple[int, Reading]]): Each place with the number of its doc.
    """
    rules = [stop_codons, *([parted_words] if join_hyphenated else [])]
    return [
        (i, r) for i, text in enumerate(texts) for rule in rules for r in rule(text)
    ]


def read_otherwise(
    found: Found, places: Sequence[Place], piece_count: Ints, marks: Sequence[Ints]
) -> Found:
    """Make one word of those at each place.

    A place is left as it is if it begins or ends inside a word, if a sentence begins
    inside it, or if it is not sure and one word has more pieces than the first and the
    last one at the place: so "drug-" and "resistant" stay two words.

    found (Found): Words as they are written.
    places (Sequence[Place]): The places.
    piece_count (Ints): How many word-pieces each entry has, (n_entries,).
    marks (Sequence[Ints]): By doc, where its sentences begin.
    RETURNS (Found): Words as they are read.
    """
    end, last, entry = found.end.copy(), found.last_token.copy(), found.entry.copy()
    kept = np.ones(len(end), dtype=bool)
    for place in places:
        reading = place.reading
        low, high = found.docs[place.doc], found.docs[place.doc + 1]
        i = low + np.searchsorted(found.start[low:high], reading.start)
        j = low + np.searchsorted(found.end[low:high], reading.end)
        if j >= high or found.start[i] != reading.start or found.end[j] != reading.end:
            continue
        inside = marks[place.doc]
        if ((inside > reading.start) & (inside < reading.end)).any():
            continue
        parts = piece_count[found.entry[i]] + piece_count[found.entry[j]]
        if reading.sure or piece_count[place.entry] <= parts:
            entry[i], end[i], last[i] = place.entry, end[j], last[j]
            kept[i + 1 : j + 1] = False
    return Found(
        docs=np.append(0, np.cumsum(kept))[found.docs],
        start=found.start[kept],
        end=end[kept],
        first_token=found.first_token[kept],
        last_token=last[kept],
        entry=entry[kept],
    )


def find_glued(found: Found, texts: Sequence[str]) -> Bools:
    """Find which words follow the word before them without anything that is seen.

    found (Found): The words.
    texts (Sequence[str]): The texts of the docs.
    RETURNS (Bools): By word; the first of a doc follows none, (n_words,).
    """
    start, end = found.start, found.end
    for i, text in enumerate(texts):
        if hidden := invisible_offsets(text):
            if start is found.start:
                start, end = start.copy(), end.copy()
            its = slice(found.docs[i], found.docs[i + 1])
            start[its] -= np.searchsorted(hidden, start[its])
            end[its] -= np.searchsorted(hidden, end[its])
    glued = np.zeros(len(start), dtype=bool)
    glued[1:] = start[1:] == end[:-1]
    glued[found.docs[found.docs < len(glued)]] = False
    return glued


def sentence_offsets(doc: Doc, text: str) -> Ints:
    """Find where sentences begin after the first.

    doc (Doc): The doc; its own marks count, if it has any, else the rule.
    text (str): Its text.
    RETURNS (Ints): Offsets, increasing.
    """
    marks, idx = doc.to_array([SENT_START, IDX]).T
    if marks[1:].any():  # As `Doc.has_annotation`, without a Python object per token.
        begins: Ints = idx[marks.astype(np.int64) == 1].astype(np.int64)
        return begins
    passages = doc.user_data.get(PASSAGES_KEY, ())
    return np.array(sorted({*sentence_starts(text), *passages}), dtype=np.int64)
