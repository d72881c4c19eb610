"""A set of stretches, and whether another one overlaps any of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Intervals:
    """Stretches of positions, kept in order, so that one is found by bisection.

    Stretches that overlap count as one.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def overlaps(self, start: int, end: int) -> bool:
        """Whether a stretch has a position in common with one of the set.

        start, end (int): Positions, end exclusive.
        RETURNS (bool): False also for an empty stretch.
        """
        # The first stretch that reaches beyond `start`.
        place = bisect_right(self._ends, start)
        return start < end and place < len(self._ends) and self._starts[place] < end

    def add(self, start: int, end: int) -> None:
        """Put a stretch into the set.

        start, end (int): Positions, end exclusive; an empty stretch changes nothing.
        """
        if start >= end:
            return
        # What overlaps it becomes one with it.
        low = bisect_right(self._ends, start)
        high = bisect_left(self._starts, end)
        if low < high:
            start = min(start, self._starts[low])
            end = max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]

    def remove(self, start: int, end: int) -> None:
        """Take a stretch out of the set.

        start, end (int): As it was added; it overlapped nothing.
        """
        place = bisect_left(self._starts, start)
        del self._starts[place], self._ends[place]
