import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.evaluation.scores import Report, Score, compare
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.files import read_documents


def document(id_, *mentions, text="some text"):
    return Document(id_, [Passage(0, text)], [Mention(*m) for m in mentions])


def span(start, end, type_="Gene"):
    return start, end, "", type_


def counts(score):
    values = score.to_dict()
    return values["tp"], values["fp"], values["fn"]


def test_boundaries_and_types():
    # Gold:      Gene 0-5, Gene 10-20, Disease 30-35.
    # Predicted: Gene 0-5 (right), Gene 12-20 (shares 12-20), Gene 30-35 (its type is
    # wrong), Gene 20-22 (begins where 10-20 ends: shares nothing).
    gold = [document("1", span(0, 5), span(10, 20), span(30, 35, "Disease"))]
    predicted = [document("1", span(0, 5), span(12, 20), span(30, 35), span(20, 22))]
    report = compare(gold, predicted)
    # Strict Gene: 1 right, 3 wrong, 1 of 2 gold lost: P 1/4, R 1/2, F 2/6.
    assert counts(report.strict["Gene"]) == (1, 3, 1)
    assert report.strict["Gene"].precision == pytest.approx(25)
    assert report.strict["Gene"].recall == pytest.approx(50)
    assert report.strict["Gene"].f1 == pytest.approx(100 / 3)
    # Relaxed Gene: 2 of 4 right, 2 of 2 found: P 1/2, R 1, F 2/3.
    assert counts(report.relaxed["Gene"]) == (2, 2, 0)
    assert report.relaxed["Gene"].f1 == pytest.approx(200 / 3)
    # Disease: nothing predicted, 1 lost. Micro: strict 1 of 4 and 1 of 3: F 2/7.
    assert counts(report.strict["Disease"]) == (0, 0, 1)
    assert report.strict_micro.f1 == pytest.approx(200 / 7)
    # Relaxed micro: P 2/4, R 2/3, F 4/7.
    assert report.relaxed_micro.f1 == pytest.approx(400 / 7)


def test_overlapping_nested_and_duplicate_mentions():
    # Gold: 0-10 holds 0-4 and 6-10; 6-10 is listed twice and counts once: 3 mentions.
    # Predicted: 0-10, 0-4 listed twice (once counted), 20-21: 3 mentions.
    gold = [document("1", span(0, 10), span(0, 4), span(6, 10), span(6, 10))]
    predicted = [document("1", span(0, 4), span(0, 10), span(0, 4), span(20, 21))]
    report = compare(gold, predicted)
    # Strict: 0-10 and 0-4 right, 20-21 wrong, 6-10 lost.
    assert counts(report.strict["Gene"]) == (2, 1, 1)
    # Relaxed: the same two right; 6-10 is found, it shares 6-10 with 0-10.
    assert counts(report.relaxed["Gene"]) == (2, 1, 0)


def test_missing_documents_and_merged_types():
    # FamilyName counts as Gene, Cell is left out.
    gold = [
        document("1", span(0, 4, "FamilyName"), span(5, 9, "Cell")),
        document("2", span(0, 4)),
        document("2", span(0, 4), span(5, 9)),
    ]
    predicted = [document("1", span(0, 4)), document("2"), document("3", span(0, 4))]
    report = compare(gold, predicted, type_map={"FamilyName": "Gene", "Cell": ""})
    # 1: one right. 2, first: one lost; second, not predicted: two lost. 3: one wrong.
    assert report.strict.keys() == {"Gene"}
    assert counts(report.strict["Gene"]) == (1, 1, 3)
    assert counts(report.relaxed["Gene"]) == (1, 1, 3)
    assert report.documents == 2
    assert report.not_predicted == ["2 (occurrence 2)"]
    assert report.not_gold == ["3"]


def test_nothing_against_nothing_is_zero():
    report = compare([], [])
    assert report == Report()
    assert (report.strict_micro.precision, report.strict_micro.f1) == (0.0, 0.0)
    assert "0.00" in report.to_table()


