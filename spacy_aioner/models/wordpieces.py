"""From docs to words and word-pieces, without Python work per token.

Each distinct token text is cut into words and pieces once; its entry in the table is
found again by the token's hash, so a batch of docs costs array look-ups only. The
pieces are those of what the word's characters stand for (`scheme.characters`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.attrs import IDX, ORTH
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ..scheme.characters import plain
from ..scheme.segment import word_offsets
from .types import N_CASES, Ints, Words, ranges
from .words import (
    Found,
    Place,
    find_glued,
    find_readings,
    read_otherwise,
    sentence_offsets,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORD_RULES = ("runs", "tokens")
# Then the table begins anew: a stream of any length takes bounded memory.
_MAX_ENTRIES = 100_000


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class _Entries:
    """What is known of token texts; never changed, but replaced as a whole.

    word_start, word_count (Ints): By text, where its words lie in the next four.
    begin, length (Ints): By word, characters in the text.
    piece_start, piece_count (Ints): By word, where its pieces lie in the last two.
    pieces, shapes (Ints): As in `Words`.
    """

    word_start: Ints = field(default_factory=_none)
    word_count: Ints = field(default_factory=_none)
    begin: Ints = field(default_factory=_none)
    length: Ints = field(default_factory=_none)
    piece_start: Ints = field(default_factory=_none)
    piece_count: Ints = field(default_factory=_none)
    pieces: Ints = field(default_factory=_none)
    shapes: Ints = field(default_factory=_none)


def _append(known: Ints, new: Sequence[int]) -> Ints:
    return np.append(known, np.array(new, dtype=np.int64))


class WordPieceTable:
    """Words and word-pieces of every token text seen so far.

    Threads may share a table: what it knows grows under a lock, and what one thread
    reads of it stays as it was.

    tokenizer (Tokenizer): A fast tokenizer of the tokenizers library.
    max_pieces (int): Longer words keep this many pieces; only the first one is read
        for the label, so no text is lost.
    words (str): Which words there are, one of `WORD_RULES`: "runs" of letters, runs of
        digits and single signs, or the "tokens" of the doc as they are.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, max_pieces: int = 32, words: str = "runs"
    ) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # "[MASK]" or "</s>" in a user's text must stay ordinary text.
        tokenizer.encode_special_tokens = True
        self.tokenizer = tokenizer
        self.max_pieces = max_pieces
        self._split = word_offsets if words == "runs" else _whole
        self._rows: dict[int, int] = {}
        self._entries = _Entries()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over: all but the lock.

        RETURNS (dict[str, Any]): The attributes.
        """
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The inverse, with a lock of its own.

        state (dict[str, Any]): The attributes.
        """
        self.__dict__.update(state, _lock=Lock())

    def _find(
        self, hashes: Any, text_of: Callable[[int], str]
    ) -> tuple[_Entries, Ints]:
        """Entries, and the rows of texts in them, (n,); new ones are entered."""
        unique, inverse = np.unique(hashes, return_inverse=True)
        keys = unique.tolist()
        with self._lock:
            if len(self._rows) > _MAX_ENTRIES:
                self._rows, self._entries = {}, _Entries()
            rows = self._rows
            new = [key for key in keys if key not in rows]
            if new:
                entries = self._enter([text_of(key) for key in new])
                numbers = range(len(self._entries.word_count), len(entries.word_count))
                # In this order, so that an interruption leaves no row without entry.
                self._entries = entries
                rows.update(zip(new, numbers, strict=True))
            entries = self._entries
            found = np.fromiter(map(rows.__getitem__, keys), np.int64, len(keys))
        return entries, found[inverse]

    def _enter(self, texts: Sequence[str]) -> _Entries:
        """The entries that there are and those of further texts."""
        words = [self._split(text) for text in texts]
        flat = [[plain(t[i:j])] for t, offsets in zip(texts, words, strict=True)
                for i, j in offsets]  # fmt: skip
        # One by one, and not as a batch: a batch starts threads, after which the
        # tokenizers library complains about every fork.
        encoded = [
            self.tokenizer.encode(word, is_pretokenized=True, add_special_tokens=False)
            for word in flat
        ]
        ids = [encoding.ids[: self.max_pieces] for encoding in encoded]
        shapes = [
            letter_case(word[0][i:j])
            for word, encoding in zip(flat, encoded, strict=True)
            for i, j in encoding.offsets[: self.max_pieces]
        ]
        # A word that the tokenizer normalises away (control characters) is no word.
        kept = [(i, j, p) for (i, j), p in
                zip((o for offsets in words for o in offsets), ids, strict=True)
                if p]  # fmt: skip
        per_text: list[int] = []
        position = 0
        for offsets in words:
            span = ids[position : position + len(offsets)]
            per_text.append(sum(1 for pieces in span if pieces))
            position += len(offsets)
        counts = np.array(per_text, dtype=np.int64)
        piece_counts = np.array([len(p) for _, _, p in kept], dtype=np.int64)
        known = self._entries
        return _Entries(
            word_start=np.append(
                known.word_start, len(known.begin) + np.cumsum(counts) - counts
            ),
            word_count=np.append(known.word_count, counts),
            begin=_append(known.begin, [i for i, _, _ in kept]),
            length=_append(known.length, [j - i for i, j, _ in kept]),
            piece_start=np.append(
                known.piece_start,
                len(known.pieces) + np.cumsum(piece_counts) - piece_counts,
            ),
            piece_count=np.append(known.piece_count, piece_counts),
            pieces=_append(known.pieces, [x for _, _, p in kept for x in p]),
            shapes=_append(known.shapes, shapes),
        )

    def words(self, docs: Sequence[Doc], *, join_hyphenated: bool = False) -> Words:
        """Cut docs into words, word-pieces and sentences.

        docs (Sequence[Doc]): The docs; they are not changed.
        join_hyphenated (bool): Whether a word that was parted by a hyphen at the end of
            a line is read as one; see `words.read_otherwise`.
        RETURNS (Words): The words of all docs; a doc may have none.
        """
        arrays = [doc.to_array([IDX, ORTH]) for doc in docs]
        lengths = np.array([len(doc) for doc in docs], dtype=np.int64)
        both = np.concatenate([*arrays, np.zeros((0, 2), dtype=np.uint64)])
        texts = [doc.text for doc in docs]
        readings = find_readings(texts, join_hyphenated=join_hyphenated)
        read = {get_string_id(reading.text): reading.text for _, reading in readings}
        strings = docs[0].vocab.strings if docs else {}
        entries, rows = self._find(
            np.append(both[:, 1], np.array([*read], dtype=np.uint64)),
            lambda key: read.get(key) or strings[key],
        )
        rows, read_rows = rows[: len(both)], rows[len(both) :]
        counts = entries.word_count[rows]
        entry = ranges(entries.word_start[rows], counts)
        token = np.repeat(ranges(np.zeros_like(lengths), lengths), counts)
        start = np.repeat(both[:, 0].astype(np.int64), counts) + entries.begin[entry]
        docs_at = np.append(0, np.cumsum(counts))[np.append(0, np.cumsum(lengths))]
        end = start + entries.length[entry]
        found = Found(docs_at, start, end, token, token, entry)
        marks = [sentence_offsets(*pair) for pair in zip(docs, texts, strict=True)]
        if readings:
            row_of = dict(zip(read.values(), read_rows.tolist(), strict=True))
            places = [Place(i, reading, int(entries.word_start[row_of[reading.text]]))
                      for i, reading in readings
                      if entries.word_count[row_of[reading.text]] == 1]  # fmt: skip
            found = read_otherwise(found, places, entries.piece_count, marks)
        sentences = [found.docs]
        for i, begins in enumerate(marks):
            first, last = found.docs[i], found.docs[i + 1]
            sentences.append(first + np.searchsorted(found.start[first:last], begins))
        return Words(
            docs=found.docs,
            start=found.start,
            end=found.end,
            first_token=found.first_token,
            last_token=found.last_token,
            glued=find_glued(found, texts),
            piece_start=entries.piece_start[found.entry],
            piece_count=entries.piece_count[found.entry],
            pieces=entries.pieces,
            shapes=entries.shapes,
            sentences=np.unique(np.concatenate(sentences)),
        )


def _whole(text: str) -> list[tuple[int, int]]:
    """A token's text as one word; white space is none."""
    return [] if text.isspace() else [(0, len(text))]


def letter_case(text: str) -> int:
    """Tell how a word-piece is written, which an uncased encoder cannot see.

    text (str): The characters of the piece.
    RETURNS (int): Below `N_CASES`. 0: no capital; 1: one, at the beginning, with
        more behind it; 2: only capitals, several; 3: a single one; 4: mixed.
    """
    capitals = sum(map(str.isupper, text))
    if not capitals:
        return 0
    if capitals == len(text):
        return 2 if capitals > 1 else 3
    return 1 if capitals == 1 and text[0].isupper() else N_CASES - 1
