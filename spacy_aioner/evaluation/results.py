"""Scores of a test set as a file that later runs and reports can read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AionerError
from .bootstrap import Difference, difference, intervals
from .scores import MICRO, Report
from .units import UnitCounts

PERCENTAGES = ("precision", "recall", "f1")
_DIGITS = 4


def scores_with_intervals(report: Report, units: UnitCounts) -> dict[str, Any]:
    """The scores of a report, each with bootstrap intervals of its percentages.

    report (Report): The scores.
    units (UnitCounts): What they are the sums of.
    RETURNS (dict[str, Any]): "strict" and "relaxed", each with "micro" and "types",
        each of them `Score.to_dict` and "intervals"; and "units".
    """
    names = list(report.strict)
    strict = [*(units.strict[name] for name in names), units.strict_micro]
    relaxed = [*(units.relaxed[name] for name in names), units.relaxed_micro]
    # All are drawn together: units, (strict, relaxed), types and micro, counts.
    bounds = intervals(np.stack([np.stack(strict, 1), np.stack(relaxed, 1)], axis=1))
    values: dict[str, Any] = {}
    for match, rows in zip(("strict", "relaxed"), bounds, strict=True):
        scores = report.to_dict()[match]
        for score, row in zip(
            [*scores["types"].values(), scores[MICRO]], rows, strict=True
        ):
            pairs = zip(PERCENTAGES, row.tolist(), strict=True)
            score["intervals"] = dict(pairs)
        values[match] = {MICRO: scores[MICRO], "types": scores["types"]}
    return {**values, "units": units.to_dict()}


def compare_results(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Difference:
    """Compare the strict micro F1 of two results of the same documents.

    ours, theirs (Mapping[str, Any]): From `scores_with_intervals`, or read.
    RETURNS (Difference): Ours minus theirs.
    RAISES (AionerError): If the documents are not the same.
    """
    sides = [UnitCounts.from_dict(side["units"]) for side in (ours, theirs)]
    if sides[0].names != sides[1].names:
        raise AionerError(
            "The two results are not of the same documents: make both with the same "
            "corpora file, split and protocol."
        )
    return difference(sides[0].strict_micro, sides[1].strict_micro)


def read_results(path: Path) -> dict[str, Any]:
    """Read a result file.

    path (Path): The file.
    RETURNS (dict[str, Any]): Its values.
    RAISES (AionerError): If it cannot be read, or is something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf8"))
        results = values["results"]
        parts = [part for tasks in results.values() for part in tasks.values()]
        sound = {"model", "protocol", "split"} <= set(values) and all(
            {"strict", "relaxed", "units"} <= set(part) for part in parts
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AionerError(
            f"{path}: cannot be read as a result file ({error!r}): make one with "
            "project/scripts/benchmark.py."
        ) from error
    if not sound:
        raise AionerError(
            f"{path}: is no result file: make one with project/scripts/benchmark.py."
        )
    return values  # type: ignore[no-any-return]


def results_to_json(values: Mapping[str, Any]) -> str:
    """Write results so that people can read them too.

    values (Mapping[str, Any]): The values.
    RETURNS (str): JSON, numbers with four decimals, a list of numbers or names in
        one line.
    """

    def one_line(found: re.Match[str]) -> str:
        return re.sub(r"\s*\n\s*", " ", found.group())

    text = json.dumps(_round(values), indent=2, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", one_line, text) + "\n"


def _round(values: Any) -> Any:
    if isinstance(values, float):
        return round(values, _DIGITS)
    if isinstance(values, Mapping):
        return {key: _round(value) for key, value in values.items()}
    return [_round(value) for value in values] if isinstance(values, list) else values


def own_result(tasks: Mapping[str, Any]) -> Mapping[str, Any]:
    """Choose the result of a corpus that stands for it.

    tasks (Mapping[str, Any]): Its results by prompted task.
    RETURNS (Mapping[str, Any]): That under the corpus's own task; that under ALL if
        the model was not trained on it.
    """
    first = next(iter(tasks.values()))
    own: Mapping[str, Any] = tasks.get(first["task"], first)
    return own
