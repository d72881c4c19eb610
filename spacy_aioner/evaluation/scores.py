"""Strict and relaxed precision, recall and F1 of predicted mentions."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ..formats.document import Document
from .pairing import Pair, Span, pair_documents

MICRO = "micro"


@dataclass(frozen=True)
class Score:
    """Counts of one type, or of all, and the percentages made of them.

    predicted (int): Predicted mentions.
    gold (int): Gold mentions.
    right (int): Predicted mentions that are right.
    found (int): Gold mentions that were found; under strict matching as many as are
        right, under relaxed matching more or fewer.
    """

    predicted: int = 0
    gold: int = 0
    right: int = 0
    found: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.predicted + other.predicted,
            self.gold + other.gold,
            self.right + other.right,
            self.found + other.found,
        )

    @property
    def precision(self) -> float:
        """Per cent of the predictions that are right; 0 if there are none."""
        return 100 * self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Per cent of the gold mentions that were found; 0 if there are none."""
        return 100 * self.found / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def to_dict(self) -> dict[str, int | float]:
        """The counts and percentages for JSON.

        RETURNS (dict[str, int | float]): `tp` are right predictions, `fp` the other
            predictions, `fn` gold mentions not found; `gold` and `predicted` are
            totals; `precision`, `recall` and `f1` are percentages, not rounded.
        """
        return {
            "tp": self.right,
            "fp": self.predicted - self.right,
            "fn": self.gold - self.found,
            "gold": self.gold,
            "predicted": self.predicted,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass
class Report:
    """The outcome of a comparison.

    strict, relaxed (dict[str, Score]): The score of each type, by name.
    documents (int): How many documents both sides have.
    not_predicted (list[str]): Documents that the prediction lacks; their gold
        mentions count as not found.
    not_gold (list[str]): Documents that the gold standard lacks; their predicted
        mentions count as wrong.
    other_text (list[str]): Documents whose text differs between the two sides, so
        that their offsets may not mean the same; they are scored like the others.
    """

    strict: dict[str, Score] = field(default_factory=dict)
    relaxed: dict[str, Score] = field(default_factory=dict)
    documents: int = 0
    not_predicted: list[str] = field(default_factory=list)
    not_gold: list[str] = field(default_factory=list)
    other_text: list[str] = field(default_factory=list)

    @property
    def strict_micro(self) -> Score:
        """The strict score over the mentions of all types."""
        return sum(self.strict.values(), Score())

    @property
    def relaxed_micro(self) -> Score:
        """The relaxed score over the mentions of all types."""
        return sum(self.relaxed.values(), Score())

    def to_dict(self) -> dict[str, Any]:
        """The whole report for JSON, `Score.to_dict` for each score."""
        return {
            "documents": self.documents,
            "not_predicted": self.not_predicted,
            "not_gold": self.not_gold,
            "other_text": self.other_text,
            "strict": {
                "types": {name: s.to_dict() for name, s in self.strict.items()},
                MICRO: self.strict_micro.to_dict(),
            },
            "relaxed": {
                "types": {name: s.to_dict() for name, s in self.relaxed.items()},
                MICRO: self.relaxed_micro.to_dict(),
            },
        }

    def to_table(self) -> str:
        """The report as lines of text with fixed columns.

        RETURNS (str): For each type and over all: strict counts, then strict and
            relaxed percentages with two decimals.
        """
        rows = [
            (name, score, self.relaxed[name]) for name, score in self.strict.items()
        ]
        rows.append((MICRO, self.strict_micro, self.relaxed_micro))
        width = max(len(name) for name, _, _ in rows)
        percent = f"{'P':>8}{'R':>8}{'F1':>8}"
        lines = [
            f"{'':{width}}{'strict':>8}{'':40}  {'relaxed':>8}",
            f"{'':{width}}{'tp':>8}{'fp':>8}{'fn':>8}{percent}  {percent}",
        ]
        for name, strict, relaxed in rows:
            wrong, lost = strict.predicted - strict.right, strict.gold - strict.found
            lines.append(
                f"{name:{width}}{strict.right:8}{wrong:8}{lost:8}"
                f"{_percentages(strict)}  {_percentages(relaxed)}"
            )
        return "\n".join(lines) + "\n"


def compare(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    type_map: Mapping[str, str] | None = None,
    types: Collection[str] | None = None,
) -> Report:
    """Score predicted mentions against gold mentions.

    On each side a mention is its document, start, end and type after mapping, and
    counts once however often it is listed; overlapping and nested mentions each
    count. Strict: a mention is right if the other side has the same one. Relaxed: a
    mention is right if the other side has the same one, or one in the same document
    and of the same type that shares at least one character with it. Relaxed
    precision is the share of right predictions among predictions, relaxed recall
    that of right (found) gold mentions among gold mentions, so one long prediction
    may find several gold mentions. Micro scores sum the counts over types. A
    percentage of nothing is 0, so comparing nothing with nothing gives 0.

    Documents are matched by id, the k-th of an id with the k-th. See
    `pair_documents` on memory: sides in the same order are streamed.

    gold (Iterable[Document]): The gold standard.
    predicted (Iterable[Document]): The prediction.
    type_map (Mapping[str, str] | None): The new type by old type, on both sides; ""
        leaves the type out; others stay as they are.
    types (Collection[str] | None): The types to score, after mapping, each of them in
        the report even if it never occurs; None scores all that occur.
    RETURNS (Report): The scores, types in alphabetical order.
    """
    report = Report()
    strict: defaultdict[str, Score] = defaultdict(Score)
    relaxed: defaultdict[str, Score] = defaultdict(Score)
    for name in types or ():
        strict[name] = relaxed[name] = Score()
    for pair in pair_documents(gold, predicted, type_map=type_map, types=types):
        _note_document(report, pair)
        theirs = _by_type(pair.gold.spans if pair.gold else ())
        ours = _by_type(pair.predicted.spans if pair.predicted else ())
        for name in theirs.keys() | ours.keys():
            g, p = theirs[name], ours[name]
            same = len(g & p)
            strict[name] += Score(len(p), len(g), same, same)
            relaxed[name] += Score(len(p), len(g), _overlaps(p, g), _overlaps(g, p))
    report.strict = dict(sorted(strict.items()))
    report.relaxed = dict(sorted(relaxed.items()))
    return report


def _percentages(score: Score) -> str:
    return f"{score.precision:8.2f}{score.recall:8.2f}{score.f1:8.2f}"


def _note_document(report: Report, pair: Pair) -> None:
    if pair.predicted is None:
        report.not_predicted.append(pair.name)
    elif pair.gold is None:
        report.not_gold.append(pair.name)
    else:
        report.documents += 1
        if pair.gold.text != pair.predicted.text:
            report.other_text.append(pair.name)


def _by_type(spans: Iterable[Span]) -> defaultdict[str, set[tuple[int, int]]]:
    grouped: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for start, end, name in spans:
        grouped[name].add((start, end))
    return grouped


def _overlaps(spans: set[tuple[int, int]], others: set[tuple[int, int]]) -> int:
    """How many spans are among the others or share a character with one of them."""
    real = sorted((start, end) for start, end in others if start < end)
    starts = [start for start, _ in real]
    furthest = list(accumulate((end for _, end in real), max))
    count = 0
    for start, end in spans:
        before = bisect_left(starts, end)
        shares = start < end and before > 0 and furthest[before - 1] > start
        count += shares or (start, end) in others
    return count
