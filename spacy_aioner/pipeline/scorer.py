"""The scorer: strict spans, counted only where the example's task annotates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from spacy.scorer import PRFScore
from spacy.training import Example

from ..corpora.docs import TASK_KEY, annotated_spans

Scores = dict[str, Any]


def make_ner_scorer() -> Callable[..., Scores]:
    """Make the component's scorer.

    RETURNS (Callable[..., Scores]): See `score_entities`.
    """
    return score_entities


def score_entities(
    examples: Iterable[Example],
    *,
    spans_key: str | None = None,
    task_types: Mapping[str, Sequence[str]] | None = None,
    other_tasks: Mapping[str, Sequence[str]] | None = None,
    **cfg: Any,
) -> Scores:
    """Score predicted against gold spans: same offsets and same type.

    Spans are read with their exact character offsets from `doc.spans[spans_key]`
    where the doc has that group, overlaps included, else from `doc.ents`. A type that
    the example's task does not annotate counts neither for nor against.

    examples (Iterable[Example]): The task is the reference's user data "aioner_task".
    spans_key (str | None): The component's group of spans.
    task_types (Mapping[str, Sequence[str]] | None): Types that each task annotates.
    other_tasks (Mapping[str, Sequence[str]] | None): The same of tasks that only other
        components of the pipeline know: of several the last one's scores stand.
    RETURNS (Scores): ents_p, ents_r, ents_f as fractions, and ents_per_type; None
        where no example has gold annotation.
    """
    known = {**(other_tasks or {}), **(task_types or {})}
    total = PRFScore()
    per_type: dict[str, PRFScore] = {}
    annotated = False
    for eg in examples:
        gold = annotated_spans(eg.reference, spans_key)
        if gold is None:
            continue
        annotated = True
        predicted = annotated_spans(eg.predicted, spans_key) or []
        types = known.get(eg.reference.user_data.get(TASK_KEY, ""))
        _count(total, per_type, set(gold), set(predicted), types)
    if not annotated:
        return dict.fromkeys(("ents_p", "ents_r", "ents_f", "ents_per_type"))
    return {
        "ents_p": total.precision,
        "ents_r": total.recall,
        "ents_f": total.fscore,
        "ents_per_type": {t: per_type[t].to_dict() for t in sorted(per_type)},
    }


def _count(
    total: PRFScore,
    per_type: dict[str, PRFScore],
    gold: set[tuple[int, int, str]],
    predicted: set[tuple[int, int, str]],
    types: Sequence[str] | None,
) -> None:
    for span in gold | predicted:
        label = span[2]
        if types is not None and label not in types:
            continue
        score = per_type.setdefault(label, PRFScore())
        for counter in (total, score):
            counter.tp += span in gold and span in predicted
            counter.fp += span not in gold
            counter.fn += span not in predicted
