"""Stretches found by bisection against sets of positions."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.scheme.intervals import Intervals

STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)))


@given(STRETCHES, STRETCHES)
def test_overlaps_are_those_of_the_positions(added, asked):
    intervals, positions = Intervals(), set()
    for start, end in added:
        intervals.add(start, end)
        positions.update(range(start, end))
    for start, end in asked:
        expected = not positions.isdisjoint(range(start, end))
        assert intervals.overlaps(start, end) == expected


def test_what_was_taken_out_overlaps_nothing():
    intervals = Intervals()
    for start, end in [(5, 8), (0, 2), (8, 9)]:
        intervals.add(start, end)
    intervals.remove(5, 8)
    assert not intervals.overlaps(2, 8)
    assert intervals.overlaps(8, 9)
    assert intervals.overlaps(1, 3)
