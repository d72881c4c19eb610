"""What a training shows between two evaluations."""

import io

import pytest

from spacy_aioner.training import progress
from spacy_aioner.training.progress import TrainingProgress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A second passes with each look at it."""
    seconds = iter(range(10_000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))


def test_a_line_now_and_then_where_there_is_no_terminal(clock, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS", 4.0)
    stream = io.StringIO()
    shown = TrainingProgress(10, 100, stream)
    for loss in (0.5, 0.25, 0.75, 0.5, 0.5, 0.5):
        shown.update(loss, 120)
    shown.close()
    first, *others = stream.getvalue().splitlines()
    # Four updates in five seconds, so 86 more take 107.5.
    assert first == "14 of 100 updates, loss 0.500, 96 words/s, 0:01:48 left"
    assert len(others) <= 1


def test_a_bar_on_a_terminal(monkeypatch):
    stream = Terminal()
    shown = TrainingProgress(0, 3, stream)
    shown._bar.mininterval = 0
    for _ in range(3):
        shown.update(0.5, 100)
    with shown.paused():
        stream.write("a row of the table\n")
    shown.close()
    said = stream.getvalue()
    assert "3/3 updates, loss 0.500" in said
    assert "words/s, 0:00:00 left" in said
    assert "a row of the table\n" in said
