"""Exact inference in linear chains: partition, best path, span probabilities.

Forward-backward and Viterbi as in Lafferty et al. (ICML 2001) and Rabiner (Proc. IEEE
77(2), 1989). The softmax decoder is the chain whose transitions only forbid what BIO
forbids, the CRF the one whose transitions are learnt; both share this code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .types import Ints

FORBIDDEN = -1e4
_TINY = 1e-300
_NO_FLOAT64 = ("mps",)


@dataclass(frozen=True)
class Chain:
    """Scores of the labels of one task, in local label numbers.

    start, end (Tensor): Score of each label at either end, (n_labels,).
    transitions (Tensor): Score of label j after label i, (n_labels, n_labels).
    """

    start: Tensor
    end: Tensor
    transitions: Tensor


class Steps:
    """Sequences of many lengths, sorted so that step t is one slice of rows.

    Row r of the sorted order is (step, sequence) in step-major order with the longest
    sequences first: no padding, and every step touches only living sequences.
    """

    def __init__(self, bounds: Ints, device: torch.device) -> None:
        lengths = np.diff(bounds)
        order = np.argsort(-lengths, kind="stable")
        lengths = lengths[order]
        longest = int(lengths[0]) if len(lengths) else 0
        alive = np.searchsorted(-lengths, -np.arange(longest), side="left")
        self.order = order
        self.sizes: list[int] = alive.tolist()
        starts = bounds[:-1][order]
        rows = [starts[:n] + t for t, n in enumerate(self.sizes)]
        flat = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
        self.rows = torch.from_numpy(flat).to(device)

    def split(self, values: Tensor) -> list[Tensor]:
        """Values by row, (n, …), as one tensor per step, (alive, …)."""
        return list(torch.split(values[self.rows], self.sizes))

    def join(self, steps: list[Tensor]) -> Tensor:
        """The inverse of `split`."""
        joined = torch.cat(steps)
        out = torch.empty_like(joined)
        out[self.rows] = joined
        return out


def _exact(values: Tensor) -> Tensor:
    """In float64, on the CPU if the device has none, as Apple's GPUs."""
    return values.to("cpu" if values.device.type in _NO_FLOAT64 else None).double()


def log_partition(scores: Tensor, bounds: Ints, chain: Chain) -> Tensor:
    """Sum over all label sequences, in logarithms.

    scores (Tensor): Label scores by row, (n, n_labels).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    RETURNS (Tensor): The sum of the sequences' log-partitions, a scalar that can be
        differentiated.
    """
    total: Tensor = _LogPartition.apply(  # type: ignore[no-untyped-call]
        scores, chain.start, chain.end, chain.transitions, bounds
    )
    return total


class _LogPartition(torch.autograd.Function):
    """The partition with its gradients, which are label probabilities, at once.

    Autograd through the recursions takes twice as long.
    """

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        start: Tensor,
        end: Tensor,
        transitions: Tensor,
        bounds: Ints,
    ) -> Tensor:
        lattice = _Lattice(scores, bounds, Chain(start, end, transitions))
        ctx.save_for_backward(
            *(
                gradient.to(value)
                for gradient, value in zip(
                    lattice.marginals(),
                    (scores, start, end, transitions),
                    strict=True,
                )
            )
        )
        return lattice.log_partition().to(scores)

    @staticmethod
    def backward(ctx: Any, d_total: Tensor) -> tuple[Tensor | None, ...]:
        return (*(d_total * gradient for gradient in ctx.saved_tensors), None)


