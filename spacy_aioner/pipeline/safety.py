"""Saved transformers that would write or run something when they are loaded.

spacy-transformers, which this package requires, writes the tokenizer's files of a saved
model to a temporary directory before it loads them (1.4, `layers/hf_shim.py`). Names of
files and options of the tokenizer are taken as they are saved: a name such as "../x"
leads out of the directory, and the option `trust_remote_code` runs a Python file of the
model. spaCy imports the factories of all installed packages before it reads
a pipeline, so whatever pipeline is loaded, these checks are in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import srsly
from spacy_transformers import pipeline_component
from spacy_transformers.layers.hf_shim import HFShim

from ..errors import AionerError

# What spacy-transformers itself saves beside the files.
_OPTIONS = "kwargs"
_KNOWN_OPTIONS = {"use_fast"}


def check_transformer(data: bytes) -> None:
    """Make sure that a saved transformer holds nothing but its own files.

    data (bytes): What `HFShim.to_bytes` of spacy-transformers wrote.
    RAISES (AionerError): If a file would be written outside the directory that it is
        unpacked to, or an option for the tokenizer is one that is never saved.
    """
    message = srsly.msgpack_loads(data)
    files = message.get("tokenizer") if isinstance(message, Mapping) else None
    for name, value in (files or {}).items():
        if name == _OPTIONS:
            unknown = sorted(set(value) - _KNOWN_OPTIONS)
            if unknown:
                raise AionerError(
                    f"The saved transformer has the option '{unknown[0]}' for its "
                    "tokenizer, which could run code: do not load this pipeline."
                )
        elif not _is_plain(name):
            raise AionerError(
                f"The saved transformer holds a file named '{name}', which would be "
                "written outside its directory: do not load this pipeline."
            )


def _is_plain(name: str) -> bool:
    """Whether a name is that of a file, on any system, and no path."""
    paths = PurePosixPath(name), PureWindowsPath(name)
    return name != ".." and all(path.name == name for path in paths)


def _check_options(*options: Mapping[str, Any]) -> None:
    if any(given.get("trust_remote_code") for given in options):
        raise AionerError(
            "The config of the saved transformer has trust_remote_code, which could "
            "run code that lies beside it: do not load this pipeline."
        )


def guard_transformers() -> None:
    """Have spacy-transformers check what it loads from now on."""
    load, load_directory = (
        HFShim.from_bytes,
        pipeline_component.huggingface_from_pretrained,
    )

    @wraps(load)
    def from_bytes(self: Any, bytes_data: bytes) -> Any:
        check_transformer(bytes_data)
        return load(self, bytes_data)

    # For transformers that version 1.0 saved as a directory.
    @wraps(load_directory)
    def from_directory(source: Any, tokenizer: Any, transformer: Any) -> Any:
        _check_options(tokenizer, transformer)
        return load_directory(source, tokenizer, transformer)

    HFShim.from_bytes = from_bytes
    pipeline_component.huggingface_from_pretrained = from_directory
