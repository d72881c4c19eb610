"""The same jobs on a Ray cluster: a pool of actors, each with a loaded pipeline."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from ..errors import AionerError
from ..formats.source import is_remote
from .engines import Outcomes
from .job import Job, Outcome, Stopped
from .manifest import Manifest
from .tag_file import load_tagger


class TagFile:
    """A Ray actor: loads the pipeline once and does job after job.

    manifest (Manifest): Where jobs are recorded, in a folder that all nodes reach.
    gpu (bool): Whether Ray gave the actor a GPU.
    """

    def __init__(self, manifest: Manifest, gpu: bool) -> None:
        # Ray shows an actor its own GPU only.
        self.tagger = load_tagger(manifest, gpu_id=0 if gpu else -1)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        job = Job(**json.loads(row["job"]))
        try:
            outcome = self.tagger.do(job, lambda documents, position: None)
        except Stopped as error:
            return {"outcome": "", "error": str(error), "stopped": True}
        except AionerError as error:
            return {"outcome": "", "error": str(error), "stopped": False}
        return {"outcome": outcome.to_json(), "error": "", "stopped": False}


def run_ray(
    jobs: Iterable[Job],
    manifest: Manifest,
    *,
    address: str | None,
    workers: int,
    gpu: bool,
) -> Outcomes:
    """Do jobs with Ray Data; what a lost actor or node had at hand is done again.

    jobs (Iterable[Job]): The jobs.
    manifest (Manifest): Where jobs are recorded, in a folder that all nodes reach.
    address (str | None): That of the cluster; None starts one on this machine.
    workers (int): How many actors.
    gpu (bool): Whether each of them gets a GPU; one processor otherwise.
    YIELDS (Outcome): What came of each job, in the order in which they end.
    RAISES (AionerError): If Ray is not there, or as in `run_workers`.
    """
    if address is None:
        _stay_local()
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise AionerError(
            f"--engine ray needs Ray ({error}): install the extra `ray`."
        ) from error
    _reach(address)
    rows = [{"job": json.dumps(asdict(_absolute(job)))} for job in jobs]
    manifest = _with_absolute_model(manifest)
    began = not ray.is_initialized()
    if began:
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise AionerError(
                f"Ray cannot be reached or started ({error}); check --address."
            ) from error
    try:
        _be_quiet(ray.data.DataContext.get_current())
        # A block for each file: what is lost with a node is one file an actor.
        dataset = ray.data.from_items(rows, override_num_blocks=max(1, len(rows))).map(
            TagFile,
            fn_constructor_args=(manifest, gpu),
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=0 if gpu else 1,
            num_gpus=1 if gpu else None,
        )
        for row in dataset.iter_rows():
            if row["error"]:
                raise (Stopped if row["stopped"] else AionerError)(row["error"])
            yield Outcome.from_json(row["outcome"])
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise AionerError(
            f"Ray gave up ({reason}); run the same command again to go on."
        ) from error
    finally:
        if began:
            ray.shutdown()


def _stay_local() -> None:
    """Have a Ray that is started here listen on this machine's own address only.

    By itself it binds all of its ports to all addresses. Ray reads this variable when
    it is imported: it is what makes it local on Windows and macOS, and with it does the
    same elsewhere (2.60, `ray/_private/ray_constants.py`).
    """
    if "RAY_ADDRESS" not in os.environ:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


def _with_absolute_model(manifest: Manifest) -> Manifest:
    settings = manifest.settings
    if os.path.exists(settings.model):
        settings = replace(settings, model=os.path.abspath(settings.model))
    return Manifest(manifest.folder, manifest.model, settings)


def _absolute(job: Job) -> Job:
    """Actors run in a folder of their own."""
    if is_remote(job.path):
        return job
    return replace(job, path=os.path.abspath(job.path))


def _reach(address: str | None) -> None:
    """Make sure that something answers: Ray itself tries for minutes, then exits."""
    host, colon, port = (address or "").rpartition("/")[2].rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise AionerError(
            f"Ray cannot be reached at {address} ({error}); check --address."
        ) from error


def _be_quiet(context: Any) -> None:
    """Leave it to this package to tell what happens."""
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
