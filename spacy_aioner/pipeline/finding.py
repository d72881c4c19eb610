"""Where the files of a pipeline are, found without loading anything."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from ..errors import AionerError


def find_pipeline(name: str) -> Path:
    """Find the files of a pipeline where `spacy.load` finds them.

    name (str): An installed package, or else a directory.
    RETURNS (Path): The directory of the package, or the one of this name.
    RAISES (AionerError): If there is neither.
    """
    if _is_package(name):
        spec = find_spec(name) if name.isidentifier() else None
        places = spec.submodule_search_locations if spec else None
        if not places:
            raise AionerError(
                f"The pipeline '{name}' cannot be loaded: a package of this name is "
                "installed, but cannot be imported."
            )
        return Path(places[0])
    if not Path(name).exists():
        raise AionerError(
            f"The pipeline '{name}' cannot be loaded: there is no installed package "
            "and no directory of this name."
        )
    return Path(name)


def _is_package(name: str) -> bool:
    """As spaCy decides it."""
    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True
