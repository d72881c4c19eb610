"""Label sequences and the entities they spell, as arrays.

A label sequence uses the *local* label numbers of one task: 0 is the task's outside
label, 1 + 2k is B of its k-th type and 2 + 2k is I of its k-th type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def spans_to_bio(length: int, spans: Iterable[tuple[int, int, int]]) -> Ints:
    """Write entities into a label sequence.

    length (int): Number of positions.
    spans (Iterable[tuple[int, int, int]]): (start, end, k) with end exclusive and k
        the type's number in its task. They must not overlap; see `longest_spans`.
    RETURNS (Ints): Local labels, (length,).
    """
    labels = np.zeros(length, dtype=np.int64)
    for start, end, k in spans:
        labels[start] = 1 + 2 * k
        labels[start + 1 : end] = 2 + 2 * k
    return labels


def label_words(start: Ints, end: Ints, spans: Sequence[tuple[int, int, int]]) -> Ints:
    """Write entities that are given as characters over words.

    An entity that begins or ends inside a word takes in the whole word; of entities
    that overlap the longest is written.

    start, end (Ints): Character offsets of the words, (n_words,).
    spans (Sequence[tuple[int, int, int]]): First character, exclusive last one, and
        the type's number in its task.
    RETURNS (Ints): Local labels, (n_words,).
    """
    first = np.searchsorted(end, [s for s, _, _ in spans], side="right").tolist()
    after = np.searchsorted(start, [e for _, e, _ in spans], side="left").tolist()
    kinds = (kind for _, _, kind in spans)
    placed = [(i, j, k) for i, j, k in zip(first, after, kinds, strict=True) if i < j]
    return spans_to_bio(len(start), longest_spans(placed))


def begin_anew(labels: Ints, heads: Ints) -> None:
    """Make B of I where a sequence begins: no entity reaches across.

    labels (Ints): Local labels of sequences laid end to end, (n,); changed in place.
    heads (Ints): First position of each sequence.
    """
    labels[heads] -= (labels[heads] > 0) & (labels[heads] % 2 == 0)


def bio_to_spans(labels: Ints, begins: Bools) -> tuple[Ints, Ints, Ints]:
    """Read the entities out of valid label sequences.

    labels (Ints): Local labels of sequences laid end to end, (n,).
    begins (Bools): Where a sequence begins, (n,): no entity reaches across.
    RETURNS (tuple[Ints, Ints, Ints]): Start, exclusive end and type number, each
        (n_spans,), in order of start.
    """
    inside = (labels > 0) & (labels % 2 == 0) & ~begins
    starts = np.flatnonzero((labels > 0) & (labels % 2 == 1))
    stops = np.flatnonzero(~inside)
    after = np.searchsorted(stops, starts, side="right")
    ends = np.append(stops, len(labels))[after]
    return starts, ends, (labels[starts] - 1) // 2


def longest_spans(
    spans: Iterable[tuple[int, int, int]],
) -> list[tuple[int, int, int]]:
    """Keep the longest of each cluster of overlapping spans, as the paper trains.

    spans (Iterable[tuple[int, int, int]]): (start, end, any number), none empty.
    RETURNS (list[tuple[int, int, int]]): Spans without overlap, sorted by start.
    """
    kept: list[tuple[int, int, int]] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0], s[2])):
        # What is kept is at least as long, so an overlap takes in one of the ends.
        if taken.isdisjoint((span[0], span[1] - 1)):
            kept.append(span)
            taken.update(range(span[0], span[1]))
    return sorted(kept)


def transition_mask(n_types: int) -> Bools:
    """Which label may follow which in BIO.

    n_types (int): Number of types of the task.
    RETURNS (Bools): allowed[i, j] is whether j may follow i, (1 + 2n, 1 + 2n).
    """
    size = 1 + 2 * n_types
    allowed = np.ones((size, size), dtype=bool)
    for inside in range(2, size, 2):
        allowed[:, inside] = False
        allowed[[inside - 1, inside], inside] = True
    return allowed
