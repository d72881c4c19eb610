"""Tables and plots of the committed reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import AionerError


def table(head: str, rows: Iterable[Sequence[object]], *, left: int) -> str:
    """Make a Markdown table.

    head (str): The columns' names, between " | ".
    rows (Iterable[Sequence[object]]): The cells.
    left (int): How many of the first columns are aligned left; the others are right.
    RETURNS (str): The lines of the table.
    """
    columns = len(head.split(" | "))
    marks = ["---"] * left + ["---:"] * (columns - left)
    lines = [head, " | ".join(marks), *(" | ".join(map(str, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def load_pyplot() -> Any:
    """Load matplotlib's pyplot so that the same input gives the same bytes of SVG.

    RETURNS (Any): The module; it is only loaded here, as few need it.
    RAISES (AionerError): If matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise AionerError(
            "The plot needs matplotlib: install the extra `benchmark`."
        ) from error
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "spacy-aioner"
    from matplotlib import pyplot

    return pyplot
