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
    """Forward-backward with the gradients, which are label probabilities, at once.

    Probabilities are scaled to sum to one at every step (Rabiner 1989, section V.A), so
    a step is one small matrix product; autograd through log-sum-exp takes many times
    as long.
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
        emitted = scores.double()
        peak = emitted.amax(-1, keepdim=True)
        move, close = transitions.double().exp(), end.double().exp()
        rows = Steps(bounds, scores.device)
        steps = rows.split((emitted - peak).exp())
        alphas: list[Tensor] = []
        scales: list[Tensor] = []
        reached = steps[0] * start.double().exp()
        for t, step in enumerate(steps):
            if t:
                reached = (alphas[-1][: len(step)] @ move) * step
            scale = reached.sum(-1, keepdim=True).clamp_min(_TINY)
            alphas.append(reached / scale)
            scales.append(scale)
        sizes = [*rows.sizes[1:], 0]
        finals = [alpha[n:] @ close for alpha, n in zip(alphas, sizes, strict=True)]
        total = (
            torch.cat(scales).log().sum() + peak.sum() + torch.cat(finals).log().sum()
        )

        # Betas are scaled so that alpha * beta is the probability of each label.
        betas: list[Tensor] = []
        follow: list[Tensor] = []
        for t in reversed(range(len(steps))):
            ended = close / finals[t].unsqueeze(-1)
            if betas:
                follow.append(steps[t + 1] * betas[-1] / scales[t + 1])
                ended = torch.cat([follow[-1] @ move.T, ended])
            betas.append(ended)
        chances = [a * b for a, b in zip(alphas, reversed(betas), strict=True)]
        moves = torch.zeros_like(move)
        if follow:
            before = [alpha[:n] for alpha, n in zip(alphas, sizes, strict=True)]
            moves = move * (torch.cat(before).T @ torch.cat(follow[::-1]))
        last = [chance[n:] for chance, n in zip(chances, sizes, strict=True)]
        ctx.save_for_backward(
            rows.join(chances).to(scores.dtype),
            chances[0].sum(0).to(start.dtype),
            torch.cat(last).sum(0).to(end.dtype),
            moves.to(transitions.dtype),
        )
        return total.to(scores.dtype)

    @staticmethod
    def backward(ctx: Any, d_total: Tensor) -> tuple[Tensor | None, ...]:
        return (*(d_total * gradient for gradient in ctx.saved_tensors), None)


def _forward(steps: list[Tensor], chain: Chain) -> tuple[list[Tensor], list[Tensor]]:
    """Forward scores by step, and those of each sequence's last step with the end."""
    alphas, finals = [], []
    alpha = steps[0] + chain.start
    for step in steps[1:]:
        alphas.append(alpha)
        alive = len(step)
        finals.append(alpha[alive:] + chain.end)
        summed = (alpha[:alive].unsqueeze(-1) + chain.transitions).logsumexp(1)
        alpha = summed + step
    alphas.append(alpha)
    finals.append(alpha + chain.end)
    return alphas, finals


def path_score(scores: Tensor, labels: Tensor, bounds: Ints, chain: Chain) -> Tensor:
    """Sum of the scores of given label sequences.

    scores (Tensor): Label scores by row, (n, n_labels).
    labels (Tensor): Local labels, int64 (n,).
    bounds (Ints): Bounds of the sequences, none empty.
    chain (Chain): The chain's parameters.
    RETURNS (Tensor): A scalar that can be differentiated.
    """
    first = torch.from_numpy(bounds[:-1]).to(labels.device)
    last = torch.from_numpy(bounds[1:] - 1).to(labels.device)
    within = torch.ones(len(labels), dtype=torch.bool, device=labels.device)
    within[first] = False
    moves = chain.transitions[labels[:-1], labels[1:]][within[1:]]
    emitted = scores.gather(1, labels.unsqueeze(1)).sum()
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
    # Sums over thousands of steps need more digits than float32 has.
    scores = scores.double()
    chain = Chain(chain.start.double(), chain.end.double(), chain.transitions.double())
    rows = Steps(bounds, scores.device)
    steps = rows.split(scores)
    alphas, finals = _forward(steps, chain)
    rest = rows.join(_backward(steps, chain))
    alpha = rows.join(alphas)
    total = _by_sequence(finals, rows.order)

    device = scores.device
    begin, end, kind = (torch.from_numpy(x).to(device) for x in spans)
    owner = np.searchsorted(bounds, spans[0], side="right") - 1
    b_label, i_label = 1 + 2 * kind, 2 + 2 * kind
    sums = torch.cat([torch.zeros_like(scores[:1]), scores.cumsum(0)])
    inner = sums[end, i_label] - sums[begin + 1, i_label]
    steps_in = (end - begin - 1).double()
    stay = chain.transitions[i_label, i_label] * (steps_in - 1).clamp(min=0)
    enter = torch.where(steps_in > 0, chain.transitions[b_label, i_label], 0.0)
    last = torch.where(steps_in > 0, i_label, b_label)
    # What follows: the end of the sequence, or any label but the same type's I.
    after = torch.cat([scores + rest, torch.zeros_like(scores[:1])])[end]
    after = after + chain.transitions[last]
    after = after.scatter(1, i_label.unsqueeze(1), -torch.inf).logsumexp(-1)
    closes = torch.from_numpy(bounds[owner + 1]).to(device) == end
    after = torch.where(closes, chain.end[last], after)
    score = alpha[begin, b_label] + enter + inner + stay + after
    return (score - total[torch.from_numpy(owner).to(device)]).exp().clamp(0.0, 1.0)


def _backward(steps: list[Tensor], chain: Chain) -> list[Tensor]:
    """Score of all that may follow each label, by step, (alive, n_labels)."""
    beta = chain.end.expand(len(steps[-1]), -1)
    betas = [beta]
    for before, step in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
        follow = (step + beta).unsqueeze(1) + chain.transitions
        beta = follow.logsumexp(-1)
        fresh = chain.end.expand(len(before) - len(step), -1)
        beta = torch.cat([beta, fresh])
        betas.append(beta)
    return betas[::-1]


def _by_sequence(finals: list[Tensor], order: Ints) -> Tensor:
    """Log-partitions in the order of the sequences, from final scores by step."""
    ended = torch.cat(finals[::-1]).logsumexp(-1)
    out = torch.empty_like(ended)
    out[torch.from_numpy(order).to(ended.device)] = ended
    return out
