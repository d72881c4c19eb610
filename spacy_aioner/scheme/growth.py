"""What labels that are new to a trained model resemble of what the model knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bio import Bools, Ints
from .scheme import Scheme


def label_analogies(
    old: Scheme, new: Scheme, known: Sequence[str]
) -> tuple[Ints, Bools]:
    """Match the labels of a grown scheme with those that a model was trained on.

    There is one analogy for each type of each known task: the outside labels of new
    tasks stand for that task's, B and I of new types for that type's. Labels that the
    old scheme has stand for themselves in every analogy.

    old (Scheme): The scheme of the trained model.
    new (Scheme): The same with further tasks.
    known (Sequence[str]): Names of the tasks that were trained.
    RETURNS (tuple[Ints, Bools]): Old label by new label, (n_analogies, n_labels), and
        which of the new scheme's labels the old one lacks, (n_labels,).
    """
    position = {label: i for i, label in enumerate(old.labels)}
    outside = {task.outside for task in new.tasks}
    analogies = []
    for task in map(old.task, known):
        for kind in task.types:
            likeness = [
                label
                if label in position
                else task.outside
                if label in outside
                else f"{label[0]}-{kind}"
                for label in new.labels
            ]
            analogies.append([position[label] for label in likeness])
    fresh = [label not in position for label in new.labels]
    return np.array(analogies, dtype=np.int64), np.array(fresh)
