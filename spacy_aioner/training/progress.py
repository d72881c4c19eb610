"""How far a training is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any

from tqdm import tqdm

# Seconds between two lines where there is no terminal.
_SECONDS = 30.0


class TrainingProgress:
    """Shows updates, loss, rate and time left.

    done (int): Updates of earlier runs.
    total (int): Updates at the end.
    stream (IO[str]): Where to show it.
    """

    def __init__(self, done: int, total: int, stream: IO[str]) -> None:
        self._total, self._stream = total, stream
        self._first = self._done = done
        self._begin = self._shown = time.monotonic()
        self._words = 0
        self._losses: list[float] = []
        self._bar: Any = tqdm(
            total=total,
            initial=done,
            unit="update",
            file=stream,
            disable=not stream.isatty(),
            leave=False,
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} updates{postfix}",
        )

    def update(self, loss: float, words: int) -> None:
        """Count an update.

        loss (float): Its loss.
        words (int): The words that it learnt from.
        """
        self._done += 1
        self._words += words
        self._losses.append(loss)
        if not self._bar.disable:
            if self._bar.update():
                self._bar.set_postfix_str(self._state(), refresh=False)
                self._losses = []
        elif time.monotonic() - self._shown >= _SECONDS:
            self._stream.write(
                f"{self._done} of {self._total} updates, {self._state()}\n"
            )
            self._stream.flush()
            self._shown, self._losses = time.monotonic(), []

    def _state(self) -> str:
        seconds = max(time.monotonic() - self._begin, 1e-9)
        loss = sum(self._losses) / len(self._losses)
        left = seconds * (self._total - self._done) / (self._done - self._first)
        return (
            f"loss {loss:.3f}, {self._words / seconds:,.0f} words/s, "
            f"{timedelta(seconds=round(left))} left"
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Make room for other lines."""
        with tqdm.external_write_mode(file=self._stream):
            yield

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
