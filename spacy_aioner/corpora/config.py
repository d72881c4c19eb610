"""The corpora file: which corpora there are, their tasks and their types.

A TOML file with one table per corpus, for example

    [biored]
    task = "ALL"
    train = ["BioRED_TrainDev.PubTator"]
    test = ["BioRED_Test.PubTator"]
    dev_ids = "biored-dev.txt"

    [nlmgene]
    task = "Gene"
    train = ["NLMgene_Train.PubTator"]
    types = { FamilyName = "Gene", Cell = "" }

Paths are relative to the TOML file. `dev_ids` names a file with one document id per
line: those documents leave "train" and are "dev".
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AionerError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPLITS = ("train", "dev", "test")
_KEYS = {"task", "types", "keep", "dev_ids", *SPLITS}


@dataclass(frozen=True)
class Corpus:
    """One corpus.

    name (str): Its table's name.
    task (str): The task under which it is annotated.
    files (Mapping[str, tuple[Path, ...]]): By split.
    type_map (Mapping[str, str]): From the corpus's type names to the model's.
    keep (tuple[str, ...] | None): Types to keep after renaming.
    dev_ids (frozenset[str]): Documents held out of "train" as "dev".
    """

    name: str
    task: str
    files: Mapping[str, tuple[Path, ...]]
    type_map: Mapping[str, str]
    keep: tuple[str, ...] | None
    dev_ids: frozenset[str]

    def sources(self, split: str) -> tuple[Path, ...]:
        """The files to read for a split."""
        if split == "dev" and self.dev_ids:
            return self.files.get("train", ())
        return self.files.get(split, ())

    def has(self, document_id: str, split: str) -> bool:
        """Whether a document read for a split belongs to it."""
        if split == "test" or not self.dev_ids:
            return True
        return (document_id in self.dev_ids) == (split == "dev")


def read_corpora(path: Path) -> list[Corpus]:
    """Read a corpora file.

    path (Path): The TOML file.
    RETURNS (list[Corpus]): In the order of the file.
    RAISES (AionerError): If it cannot be read, or a table is not as described above.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AionerError(
            f"{path}: cannot read the corpora file: {error}. Give a TOML file with "
            "one table per corpus."
        ) from error
    if not tables:
        raise AionerError(f"{path}: names no corpus: add a table for each.")
    return [_parse(path, name, table) for name, table in tables.items()]


def _parse(path: Path, name: str, table: Any) -> Corpus:
    if not isinstance(table, dict) or not isinstance(table.get("task"), str):
        raise AionerError(
            f"{path}: corpus '{name}' has no task: write task = \"ALL\", or the name "
            "of the only type that it annotates."
        )
    unknown = set(table) - _KEYS
    if unknown:
        raise AionerError(
            f"{path}: corpus '{name}' has the unknown key '{min(unknown)}': the keys "
            f"are {', '.join(sorted(_KEYS))}."
        )
    files = {}
    for split in SPLITS:
        names = table.get(split, [])
        names = [names] if isinstance(names, str) else names
        files[split] = tuple(path.parent / n for n in names)
    missing = [str(f) for paths in files.values() for f in paths if not f.is_file()]
    if missing:
        raise AionerError(
            f"{path}: corpus '{name}' names the file {missing[0]}, which is not "
            "there: fetch it (spacy project assets) or correct the path."
        )
    dev_ids: frozenset[str] = frozenset()
    if "dev_ids" in table:
        held_out = path.parent / table["dev_ids"]
        try:
            dev_ids = frozenset(held_out.read_text(encoding="utf8").split())
        except OSError as error:
            raise AionerError(
                f"{path}: corpus '{name}' holds out the ids of {held_out}, which "
                "cannot be read: correct dev_ids."
            ) from error
    keep = table.get("keep")
    return Corpus(
        name=name,
        task=table["task"],
        files=files,
        type_map=dict(table.get("types", {})),
        keep=None if keep is None else tuple(keep),
        dev_ids=dev_ids,
    )
