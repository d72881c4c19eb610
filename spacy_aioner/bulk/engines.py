"""Who does the jobs: this process, or worker processes that may die."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from .job import Job, Outcome, failed
from .manifest import Manifest
from .workers import Died, Worker, interruptions_wait

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
    RAISES (AionerError): If the pipeline cannot be used or an output cannot be written.
    """
    auto = None
    if gpu_id < 0 and manifest.settings.precision in (None, "auto"):
        # It is found by timing, so each worker might find another.
        from ..models.precision import cpu_precision

        auto = cpu_precision()
    threads = max(1, processors() // workers)
    waiting = iter(jobs)
    team: dict[int, Worker] = {}
    deaths = dict.fromkeys(range(workers), 0)

    def start(slot: int, job: Job) -> None:
        if slot not in team:
            own_gpu = gpu_id if gpu_id < 0 else gpu_id + slot
            team[slot] = Worker(manifest, threads=threads, gpu_id=own_gpu, auto=auto)
        team[slot].give(job)

    def receive(slot: int) -> Outcome | None:
        worker = team[slot]
        job = worker.job
        assert job is not None
        try:
            outcome = worker.receive()
        except Died:
            del team[slot]
            worker.kill()
            deaths[slot] += 1
            if deaths[slot] < MAX_DEATHS:
                start(slot, job)
                return None
            outcome = failed(
                job,
                f"{MAX_DEATHS} workers died on this file, perhaps out of memory; it is "
                "skipped: tag it alone",
            )
            manifest.give_up(outcome)
        if outcome is not None:
            deaths[slot] = 0
            following = next(waiting, None)
            if following is not None:
                start(slot, following)
        return outcome

    try:
        for slot, job in zip(range(workers), waiting, strict=False):
            start(slot, job)
        while busy := {w.connection: n for n, w in team.items() if w.job is not None}:
            for connection in wait(list(busy), _SECONDS):
                outcome = receive(busy[connection])  # type: ignore[index]
                if outcome is not None:
                    yield outcome
            positions = [worker.position for worker in team.values()]
            watch(sum(d for d, _ in positions), sum(size for _, size in positions))
    finally:
        with interruptions_wait():
            for worker in team.values():
                worker.kill()


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
