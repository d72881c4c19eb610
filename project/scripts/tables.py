"""What the report and the model card share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Sequence[object]


def own_result(tasks: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result under the corpus's own task; under ALL if that was not trained."""
    first = next(iter(tasks.values()))
    own: Mapping[str, Any] = tasks.get(first["task"], first)
    return own


def table(head: str, rows: Iterable[Row], *, left: int) -> str:
    """A Markdown table whose first columns are aligned left, the others right."""
    columns = len(head.split(" | "))
    marks = ["---"] * left + ["---:"] * (columns - left)
    lines = [head, " | ".join(marks), *(" | ".join(map(str, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"
