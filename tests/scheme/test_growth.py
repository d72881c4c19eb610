"""What new labels resemble."""

import numpy as np
import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.scheme.growth import label_analogies
from spacy_aioner.scheme.scheme import Task, add_tasks, build_scheme

OLD = build_scheme(["Gene", "Disease"])
NEW = add_tasks(OLD, [Task("Anatomy", ("Organ", "Gene"))])


def named(known):
    index, fresh = label_analogies(OLD, NEW, known)
    likeness = [
        dict(zip(NEW.labels, (OLD.labels[i] for i in row), strict=True))
        for row in index
    ]
    return likeness, {x for x, new in zip(NEW.labels, fresh, strict=True) if new}


def test_new_labels_resemble_those_of_each_type_of_each_known_task():
    likeness, fresh = named(["ALL", "Disease"])
    assert fresh == {"O-Anatomy", "B-Organ", "I-Organ"}
    assert [(x["O-Anatomy"], x["B-Organ"], x["I-Organ"]) for x in likeness] == [
        ("O", "B-Gene", "I-Gene"),
        ("O", "B-Disease", "I-Disease"),
        ("O-Disease", "B-Disease", "I-Disease"),
    ]


def test_old_labels_stay_themselves():
    likeness, _ = named(["ALL", "Gene"])
    for analogy in likeness:
        assert all(analogy[label] == label for label in OLD.labels)


def test_the_old_scheme_is_a_part_of_the_new_one():
    assert NEW.tasks[: len(OLD.tasks)] == OLD.tasks
    assert NEW.tags[: len(OLD.tags)] == OLD.tags
    assert NEW.types == ("Gene", "Disease", "Organ")
    assert len(OLD.tasks) == 3
    index, _ = label_analogies(OLD, NEW, ["Gene"])
    assert index.dtype == np.int64


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Task("Gene", ("Organ",)), "There is a task 'Gene' already"),
        (Task("Body part", ("Organ",)), "cannot name a task"),
        (Task("Anatomy", ()), "annotates no entity type"),
        (Task("Anatomy", ("Organ", "Organ")), "'Organ' is given twice"),
    ],
)
def test_tasks_that_cannot_be_added(task, said):
    with pytest.raises(AionerError, match=said):
        add_tasks(OLD, [task])
