"""Chains of any length in parts of bounded length, a bounded number at a time.

A label depends on labels far away only through all that lie between, and what it owes
to them dies out within a dozen words. So a long chain is computed in parts that
overlap, and each word is answered from the part that it lies well inside of.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .chain import Chain, best_labels, label_probabilities, span_probabilities
from .types import Ints, ranges

Floats = npt.NDArray[np.float64]

# A longer chain is divided, about evenly, into parts that answer this many words.
LONGEST = 2048
# So many words before and behind these are read with them. No entity that reaches
# beyond its part is found as a whole.
MARGIN = 256
# Rows that are computed at once, about: each takes some 3 kB meanwhile.
MOST_ROWS = 1 << 15


class Parts:
    """The parts of chains.

    bounds (Ints): Bounds of the chains as rows, (n_chains + 1,); none is empty.
    """

    def __init__(self, bounds: Ints) -> None:
        length = np.diff(bounds)
        count = np.maximum(1, -(-length // LONGEST))
        owner = np.repeat(np.arange(len(length)), count)
        number = ranges(np.zeros_like(count), count)
        begin, end = bounds[:-1][owner], bounds[1:][owner]
        # By part: the rows that it answers, and those that are read.
        self._keep = begin + length[owner] * number // count[owner]
        self._stop = begin + length[owner] * (number + 1) // count[owner]
        self._first = np.maximum(begin, self._keep - MARGIN)
        self._last = np.minimum(end, self._stop + MARGIN)
        self._cuts = self._keep[number > 0]

    def best_labels(self, scores: Tensor, chain: Chain) -> Ints:
        """Find the best label sequences; see `chain.best_labels`.

        scores (Tensor): Label scores by row, (n, n_labels).
        chain (Chain): The chain's parameters.
        RETURNS (Ints): Valid local labels, (n,).
        """
        found = [np.zeros(0, dtype=np.int64)]
        for its, rows, bounds in self._slabs(scores):
            labels = best_labels(rows, bounds, chain).cpu().numpy()
            found.append(labels[self._answers(its, bounds)])
        labels = np.concatenate(found)
        # Two parts may see an entity at their border differently.
        here, before = labels[self._cuts], labels[self._cuts - 1]
        inside = (here > 0) & (here % 2 == 0)
        labels[self._cuts] -= inside & (before != here) & (before != here - 1)
        return labels

    def within(self, start: Ints, end: Ints) -> Ints:
        """Where spans end at the latest.

        start, end (Ints): Rows of spans, end exclusive, (n_spans,).
        RETURNS (Ints): The ends, none beyond the part that answers the span's start.
        """
        ends: Ints = np.minimum(end, self._last[self._owners(start)])
        return ends

    def span_probabilities(
        self, scores: Tensor, chain: Chain, spans: tuple[Ints, Ints, Ints]
    ) -> Floats:
        """How probable spans are; see `chain.span_probabilities`.

        scores (Tensor): Label scores by row, (n, n_labels).
        chain (Chain): The chain's parameters.
        spans (tuple[Ints, Ints, Ints]): Start row, exclusive end row as `within` has
            it, and type number, each (n_spans,).
        RETURNS (NDArray[float64]): Probabilities, (n_spans,).
        """
        start, end, kind = spans
        owner = self._owners(start)
        found = np.zeros(len(start))
        for its, rows, bounds in self._slabs(scores):
            chosen = np.flatnonzero((owner >= its.start) & (owner < its.stop))
            if not len(chosen):
                continue
            part = owner[chosen]
            shift = bounds[part - its.start] - self._first[part]
            own = (start[chosen] + shift, end[chosen] + shift, kind[chosen])
            likely = span_probabilities(rows, bounds, chain, own)
            found[chosen] = likely.cpu().numpy()
        return found

    def label_probabilities(self, scores: Tensor, chain: Chain) -> Floats:
        """How probable labels are; see `chain.label_probabilities`.

        scores (Tensor): Label scores by row, (n, n_labels).
        chain (Chain): The chain's parameters.
        RETURNS (NDArray[float64]): (n, n_labels).
        """
        found = [np.zeros((0, scores.shape[1]))]
        for its, rows, bounds in self._slabs(scores):
            likely = label_probabilities(rows, bounds, chain).cpu().numpy()
            found.append(likely[self._answers(its, bounds)])
        return np.concatenate(found)

    def _owners(self, rows: Ints) -> Ints:
        """The parts that answer rows."""
        return np.searchsorted(self._keep, rows, side="right") - 1

    def _answers(self, its: slice, bounds: Ints) -> Ints:
        """Which of the rows that some parts read they answer."""
        skip = self._keep[its] - self._first[its]
        return ranges(bounds[:-1] + skip, self._stop[its] - self._keep[its])

    def _slabs(self, scores: Tensor) -> Iterator[tuple[slice, Tensor, Ints]]:
        """Parts that are computed at once, the scores of their rows, and bounds."""
        size = self._last - self._first
        slab = (np.cumsum(size) - size) // MOST_ROWS
        edges = np.flatnonzero(np.diff(slab, prepend=-1, append=-1))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            its = slice(low, high)
            rows = torch.from_numpy(ranges(self._first[its], size[its]))
            bounds = np.append(0, np.cumsum(size[its]))
            yield its, scores[rows.to(scores.device)], bounds
