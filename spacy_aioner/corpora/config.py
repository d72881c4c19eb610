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
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import AionerError
from ..toml import read_toml

SPLITS = ("train", "dev", "test")

_Name = Annotated[str, Field(min_length=1)]
_Alternatives = Annotated[list[_Name], Field(min_length=1)]
_Files = _Name | list[_Name | _Alternatives]
_FILES = "a file, or a list of files and of lists of alternatives"


class _Table(BaseModel):
    """A table of the file; the description of a key says what it may hold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    task: _Name = Field(
        description='"ALL", or the name of the only type that it annotates'
    )
    train: _Files = Field([], description=_FILES)
    dev: _Files = Field([], description=_FILES)
    test: _Files = Field([], description=_FILES)
    types: dict[_Name, str] = Field(
        {}, description='a table of names, such as { FamilyName = "Gene", Cell = "" }'
    )
    keep: Annotated[list[_Name], Field(min_length=1)] | None = Field(
        None, description='a list of types, such as ["Gene"]'
    )
    dev_ids: _Name | None = Field(None, description="the name of a file")
    article: str | None = Field(
        None, description=r"a regular expression, such as '\d+(?=\d{4}$)'"
    )
    anchor: bool = Field(False, description="true or false")
    optional: bool = Field(False, description="true or false")


@dataclass(frozen=True)
class Corpus:
    """One corpus.

    name (str): Its table's name.
    task (str): The task under which it is annotated.
    files (Mapping[str, tuple[Path, ...]]): By split.
    type_map (Mapping[str, str]): From the corpus's type names to the model's.
    keep (tuple[str, ...] | None): Types to keep after renaming.
    dev_ids (frozenset[str]): Documents held out of "train" as "dev".
    dev_ids_file (Path | None): Where they are listed.
    article (re.Pattern[str] | None): Finds the article in a document's id.
    anchor (bool): Whether it keeps its training documents whatever others test on.
    """

    name: str
    task: str
    files: Mapping[str, tuple[Path, ...]]
    type_map: Mapping[str, str]
    keep: tuple[str, ...] | None
    dev_ids: frozenset[str]
    dev_ids_file: Path | None = None
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


def _read_table(path: Path, name: str, table: Any) -> _Table:
    """Check the table of a corpus."""
    try:
        return _Table.model_validate(table)
    except ValidationError as error:
        problem = error.errors()[0]
    where = f"{path}: corpus '{name}'"
    if not problem["loc"]:
        raise AionerError(f"{where} is no table: write [{name}], and its keys below.")
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        raise AionerError(
            f"{where} has the unknown key '{key}': the keys are "
            f"{', '.join(sorted(_Table.model_fields))}."
        )
    wanted = _Table.model_fields[key].description
    if problem["type"] == "missing":
        raise AionerError(f"{where} has no {key}: write {key} = {wanted}.")
    raise AionerError(f"{where} has {key} = {table[key]!r}: write {wanted}.")


def _parse(path: Path, name: str, given: Any) -> Corpus | None:
    """Make a corpus of its table; None if no file of an optional one is there."""
    table = _read_table(path, name, given)
    files, missing = _find_files(path, table)
    if missing and not table.optional:
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
    held_out = None if table.dev_ids is None else path.parent / table.dev_ids
    if held_out is not None:
        try:
            dev_ids = frozenset(held_out.read_text(encoding="utf8").split())
        except (OSError, UnicodeDecodeError) as error:
            raise AionerError(
                f"{path}: corpus '{name}' holds out the ids of {held_out}, which "
                "cannot be read: correct dev_ids."
            ) from error
    try:
        article = None if table.article is None else re.compile(table.article)
    except re.error as error:
        raise AionerError(
            f"{path}: corpus '{name}' has an article that is no regular expression "
            f"({error}): write for example article = '\\d+(?=\\d{{4}}$)'."
        ) from error
    return Corpus(
        name=name,
        task=table.task,
        files=files,
        type_map=table.types,
        keep=None if table.keep is None else tuple(table.keep),
        dev_ids=dev_ids,
        dev_ids_file=held_out,
        article=article,
        anchor=table.anchor,
    )


def _find_files(
    path: Path, table: _Table
) -> tuple[dict[str, tuple[Path, ...]], list[str]]:
    """Files and folders by split, and what is missing: all alternatives of an entry."""
    files, missing = {}, []
    for split in SPLITS:
        entries: str | list[str | list[str]] = getattr(table, split)
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
