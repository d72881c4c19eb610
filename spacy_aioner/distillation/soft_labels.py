"""How probable a teacher holds each label of each word of a text.

They travel in the user data of a reference doc, beside its gold annotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AionerError
from ..models.types import Ints

SOFT_KEY = "aioner_soft_labels"
# How much the teacher counts beside gold annotation.
SHARE_KEY = "aioner_teacher_share"
# Less probable labels are stored as 0: what is below is noise, which does not compress.
_LEAST = 1e-3


@dataclass(frozen=True)
class SoftLabels:
    """A teacher's label probabilities for the words of one text under one task.

    labels (tuple[str, ...]): The task's labels as in `Task.labels`: the outside one,
        then B and I of each type.
    start, end (Ints): Character offsets of the teacher's words, (n_words,).
    scores (NDArray[float16]): Probability of each label, (n_words, n_labels).
    annotated (bool): Whether the text has gold annotation besides.
    """

    labels: tuple[str, ...]
    start: Ints
    end: Ints
    scores: npt.NDArray[np.float16]
    annotated: bool

    def pack(self) -> dict[str, Any]:
        """What user data keeps, and msgpack can write.

        RETURNS (dict[str, Any]): Names, numbers and bytes.
        """
        sparse = np.where(self.scores < _LEAST, 0, self.scores)
        return {
            "labels": list(self.labels),
            "start": self.start.astype("<i4").tobytes(),
            "end": self.end.astype("<i4").tobytes(),
            "scores": sparse.astype("<f2").tobytes(),
            "annotated": self.annotated,
        }

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> SoftLabels:
        """The inverse of `pack`.

        packed (Mapping[str, Any]): From the user data of a doc.
        RETURNS (SoftLabels): Less probable labels have the probability 0.
        RAISES (AionerError): If it is no such record.
        """
        try:
            labels = tuple(packed["labels"])
            start, end = (
                np.frombuffer(packed[key], dtype="<i4").astype(np.int64)
                for key in ("start", "end")
            )
            scores = np.frombuffer(packed["scores"], dtype="<f2")
            return cls(
                labels,
                start,
                end,
                scores.reshape(len(start), len(labels)).astype(np.float16),
                bool(packed["annotated"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise AionerError(
                f"A doc's '{SOFT_KEY}' are invalid ({error}): score the text again."
            ) from error

    def align(
        self, start: Ints, end: Ints
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Give the teacher's probabilities to the words of a student.

        A student's word takes those of the teacher's word in which it begins. Where it
        begins behind that word's first character, what begins an entity there goes on
        with it here.

        start, end (Ints): Character offsets of the student's words, (n,).
        RETURNS (tuple): Probabilities that sum to 1, (n, n_labels), and which words the
            teacher has read, (n,); the others have zeros.
        """
        if not len(self.start):
            return np.zeros((len(start), len(self.labels)), np.float32), start < 0
        place = np.searchsorted(self.start, start, side="right") - 1
        known = (place >= 0) & (start < self.end[place])
        scores = self.scores[place].astype(np.float32)
        inside = known & (start != self.start[place])
        scores[inside, 2::2] += scores[inside, 1::2]
        scores[inside, 1::2] = 0.0
        total = scores.sum(1, keepdims=True)
        known &= total[:, 0] > 0
        scores = np.where(known[:, None], scores / np.maximum(total, _LEAST), 0.0)
        return scores.astype(np.float32), known
