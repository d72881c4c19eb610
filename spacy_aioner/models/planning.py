"""Windows over sentences, and batches of few shapes over windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .types import N_CASES, Inputs, Ints, Plan, Words, ranges

# Special tokens and tags around a window: [CLS] <tag> … </tag> [SEP].
FRAME = 4
# Padded lengths. A CPU backend keeps a compiled kernel for every shape it has met,
# so shapes must be few (memory) and close to the data (speed).
LENGTHS = np.array(
    [8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1024,
     1536, 2048, 4096, 8192]
)  # fmt: skip
# What starting one more batch costs, in pieces, and at which length attention costs as
# much as all other layers of a BERT together. Like the lengths they change speed and
# memory only, never a result.
_BATCH_COST = 64
_COSTLY_LENGTH = 1280


def plan_windows(
    words: Words,
    tasks: Sequence[Sequence[int]],
    *,
    max_pieces: int,
    context_pieces: int = 0,
) -> Plan:
    """Lay out what the network reads for docs under tasks.

    Neighbouring sentences of a doc share a window, so that each is read in its
    context. Sentences whose pieces exceed the encoder's length are read in windows
    that overlap by half; each word is answered from the window where the nearer edge
    is farthest away. The ends of the sentences do not count as edges.

    words (Words): The words of the docs.
    tasks (Sequence[Sequence[int]]): Task numbers for each doc, (n_docs,).
    max_pieces (int): Pieces that one window may have, tags included.
    context_pieces (int): Pieces up to which sentences share a window, about; 0 gives
        each sentence a window of its own.
    RETURNS (Plan): Windows of all sentences under all tasks of their doc.
    """
    edge = np.append(0, np.cumsum(words.piece_count))
    passages = _group_sentences(words, edge, context_pieces)
    begin, end = passages[:-1], passages[1:]
    doc = np.searchsorted(words.docs, begin, side="right") - 1
    per_doc = np.array([len(t) for t in tasks], dtype=np.int64)
    flat_tasks = np.array([t for ts in tasks for t in ts], dtype=np.int64)
    repeat = per_doc[doc]
    task = flat_tasks[ranges((np.cumsum(per_doc) - per_doc)[doc], repeat)]
    passage = np.repeat(np.arange(len(begin)), repeat)
    begin, end = begin[passage], end[passage]

    # By window: its first word, its exclusive last one, the first word that is
    # answered from it, and the passage under a task that it belongs to.
    room = max_pieces - FRAME
    long = np.flatnonzero(edge[end] - edge[begin] > room)
    first, last, keep, owner = begin, end, begin, np.arange(len(begin))
    if len(long):
        parts = [
            (i, *part) for i in long for part in _split(edge, begin[i], end[i], room)
        ]
        extra = np.array(parts, dtype=np.int64)
        short = np.delete(owner, long)
        order = np.argsort(np.concatenate([short, extra[:, 0]]), kind="stable")
        owner = np.concatenate([short, extra[:, 0]])[order]
        first = np.concatenate([begin[short], extra[:, 1]])[order]
        last = np.concatenate([end[short], extra[:, 2]])[order]
        keep = np.concatenate([begin[short], extra[:, 3]])[order]
    # A window answers from its first kept word to the next window's first.
    same = np.append(owner[1:] == owner[:-1], False)
    keep_end = np.where(same, np.append(keep[1:], 0), last)

    word = ranges(keep, keep_end - keep)
    window = np.repeat(np.arange(len(first)), keep_end - keep)
    pieces, shapes = _read(words, ranges(first, last - first))
    inputs = Inputs(
        pieces=pieces,
        shapes=shapes,
        bounds=np.append(0, np.cumsum(edge[last] - edge[first])),
        task=task[owner],
        window=window,
        position=edge[word] - edge[first[window]],
    )
    # Labels form one chain for each sentence under each task.
    sentence = np.searchsorted(words.sentences, begin)
    n_sentences = np.searchsorted(words.sentences, end) - sentence
    sentence = ranges(sentence, n_sentences)
    length = words.sentences[sentence + 1] - words.sentences[sentence]
    bounds = np.append(0, np.cumsum(length))
    return Plan(words, inputs, word, bounds, np.repeat(task, n_sentences))


def _group_sentences(words: Words, edge: Ints, context_pieces: int) -> Ints:
    """Bounds, as word numbers, of runs of sentences that are read together.

    The text of a doc is divided evenly, each sentence going to the part that its
    middle lies in: no part is much shorter than the others, none has more pieces than
    asked for by more than a sentence.
    """
    begin, end = words.sentences[:-1], words.sentences[1:]
    if not context_pieces or not len(begin):
        return words.sentences
    doc = np.searchsorted(words.docs, begin, side="right") - 1
    origin = edge[words.docs]
    size = np.diff(origin)[doc]
    parts = np.maximum(1, -(-size // context_pieces))
    middle = (edge[begin] + edge[end]) // 2 - origin[doc]
    part = middle * parts // size
    new = np.append(True, (np.diff(part) != 0) | (np.diff(doc) != 0))
    return np.append(begin[new], end[-1])


def _read(words: Words, word: Ints) -> tuple[Ints, Ints]:
    """Pieces and shapes of words, laid end to end."""
    count = words.piece_count[word]
    number = ranges(words.piece_start[word], count)
    shapes = words.shapes[number]
    shapes[(np.cumsum(count) - count)[words.glued[word]]] += N_CASES
    return words.pieces[number], shapes


def _split(edge: Ints, begin: int, end: int, room: int) -> list[tuple[int, int, int]]:
    """Windows (first word, exclusive last word, first kept word) of a sentence."""
    parts: list[tuple[int, int, int]] = []
    first = keep = int(begin)
    while True:
        last = int(np.searchsorted(edge, edge[first] + room, side="right")) - 1
        last = min(max(last, first + 1), int(end))
        parts.append((first, last, keep))
        if last == end:
            return parts
        half = edge[first] + room // 2
        following = int(np.searchsorted(edge, half, side="left"))
        following = min(max(following, first + 1), last)
        middle = (edge[following] + edge[last]) // 2
        keep = int(np.searchsorted(edge, middle, side="left"))
        keep = min(max(keep, following), last)
        first = following


@dataclass(frozen=True)
class Batch:
    """One padded batch: which windows it holds and its shape.

    windows (Ints): Numbers of the windows, one per used row.
    rows (int): Rows, at least len(windows).
    length (int): Padded pieces per row, tags included.
    """

    windows: Ints
    rows: int
    length: int


def plan_batches(
    lengths: Ints, *, budget: int, limit: int, flat: bool, exact: bool = False
) -> list[Batch]:
    """Group windows of like length into batches of few distinct shapes.

    lengths (Ints): Pieces of each window, tags included, (n,).
    budget (int): Padded pieces that one batch may have.
    limit (int): The longest window that the encoder can read.
    flat (bool): Whether only attention works on padding.
    exact (bool): Whether padding changes the answers: then only windows of one length
        share a batch.
    RETURNS (list[Batch]): Every window once.
    """
    shapes = np.unique(lengths if exact else np.append(LENGTHS[limit > LENGTHS], limit))
    order = np.argsort(lengths, kind="stable")
    shape = np.searchsorted(shapes, lengths[order])
    counts = np.bincount(shape, minlength=len(shapes))
    groups = list(zip(shapes.tolist(), counts.tolist(), strict=True))
    if not exact:
        groups = _merge_shapes(shapes, counts, budget, flat)
    batches: list[Batch] = []
    position = 0
    for length, count in groups:
        group = order[position : position + count]
        position += count
        rows = max(1, _round_down(budget // length))
        for i in range(0, len(group), rows):
            part = group[i : i + rows]
            batches.append(Batch(part, round_up(len(part)), length))
    return batches


def _merge_shapes(
    shapes: Ints, counts: Ints, budget: int, flat: bool
) -> list[tuple[int, int]]:
    """Choose which lengths to use so that padding and batch starts cost least.

    Dynamic programme over the used shapes: best[j] is the least cost of all windows
    up to shape j when j is the length of a group.
    """
    used = np.flatnonzero(counts)
    total = np.append(0, np.cumsum(counts[used]))
    best: list[tuple[float, int]] = [(0.0, 0)]
    for j in range(1, len(used) + 1):
        length = int(shapes[used[j - 1]])
        rows = max(1, budget // length)
        per_row = length * length / _COSTLY_LENGTH if flat else length
        options = []
        for i in range(j):
            n = int(total[j] - total[i])
            cost = n * per_row + _BATCH_COST * -(-n // rows)
            options.append((best[i][0] + cost, i))
        best.append(min(options))
    groups: list[tuple[int, int]] = []
    j = len(used)
    while j:
        i = best[j][1]
        groups.append((int(shapes[used[j - 1]]), int(total[j] - total[i])))
        j = i
    return groups[::-1]


def round_up(rows: int) -> int:
    """The next number that is one of eight per power of two."""
    step = max(1, 1 << max(0, rows.bit_length() - 4))
    return -(-rows // step) * step


def _round_down(rows: int) -> int:
    step = max(1, 1 << max(0, rows.bit_length() - 4))
    return rows // step * step
