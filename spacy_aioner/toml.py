"""TOML files, with errors of one sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from .errors import AionerError


def read_toml(path: Path, what: str, instead: str) -> dict[str, Any]:
    """Read a TOML file.

    path (Path): The file.
    what (str): What it should be, for the error: "corpora file".
    instead (str): What to give instead, for the error.
    RETURNS (dict[str, Any]): Its tables.
    RAISES (AionerError): If it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AionerError(
            f"{path}: cannot read the {what}: {error}. Give a TOML file, {instead}."
        ) from error
