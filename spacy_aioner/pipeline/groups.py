"""Groups of spans with their scores and exact offsets beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

from ..abbreviations.agreement import Found, agree
from ..corpora.docs import column, exact_offsets
from ..models.types import Words
from ..scheme.scheme import Scheme
from .filters import SpanFilter

if TYPE_CHECKING:  # The module itself needs torch, loaded with the first component.
    from ..models.decoding import WordSpans


@dataclass(frozen=True)
class Prediction:
    """One predicted entity of one doc.

    start, end (int): Tokens, end exclusive, widened to the tokens of the doc.
    start_char, end_char (int): Exact character offsets.
    label (str): The entity type.
    score (float): Probability of exactly this span and type under its task.
    task (str): The name of that task.
    """

    start: int
    end: int
    start_char: int
    end_char: int
    label: str
    score: float
    task: str


def to_predictions(
    scheme: Scheme, words: Words, spans: "WordSpans"
) -> list[list[Prediction]]:
    """Turn spans of words into spans of tokens and characters.

    scheme (Scheme): The tasks.
    words (Words): The words of all docs.
    spans (WordSpans): What the tasks predict.
    RETURNS (list[list[Prediction]]): For each doc in order of text; what two tasks
        predict alike stands once, with the higher score.
    """
    owners = np.searchsorted(words.docs, spans.first, side="right") - 1
    found: list[dict[tuple[int, int, str], Prediction]]
    found = [{} for _ in words.docs[1:]]
    rows = zip(
        owners.tolist(),
        words.first_token[spans.first].tolist(),
        words.last_token[spans.last].tolist(),
        words.start[spans.first].tolist(),
        words.end[spans.last].tolist(),
        spans.task.tolist(),
        spans.type.tolist(),
        spans.score.tolist(),
        strict=True,
    )
    for owner, first, last, start, end, task, kind, score in rows:
        prompted = scheme.tasks[task]
        label = prompted.types[kind]
        seen = found[owner].get((start, end, label))
        if not seen or seen.score < score:
            found[owner][start, end, label] = Prediction(
                first, last + 1, start, end, label, score, prompted.name
            )
    return [[by_place[place] for place in sorted(by_place)] for by_place in found]


def agreed(doc: Doc, predictions: Sequence[Prediction]) -> list[Prediction]:
    """Bring predictions to agree with the abbreviations that a doc defines.

    doc (Doc): The doc.
    predictions (Sequence[Prediction]): What the tasks predict; each is taken by itself.
    RETURNS (list[Prediction]): In order of text; what two tasks predict alike stands
        once, with the higher score.
    """
    known = {(p.start_char, p.end_char, p.label): p for p in predictions}
    found: dict[tuple[int, int, str], Prediction] = {}
    for task in dict.fromkeys(p.task for p in predictions):
        its = (p for p in predictions if p.task == task)
        entities = [Found(p.start_char, p.end_char, p.label, p.score) for p in its]
        for entity in agree(doc.text, entities):
            place = entity.start, entity.end, entity.label
            prediction = known.get(place)
            if prediction is None:
                prediction = _predicted(doc, entity, task)
            if place not in found or found[place].score < prediction.score:
                found[place] = prediction
    return [found[place] for place in sorted(found)]


def _predicted(doc: Doc, entity: Found, task: str) -> Prediction:
    span = doc.char_span(entity.start, entity.end, alignment_mode="expand")
    return Prediction(
        span.start,
        span.end,
        entity.start,
        entity.end,
        entity.label,
        entity.score,
        task,
    )


@dataclass(frozen=True)
class _Entry:
    span: Span
    score: float
    offsets: tuple[int, int]
    task: str

    @property
    def key(self) -> tuple[int, int, str]:
        return _key(self.span)


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label_


def write_group(
    doc: Doc,
    key: str,
    predictions: Sequence[Prediction],
    *,
    spans_filter: SpanFilter | None,
    overwrite: bool,
) -> None:
    """Write predictions to a group of spans; what stands there already is not doubled.

    doc (Doc): The doc to change.
    key (str): The group.
    predictions (Sequence[Prediction]): In order of text.
    spans_filter (SpanFilter | None): Takes what is there and the new spans, from the
        highest score to the lowest, and returns what the group shall hold.
    overwrite (bool): Whether to forget what is there.
    """
    there = [] if overwrite or key not in doc.spans else _read(doc.spans[key])
    known = {(*entry.offsets, entry.span.label_) for entry in there}
    entries = there + [
        _Entry(
            Span(doc, p.start, p.end, label=p.label),
            p.score,
            (p.start_char, p.end_char),
            p.task,
        )
        for p in predictions
        if (p.start_char, p.end_char, p.label) not in known
    ]
    if spans_filter is not None:
        entries = _filter(entries, len(there), spans_filter)
    # Arrays as spaCy's spancat gives them; `tolist` makes numbers that JSON takes.
    attrs = {
        "scores": np.array([e.score for e in entries], dtype="f"),
        "offsets": np.array([e.offsets for e in entries], dtype="i").reshape(-1, 2),
        "tasks": [e.task for e in entries],
    }
    spans = [e.span for e in entries]
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs=attrs)


def _read(group: SpanGroup) -> list[_Entry]:
    """What a group holds; attributes of another length belong to other spans."""
    columns = column(group, "scores"), exact_offsets(group), column(group, "tasks")
    return [
        _Entry(span, 1.0 if score is None else float(score), offsets, task or "")
        for span, score, offsets, task in zip(group, *columns, strict=True)
    ]


def _filter(
    entries: list[_Entry], n_there: int, spans_filter: SpanFilter
) -> list[_Entry]:
    """Entries that a filter of spans chooses, in their order."""
    new = range(n_there, len(entries))
    best_first = sorted(new, key=lambda i: -entries[i].score)
    waiting: dict[tuple[int, int, str], list[int]] = {}
    for i in [*range(n_there), *best_first]:
        waiting.setdefault(entries[i].key, []).append(i)
    chosen = spans_filter(
        [entry.span for entry in entries[:n_there]],
        [entries[i].span for i in best_first],
    )
    kept = [waiting[_key(span)].pop(0) for span in chosen if waiting.get(_key(span))]
    return [entries[i] for i in sorted(kept)]
