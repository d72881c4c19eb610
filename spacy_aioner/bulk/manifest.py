"""Which files are done, from what, by what, and what was lost of them.

Each output has a record of its own below ".aioner/files", written after it: a run that
is killed between the two does the file again, to the same bytes. At the end of a run
all records become `manifest.jsonl` and all losses `failures.jsonl`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import AionerError, Problem
from ..formats.source import open_stored
from .folder import FAILURES, INTERNAL, MANIFEST, Folder
from .inputs import stored
from .job import Job, Outcome, Settings

_FILES = f"{INTERNAL}/files"
_LIST = ".failures.jsonl"
_RECORD = ".record.json"
_BLOCK = 1 << 20


def describe_model(name: str) -> dict[str, str]:
    """Tell a pipeline from all others without loading it.

    name (str): An installed package or a folder.
    RETURNS (dict[str, str]): Its name, its version, and the SHA-256 of all its files.
    RAISES (AionerError): If there is no such pipeline.
    """
    folder = Path(name)
    if not folder.exists():
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        places = spec.submodule_search_locations if spec else None
        if not places:
            raise AionerError(
                f"The pipeline '{name}' cannot be loaded: there is no folder and no "
                f"installed package of this name."
            )
        folder = Path(places[0])
    digest = hashlib.sha256()
    meta: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(_sha256(str(path)).encode())
        if path.name == "meta.json" and not meta:
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
        self.settings = settings
        values = asdict(settings)
        # These do not change what is found, or are told better by the model.
        for name in ("model", "batch_size", "fail_fast"):
            del values[name]
        self._same = {"aioner": __version__, "model": model, "settings": values}

    def done(self, job: Job) -> dict[str, Any] | None:
        """Find the record of a job that need not be done again.

        job (Job): The job.
        RETURNS (dict[str, Any] | None): The record; None if there is none, if the
            input, the model or the settings changed, or the output is gone.
        """
        record = self.folder.read_json(f"{_FILES}/{job.output}{_RECORD}")
        if record is None or any(record.get(k) != v for k, v in self._of(job).items()):
            return None
        if self.folder.size(job.output) != record.get("output_bytes"):
            return None
        try:
            size, changed = stored(job.path)
            if size != record.get("input_bytes"):
                return None
            if changed != record.get("input_changed") and (
                _sha256(job.path) != record.get("input_sha256")
            ):
                return None
        except OSError:
            return None
        return record

    def _of(self, job: Job) -> dict[str, Any]:
        formats = {"read_as": job.read_as, "write_as": job.write_as}
        same: dict[str, Any] = json.loads(json.dumps({**self._same, **formats}))
        return same

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
        name = f"{_FILES}/{job.output}{_LIST}"
        self.folder.system.makedirs(self.folder.path(_FILES), exist_ok=True)
        with self.folder.write(name) as stream:
            yield FailureList(stream)
        if not self.folder.size(name):
            self.folder.remove(name)

    def add(self, outcome: Outcome, about_input: dict[str, Any]) -> None:
        """Write down that a job is done.

        outcome (Outcome): What came of it.
        about_input (dict[str, Any]): What `begin` said.
        """
        counts = outcome.counts
        record = {
            "output": outcome.job.output,
            "output_bytes": self.folder.size(outcome.job.output),
            **about_input,
            "documents": counts.documents,
            "mentions": dict(sorted(counts.mentions.items())),
            "failures": counts.told[True],
            **self._of(outcome.job),
        }
        name = f"{_FILES}/{outcome.job.output}{_RECORD}"
        line = json.dumps(record, ensure_ascii=False)
        self.folder.write_lines(name, iter([line]))

    def forget(self, job: Job) -> None:
        """Remove the record of a job, so that a run does it again."""
        self.folder.remove(f"{_FILES}/{job.output}{_RECORD}")

    def assemble(self) -> None:
        """Write `manifest.jsonl` and `failures.jsonl` from all that is recorded."""
        names = self.folder.names(_FILES)
        self.folder.write_lines(MANIFEST, self._lines(names, _RECORD))
        self.folder.write_lines(FAILURES, self._lines(names, _LIST))

    def _lines(self, names: Iterable[str], suffix: str) -> Iterator[str]:
        for name in names:
            if name.endswith(suffix):
                data = self.folder.read(f"{_FILES}/{name}") or b""
                yield from data.decode("utf8").removesuffix("\n").split("\n")


class FailureList:
    """Writes losses as lines of JSON: file, line, document, reason.

    stream (BinaryIO): Where to write.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def add(self, problem: Problem) -> None:
        """Write one loss down; what lost nothing is passed over."""
        if problem.lost:
            line = {
                "file": problem.path,
                "line": problem.line,
                "document": problem.document,
                "reason": problem.message,
            }
            self.stream.write(f"{json.dumps(line)}\n".encode())
