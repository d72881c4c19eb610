"""The figures of other people's papers, read from project/configs/published.toml."""

from collections.abc import Mapping
from pathlib import Path

from spacy_aioner.errors import AionerError
from spacy_aioner.toml import read_toml

FIGURES = Path(__file__).parents[1] / "configs" / "published.toml"
# The system of the paper that the released model is like.
PAPER = "all-in-one"

Figures = Mapping[tuple[str, str], Mapping[str, float]]
"""F1 by "micro" or type, for each system and corpus."""


def read_figures(path: Path) -> Figures:
    """Read published figures.

    path (Path): The TOML file.
    RETURNS (Figures): By system and corpus.
    RAISES (AionerError): If it cannot be read, or a figure does not name its source.
    """
    try:
        tables = read_toml(path, "figures", "one with tables [[figures]]")["figures"]
        if not all(table["source"] for table in tables):
            raise ValueError("an empty source")
        return {(table["system"], table["corpus"]): table for table in tables}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AionerError(
            f"{path}: cannot be read as published figures ({error!r}): each needs a "
            "system, a corpus and a source."
        ) from error
