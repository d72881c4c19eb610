"""Windows and batches: every word answered once, from where it is seen best."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_aioner.models.planning import FRAME, plan_batches, plan_windows
from spacy_aioner.models.types import N_CASES, Words, ranges

LIMIT = 20
ROOM = LIMIT - FRAME


def make_words(docs):
    """Words of docs given as sentences of piece counts; each piece has its number."""
    counts = np.array([n for doc in docs for s in doc for n in s], dtype=np.int64)
    per_doc = [sum(map(len, doc)) for doc in docs]
    ends = np.cumsum([len(s) for doc in docs for s in doc if s], dtype=np.int64)
    word = np.arange(len(counts))
    return Words(
        docs=np.cumsum([0, *per_doc]),
        start=word,
        end=word + 1,
        first_token=word,
        last_token=word,
        glued=np.zeros(len(word), dtype=bool),
        piece_start=np.cumsum(counts) - counts,
        piece_count=counts,
        pieces=np.arange(counts.sum()),
        shapes=np.zeros(counts.sum(), dtype=np.int64),
        sentences=np.append(0, ends),
    )


sentence = st.lists(st.integers(1, 5), min_size=1, max_size=60)
some_docs = st.lists(st.lists(sentence, max_size=3), min_size=1, max_size=4)


@st.composite
def docs_with_tasks(draw):
    docs = draw(some_docs)
    tasks = st.lists(st.integers(0, 6), max_size=3, unique=True)
    return docs, draw(st.lists(tasks, min_size=len(docs), max_size=len(docs)))


@given(docs_with_tasks())
def test_every_word_is_answered_once_for_each_task(drawn):
    docs, tasks = drawn
    words = make_words(docs)
    plan = plan_windows(words, tasks, max_pieces=LIMIT)
    expected = [
        (task, word)
        for i, asked in enumerate(tasks)
        for task in asked
        for word in range(words.docs[i], words.docs[i + 1])
    ]
    row_task = np.repeat(plan.task, np.diff(plan.sequences))
    found = list(zip(row_task.tolist(), plan.word.tolist(), strict=True))
    assert sorted(found) == sorted(expected)


@given(docs_with_tasks())
def test_rows_point_at_the_first_piece_of_their_word(drawn):
    docs, tasks = drawn
    words = make_words(docs)
    plan = plan_windows(words, tasks, max_pieces=LIMIT)
    inputs = plan.inputs
    pieces = inputs.pieces[inputs.bounds[inputs.window] + inputs.position]
    assert pieces.tolist() == words.piece_start[plan.word].tolist()
    assert (np.diff(inputs.bounds) <= ROOM).all()
    assert (np.diff(inputs.bounds) > 0).all()
    row_task = np.repeat(plan.task, np.diff(plan.sequences))
    assert inputs.task[inputs.window].tolist() == row_task.tolist()


@given(docs_with_tasks())
def test_label_sequences_are_the_sentences_in_order(drawn):
    docs, tasks = drawn
    words = make_words(docs)
    plan = plan_windows(words, tasks, max_pieces=LIMIT)
    bounds = set(words.sentences.tolist())
    for i, j in zip(plan.sequences, plan.sequences[1:], strict=False):
        row = plan.word[i:j]
        assert row.tolist() == list(range(row[0], row[-1] + 1))
        assert {int(row[0]), int(row[-1]) + 1} <= bounds


@given(sentence)
def test_each_word_is_read_from_the_window_with_most_context(counts):
    words = make_words([[counts]])
    inputs = plan_windows(words, [[0]], max_pieces=LIMIT).inputs
    total = sum(counts)
    first = inputs.pieces[inputs.bounds[:-1]]
    after = inputs.pieces[inputs.bounds[1:] - 1] + 1

    def context(window, word):
        start = words.piece_start[word]
        end = start + words.piece_count[word]
        if start < first[window] or end > after[window]:
            return -1
        left = start - first[window] if first[window] else total
        right = after[window] - end if after[window] < total else total
        return min(left, right)

    for word, window in enumerate(inputs.window.tolist()):
        best = max(context(w, word) for w in range(len(first)))
        # Half a word of slack: a window's border lies between words.
        assert context(window, word) >= best - max(counts)
        assert context(window, word) >= min(best, ROOM // 4 - max(counts))


def test_a_short_sentence_is_one_window_and_a_long_one_overlaps_by_half():
    words = make_words([[[1] * ROOM, [1] * (2 * ROOM)]])
    inputs = plan_windows(words, [[0]], max_pieces=LIMIT).inputs
    starts = inputs.pieces[inputs.bounds[:-1]].tolist()
    assert starts == [0, 16, 24, 32]
    # Of two windows over one word the one whose edge is farther away answers.
    assert inputs.window[ROOM:].tolist() == [1] * 12 + [2] * 8 + [3] * 12


def test_nothing_to_plan():
    for docs, tasks in (([[]], [[0]]), ([[], []], [[0], [1]]), ([[[1]]], [[]])):
        plan = plan_windows(make_words(docs), tasks, max_pieces=LIMIT)
        assert len(plan.word) == len(plan.task) == len(plan.inputs.task) == 0
        assert plan.inputs.bounds.tolist() == plan.sequences.tolist() == [0]


lengths_of_windows = st.lists(st.integers(FRAME + 1, 256), max_size=400)


@given(lengths_of_windows, st.sampled_from([1, 300, 4096]))
def test_batches_hold_every_window_once_within_bounds(lengths, budget):
    lengths = np.array(lengths, dtype=np.int64)
    batches = plan_batches(lengths, budget=budget, limit=256, flat=False)
    covered = [i for batch in batches for i in batch.windows.tolist()]
    assert sorted(covered) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch.windows) >= 1
        assert batch.rows >= len(batch.windows)
        assert batch.length >= lengths[batch.windows].max()
        assert batch.length <= 256
        assert batch.rows * batch.length <= budget or batch.rows == 1
        # Padding rows are few.
        assert batch.rows <= 1.15 * len(batch.windows) + 1


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_batches_waste_little(seed):
    lengths = np.random.default_rng(seed).integers(5, 120, size=600)
    batches = plan_batches(lengths, budget=4096, limit=256, flat=False)
    padded = sum(batch.rows * batch.length for batch in batches)
    assert padded <= 1.35 * lengths.sum()


def test_random_inputs_meet_few_distinct_shapes():
    rng = np.random.default_rng(1)
    shapes = set()
    for _ in range(300):
        lengths = rng.integers(5, 257, size=rng.integers(1, 300))
        for batch in plan_batches(lengths, budget=4096, limit=256, flat=False):
            shapes.add((batch.rows, batch.length))
    assert len(shapes) < 250


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=20))
def test_ranges(pairs):
    starts = np.array([s for s, _ in pairs], dtype=np.int64)
    counts = np.array([n for _, n in pairs], dtype=np.int64)
    expected = [s + k for s, n in pairs for k in range(n)]
    assert ranges(starts, counts).tolist() == expected


@given(docs_with_tasks(), st.integers(1, 40))
def test_sentences_share_windows_and_keep_their_label_sequences(drawn, context):
    docs, tasks = drawn
    words = make_words(docs)
    alone = plan_windows(words, tasks, max_pieces=LIMIT)
    plan = plan_windows(words, tasks, max_pieces=LIMIT, context_pieces=context)

    def sequences(plan):
        bounds = zip(plan.sequences[:-1], plan.sequences[1:], plan.task, strict=True)
        return sorted((t, *plan.word[i:j].tolist()) for i, j, t in bounds)

    assert sequences(plan) == sequences(alone)
    inputs = plan.inputs
    pieces = inputs.pieces[inputs.bounds[inputs.window] + inputs.position]
    assert pieces.tolist() == words.piece_start[plan.word].tolist()
    assert (np.diff(inputs.bounds) <= ROOM).all()
    row_task = np.repeat(plan.task, np.diff(plan.sequences))
    assert inputs.task[inputs.window].tolist() == row_task.tolist()
    # A window never reaches into another doc.
    doc = np.searchsorted(words.docs, plan.word, side="right")
    for window in np.unique(inputs.window):
        assert len(set(doc[inputs.window == window].tolist())) == 1


def test_a_doc_is_divided_evenly():
    """Nine sentences of four pieces, twelve at most together: three and three."""
    words = make_words([[[1, 3]] * 9, [[4]]])
    plan = plan_windows(words, [[0], [0]], max_pieces=LIMIT, context_pieces=12)
    assert np.diff(plan.inputs.bounds).tolist() == [12, 12, 12, 4]
    assert len(plan.task) == 10
    # Ten of them: no window is left with one sentence alone.
    words = make_words([[[4]] * 10])
    plan = plan_windows(words, [[0]], max_pieces=LIMIT, context_pieces=12)
    assert sorted(np.diff(plan.inputs.bounds).tolist()) == [8, 8, 12, 12]


def test_shapes_tell_case_and_missing_spaces():
    words = make_words([[[2, 1], [1]], [[1]]])
    # "ab-" and "d" with a space before it; then another doc.
    shapes = np.array([1, 2, 0, 3, 0])
    glued = np.array([False, True, False, False])
    words = replace(words, glued=glued, shapes=shapes)
    plan = plan_windows(words, [[0], [0]], max_pieces=LIMIT)
    assert plan.inputs.shapes.tolist() == [1, 2, N_CASES, 3, 0]
