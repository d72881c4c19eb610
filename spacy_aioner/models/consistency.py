"""The same words twice in a document: occurrences that support each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .types import Ints, ranges

# Odd, so that multiplying by it loses nothing modulo 2**64.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
# Longer entities are hardly ever repeated word by word.
_MAX_WORDS = 12


@dataclass(frozen=True)
class Candidates:
    """Places where an entity may be, the predicted ones and repetitions of their words.

    start, end, type (Ints): Rows, end exclusive, and number of the type, (n,).
    group (Ints): Equal for the same words with the same type in the same doc, (n,).
    """

    start: Ints
    end: Ints
    type: Ints
    group: Ints


def find_repetitions(
    text: Ints, doc: Ints, bounds: Ints, spans: tuple[Ints, Ints, Ints]
) -> Candidates:
    """Find every place in a doc that has the same words as an entity in it.

    text (Ints): A number for the text of the word of each row, (n_rows,).
    doc (Ints): The doc of each row, ascending, (n_rows,).
    bounds (Ints): Bounds of the sentences; no place reaches across them.
    spans (tuple[Ints, Ints, Ints]): Entities: start row, exclusive end row, type.
    RETURNS (Candidates): Each place once per type, in order of start, end, type.
    """
    start, end, kind = spans
    length = end - start
    sentence = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    long = length > _MAX_WORDS
    if long.any():
        alone = -1 - np.flatnonzero(long)
        found.append((start[long], end[long], kind[long], alone))
    for n in np.unique(length[~long]).tolist():
        chosen = length == n
        places = np.arange(len(text) - n + 1)
        places = places[sentence[places] == sentence[places + n - 1]]
        key = _mix(doc[places].astype(np.uint64) + np.uint64(1), np.uint64(n))
        for i in range(n):
            key = _mix(key, text[places + i].astype(np.uint64))
        where = np.searchsorted(places, start[chosen])
        pairs = np.unique(
            np.stack([key[where], kind[chosen].astype(np.uint64)]), axis=1
        )
        # Every type that the words have somewhere is considered wherever they stand.
        order = np.argsort(key, kind="stable")
        low = np.searchsorted(key[order], pairs[0], side="left")
        count = np.searchsorted(key[order], pairs[0], side="right") - low
        at = places[order[ranges(low, count)]]
        types = np.repeat(pairs[1].astype(np.int64), count)
        group = np.repeat(_mix(pairs[0], pairs[1]).view(np.int64), count)
        found.append((at, at + n, types, group))
    columns = [np.concatenate(c) for c in zip(*found, strict=True)]
    if not columns:
        columns = [np.zeros(0, dtype=np.int64)] * 4
    order = np.lexsort((columns[2], columns[1], columns[0]))
    return Candidates(*(column[order] for column in columns))


def _mix(key: npt.NDArray[np.uint64], value: object) -> npt.NDArray[np.uint64]:
    mixed = (key ^ (key >> np.uint64(29))) * _FACTOR + value  # type: ignore[operator]
    return mixed  # type: ignore[no-any-return]


def support(
    own: npt.NDArray[np.float64], group: Ints, weight: float
) -> npt.NDArray[np.float64]:
    """Mix the probability of each place with the mean over its group.

    own (NDArray[float64]): Probability of each candidate, (n,).
    group (Ints): As in `Candidates`.
    weight (float): Share of the mean, 0 to 1.
    RETURNS (NDArray[float64]): (n,); a candidate alone in its group keeps its own.
    """
    _, member = np.unique(group, return_inverse=True)
    counts = np.bincount(member)
    mean = np.bincount(member, own) / np.maximum(counts, 1)
    return (1 - weight) * own + weight * mean[member]


def best_first(
    start: Ints, end: Ints, score: npt.NDArray[np.float64], least: float
) -> Ints:
    """Choose candidates that do not overlap, the most probable first.

    start, end (Ints): Rows, end exclusive, (n,).
    score (NDArray[float64]): Of each candidate, (n,).
    least (float): Candidates below it are left out.
    RETURNS (Ints): Numbers of the chosen, ascending.
    """
    chosen = []
    taken = np.zeros(int(end.max(initial=0)), dtype=bool)
    for i in np.argsort(-score, kind="stable").tolist():
        if score[i] < least:
            break
        if not taken[start[i] : end[i]].any():
            taken[start[i] : end[i]] = True
            chosen.append(i)
    return np.sort(np.array(chosen, dtype=np.int64))
