"""Ends of predictions that are wrong by what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from spacy.tokens import Doc

from ..models.types import Ints
from ..models.words import sentence_offsets
from ..scheme.hgvs import prefix_start
from .groups import Prediction

_CLOSER = {"(": ")", "[": "]", "{": "}", "\uff08": "\uff09", "\uff3b": "\uff3d"}
_OPENER = {closer: opener for opener, closer in _CLOSER.items()}
_BRACKET = re.compile(f"[{re.escape(''.join([*_CLOSER, *_OPENER]))}]")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|[A-Za-z][A-Za-z\d]*)$")


def mended(doc: Doc, predictions: Sequence[Prediction]) -> list[Prediction]:
    """Mend the ends of predictions.

    doc (Doc): The doc.
    predictions (Sequence[Prediction]): What the tasks predict, in order of text; of one
        task they do not overlap.
    RETURNS (list[Prediction]): Likewise: what another one of its task takes in is left
        out, and ends that would overlap or lie in another sentence stay as they were.
        What is alike stands once, with the higher score.
    """
    sentences = _Sentences(doc)
    by_task: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        by_task.setdefault(prediction.task, []).append(prediction)
    found: dict[tuple[int, int, str], Prediction] = {}
    for its in by_task.values():
        for prediction, start, end in _mend_all(sentences, its):
            place = start, end, prediction.label
            if place not in found or found[place].score < prediction.score:
                found[place] = _moved(doc, prediction, start, end)
    return [found[place] for place in sorted(found)]


class _Sentences:
    """The text of a doc, and its sentences as soon as they are asked for."""

    def __init__(self, doc: Doc) -> None:
        self._doc = doc

    @cached_property
    def text(self) -> str:
        text: str = self._doc.text
        return text

    @cached_property
    def _starts(self) -> Ints:
        return sentence_offsets(self._doc, self.text)

    def one_begins(self, start: int, end: int) -> bool:
        """Whether a sentence begins behind start and before end."""
        first = np.searchsorted(self._starts, start, side="right")
        return bool(first < np.searchsorted(self._starts, end, side="left"))


def _mend_all(
    sentences: _Sentences, predictions: Sequence[Prediction]
) -> list[tuple[Prediction, int, int]]:
    """Predictions of one task with the ends that they get."""
    kept: list[tuple[Prediction, int, int]] = []
    for prediction in predictions:
        own = prediction.start_char, prediction.end_char
        ends = mend(sentences.text, *own)
        if ends != own and sentences.one_begins(*ends):
            ends = own
        kept.append((prediction, *ends))
        i = len(kept) - 1
        while i > 0 and kept[i][1] < kept[i - 1][2]:
            if kept[i][1] <= kept[i - 1][1]:
                del kept[i - 1]
            else:
                kept[i - 1 : i + 1] = [
                    (p, p.start_char, p.end_char) for p, _, _ in kept[i - 1 : i + 1]
                ]
            i -= 1
    return kept


def _moved(doc: Doc, prediction: Prediction, start: int, end: int) -> Prediction:
    """A prediction with other ends."""
    if (start, end) == (prediction.start_char, prediction.end_char):
        return prediction
    span = doc.char_span(start, end, alignment_mode="expand")
    return replace(
        prediction, start=span.start, end=span.end, start_char=start, end_char=end
    )


def mend(text: str, start: int, end: int) -> tuple[int, int]:
    """Find better ends for a mention.

    It shall hold no half of a pair of brackets: a half that it begins or ends with is
    given back, and a half that stands right beside it is taken in. A variant has its
    prefix, an entity of HTML its semicolon.

    text (str): The text.
    start, end (int): Characters of the mention, end exclusive.
    RETURNS (tuple[int, int]): Its ends, as they were where there is nothing to mend.
    """
    begin = prefix_start(text, start)
    if begin < start:
        ends = _balance(text, begin, end)
        if ends[0] == begin and not any(_unmatched(text, *ends)):
            return ends
    if text.startswith(";", end) and _ENTITY.search(text, start, end):
        end += 1
    return _balance(text, start, end)


def _balance(text: str, start: int, end: int) -> tuple[int, int]:
    """Ends with which a mention holds no half of a pair, as far as that can be."""
    if not _BRACKET.search(text, start, end):
        return start, end
    low, high = start, end
    opened, closed = _unmatched(text, start, end)
    halves = {*opened, *closed}
    while low < high and (low in halves or text[low].isspace()):
        low += 1
    while low < high and (high - 1 in halves or text[high - 1].isspace()):
        high -= 1
    if low == high:
        return start, end
    for half in reversed([i for i in opened if low <= i < high]):
        if not text.startswith(_CLOSER[text[half]], high):
            break
        high += 1
    for half in [i for i in closed if low <= i < high]:
        if low == 0 or text[low - 1] != _OPENER[text[half]]:
            break
        low -= 1
    return low, high


def _unmatched(text: str, start: int, end: int) -> tuple[list[int], list[int]]:
    """Brackets of a mention that are opened and not closed, and the reverse."""
    opened: list[int] = []
    closed: list[int] = []
    for match in _BRACKET.finditer(text, start, end):
        opener = _OPENER.get(match.group())
        if opener is None:
            opened.append(match.start())
        elif opened and text[opened[-1]] == opener:
            opened.pop()
        else:
            closed.append(match.start())
    return opened, closed
