"""From label scores to losses and to entities with probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..scheme.bio import bio_to_spans
from ..scheme.scheme import Scheme
from .chain import (
    Chain,
    log_partition,
    path_score,
)
from .consistency import best_first, find_repetitions, support
from .network import AioNetwork
from .parts import Parts
from .types import Emissions, Ints, Plan, ranges


@dataclass(frozen=True)
class WordSpans:
    """Entities as words.

    first, last (Ints): First and last word, inclusive, (n,).
    task (Ints): The task that predicted the span, (n,).
    type (Ints): The type's number among the task's types, (n,).
    score (NDArray[float64]): Probability of the span, or what `decode` makes of it.
    """

    first: Ints
    last: Ints
    task: Ints
    type: Ints
    score: npt.NDArray[np.float64]


def split_by_task(plan: Plan) -> list[tuple[int, Ints, Ints]]:
    """The output rows of each task.

    plan (Plan): The plan.
    RETURNS (list[tuple[int, Ints, Ints]]): The task's number, the rows of its sequences
        and the bounds of these among those rows.
    """
    parts = []
    lengths = np.diff(plan.sequences)
    for task in np.unique(plan.task).tolist():
        chosen = plan.task == task
        rows = ranges(plan.sequences[:-1][chosen], lengths[chosen])
        parts.append((task, rows, np.append(0, np.cumsum(lengths[chosen]))))
    return parts


def loss(
    network: AioNetwork,
    scheme: Scheme,
    emissions: Emissions,
    gold: Ints,
    soft: npt.NDArray[np.float32] | None = None,
) -> Tensor:
    """Mean negative log-likelihood of the gold labels per word.

    Only the labels of the word's own task compete, as they do when decoding. With
    soft labels it is the cross-entropy to a teacher's distribution over sequences, as
    far as its label scores go (Wang et al. 2020, arXiv 2004.03846, section 3.2); the
    chain's own parameters learn from the gold labels.

    network (AioNetwork): Holds the chain's parameters.
    scheme (Scheme): The tasks.
    emissions (Emissions): Scores for the plan's rows.
    gold (Ints): Local labels by row, (n_rows,).
    soft (NDArray[float32] | None): How probable each local label is, (n_rows, width).
    RETURNS (Tensor): A scalar that can be differentiated.
    """
    total: Tensor = emissions.scores.new_zeros(())
    device = total.device
    for task, rows, bounds in split_by_task(emissions.plan):
        label_ids = scheme.label_ids(scheme.tasks[task])
        scores = select_scores(emissions.scores, rows, label_ids)
        labels = torch.from_numpy(gold[rows]).to(device)
        mixed = None
        if soft is not None:
            mixed = torch.from_numpy(soft[rows, : len(label_ids)]).to(device)
        if network.decoder == "softmax":
            total = total + torch.nn.functional.cross_entropy(
                scores, labels if mixed is None else mixed, reduction="sum"
            )
        else:
            chain = network.chain(label_ids)
            total = total + log_partition(scores, bounds, chain)
            total = total - path_score(scores, labels, bounds, chain, soft=mixed)
    return total / max(1, len(gold))


def label_scores(
    scheme: Scheme, emissions: Emissions, chains: Mapping[int, Chain]
) -> dict[int, tuple[Ints, npt.NDArray[np.float64]]]:
    """How probable each label of each word is.

    scheme (Scheme): The tasks.
    emissions (Emissions): Scores for the plan's rows.
    chains (Mapping[int, Chain]): By task, where the scores are; see `host_chains`.
    RETURNS (dict): By task the output rows, (n,), and the probabilities of the task's
        labels there, (n, n_labels).
    """
    found = {}
    with torch.no_grad():
        for task, rows, bounds in split_by_task(emissions.plan):
            label_ids = scheme.label_ids(scheme.tasks[task])
            scores = select_scores(emissions.scores, rows, label_ids)
            found[task] = rows, Parts(bounds).label_probabilities(scores, chains[task])
    return found


def host_chains(network: AioNetwork, scheme: Scheme, plan: Plan) -> dict[int, Chain]:
    """The chains that a plan is decoded with.

    network (AioNetwork): Holds the chains' parameters.
    scheme (Scheme): The tasks.
    plan (Plan): What will be decoded.
    RETURNS (dict[int, Chain]): By task, in main memory.
    """
    chains = {}
    with torch.no_grad():
        for task in np.unique(plan.task).tolist():
            chain = network.chain(scheme.label_ids(scheme.tasks[task]))
            chains[task] = Chain(
                chain.start.cpu(), chain.end.cpu(), chain.transitions.cpu()
            )
    return chains


def decode(
    scheme: Scheme,
    emissions: Emissions,
    chains: Mapping[int, Chain],
    *,
    consistency: float = 0.0,
    threshold: float = 0.0,
) -> WordSpans:
    """Find the entities of the best valid label sequences.

    With consistency, the words of each entity are looked for in the rest of its doc. A
    place's score is then a mixture of its own probability and of the mean over all
    places with the same words, and the best that do not overlap are taken.

    scheme (Scheme): The tasks.
    emissions (Emissions): Scores for the plan's rows.
    chains (Mapping[int, Chain]): By task, where the scores are; see `host_chains`.
    consistency (float): Share of the mean, 0 to 1; 0 leaves each place to itself.
    threshold (float): Least score of an entity.
    RETURNS (WordSpans): In order of task, then of text.
    """
    plan = emissions.plan
    found = []
    with torch.no_grad():
        for task, rows, bounds in split_by_task(plan):
            chain = chains[task]
            label_ids = scheme.label_ids(scheme.tasks[task])
            scores = select_scores(emissions.scores, rows, label_ids)
            parts = Parts(bounds)
            labels = parts.best_labels(scores, chain)
            begins = np.zeros(len(rows), dtype=bool)
            begins[bounds[:-1]] = True
            start, end, kind = bio_to_spans(labels, begins)
            if not len(start):
                continue
            spans = (start, parts.within(start, end), kind)
            words = plan.word[rows]
            if consistency:
                doc = np.searchsorted(plan.words.docs, words, side="right")
                text = plan.words.piece_start[words]
                places = find_repetitions(text, doc, bounds, spans)
                spans = (places.start, places.end, places.type)
            score = parts.span_probabilities(scores, chain, spans)
            start, end, kind = spans
            if consistency:
                score = support(score, places.group, consistency)
                chosen = best_first(start, end, score, threshold)
            else:
                chosen = np.flatnonzero(score >= threshold)
            found.append(
                (
                    words[start[chosen]],
                    words[end[chosen] - 1],
                    np.full(len(chosen), task),
                    kind[chosen],
                    score[chosen],
                )
            )
    columns = [np.concatenate(c) for c in zip(*found, strict=True)]
    if not columns:
        empty = np.zeros(0, dtype=np.int64)
        columns = [empty, empty, empty, empty, np.zeros(0)]
    return WordSpans(*columns)


def select_scores(scores: Tensor, rows: Ints, label_ids: list[int]) -> Tensor:
    """Scores of some rows and labels.

    scores (Tensor): All scores, (n_rows, n_labels).
    rows (Ints): The rows.
    label_ids (list[int]): The labels, e.g. those of a task.
    RETURNS (Tensor): (len(rows), len(label_ids)).
    """
    index = torch.from_numpy(rows).to(scores.device)
    return scores[index][:, torch.tensor(label_ids, device=scores.device)]
