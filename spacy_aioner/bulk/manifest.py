"""Which files are done, from what, by what, and what was lost of them.

Each output has a record of its own below ".aioner/files", written after it: a run that
is killed between the two does the file again, to the same bytes. At the end of a run
all records become `manifest.jsonl` and all losses `failures.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from typing import Any, BinaryIO

from .. import __version__
from ..errors import Problem
from ..formats.source import open_stored
from ..pipeline.finding import find_pipeline
from .folder import FAILURES, MANIFEST, RECORDS, Folder
from .inputs import stored
from .job import Job, Outcome, Settings

# A longer name would be too long with a suffix.
_LONGEST_NAME = 200
_LIST = ".failures.jsonl"
_RECORD = ".record.json"
_BLOCK = 1 << 20


def describe_model(name: str) -> dict[str, str]:
    """Tell a pipeline from all others without loading it.

    name (str): An installed package or a directory, as `spacy.load` takes it.
    RETURNS (dict[str, str]): Its name, its version, and the SHA-256 of all its files.
    RAISES (AionerError): If there is no such pipeline.
    """
    folder = find_pipeline(name)
    digest = hashlib.sha256()
    meta: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(_sha256(str(path)).encode())
        if path.name == "meta.json" and not meta:
            with suppress(ValueError):  # Loading will say what is wrong.
                meta = json.loads(path.read_text(encoding="utf8"))
    full = f"{meta.get('lang', '')}_{meta.get('name', '')}"
    return {
        "name": full,
        "version": str(meta.get("version", "")),
        "sha256": digest.hexdigest(),
    }


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open_stored(path) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Manifest:
    """The records of an output folder.

    folder (Folder): The output folder.
    model (dict[str, str]): What `describe_model` says of the pipeline.
    settings (Settings): Those of the run.
    """

    def __init__(
        self, folder: Folder, model: dict[str, str], settings: Settings
    ) -> None:
        self.folder = folder
        self.model = model
        self.settings = settings
        values = asdict(settings)
        # These do not change what is found, or are told better by the model.
        for name in ("model", "batch_size", "fail_fast"):
            del values[name]
        self._renewed: dict[str, dict[str, Any]] = {}
        same = {"aioner": __version__, "model": model, "settings": values}
        # As records give it back: lists for tuples.
        self._same: dict[str, Any] = json.loads(json.dumps(same))

    def done(self, job: Job) -> dict[str, Any] | None:
        """Find the record of a job that need not be done again.

        job (Job): The job.
        RETURNS (dict[str, Any] | None): The record; None if there is none, if the
            input, the model or the settings changed, or the output is gone.
        """
        record = self.folder.read_json(_place(job, _RECORD))
        if record is None or any(record.get(k) != v for k, v in self._of(job).items()):
            return None
        if self.folder.size(job.output) != record.get("output_bytes"):
            return None
        try:
            size, changed = stored(job.path)
            if size != record.get("input_bytes"):
                return None
            if changed != record.get("input_changed"):
                if _sha256(job.path) != record.get("input_sha256"):
                    return None
                # It was only touched; it need not be read the next time.
                record["input_changed"] = changed
                self._renewed[_place(job, _RECORD)] = record
        except OSError:
            return None
        return record

    def _of(self, job: Job) -> dict[str, Any]:
        return {**self._same, "read_as": job.read_as, "write_as": job.write_as}

    def begin(self, job: Job) -> dict[str, Any]:
        """Look at the input before it is read.

        job (Job): The job.
        RETURNS (dict[str, Any]): The part of the record that is about the input.
        RAISES (OSError): If it cannot be read.
        """
        size, changed = stored(job.path)
        return {
            "input": job.path,
            "input_sha256": _sha256(job.path),
            "input_bytes": size,
            "input_changed": changed,
        }

    @contextmanager
    def failures(self, job: Job) -> Iterator[FailureList]:
        """Collect the losses of a job; they are listed when all went well.

        job (Job): The job.
        YIELDS (FailureList): Takes the losses.
        """
        with ExitStack() as stack:
            place = self.folder.write(_place(job, _LIST))
            yield FailureList(lambda: stack.enter_context(place), job)

    def add(
        self, outcome: Outcome, about_input: dict[str, Any], computed: dict[str, Any]
    ) -> None:
        """Write down that a job is done.

        outcome (Outcome): What came of it.
        about_input (dict[str, Any]): What `begin` said.
        computed (dict[str, Any]): How it was computed, which is not compared when the
            job comes again.
        """
        counts = outcome.counts
        record = {
            "output": outcome.job.output,
            "output_bytes": self.folder.size(outcome.job.output),
            **about_input,
            "documents": counts.documents,
            "mentions": dict(sorted(counts.mentions.items())),
            "failures": counts.told[True],
            **computed,
            **self._of(outcome.job),
        }
        self.folder.write_json(_place(outcome.job, _RECORD), record)

    def forget(self, job: Job) -> None:
        """Remove what is recorded of a job, so that a run does it again."""
        for suffix in (_RECORD, _LIST):
            self.folder.remove(_place(job, suffix))

    def give_up(self, outcome: Outcome) -> None:
        """Record that there is no output, only losses.

        outcome (Outcome): What came of the job.
        """
        self.forget(outcome.job)
        self.folder.remove(outcome.job.output)
        with self.failures(outcome.job) as failures:
            for problem in outcome.counts.problems:
                failures.add(problem)

    def assemble(self) -> None:
        """Write `manifest.jsonl` and `failures.jsonl` from all that is recorded."""
        for place, record in self._renewed.items():
            self.folder.write_json(place, record)
        self._renewed = {}
        names = self.folder.names(RECORDS)
        self.folder.write_lines(MANIFEST, self._lines(names, _RECORD))
        self.folder.write_lines(FAILURES, self._lines(names, _LIST))

    def _lines(self, names: Iterable[str], suffix: str) -> Iterator[str]:
        for name in names:
            if name.endswith(suffix):
                data = self.folder.read(f"{RECORDS}/{name}") or b""
                yield from filter(None, data.decode().split("\n"))


def _place(job: Job, suffix: str) -> str:
    name = job.output
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{RECORDS}/{name}{suffix}"


class FailureList:
    """Writes losses as lines of JSON: output, file, line, document, reason.

    begin (Callable[[], BinaryIO]): Opens the list, with the first loss.
    job (Job): What they are losses of.
    """

    def __init__(self, begin: Callable[[], BinaryIO], job: Job) -> None:
        self._begin = begin
        self._stream: BinaryIO | None = None
        self._job = job

    def add(self, problem: Problem) -> None:
        """Write one loss down; what lost nothing is passed over."""
        if not problem.lost:
            return
        if self._stream is None:
            self._stream = self._begin()
        line = {
            "output": self._job.output,
            "file": problem.path,
            "line": problem.line,
            "document": problem.document,
            "reason": problem.message,
        }
        self._stream.write(f"{json.dumps(line)}\n".encode())
