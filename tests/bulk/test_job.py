"""What goes between processes and machines comes out as it went in."""

from collections import Counter

from spacy_aioner.bulk.job import Counts, Job, Outcome, failed
from spacy_aioner.errors import MAX_TOLD, Problem

JOB = Job("in/a.xml.gz", "a.xml.gz", "pubmed-xml", "bioc-xml", 12)


def test_an_outcome_as_json():
    counts = Counts(3, Counter(Gene=2, Disease=1))
    counts.add(Problem("in/a.xml.gz", "is bad", 7, "1"))
    counts.add(Problem("in/a.xml.gz", "is odd", lost=False))
    outcome = Outcome(JOB, counts, written=True)
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert Outcome.from_json(failed(JOB, "no").to_json()) == failed(JOB, "no")


def test_problems_are_counted_beyond_those_that_are_kept():
    counts = Counts()
    for lost in (True, False):
        for _ in range(MAX_TOLD[lost] + 5):
            counts.add(Problem("a", "is bad", lost=lost))
        assert counts.told[lost] == MAX_TOLD[lost] + 5
    assert len(counts.problems) == sum(MAX_TOLD.values())
