"""How certain scores are: intervals by resampling, tests by permutation.

Both draw whole units (documents or articles), because mentions of one text are right
or wrong together. Counts have the last axis (predicted, gold, right, found); see
`units`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import AionerError
from .units import Counts

Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000
LEVEL = 0.95
# Draws that are in memory at once; changes nothing but memory.
_CHUNK = 500
# Two values of F1 that differ by less differ by rounding only.
_EPSILON = 1e-9


class Interval(NamedTuple):
    """A range of percentages."""

    low: float
    high: float


class Difference(NamedTuple):
    """One prediction against another on the same units.

    f1 (float): F1 of the first minus F1 of the second, in points.
    interval (Interval): Of that difference.
    p (float): Two-sided: how often a difference as large comes about if it does not
        matter which of the two predicted a unit.
    """

    f1: float
    interval: Interval
    p: float


def percentages(counts: Counts | Floats) -> Floats:
    """Precision, recall and F1 of counts, as `Score` has them.

    counts (Counts | Floats): (…, 4).
    RETURNS (Floats): Per cent, (…, 3); a percentage of nothing is 0.
    """
    predicted, gold, right, found = np.moveaxis(np.asarray(counts, dtype=float), -1, 0)
    precision = _divide(100 * right, predicted)
    recall = _divide(100 * found, gold)
    f1 = _divide(2 * precision * recall, precision + recall)
    return np.stack([precision, recall, f1], axis=-1)


def intervals(
    counts: Counts,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Floats:
    """Percentile bootstrap intervals of precision, recall and F1.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13: units are
    drawn with replacement, as many as there are, and the scores of each draw are
    sorted.

    counts (Counts): (n_units, …, 4); all that is between is drawn together.
    resamples (int): How many draws.
    level (float): The share of draws inside.
    seed (int): Of the draws.
    RETURNS (Floats): (…, 3, 2): precision, recall and F1, each with low and high.
    """
    draws = percentages(np.concatenate([*_resample(counts, resamples, seed)]))
    return _percentiles(draws, level)


def difference(
    ours: Counts,
    theirs: Counts,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference:
    """Compare F1 of two predictions of the same units.

    The interval is a bootstrap in which both are drawn together. The test is paired
    approximate randomisation (Noreen, Computer-Intensive Methods for Testing
    Hypotheses, 1989; Yeh, COLING 2000): each unit's counts change sides by the toss
    of a coin, and the difference as it is counts as one of the tosses.

    ours, theirs (Counts): (n_units, 4), the units in the same order.
    resamples (int): How many draws, and how many tosses of all coins.
    level (float): The share of draws inside the interval.
    seed (int): Of both.
    RETURNS (Difference): The outcome.
    RAISES (AionerError): If there are not as many units on both sides.
    """
    if ours.shape != theirs.shape:
        raise AionerError(
            f"Predictions of {len(ours)} and of {len(theirs)} units cannot be "
            "compared: score both on the same documents."
        )
    both = np.stack([ours, theirs], axis=1)
    observed = _gap(both.sum(axis=0))
    draws = np.concatenate([_gap(t) for t in _resample(both, resamples, seed)])
    low, high = _percentiles(draws, level)
    as_large = sum(
        int((np.abs(_gap(totals)) >= abs(observed) - _EPSILON).sum())
        for totals in _toss(both, resamples, seed)
    )
    p = (as_large + 1) / (resamples + 1)
    return Difference(float(observed), Interval(float(low), float(high)), p)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    whole = np.zeros(np.broadcast(numerator, denominator).shape)
    return np.divide(numerator, denominator, out=whole, where=denominator > 0)


def _gap(totals: Any) -> Any:
    """F1 of the first minus that of the second side, of totals (…, 2, 4)."""
    f1 = percentages(totals)[..., 2]
    return f1[..., 0] - f1[..., 1]


def _percentiles(draws: Floats, level: float) -> Floats:
    tail = 50 * (1 - level)
    bounds = np.percentile(draws, [tail, 100 - tail], axis=0)
    return np.stack([*bounds], axis=-1)


def _resample(counts: Counts, times: int, seed: int) -> Iterator[Floats]:
    """Totals (some draws, …, 4) of units drawn with replacement."""
    n_units = len(counts)
    rng = np.random.default_rng(seed)
    for size in _sizes(times):
        if n_units:
            weights = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size)
        else:
            weights = np.zeros((size, 0), dtype=np.int64)
        yield _weigh(weights, counts)


def _toss(both: Counts, times: int, seed: int) -> Iterator[Floats]:
    """Totals (some tosses, 2, 4) after each unit's two sides changed by chance."""
    rng = np.random.default_rng(seed)
    ours, theirs = both.sum(axis=0)
    for size in _sizes(times):
        coins = rng.integers(2, size=(size, len(both)))
        moved = _weigh(coins, both[:, 1] - both[:, 0])
        yield np.stack([ours + moved, theirs - moved], axis=1)


def _weigh(weights: Counts, counts: Counts) -> Floats:
    # float64 is exact for counts and has a fast product.
    flat = counts.reshape(len(counts), int(np.prod(counts.shape[1:]))).astype(float)
    totals: Floats = weights.astype(float) @ flat
    return totals.reshape(-1, *counts.shape[1:])


def _sizes(times: int) -> Iterator[int]:
    for begin in range(0, times, _CHUNK):
        yield min(_CHUNK, times - begin)
