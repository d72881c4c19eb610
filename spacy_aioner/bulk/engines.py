"""Who does the jobs: this process, or worker processes that may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, wait
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from .job import Job, Outcome, failed
from .manifest import Manifest

if TYPE_CHECKING:
    from .tag_file import Tagger

# A file on which this many workers died is given up.
MAX_DEATHS = 3
# How often the counts of the workers are looked at.
_SECONDS = 0.5

Outcomes = Generator[Outcome, None, None]
"""What came of each job; closing it ends what is still at work."""

Watch = Callable[[int, int], None]
"""Takes the documents done and the bytes read of all files at hand."""


def run_here(jobs: Iterable[Job], tagger: Tagger, *, watch: Watch) -> Outcomes:
    """Do jobs one after the other in this process.

    jobs (Iterable[Job]): The jobs.
    tagger (Tagger): Does them.
    watch (Watch): Told of each document.
    YIELDS (Outcome): What came of each.
    """
    for job in jobs:
        yield tagger.do(job, watch)


_tagger: Tagger | None = None
_load: Callable[[], Tagger]
_progress: Callable[[int, int], None]


def _prepare(
    slot: int, counts: Any, threads: int, manifest: Manifest, gpu_id: int
) -> None:
    """Make a worker: the pipeline is loaded with its first job.

    Nothing before that imports torch, which reads the number of threads.
    """
    global _load, _progress
    os.environ["OMP_NUM_THREADS"] = str(threads)

    def load() -> Tagger:
        from .tag_file import load_tagger

        return load_tagger(manifest, gpu_id=gpu_id)

    def progress(documents: int, position: int) -> None:
        counts[2 * slot], counts[2 * slot + 1] = documents, position

    _load, _progress = load, progress
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave no worker behind that would write into the folder of the next run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(job: Job) -> Outcome:
    global _tagger
    if _tagger is None:
        _tagger = _load()
    return _tagger.do(job, _progress)


def run_workers(
    jobs: Iterable[Job],
    manifest: Manifest,
    *,
    workers: int,
    gpu_id: int = -1,
    watch: Watch,
) -> Outcomes:
    """Do jobs in worker processes; one that dies is replaced and its file done again.

    jobs (Iterable[Job]): The jobs.
    manifest (Manifest): Where jobs are recorded; it knows folder and settings.
    workers (int): How many processes; they share the processors evenly.
    gpu_id (int): The GPU of the first worker, the next has the next one; -1 for the
        CPU.
    watch (Watch): Told twice a second what the workers are at.
    YIELDS (Outcome): What came of each job, in the order in which they end.
    RAISES (AionerError): If the pipeline does not serve or an output cannot be written.
    """
    from pebble import ProcessExpired, ProcessPool

    _start_tracker()
    context = multiprocessing.get_context("spawn")
    counts = context.Array("q", 2 * workers, lock=False)
    threads = max(1, processors() // workers)
    # A pool of one for each, so that each has its own slot and its own GPU.
    pools: list[Any] = []
    for slot in range(workers):
        own_gpu = gpu_id if gpu_id < 0 else gpu_id + slot
        prepare = (slot, counts, threads, manifest, own_gpu)
        pools.append(ProcessPool(1, 0, _prepare, prepare, context))
    waiting = iter(jobs)
    running: dict[Any, tuple[int, Job, int]] = {}

    def start(slot: int, job: Job | None, deaths: int) -> None:
        counts[2 * slot] = counts[2 * slot + 1] = 0
        if job is not None:
            running[pools[slot].schedule(_do, args=[job])] = slot, job, deaths

    try:
        for slot in range(workers):
            start(slot, next(waiting, None), 0)
        while running:
            ended, _ = wait(running, timeout=_SECONDS, return_when=FIRST_COMPLETED)
            for future in ended:
                slot, job, deaths = running.pop(future)
                try:
                    outcome = future.result()
                except ProcessExpired:
                    if deaths + 1 < MAX_DEATHS:
                        start(slot, job, deaths + 1)
                        continue
                    outcome = failed(
                        job,
                        f"{MAX_DEATHS} workers died on it, perhaps for want of memory; "
                        f"it is left out, tag it alone",
                    )
                    manifest.give_up(outcome)
                start(slot, next(waiting, None), 0)
                yield outcome
            watch(sum(counts[0::2]), sum(counts[1::2]))
    finally:
        for pool in pools:
            pool.stop()
        for pool in pools:
            pool.join()


def _start_tracker() -> None:
    """Start what removes the semaphores of the pools when this process is killed.

    Python has it ignore SIGINT and SIGTERM only, so it would die of what else a
    terminal sends to the whole group. A process takes over what its parent blocks.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    others = {signal.SIGHUP, signal.SIGQUIT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, others)
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
