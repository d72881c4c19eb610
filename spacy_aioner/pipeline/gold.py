"""Gold annotation of examples as label numbers of the network's words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from spacy.training import Example

from ..corpora.docs import ID_KEY, TASK_KEY, annotated_spans
from ..errors import AionerError
from ..models.types import Ints, Plan
from ..scheme.bio import begin_anew, label_words
from ..scheme.scheme import ALL, Scheme


def example_task(scheme: Scheme, eg: Example) -> int:
    """Find the task under which an example was annotated.

    scheme (Scheme): The tasks.
    eg (Example): Its reference's user data "aioner_task" names the task; ALL if not.
    RETURNS (int): The task's number.
    RAISES (AionerError): If the scheme has no such task.
    """
    return scheme.index(eg.reference.user_data.get(TASK_KEY, ALL))


def is_annotated(eg: Example, spans_key: str | None) -> bool:
    """Whether an example says anything about entities.

    eg (Example): The example.
    spans_key (str | None): The group of gold spans.
    RETURNS (bool): False if the reference has neither the group nor `doc.ents`.
    """
    return annotated_spans(eg.reference, spans_key) is not None


def check_types(scheme: Scheme, eg: Example, task: int, spans_key: str | None) -> None:
    """Make sure that an example holds only types that its task annotates.

    scheme (Scheme): The tasks.
    eg (Example): The example.
    task (int): Its task.
    spans_key (str | None): The group of gold spans.
    RAISES (AionerError): Names the document, the type and the valid ones.
    """
    known = scheme.tasks[task]
    for _, _, label in annotated_spans(eg.reference, spans_key) or ():
        if label not in known.types:
            who = eg.reference.user_data.get(ID_KEY, eg.reference.text[:40])
            raise AionerError(
                f"Document '{who}' holds the type '{label}', but the task "
                f"'{known.name}' annotates {', '.join(known.types)}: map the type in "
                "the corpus file, or add it to the types of the component."
            )


def gold_labels(
    scheme: Scheme, examples: Sequence[Example], plan: Plan, spans_key: str | None
) -> Ints:
    """Write the gold spans of examples over the words that the network read.

    Of overlapping spans the longest is learnt. A span that begins or ends inside a
    word takes in the whole word; one that crosses a sentence end begins anew there.

    scheme (Scheme): The tasks.
    examples (Sequence[Example]): The batch, in the order of the plan's docs.
    plan (Plan): One task for each doc.
    spans_key (str | None): The group of gold spans; `doc.ents` where it is missing.
    RETURNS (Ints): Local labels by output row, (n_rows,).
    RAISES (AionerError): If predicted and reference text differ, or a type is wrong.
    """
    words = plan.words
    labels = []
    for i, eg in enumerate(examples):
        first, last = int(words.docs[i]), int(words.docs[i + 1])
        if eg.predicted.text != eg.reference.text:
            raise AionerError(
                "Predicted and reference text differ in document "
                f"'{eg.reference.user_data.get(ID_KEY, eg.reference.text[:40])}': "
                "make both from the same text."
            )
        task = example_task(scheme, eg)
        check_types(scheme, eg, task, spans_key)
        gold = annotated_spans(eg.reference, spans_key) or []
        types = scheme.tasks[task].types
        start, end = words.start[first:last], words.end[first:last]
        spans = [(s, e, types.index(label)) for s, e, label in gold]
        labels.append(label_words(start, end, spans))
    by_row = np.concatenate([*labels, np.zeros(0, dtype=np.int64)])[plan.word]
    begin_anew(by_row, plan.sequences[:-1])
    return by_row