def test_chosen_types_are_always_in_the_report():
    side = [document("1", span(0, 4), span(5, 9, "Cell"))]
    report = compare(side, side, types=["Gene", "Variant"])
    assert list(report.strict) == list(report.relaxed) == ["Gene", "Variant"]
    assert counts(report.strict["Variant"]) == (0, 0, 0)


def test_an_empty_mention_is_right_only_if_the_same():
    gold = [document("1", span(3, 3), span(0, 9))]
    report = compare(gold, [document("1", span(3, 3), span(4, 4))])
    assert counts(report.relaxed["Gene"]) == (1, 1, 1)


def test_a_changed_text_is_listed():
    report = compare([document("1")], [document("1", text="other text")])
    assert report.other_text == ["1"]


def test_to_dict_is_json():
    side = [document("1", span(0, 4))]
    values = json.loads(json.dumps(compare(side, side).to_dict()))
    right = {"tp": 1, "fp": 0, "fn": 0, "gold": 1, "predicted": 1}
    right |= {"precision": 100.0, "recall": 100.0, "f1": 100.0}
    assert values == {
        "documents": 1,
        "not_predicted": [],
        "not_gold": [],
        "other_text": [],
        "strict": {"types": {"Gene": right}, "micro": right},
        "relaxed": {"types": {"Gene": right}, "micro": right},
    }


def test_table_has_fixed_columns():
    gold = [document("1", span(0, 4)), document("2", span(0, 4, "Disease"))]
    assert compare(gold, gold[:1]).to_table() == (
        "         strict" + 42 * " " + " relaxed\n"
        "             tp      fp      fn       P       R      F1"
        "         P       R      F1\n"
        "Disease       0       0       1    0.00    0.00    0.00"
        "      0.00    0.00    0.00\n"
        "Gene          1       0       0  100.00  100.00  100.00"
        "    100.00  100.00  100.00\n"
        "micro         1       0       1  100.00   50.00   66.67"
        "    100.00   50.00   66.67\n"
    )


mentions = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 5), st.sampled_from("AB")).map(
        lambda m: (m[0], m[0] + m[1], "", m[2])
    ),
    max_size=8,
)


@given(mentions, mentions)
def test_relaxed_is_what_its_definition_says(gold, predicted):
    def hits(side, other):
        return sum(
            any(
                m == o or (m[3] == o[3] and {*range(*m[:2])} & {*range(*o[:2])})
                for o in other
            )
            for m in set(side)
        )

    report = compare([document("1", *gold)], [document("1", *predicted)])
    right, found = hits(predicted, gold), hits(gold, predicted)
    expected = Score(len(set(predicted)), len(set(gold)), right, found)
    assert report.relaxed_micro == expected
    assert report.strict_micro.right == len(set(gold) & set(predicted))


@given(st.lists(mentions.filter(len), min_size=1, max_size=3))
def test_a_side_against_itself_is_perfect(sides):
    side = [document(str(i), *listed) for i, listed in enumerate(sides)]
    report = compare(side, list(reversed(side)))
    scores = [*report.strict.values(), *report.relaxed.values()]
    assert all((s.precision, s.recall, s.f1) == (100, 100, 100) for s in scores)


def corpora():
    folder = os.environ.get("AIONER_CORPORA")
    if folder is None:
        reason = "AIONER_CORPORA does not name the folder of the corpora"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    paths = sorted(Path(folder).glob("*.PubTator"))
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.mark.parametrize("path", corpora())
def test_gold_against_itself_is_perfect(path):
    def documents():
        return read_documents(path, report=lambda problem: None)

    report = compare(documents(), documents())
    assert not report.not_predicted
    assert not report.not_gold
    for score in (*report.strict.values(), *report.relaxed.values()):
        assert (score.precision, score.recall, score.f1) == (100, 100, 100)
    assert "100.00  100.00  100.00" in report.to_table().splitlines()[-1]
