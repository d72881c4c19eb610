"""Arrays that travel between the component and the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# Ways to write the letters of a word-piece; see `wordpieces.letter_case`.
N_CASES = 5


def ranges(starts: Ints, counts: Ints) -> Ints:
    """Lay ranges end to end: start, start + 1, … for each start, count of them.

    starts, counts (Ints): Shape (n,).
    RETURNS (Ints): Shape (counts.sum(),).
    """
    bounds = np.cumsum(counts)
    total = int(bounds[-1]) if len(bounds) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(
        starts - bounds + counts, counts
    )


@dataclass(frozen=True)
class Words:
    """The words of a batch of docs, laid end to end.

    The model reads words of its own: with the aioner tokenizer a word is a token, with
    another one a token may hold several. Only what is read as one word, such as a word
    that was parted at the end of a line, reaches across tokens.

    docs (Ints): Bounds of the docs, (n_docs + 1,).
    start, end (Ints): Character offsets in the doc's text, (n_words,).
    first_token, last_token (Ints): Tokens of the doc that hold the word, (n_words,).
    glued (Bools): Whether nothing that can be seen lies between the word and the one
        before it in the doc, (n_words,).
    piece_start, piece_count (Ints): Where the word's pieces lie in `pieces`.
    pieces, shapes (Ints): Word-piece ids of all words known so far, and how their
        letters are written; see `wordpieces.letter_case`.
    sentences (Ints): Bounds of the sentences as word numbers, (n_sentences + 1,).
    """

    docs: Ints
    start: Ints
    end: Ints
    first_token: Ints
    last_token: Ints
    glued: Bools
    piece_start: Ints
    piece_count: Ints
    pieces: Ints
    shapes: Ints
    sentences: Ints


@dataclass(frozen=True)
class Inputs:
    """What the network reads: windows, each of sentences or of a part of one.

    pieces (Ints): Word-piece ids of the windows, laid end to end, without tags.
    shapes (Ints): How each of them is written: its letter case, plus `N_CASES` where
        it begins a word that follows the word before it without a space.
    bounds (Ints): Bounds of the windows in `pieces`, (n_windows + 1,).
    task (Ints): Number of the task whose tags wrap the window, (n_windows,).
    window, position (Ints): For each output row the window it is read from and the
        word's first piece counted from the window's first, (n_rows,).
    """

    pieces: Ints
    shapes: Ints
    bounds: Ints
    task: Ints
    window: Ints
    position: Ints


@dataclass(frozen=True)
class Plan:
    """Inputs and what their output rows stand for.

    words (Words): The words of the docs.
    inputs (Inputs): For the network.
    word (Ints): The word of each output row, (n_rows,).
    sequences (Ints): Bounds of the label sequences (one per sentence and task) as
        output rows, (n_sequences + 1,).
    task (Ints): The task of each sequence, (n_sequences,).
    """

    words: Words
    inputs: Inputs
    word: Ints
    sequences: Ints
    task: Ints


@dataclass(frozen=True)
class Emissions:
    """The network's answer to a plan.

    plan (Plan): What was asked.
    scores (torch.Tensor): Unnormalised label scores, float (n_rows, n_labels).
    """

    plan: Plan
    scores: Any
