"""The all-in-one scheme: tasks, their tags, and the labels each task allows.

Luo et al., Bioinformatics 39(5) btad310 (2023), section 2.2: a sentence is wrapped
in the tags of the task under which its corpus was annotated, and the outside label
names the task, so corpora that annotate different types train one model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..errors import AionerError

ALL = "ALL"
PAPER_TYPES = ("Gene", "Disease", "Chemical", "Species", "Variant", "CellLine")


@dataclass(frozen=True)
class Task:
    """What one kind of corpus annotates.

    name (str): The name inside the tags: "Gene" is prompted as <Gene> … </Gene>.
    types (tuple[str, ...]): The entity types that such a corpus annotates.
    """

    name: str
    types: tuple[str, ...]

    @property
    def open_tag(self) -> str:
        return f"<{self.name}>"

    @property
    def close_tag(self) -> str:
        return f"</{self.name}>"

    @property
    def outside(self) -> str:
        """The outside label: plain "O" only where every type is annotated."""
        return "O" if self.name == ALL else f"O-{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels allowed under the task: outside first, then B and I by type."""
        return (self.outside, *(f"{p}-{t}" for t in self.types for p in "BI"))


@dataclass(frozen=True)
class Scheme:
    """All tasks that one model knows, in a fixed order.

    tasks (tuple[Task, ...]): ALL first, then one task per type, then any further.
    """

    tasks: tuple[Task, ...]

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Every entity type, each once, in order of first mention."""
        return tuple(dict.fromkeys(t for task in self.tasks for t in task.types))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The model's output labels: outside labels by task, then B and I by type."""
        outside = [task.outside for task in self.tasks]
        return (*outside, *(f"{p}-{t}" for t in self.types for p in "BI"))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tag tokens: task k is wrapped in tags 2k and 2k + 1."""
        return tuple(tag for t in self.tasks for tag in (t.open_tag, t.close_tag))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {task.name: i for i, task in enumerate(self.tasks)}

    def index(self, name: str) -> int:
        """Find a task by name.

        name (str): The task's name.
        RETURNS (int): Its position in `tasks`.
        RAISES (AionerError): If there is no such task; names the valid ones.
        """
        if name not in self._index:
            raise AionerError(
                f"Unknown task '{name}': the tasks of this component are "
                f"{', '.join(self._index)}."
            )
        return self._index[name]

    def task(self, name: str) -> Task:
        """The task of that name; raises like `index`."""
        return self.tasks[self.index(name)]

    def label_ids(self, task: Task) -> list[int]:
        """Positions of the task's allowed labels among the model's labels, (n,)."""
        position = {label: i for i, label in enumerate(self.labels)}
        return [position[label] for label in task.labels]


def build_scheme(
    types: Sequence[str] = PAPER_TYPES,
    task_types: Mapping[str, Sequence[str]] | None = None,
) -> Scheme:
    """Make a scheme from entity types.

    types (Sequence[str]): The types that ALL annotates; each is a task of its own.
    task_types (Mapping[str, Sequence[str]] | None): Further tasks by name, each with
        the types it annotates; the types may be new ones.
    RETURNS (Scheme): The scheme.
    RAISES (AionerError): If a name is empty, repeated, or no single tag word.
    """
    check_names("entity type", types)
    tasks = [Task(ALL, tuple(types)), *(Task(t, (t,)) for t in types)]
    further = (task_types or {}).items()
    return add_tasks(Scheme(()), [*tasks, *(Task(n, tuple(ts)) for n, ts in further)])


def add_tasks(scheme: Scheme, tasks: Iterable[Task]) -> Scheme:
    """Make a scheme with further tasks behind those that it has.

    scheme (Scheme): The scheme, which stays as it is.
    tasks (Iterable[Task]): The tasks to add.
    RETURNS (Scheme): The larger scheme.
    RAISES (AionerError): If a name is empty, repeated, or no single tag word.
    """
    tasks = list(tasks)
    known = {task.name for task in scheme.tasks}
    for task in tasks:
        if task.name in known:
            raise AionerError(
                f"There is a task '{task.name}' already: give the new one a name of "
                "its own."
            )
    grown = Scheme((*scheme.tasks, *tasks))
    check_names("task", [task.name for task in grown.tasks])
    for task in grown.tasks:
        check_names(f"entity type of task '{task.name}'", task.types)
        if not task.types:
            raise AionerError(
                f"Task '{task.name}' annotates no entity type: name at least one."
            )
    return grown


def check_names(what: str, names: Iterable[str]) -> None:
    """Make sure that names can be labels and tags.

    what (str): What they name, for the message.
    names (Iterable[str]): The names.
    RAISES (AionerError): If one is empty, repeated, or no single tag word.
    """
    seen: set[str] = set()
    for name in names:
        if not name or any(c.isspace() or c in "<>" for c in name):
            raise AionerError(
                f"'{name}' cannot name a {what}: use a word without spaces, < and >."
            )
        if name in seen:
            raise AionerError(f"The {what} '{name}' is given twice: name it once.")
        seen.add(name)
