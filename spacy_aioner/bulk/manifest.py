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
from .folder import FAILURES, MANIFEST, RECORDS, Folder, sha256
from .inputs import full_name, stored
from .job import Job, Outcome, Settings

# A longer name would be too long with a suffix.
_LONGEST_NAME = 200
_LIST = ".failures.jsonl"
# The losses of a try that gave no output: what an earlier one gave, stays.
_ATTEMPT = ".attempt.jsonl"
_RECORD = ".record.json"


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
    with open_stored(path) as stream:
        return sha256(stream)


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
        for name in ("model", "batch_size", "fail_fast", "force"):
            del values[name]
        self._renewed: dict[str, dict[str, Any]] = {}
        self._outdated: list[str] = []
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
            place = full_name(job.path)
            seen = {"input_place": place, "input_changed": changed}
            if any(record.get(key) != value for key, value in seen.items()):
                if _sha256(job.path) != record.get("input_sha256"):
                    return None
                # It was touched or moved; it need not be read the next time.
                self._renewed[_place(job, _RECORD)] = {**record, **seen}
        except OSError:
            return None
        self._outdated.append(_place(job, _ATTEMPT))
        return record

    def conflict(self, job: Job, about_input: dict[str, Any]) -> str | None:
        """Tell why the output of a job may not be replaced.

        job (Job): The job.
        about_input (dict[str, Any]): What `begin` said.
        RETURNS (str | None): The reason; None if it may, or if there is none yet.
        """
        name = job.output
        if self.folder.size(name) is None:
            return None
        if self.folder.size(_place(job, _RECORD)) is None:
            return (
                f"the output folder has a file {name} that this command did not write; "
                "move it away, or choose another --output"
            )
        record = self.folder.read_json(_place(job, _RECORD))
        if record is None or self.settings.force:
            return None
        keys = ("input_place", "input_sha256")
        if all(record[key] != about_input[key] for key in keys):
            return (
                f"the output {name} was made of another input, {record['input']}; "
                "choose another --output, or use --force"
            )
        written = record.get("output_sha256")
        if written and written != self.folder.sha256(name):
            return (
                f"the output {name} was changed since it was written; move it away, or "
                "use --force"
            )
        return None

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
            "input_place": full_name(job.path),
            "input_sha256": _sha256(job.path),
            "input_bytes": size,
            "input_changed": changed,
        }

    @contextmanager
    def failures(self, job: Job) -> Iterator[FailureList]:
        """Collect the losses of one try to do a job.

        job (Job): The job.
        YIELDS (FailureList): Takes the losses.
        """
        self.folder.remove(_place(job, _ATTEMPT))
        with ExitStack() as stack:
            place = self.folder.write(_place(job, _ATTEMPT))
            yield FailureList(lambda: stack.enter_context(place), job)

    def claim(self, job: Job, about_input: dict[str, Any]) -> None:
        """Write down, before the output takes its name, that it is of this command.

        job (Job): The job.
        about_input (dict[str, Any]): What `begin` said.
        """
        record = {"output": job.output, **about_input}
        self.folder.write_json(_place(job, _RECORD), record)

    def add(
        self, outcome: Outcome, about_files: dict[str, Any], computed: dict[str, Any]
    ) -> None:
        """Write down that a job is done.

        outcome (Outcome): What came of it.
        about_files (dict[str, Any]): What `begin` said, and "output_sha256".
        computed (dict[str, Any]): How it was computed, which is not compared when the
            job comes again.
        """
        job, counts = outcome.job, outcome.counts
        if self.folder.size(_place(job, _ATTEMPT)) is None:
            self.folder.remove(_place(job, _LIST))
        else:
            self.folder.rename(_place(job, _ATTEMPT), _place(job, _LIST))
        record = {
            "output": job.output,
            "output_bytes": self.folder.size(job.output),
            **about_files,
            "documents": counts.documents,
            "mentions": dict(sorted(counts.mentions.items())),
            "failures": counts.told[True],
            **computed,
            **self._of(job),
        }
        self.folder.write_json(_place(job, _RECORD), record)

    def give_up(self, outcome: Outcome) -> None:
        """Record that there is no new output, only losses.

        outcome (Outcome): What came of the job.
        """
        with self.failures(outcome.job) as failures:
            for problem in outcome.counts.problems:
                failures.add(problem)

    def assemble(self) -> None:
        """Write `manifest.jsonl` and `failures.jsonl` from all that is recorded."""
        for place, record in self._renewed.items():
            self.folder.write_json(place, record)
        self._renewed = {}
        for place in self._outdated:
            self.folder.remove(place)
        self._outdated = []
        names = self.folder.names(RECORDS)
        records = self._lines(names, _RECORD)
        # A claim is the record of a file that was not done to its end.
        done = (line for line in records if "output_sha256" in json.loads(line))
        self.folder.write_lines(MANIFEST, done)
        self.folder.write_lines(FAILURES, self._lines(names, _LIST, _ATTEMPT))

    def _lines(self, names: Iterable[str], *suffixes: str) -> Iterator[str]:
        for name in names:
            if name.endswith(suffixes):
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
