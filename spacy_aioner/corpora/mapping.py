"""Which of a corpus's annotations a task learns from, under which names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ..formats.document import Document
from ..scheme.scheme import ALL


def kept_types(task: str, types: Collection[str] | None) -> Collection[str] | None:
    """Find which types a task learns.

    task (str): The task.
    types (Collection[str] | None): The types that were chosen for it, if any.
    RETURNS (Collection[str] | None): Those; else None, all of them, for the task ALL,
        and the type of its own name for another.
    """
    return types if types is not None or task == ALL else (task,)


def task_mentions(
    document: Document,
    *,
    task: str,
    type_map: Mapping[str, str],
    types: Collection[str] | None = None,
) -> Document:
    """Keep the mentions that a task annotates, with their types renamed.

    document (Document): A document of the corpus.
    task (str): The task of the corpus.
    type_map (Mapping[str, str]): From the corpus's type names to the model's; "" drops
        the type. Types that are not in it keep their name.
    types (Collection[str] | None): Types to keep after renaming; see `kept_types`.
    RETURNS (Document): A copy; passages are shared.
    """
    keep = kept_types(task, types)
    renamed = (replace(m, type=type_map.get(m.type, m.type)) for m in document.mentions)
    mentions = [m for m in renamed if m.type and (keep is None or m.type in keep)]
    return replace(document, mentions=mentions)
