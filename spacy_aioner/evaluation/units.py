"""Counts of right and wrong mentions unit by unit: what resampling draws from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AionerError
from ..formats.document import Document
from .scores import Score, compare

Counts = npt.NDArray[np.int64]
"""The counts of a `Score` in its order (predicted, gold, right, found) on the last
axis."""

# As they are written: a strict match is right on both sides at once.
_COLUMNS = ("predicted", "gold", "strict", "relaxed_right", "relaxed_found")


@dataclass(frozen=True)
class UnitCounts:
    """What each unit adds to the scores of one prediction.

    A unit is what may be drawn on its own: a document, or the article from which
    several documents were taken.

    names (tuple[str, ...]): The units.
    strict, relaxed (Mapping[str, Counts]): By type, (n_units, 4).
    """

    names: tuple[str, ...]
    strict: Mapping[str, Counts]
    relaxed: Mapping[str, Counts]

    @property
    def strict_micro(self) -> Counts:
        """Strict counts over the mentions of all types, (n_units, 4)."""
        return self._sum(self.strict)

    @property
    def relaxed_micro(self) -> Counts:
        """Relaxed counts over the mentions of all types, (n_units, 4)."""
        return self._sum(self.relaxed)

    def _sum(self, by_type: Mapping[str, Counts]) -> Counts:
        return sum(by_type.values(), np.zeros((len(self.names), 4), dtype=np.int64))

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the names, and for each type five lists as long."""
        types = {}
        for name, strict in self.strict.items():
            relaxed = self.relaxed[name]
            columns = (*strict.T[:3], *relaxed.T[2:])
            rows = zip(_COLUMNS, columns, strict=True)
            types[name] = {column: values.tolist() for column, values in rows}
        return {"names": list(self.names), "types": types}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> UnitCounts:
        """Read what `to_dict` made.

        values (Mapping[str, Any]): From JSON.
        RETURNS (UnitCounts): The counts.
        RAISES (AionerError): If it is something else.
        """
        try:
            names = tuple(values["names"])
            shape = len(_COLUMNS), len(names)
            types = {
                name: np.array([lists[c] for c in _COLUMNS], np.int64).reshape(shape)
                for name, lists in values["types"].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AionerError(
                f"These are no counts by unit ({error!r}): make the file again with "
                "the benchmark."
            ) from error
        return cls(
            names,
            strict={name: rows[[0, 1, 2, 2]].T for name, rows in types.items()},
            relaxed={name: rows[[0, 1, 3, 4]].T for name, rows in types.items()},
        )


def count_units(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    unit_of: Callable[[Document], str] = lambda document: document.id,
) -> UnitCounts:
    """Count the mentions of each unit as `compare` does.

    gold, predicted (Iterable[Document]): The same documents in the same order.
    unit_of (Callable[[Document], str]): The unit of a gold document; records with the
        same id are one if not given.
    RETURNS (UnitCounts): Units in the order in which they begin, types in
        alphabetical order. Summed over units they are the scores of `compare`.
    RAISES (AionerError): If the documents are not the same.
    """
    numbers: dict[str, int] = {}
    parts: list[tuple[int, dict[str, Score], dict[str, Score]]] = []
    try:
        for ours, theirs in zip(gold, predicted, strict=True):
            report = compare([ours], [theirs])
            if report.not_gold:
                raise ValueError(report.not_gold[0])
            unit = numbers.setdefault(unit_of(ours), len(numbers))
            parts.append((unit, report.strict, report.relaxed))
    except ValueError as error:
        raise AionerError(
            f"The prediction has not the documents of the gold standard ({error}): "
            "give both sides the same ones in the same order."
        ) from error
    types = sorted({name for _, strict, _ in parts for name in strict})
    counts = UnitCounts(
        tuple(numbers),
        {name: np.zeros((len(numbers), 4), dtype=np.int64) for name in types},
        {name: np.zeros((len(numbers), 4), dtype=np.int64) for name in types},
    )
    for unit, strict, relaxed in parts:
        for name in strict:
            counts.strict[name][unit] += _row(strict[name])
            counts.relaxed[name][unit] += _row(relaxed[name])
    return counts


def _row(score: Score) -> tuple[int, int, int, int]:
    return score.predicted, score.gold, score.right, score.found
