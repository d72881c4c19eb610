"""Counts by unit, intervals and tests between two predictions."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.evaluation.bootstrap import difference, intervals, percentages
from spacy_aioner.evaluation.scores import Score, compare
from spacy_aioner.evaluation.units import UnitCounts, count_units
from spacy_aioner.formats.document import Document, Mention, Passage

FEW = {"resamples": 200}


def document(id_, *mentions):
    return Document(id_, [Passage(0, "some text")], [Mention(*m) for m in mentions])


def counts(*rows):
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


mentions = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 5), st.sampled_from("AB")).map(
        lambda m: (m[0], m[0] + m[1], "", m[2])
    ),
    max_size=6,
)
# Ids repeat, so that several documents are one unit.
sides = st.lists(st.tuples(st.sampled_from("123"), mentions, mentions), max_size=6)
rows = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda row: st.integers(0, min(row)).map(lambda right: (*row, right, right))
)


def total(units, match, name):
    return Score(*getattr(units, match)[name].sum(axis=0).tolist())


@given(sides)
def test_units_sum_to_the_report(listed):
    gold = [document(id_, *side) for id_, side, _ in listed]
    predicted = [document(id_, *side) for id_, _, side in listed]
    report = compare(gold, predicted)
    units = count_units(gold, predicted)
    assert units.names == tuple(dict.fromkeys(id_ for id_, _, _ in listed))
    assert list(units.strict) == list(units.relaxed) == list(report.strict)
    for name in report.strict:
        assert total(units, "strict", name) == report.strict[name]
        assert total(units, "relaxed", name) == report.relaxed[name]
    micro = units.relaxed_micro.sum(axis=0)
    assert Score(*micro.tolist()) == report.relaxed_micro
    score = report.relaxed_micro
    expected = (score.precision, score.recall, score.f1)
    assert percentages(micro) == pytest.approx(expected)


@given(sides)
def test_units_survive_json(listed):
    gold = [document(id_, *side) for id_, side, _ in listed]
    predicted = [document(id_, *side) for id_, _, side in listed]
    units = count_units(gold, predicted)
    again = UnitCounts.from_dict(json.loads(json.dumps(units.to_dict())))
    assert again.names == units.names
    for match in ("strict", "relaxed"):
        ours, theirs = getattr(units, match), getattr(again, match)
        assert list(ours) == list(theirs)
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_units_may_be_articles():
    side = [document("11", (0, 1, "", "A")), document("2"), document("12")]
    units = count_units(side, side, lambda d: d.id[0])
    assert units.names == ("1", "2")
    assert units.strict["A"].tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]


@pytest.mark.parametrize("predicted", [[], ["2", "1"], ["1", "2", "3"]])
def test_other_documents_are_refused(predicted):
    gold = [document("1"), document("2")]
    with pytest.raises(AionerError, match="same ones in the same order"):
        count_units(gold, map(document, predicted))


@pytest.mark.parametrize("values", [None, {}, {"names": ["1"], "types": {"A": {}}}])
def test_what_is_no_counts_is_refused(values):
    with pytest.raises(AionerError, match="no counts by unit"):
        UnitCounts.from_dict(values)


@given(st.integers(1, 5), st.integers(0, 5), st.integers(1, 30))
@settings(deadline=None)
def test_the_interval_of_symmetrical_units_holds_the_score(right, wrong, pairs):
    # Half of the units have each count, so draws fall on both sides alike.
    good = (right + wrong, right + wrong, right + wrong, right + wrong)
    bad = (right + wrong, right + wrong, right, right)
    units = counts(*[good, bad] * pairs)
    point = percentages(units.sum(axis=0))
    low, high = np.moveaxis(intervals(units, **FEW), -1, 0)
    assert np.all(low <= point + 1e-9)
    assert np.all(point <= high + 1e-9)


def test_the_interval_is_that_of_the_normal_approximation():
    # 400 units of one mention, half of them right: precision, recall and F1 are the
    # mean of 400 tosses, 50 ± 1.96 · 50 / sqrt(400) per cent.
    units = counts(*[(1, 1, 1, 1), (1, 1, 0, 0)] * 200)
    bounds = intervals(units)
    assert bounds.shape == (3, 2)
    assert bounds == pytest.approx(np.array([[45.1, 54.9]] * 3), abs=0.5)


def test_what_lies_between_is_drawn_together():
    units = counts(*[(1, 1, 1, 1), (2, 1, 0, 0), (1, 3, 1, 2)] * 4)
    both = np.stack([units, 2 * units], axis=1)
    bounds = intervals(both, **FEW)
    assert bounds.shape == (2, 3, 2)
    assert bounds[0] == pytest.approx(bounds[1])
    assert bounds[0] == pytest.approx(intervals(units, **FEW))


@given(st.lists(rows, max_size=8))
@settings(deadline=None)
def test_a_prediction_against_itself(listed):
    units = counts(*listed)
    assert difference(units, units, **FEW) == (0.0, (0.0, 0.0), 1.0)


@given(st.lists(rows, min_size=1, max_size=8), st.lists(rows, min_size=8, max_size=8))
@settings(deadline=None)
def test_sides_change_the_sign_only(ours, theirs):
    ours, theirs = counts(*ours), counts(*theirs[: len(ours)])
    there, back = difference(ours, theirs, **FEW), difference(theirs, ours, **FEW)
    assert there.f1 == pytest.approx(-back.f1)
    assert there.interval == pytest.approx((-back.interval.high, -back.interval.low))
    assert there.p == pytest.approx(back.p)
    assert 0 < there.p <= 1


def test_a_better_prediction_is_told_from_chance():
    better = counts(*[(5, 5, 5, 5), (5, 5, 4, 4)] * 10)
    worse = counts(*[(5, 5, 4, 4), (5, 5, 3, 3)] * 10)
    found = difference(better, worse)
    assert found.f1 == pytest.approx(20)
    assert found.interval.low > 0
    assert found.p < 0.001


def test_two_units_cannot_show_a_difference():
    # Of the four tosses two give a difference as large: p is 1/2.
    found = difference(counts([5, 5, 5, 5], [5, 5, 5, 5]), counts(*[(5, 5, 0, 0)] * 2))
    assert found.p == pytest.approx(0.5, abs=0.05)


def test_the_seed_decides():
    units = counts(*[(3, 4, 2, 2), (4, 4, 4, 4), (2, 6, 1, 1)] * 5)
    assert np.array_equal(intervals(units, **FEW), intervals(units, **FEW))
    assert not np.array_equal(intervals(units, **FEW), intervals(units, **FEW, seed=1))


@pytest.mark.parametrize(
    "units", [counts(), counts([0, 0, 0, 0]), counts([0, 3, 0, 0], [0, 2, 0, 0])]
)
def test_nothing_predicted_or_nothing_at_all_is_zero(units):
    assert not intervals(units, **FEW).any()
    assert difference(units, units, **FEW) == (0.0, (0.0, 0.0), 1.0)


def test_other_units_are_refused():
    with pytest.raises(AionerError, match="of 1 and of 2 units"):
        difference(counts([1, 1, 1, 1]), counts(*[(1, 1, 1, 1)] * 2))
