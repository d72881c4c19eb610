"""A worker: a process of its own that does one job at a time, and may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from .job import Job, Outcome
from .manifest import Manifest

if TYPE_CHECKING:
    from .tag_file import Tagger

# How often a worker says how far it is.
_SECONDS = 0.5
# A killed process ends at once, unless the system itself is stuck.
_END_SECONDS = 5.0


class Died(Exception):
    """A worker ended in the middle of a job."""


class Worker:
    """A process that loads the pipeline with its first job.

    It ignores Ctrl-C, which a terminal sends to it too, and ends with its parent or
    when it is killed; what it writes appears only when complete.

    manifest (Manifest): Where jobs are recorded; it knows folder and settings.
    threads (int): How many threads it computes with.
    gpu_id (int): Its GPU; -1 for the CPU.
    auto (str | None): See `load_tagger`.
    """

    def __init__(
        self, manifest: Manifest, *, threads: int, gpu_id: int, auto: str | None
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.job: Job | None = None
        # Documents done and bytes read of the job.
        self.position = 0, 0
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs, manifest, threads, gpu_id, auto), daemon=True
        )
        # Otherwise it would be started below, and let interruptions through.
        resource_tracker.ensure_running()
        with interruptions_wait(), _interruptions_blocked():
            self._process.start()
        # Only the worker holds this end now: when it dies, ours ends.
        theirs.close()

    def give(self, job: Job) -> None:
        """Have it do a job.

        job (Job): The job.
        """
        self.job, self.position = job, (0, 0)
        # If it died, `receive` tells so.
        with suppress(OSError):
            self.connection.send(job)

    def receive(self) -> Outcome | None:
        """Take one message, which must be there.

        RETURNS (Outcome | None): What came of the job; None if it is still at work.
        RAISES (Died): If it ended.
        RAISES (Exception): What was raised in it.
        """
        try:
            kind, value = self.connection.recv()
        except (EOFError, OSError) as error:
            raise Died from error
        if kind == "position":
            self.position = value
        elif kind == "warning":
            warnings.warn(value, stacklevel=2)
        elif kind == "error":
            raised, trace = value
            raise raised from _Remote(trace)
        else:
            self.job, self.position = None, (0, 0)
            outcome: Outcome = value
            return outcome
        return None

    def kill(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.join(_END_SECONDS)
        self.connection.close()


class _Remote(Exception):
    """Shows the traceback of another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@contextmanager
def interruptions_wait() -> Iterator[None]:
    """Put Ctrl-C off until a step is done that must not be left half-way."""
    if threading.current_thread() is not threading.main_thread():
        # Python interrupts the main thread only.
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(signal.SIGINT, None)


@contextmanager
def _interruptions_blocked() -> Iterator[None]:
    """Block Ctrl-C for what is started: a process takes over what its parent blocks."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _work(
    connection: Connection,
    manifest: Manifest,
    threads: int,
    gpu_id: int,
    auto: str | None,
) -> None:
    """What a worker does. Nothing before the first job imports torch, which reads the
    number of threads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = str(threads)

    def show(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        connection.send(("warning", str(message)))

    warnings.showwarning = show
    tagger: Tagger | None = None
    progress = _Progress(connection)
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            if tagger is None:
                from .tag_file import load_tagger

                tagger = load_tagger(manifest, gpu_id=gpu_id, auto=auto)
            message: tuple[str, Any] = "outcome", tagger.do(job, progress)
        except Exception as error:
            message = "error", (error, traceback.format_exc())
        _send(connection, message)


def _send(connection: Connection, message: tuple[str, Any]) -> None:
    try:
        connection.send(message)
    except OSError:
        raise
    except Exception:
        # Not every exception can be pickled.
        error, trace = message[1]
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(("error", (plain, trace)))


class _Progress:
    """Sends now and then how far a job is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sent = 0.0

    def __call__(self, documents: int, position: int) -> None:
        now = time.monotonic()
        if now - self._sent >= _SECONDS:
            self._sent = now
            self._connection.send(("position", (documents, position)))


def _end_with_parent() -> None:
    """Leave no worker behind that would write into the folder of the next run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
