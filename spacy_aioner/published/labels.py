"""Label files: one label of the output layer per line, as a scheme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AionerError
from ..scheme.bio import Ints
from ..scheme.scheme import ALL, Scheme, build_scheme

# The tags of the published models, in the order of their rows in the embedding: the
# opening and then the closing tag of each.
PUBLISHED_TAGS = ("Chemical", "Disease", "CellLine", "Gene", "Species", "Variant", ALL)


@dataclass(frozen=True)
class PublishedLabels:
    """What a label file and the tags say of a model.

    scheme (Scheme): The model's types and tasks.
    trained (tuple[str, ...]): The tasks that have an outside label and tags.
    rows (Ints): For each label of the scheme its line in the file, from 0; -1 for
        outside labels that the file does not have, (n_labels,).
    tags (Ints): For each tag of the scheme its row among the tags of the model; -1
        for tags that it does not have, (n_tags,).
    size (int): Number of labels in the file.
    """

    scheme: Scheme
    trained: tuple[str, ...]
    rows: Ints
    tags: Ints
    size: int


def read_labels(path: Path, tags: tuple[str, ...] = PUBLISHED_TAGS) -> PublishedLabels:
    """Read a label file.

    path (Path): A file with "O", "O-Gene", "B-Gene", "I-Gene" … in the order of the
        output layer; "O" is the outside label of the task ALL.
    tags (tuple[str, ...]): The tasks that have tags, in the order of their rows.
    RETURNS (PublishedLabels): The scheme and where its rows are.
    RAISES (AionerError): Names the line that is no label, stands twice or lacks its
        counterpart; or the task that lacks tags.
    """
    if path.exists() and not path.is_file():
        raise AionerError(
            f"{path}: is no regular file; give a UTF-8 file, a label per line."
        )
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AionerError(
            f"{path}: cannot be read ({error}); give a UTF-8 file, a label per line."
        ) from None
    labels: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        label = line.strip()
        if not label:
            if any(rest.strip() for rest in lines[number:]):
                raise AionerError(f"{path}: line {number} is empty: name a label.")
            break
        prefix, _, name = label.partition("-")
        if label != "O" and (prefix not in ("O", "B", "I") or not name):
            raise AionerError(
                f"{path}: line {number}: '{label}' is no label: write O, O-Gene, "
                "B-Gene or I-Gene."
            )
        if label in labels:
            raise AionerError(f"{path}: line {number}: '{label}' stands there twice.")
        labels[label] = len(labels)
    types = [label[2:] for label in labels if label.startswith("B-")]
    _check(path, labels, types)
    scheme = build_scheme(types)
    trained = tuple(t.name for t in scheme.tasks if t.outside in labels)
    for name in trained:
        if name not in tags:
            raise AionerError(
                f"{path}: the task '{name}' has a label, but no tags: name the tags of "
                f"the model in order with --tags; now they are {','.join(tags)}."
            )
    first = {name: 2 * i for i, name in enumerate(tags)}
    places = [
        first[task.name] + side if task.name in trained else -1
        for task in scheme.tasks
        for side in (0, 1)
    ]
    return PublishedLabels(
        scheme=scheme,
        trained=trained,
        rows=np.array([labels.get(x, -1) for x in scheme.labels], dtype=np.int64),
        tags=np.array(places, dtype=np.int64),
        size=len(labels),
    )


def _check(path: Path, labels: dict[str, int], types: list[str]) -> None:
    if not types:
        raise AionerError(f"{path}: names no entity type: give a file with B-… labels.")
    for label in labels:
        name = label[2:]
        if name and name not in types:
            raise AionerError(f"{path}: '{label}' is there without 'B-{name}'.")
    for name in types:
        if f"I-{name}" not in labels:
            raise AionerError(f"{path}: 'B-{name}' is there without 'I-{name}'.")
    if not any(label == "O" or label.startswith("O-") for label in labels):
        raise AionerError(f"{path}: has no outside label: O, O-Gene and so on.")
