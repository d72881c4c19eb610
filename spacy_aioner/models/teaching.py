"""A network as it was teaches the one that it becomes, which so keeps what it knew."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from torch import Tensor

from ..scheme.scheme import Scheme
from .architectures import AioModel, get_shim
from .decoding import select_scores, split_by_task
from .types import Emissions, Inputs, Ints, ranges


class Teacher:
    """A copy of a tagger, whose scores are to be learnt under the tasks that it knows.

    "Learning without forgetting" (Li and Hoiem 2016, section 3) with the squared
    difference of scores in place of probabilities (Ba and Caruana 2014, section 2.2):
    scores tell more of what the network knows than the labels that follow from them.

    model (AioModel): The tagger, copied here.
    scheme (Scheme): Its tasks; the scheme of the pupil begins with them.
    tasks (Collection[str]): Those that it was trained on.
    weight (float): How much a word's mean squared difference counts beside the
        negative log-likelihood of a word's gold label.
    """

    def __init__(
        self, model: AioModel, scheme: Scheme, tasks: Collection[str], *, weight: float
    ) -> None:
        self.model = model.copy()
        self.scheme = scheme
        self.tasks = [scheme.index(name) for name in tasks]
        self.weight = weight
        network = get_shim(self.model).network
        assert network is not None
        network.requires_grad_(False)

    def loss(self, scheme: Scheme, emissions: Emissions) -> Tensor:
        """How far scores are from the teacher's, under the tasks that it knows.

        What is added to all labels of a word changes no label's probability, so
        scores are compared from their mean.

        scheme (Scheme): The tasks of the pupil.
        emissions (Emissions): The pupil's scores.
        RETURNS (Tensor): The weighted mean per word of all tasks, a scalar that can be
            differentiated.
        """
        plan = emissions.plan
        total: Tensor = emissions.scores.new_zeros(())
        inputs, known = inputs_of_tasks(plan.inputs, self.tasks)
        if not len(known):
            return total
        place = np.full(len(plan.word), -1)
        place[known] = np.arange(len(known))
        taught = self.model.predict(inputs)
        for task, rows, _ in split_by_task(plan):
            if task not in self.tasks:
                continue
            ours = scheme.label_ids(scheme.tasks[task])
            theirs = self.scheme.label_ids(self.scheme.tasks[task])
            scores = _centred(select_scores(emissions.scores, rows, ours))
            target = _centred(select_scores(taught, place[rows], theirs))
            total = total + (scores - target).square().mean(1).sum()
        return self.weight * total / len(plan.word)


def inputs_of_tasks(inputs: Inputs, tasks: Collection[int]) -> tuple[Inputs, Ints]:
    """Those windows that are wrapped in the tags of some tasks.

    inputs (Inputs): All windows.
    tasks (Collection[int]): Numbers of the tasks.
    RETURNS (tuple[Inputs, Ints]): The windows, and which output rows they answer.
    """
    kept = np.isin(inputs.task, list(tasks))
    windows = np.flatnonzero(kept)
    sizes = np.diff(inputs.bounds)[windows]
    pieces = ranges(inputs.bounds[windows], sizes)
    rows = np.flatnonzero(kept[inputs.window])
    number = np.cumsum(kept) - 1
    chosen = Inputs(
        pieces=inputs.pieces[pieces],
        shapes=inputs.shapes[pieces],
        bounds=np.append(0, np.cumsum(sizes)),
        task=inputs.task[windows],
        window=number[inputs.window[rows]],
        position=inputs.position[rows],
    )
    return chosen, rows


def _centred(scores: Tensor) -> Tensor:
    return scores - scores.mean(1, keepdim=True)
