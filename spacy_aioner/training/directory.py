"""The directory of a training: one training at a time, and what it was made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from ..errors import AionerError
from ..formats.sink import replace_file

CHECKPOINT = "checkpoint.safetensors"
BEST, LAST = "model-best", "model-last"
_RECORD = "training.json"
_LOCK = ".lock"


class TrainingDirectory:
    """Where a training puts its pipelines, its checkpoint and a record of itself.

    The record tells, once a training has finished, that it has, and from what: so the
    same command does nothing again, and another does not replace its pipelines.

    path (Path): The directory; made when it is held.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / CHECKPOINT
        self.best = path / BEST
        self.last = path / LAST
        self._new = path / f".{BEST}.new"
        self._old = path / f".{BEST}.old"
        self._record = path / _RECORD

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other trainings out, and remove what one that was killed left behind.

        The system frees the lock when a process dies.

        RAISES (AionerError): If the directory cannot be made, or another training
            holds it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path / _LOCK)
            lock.acquire(blocking=False)
        except filelock.Timeout:
            raise AionerError(
                f"{self.path}: another training writes to this directory; wait until "
                "it ends, or choose another --output."
            ) from None
        except OSError as error:
            raise AionerError(
                f"{self.path}: cannot be used ({error.strerror or error}); choose "
                "another --output."
            ) from error
        try:
            self._tidy()
            yield
        finally:
            lock.release()

    def _tidy(self) -> None:
        for name in (CHECKPOINT, _RECORD):
            for left in self.path.glob(f".{name}.*.tmp"):
                left.unlink()
        if self._old.exists() and not self.best.exists():
            self._old.rename(self.best)
        for path in (self._new, self._old):
            shutil.rmtree(path, ignore_errors=True)

    def is_finished(self, made_from: dict[str, Any], *, overwrite: bool) -> bool:
        """Tell whether this very training has finished here.

        made_from (dict[str, Any]): Settings and fingerprints of the corpora, JSON.
        overwrite (bool): Whether pipelines of another training may be replaced.
        RETURNS (bool): Whether there is nothing to do.
        RAISES (AionerError): If there are pipelines of another training.
        """
        try:
            record = json.loads(self._record.read_bytes())
        except (OSError, ValueError):
            record = None
        if not isinstance(record, dict):
            record = {"finished": not self.checkpoint.exists()}
        if not record.get("finished"):
            return False
        there = [path for path in (self.last, self.best) if path.is_dir()]
        if self.last in there and record.get("made_from") == made_from:
            return True
        if there and not overwrite:
            raise AionerError(
                f"{there[0]}: was made by another training: choose another "
                "--output, or replace it with --overwrite."
            )
        return False

    def record(self, made_from: dict[str, Any], *, finished: bool) -> None:
        """Write down what is trained here.

        made_from (dict[str, Any]): As for `is_finished`.
        finished (bool): Whether it has finished.
        """
        record = {"finished": finished, "made_from": made_from}
        with replace_file(self._record) as stream:
            stream.write(json.dumps(record).encode())

    def keep_best(self) -> None:
        """Copy the last pipeline in place of the best one, whole or not at all."""
        shutil.copytree(self.last, self._new)
        if self.best.exists():
            self.best.rename(self._old)
        self._new.rename(self.best)
        shutil.rmtree(self._old, ignore_errors=True)
