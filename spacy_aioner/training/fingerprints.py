"""What the files of a training's corpora hold, in few bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..corpora.config import read_corpora
from ..errors import AionerError

Fingerprints = dict[str, list[Any]]
"""Size in bytes and SHA-256 by file."""


def corpus_fingerprints(corpora: Mapping[str, Any]) -> Fingerprints:
    """Find the files that corpus readers read, and what they hold.

    corpora (Mapping[str, Any]): The section [corpora] of a config: the paths are
        the values whose keys have "path" in their names. A corpora file stands for the
        files that it names, too.
    RETURNS (Fingerprints): In order of the paths; JSON.
    RAISES (AionerError): If a file cannot be read.
    """
    files = {file for path in _paths(corpora) for file in _files(path)}
    return {str(file): _fingerprint(file) for file in sorted(files)}


def changed_file(before: Fingerprints, now: Fingerprints) -> str | None:
    """Find a file that is new, missing or not the same as it was.

    before, now (Fingerprints): From `corpus_fingerprints`.
    RETURNS (str | None): The first one; None if all are the same.
    """
    names = sorted(before.keys() | now.keys())
    return next((n for n in names if before.get(n) != now.get(n)), None)


def _paths(section: Mapping[str, Any]) -> Iterator[Path]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _paths(value)
        elif "path" in key and isinstance(value, str) and value:
            yield Path(value)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file())
        return
    yield path
    if path.suffix == ".toml":
        for corpus in read_corpora(path):
            if corpus.dev_ids_file is not None:
                yield corpus.dev_ids_file
            for sources in corpus.files.values():
                for source in sources:
                    yield from _files(source)


def _fingerprint(path: Path) -> list[Any]:
    try:
        with path.open("rb") as stream:
            digest = hashlib.sha256()
            while block := stream.read(1 << 20):
                digest.update(block)
            return [stream.tell(), digest.hexdigest()]
    except OSError as error:
        raise AionerError(
            f"{path}: cannot be read ({error.strerror or error}): correct the path in "
            "[corpora] of the config."
        ) from error
