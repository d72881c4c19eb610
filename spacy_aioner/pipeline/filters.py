"""Filters that choose among overlapping spans, in SpanRuler's form."""

from collections.abc import Callable, Iterable

from spacy.tokens import Span

from ..scheme.intervals import Intervals

SpanFilter = Callable[[Iterable[Span], Iterable[Span]], list[Span]]


def make_highest_score_first() -> SpanFilter:
    """Make the default filter of `doc.ents`.

    RETURNS (SpanFilter): See `highest_score_first`.
    """
    return highest_score_first


def highest_score_first(entities: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    """Keep entities that are there, then each span that overlaps none kept so far.

    entities (Iterable[Span]): Entities to keep, without overlaps.
    spans (Iterable[Span]): New spans; the component gives them from the highest
        score to the lowest, so the highest-scoring span wins an overlap.
    RETURNS (list[Span]): Entities without overlaps.
    """
    kept = list(entities)
    taken = Intervals()
    for span in kept:
        taken.add(span.start, span.end)
    for span in spans:
        if not taken.overlaps(span.start, span.end):
            kept.append(span)
            taken.add(span.start, span.end)
    return kept
