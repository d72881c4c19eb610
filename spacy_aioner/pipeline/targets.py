"""What the network is to answer: gold labels, a teacher's label scores, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from spacy.training import Example

from ..corpora.docs import ID_KEY
from ..distillation.soft_labels import SHARE_KEY, SOFT_KEY, SoftLabels
from ..errors import AionerError
from ..models.types import Ints, Plan
from ..scheme.bio import begin_anew
from ..scheme.scheme import Scheme, Task
from .gold import example_task, gold_labels, is_annotated


@dataclass(frozen=True)
class Targets:
    """What the output rows of a plan are to be.

    labels (Ints): Local labels, those of gold or, where there is none, the teacher's
        best, (n_rows,).
    soft (NDArray[float32] | None): How probable each local label is, (n_rows, width)
        for the task with the most labels; None if no example has a teacher's scores.
    """

    labels: Ints
    soft: npt.NDArray[np.float32] | None = None


def says_something(eg: Example, spans_key: str | None) -> bool:
    """Whether anything can be learnt from an example.

    eg (Example): The example.
    spans_key (str | None): The group of gold spans.
    RETURNS (bool): False if its reference has neither gold nor a teacher's scores.
    """
    return SOFT_KEY in eg.reference.user_data or is_annotated(eg, spans_key)


def make_targets(
    scheme: Scheme, examples: Sequence[Example], plan: Plan, spans_key: str | None
) -> Targets:
    """Read the gold spans and the teacher's scores of examples.

    Where an example has both, each label's probability is the mixture that the
    reference's user data "aioner_teacher_share" asks for; a half if it asks for none.

    scheme (Scheme): The tasks.
    examples (Sequence[Example]): The batch, in the order of the plan's docs.
    plan (Plan): One task for each doc.
    spans_key (str | None): The group of gold spans; `doc.ents` where it is missing.
    RETURNS (Targets): By output row.
    RAISES (AionerError): If texts differ, a type is wrong, or the teacher's labels are
        not those of the task.
    """
    labels = gold_labels(scheme, examples, plan, spans_key)
    if not any(SOFT_KEY in eg.reference.user_data for eg in examples):
        return Targets(labels)
    tasks = [scheme.tasks[example_task(scheme, eg)] for eg in examples]
    width = max(len(task.labels) for task in tasks)
    soft = np.eye(width, dtype=np.float32)[labels]
    owner = np.searchsorted(plan.words.docs, plan.word, side="right") - 1
    for i, (eg, task) in enumerate(zip(examples, tasks, strict=True)):
        if SOFT_KEY not in eg.reference.user_data:
            continue
        taught = SoftLabels.unpack(eg.reference.user_data[SOFT_KEY])
        order = _order(taught, task, eg)
        rows = np.flatnonzero(owner == i)
        words = plan.word[rows]
        scores, known = taught.align(plan.words.start[words], plan.words.end[words])
        rows, scores = rows[known], scores[known][:, order]
        share = eg.reference.user_data.get(SHARE_KEY, 0.5) if taught.annotated else 1.0
        soft[rows] *= 1.0 - share
        soft[rows, : len(order)] += share * scores
        if not taught.annotated:
            labels[rows] = _valid(scores.argmax(1))
    begin_anew(labels, plan.sequences[:-1])
    return Targets(labels, soft)


def _order(taught: SoftLabels, task: Task, eg: Example) -> list[int]:
    """Which of the teacher's columns each label of the task is."""
    if set(taught.labels) != set(task.labels):
        who = eg.reference.user_data.get(ID_KEY, eg.reference.text[:40])
        raise AionerError(
            f"The teacher's labels for document '{who}' are "
            f"{', '.join(taught.labels)}, but the task '{task.name}' has "
            f"{', '.join(task.labels)}: give the student's task the teacher's types, "
            "or score the text again under another task."
        )
    return [taught.labels.index(label) for label in task.labels]


def _valid(labels: Ints) -> Ints:
    """Let what goes on with nothing begin something."""
    before = np.append(0, labels[:-1])
    inside = (labels > 0) & (labels % 2 == 0)
    alone = inside & (before != labels) & (before != labels - 1)
    return np.where(alone, labels - 1, labels)