class _Lattice:
    """Forward-backward over sequences, in probabilities.

    They are scaled to sum to one at every step (Rabiner 1989, section V.A), so that a
    step is one small matrix product and no sequence is too long.

    scores (Tensor): Label scores by row, (n, n_labels).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    """

    def __init__(self, scores: Tensor, bounds: Ints, chain: Chain) -> None:
        scores = _exact(scores)
        self.move, self.close = _exact(chain.transitions).exp(), _exact(chain.end).exp()
        self.rows = Steps(bounds, scores.device)
        # How many sequences go on after each step.
        self.living = [*self.rows.sizes[1:], 0]
        self.peak = scores.amax(-1, keepdim=True)
        steps = self.rows.split((scores - self.peak).exp())
        # Forward: what leads to each label, its scale, and how sequences end.
        self.alphas: list[Tensor] = []
        self.scales: list[Tensor] = []
        reached = steps[0] * _exact(chain.start).exp()
        for t, step in enumerate(steps):
            if t:
                reached = (self.alphas[-1][: len(step)] @ self.move) * step
            self.scales.append(reached.sum(-1, keepdim=True).clamp_min(_TINY))
            self.alphas.append(reached / self.scales[-1])
        self.finals = [
            (alpha[n:] @ self.close).clamp_min(_TINY)
            for alpha, n in zip(self.alphas, self.living, strict=True)
        ]
        # Backward: what may follow each label, times alpha its probability; and the
        # same from the label before, (alive, n_labels) with the label's own score.
        self.betas: list[Tensor] = []
        self.entries: list[Tensor] = []
        for t in reversed(range(len(steps))):
            beta = self.close / self.finals[t].unsqueeze(-1)
            if self.entries:
                beta = torch.cat([self.entries[-1] @ self.move.T, beta])
            self.betas.append(beta)
            self.entries.append(steps[t] * beta / self.scales[t])
        self.betas.reverse()
        self.entries.reverse()

    def log_partition(self) -> Tensor:
        """The sum of the sequences' log-partitions, a scalar."""
        factors = torch.cat([*(scale.flatten() for scale in self.scales), *self.finals])
        return factors.log().sum() + self.peak.sum()

    def marginals(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Expected counts of labels by row, first labels, last labels and moves."""
        chances = [a * b for a, b in zip(self.alphas, self.betas, strict=True)]
        last = [c[n:] for c, n in zip(chances, self.living, strict=True)]
        before = [a[:n] for a, n in zip(self.alphas, self.living, strict=True)]
        after = torch.cat([self.entries[0][:0], *self.entries[1:]])
        moves = self.move * (torch.cat(before).T @ after)
        return self.rows.join(chances), chances[0].sum(0), torch.cat(last).sum(0), moves

    def ending(self) -> Tensor:
        """Scaled weight of the end after each sequence's last row, (n_sequences,)."""
        ended = torch.cat(self.finals[::-1])
        out = torch.empty_like(ended)
        out[torch.from_numpy(self.rows.order).to(ended.device)] = ended
        return out


def label_probabilities(scores: Tensor, bounds: Ints, chain: Chain) -> Tensor:
    """How probable each label of each row is, over all label sequences.

    scores (Tensor): Label scores by row, (n, n_labels).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    RETURNS (Tensor): float64 (n, n_labels), rows that sum to 1.
    """
    return _Lattice(scores, bounds, chain).marginals()[0]


def path_score(
    scores: Tensor,
    labels: Tensor,
    bounds: Ints,
    chain: Chain,
    *,
    soft: Tensor | None = None,
) -> Tensor:
    """Sum of the scores of given label sequences.

    scores (Tensor): Label scores by row, (n, n_labels).
    labels (Tensor): Local labels, int64 (n,).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    soft (Tensor | None): How probable each label is, (n, n_labels): then the mean of
        the label scores counts in place of the given label's.
    RETURNS (Tensor): A scalar that can be differentiated.
    """
    first = torch.from_numpy(bounds[:-1]).to(labels.device)
    last = torch.from_numpy(bounds[1:] - 1).to(labels.device)
    within = torch.ones(len(labels), dtype=torch.bool, device=labels.device)
    within[first] = False
    moves = chain.transitions[labels[:-1], labels[1:]][within[1:]]
    if soft is None:
        emitted = scores.gather(1, labels.unsqueeze(1)).sum()
    else:
        emitted = (scores * soft).sum()
    ends = chain.start[labels[first]].sum() + chain.end[labels[last]].sum()
    return emitted + moves.sum() + ends


def best_labels(scores: Tensor, bounds: Ints, chain: Chain) -> Tensor:
    """Find the best label sequence (Viterbi).

    scores (Tensor): Label scores by row, (n, n_labels).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    RETURNS (Tensor): Local labels, int64 (n,).
    """
    rows = Steps(bounds, scores.device)
    steps = rows.split(scores)
    best = steps[0] + chain.start
    pointers: list[Tensor] = []
    ends: list[Tensor] = []
    for step in steps[1:]:
        alive = len(step)
        ends.append((best[alive:] + chain.end).argmax(-1))
        top, pointer = (best[:alive].unsqueeze(-1) + chain.transitions).max(1)
        pointers.append(pointer)
        best = top + step
    label = (best + chain.end).argmax(-1)
    path = [label]
    for pointer, end in zip(reversed(pointers), reversed(ends), strict=True):
        label = pointer.gather(1, label.unsqueeze(1)).squeeze(1)
        label = torch.cat([label, end])
        path.append(label)
    return rows.join(path[::-1])


def span_probabilities(
    scores: Tensor, bounds: Ints, chain: Chain, spans: tuple[Ints, Ints, Ints]
) -> Tensor:
    """How probable it is that exactly these rows are one entity of that type.

    The sum over all label sequences that hold B, I, … I at the span and no I right
    after it, divided by the sum over all label sequences.

    scores (Tensor): Label scores by row, (n, n_labels).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    spans (tuple[Ints, Ints, Ints]): Start row, exclusive end row and type number,
        each (n_spans,); a span lies within one sequence.
    RETURNS (Tensor): Probabilities, float64 (n_spans,).
    """
    lattice = _Lattice(scores, bounds, chain)
    scores = _exact(scores)
    device = scores.device
    begin, end, kind = (torch.from_numpy(x).to(device) for x in spans)
    owner = np.searchsorted(bounds, spans[0], side="right") - 1
    closes = torch.from_numpy(bounds[owner + 1]).to(device) == end
    b_label, i_label = 1 + 2 * kind, 2 + 2 * kind
    moves = _exact(chain.transitions)

    # Inside, in logarithms: sums over thousands of rows, each with its scale.
    loss = lattice.peak + lattice.rows.join(lattice.scales).log()
    sums = (scores - loss).cumsum(0)
    sums = torch.cat([torch.zeros_like(sums[:1]), sums])
    inner = sums[end, i_label] - sums[begin + 1, i_label]
    steps_in = (end - begin - 1).double()
    stay = moves[i_label, i_label] * (steps_in - 1).clamp(min=0)
    enter = torch.where(steps_in > 0, moves[b_label, i_label], 0.0)
    inside = (enter + inner + stay).exp()
    last = torch.where(steps_in > 0, i_label, b_label)
    # What follows: the end of the sequence, or any label but the same type's I.
    entries = lattice.rows.join(lattice.entries)
    follow = torch.cat([entries, torch.zeros_like(entries[:1])])[end]
    follow = (follow * lattice.move[last]).scatter(1, i_label.unsqueeze(1), 0.0).sum(-1)
    follow = torch.where(
        closes,
        lattice.close[last] / lattice.ending()[torch.from_numpy(owner).to(device)],
        follow,
    )
    alpha = lattice.rows.join(lattice.alphas)[begin, b_label]
    return (alpha * inside * follow).clamp(0.0, 1.0)
