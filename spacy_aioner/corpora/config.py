r"""The corpora file: which corpora there are, their tasks and their types.

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

    [bioid]
    task = "CellLine"
    test = ["BioID_Test.PubTator"]
    article = '\d+(?=\d{4}$)'

Paths are relative to the TOML file; a folder is a corpus of brat's files. A list within
the list names alternatives: the first of those files that is there is read. `dev_ids`
names a file with one document id per line: those documents leave "train" and are "dev".
`article` is a regular expression for corpora of parts of articles: what it matches at
the beginning of a document's id names the article. `anchor = true` lets the corpus keep
all its training documents where others give up what is tested (see
`spacy_aioner.corpora.leakage`), and `optional = true` skips files that are not there.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AionerError
from ..toml import read_toml

SPLITS = ("train", "dev", "test")
_FLAGS = ("anchor", "optional")
_KEYS = {"task", "types", "keep", "dev_ids", "article", *_FLAGS, *SPLITS}


@dataclass(frozen=True)
class Corpus:
    """One corpus.

    name (str): Its table's name.
    task (str): The task under which it is annotated.
    files (Mapping[str, tuple[Path, ...]]): By split.
    type_map (Mapping[str, str]): From the corpus's type names to the model's.
    keep (tuple[str, ...] | None): Types to keep after renaming.
    dev_ids (frozenset[str]): Documents held out of "train" as "dev".
    article (re.Pattern[str] | None): Finds the article in a document's id.
    anchor (bool): Whether it keeps its training documents whatever others test on.
    """

    name: str
    task: str
    files: Mapping[str, tuple[Path, ...]]
    type_map: Mapping[str, str]
    keep: tuple[str, ...] | None
    dev_ids: frozenset[str]
    article: re.Pattern[str] | None = None
    anchor: bool = False

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

    def article_of(self, document_id: str) -> str:
        """The article from which a document was taken; the document if none is told."""
        found = self.article.match(document_id) if self.article else None
        return found.group() if found else document_id


def read_corpora(path: Path) -> list[Corpus]:
    """Read a corpora file.

    path (Path): The TOML file.
    RETURNS (list[Corpus]): In the order of the file; an optional one of which no file
        is there is left out. A warning names what is skipped.
    RAISES (AionerError): If it cannot be read, or a table is not as described above.
    """
    tables = read_toml(path, "corpora file", "one with a table per corpus")
    if not tables:
        raise AionerError(f"{path}: names no corpus: add a table for each.")
    corpora = [_parse(path, name, table) for name, table in tables.items()]
    return [corpus for corpus in corpora if corpus is not None]


def _parse(path: Path, name: str, table: Any) -> Corpus | None:
    """Make a corpus of its table; None if no file of an optional one is there."""
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
    for flag in _FLAGS:
        if not isinstance(table.get(flag, False), bool):
            raise AionerError(
                f"{path}: corpus '{name}' has {flag} = {table[flag]!r}: write true or "
                "false."
            )
    keep, types = table.get("keep"), table.get("types", {})
    if keep is not None and not _are_names(keep):
        raise AionerError(
            f"{path}: corpus '{name}' has keep = {keep!r}: write a list of types, such "
            'as ["Gene", "Species"].'
        )
    if not isinstance(types, dict) or not _are_names(list(types.values())):
        raise AionerError(
            f"{path}: corpus '{name}' has types = {types!r}: write a table of names, "
            'such as { FamilyName = "Gene", Cell = "" }.'
        )
    files, missing = _find_files(path, table)
    if missing and not table.get("optional"):
        raise AionerError(
            f"{path}: corpus '{name}' names the file {missing[0]}, which is not "
            "there: correct the path, or fetch what the project names with `spacy "
            "project assets`."
        )
    if missing:
        warnings.warn(
            f"{path}: corpus '{name}' goes without {', '.join(missing)}, which is not "
            "there.",
            stacklevel=4,
        )
        if not any(files.values()):
            return None
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
    try:
        article = re.compile(table["article"]) if "article" in table else None
    except (re.error, TypeError) as error:
        raise AionerError(
            f"{path}: corpus '{name}' has an article that is no regular expression "
            f"({error}): write for example article = '\\d+(?=\\d{{4}}$)'."
        ) from error
    return Corpus(
        name=name,
        task=table["task"],
        files=files,
        type_map=dict(types),
        keep=None if keep is None else tuple(keep),
        dev_ids=dev_ids,
        article=article,
        anchor=table.get("anchor", False),
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _find_files(
    path: Path, table: Mapping[str, Any]
) -> tuple[dict[str, tuple[Path, ...]], list[str]]:
    """Files and folders by split, and what is missing: all alternatives of an entry."""
    files, missing = {}, []
    for split in SPLITS:
        entries = table.get(split, [])
        found = []
        for entry in [entries] if isinstance(entries, str) else entries:
            names = [entry] if isinstance(entry, str) else entry
            paths = [path.parent / name for name in names]
            there = [p for p in paths if p.is_file() or p.is_dir()]
            found += there[:1]
            if not there:
                missing.append(" or ".join(map(str, paths)))
        files[split] = tuple(found)
    return files, missing
