"""`aioner convert`: annotated files in other formats and as training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import AionerError, Problem, Report
from .console import (
    Debug,
    IdColumn,
    Problems,
    TextColumns,
    plain_errors,
    plural,
    require_file,
    require_input,
    say,
    split_names,
    tell,
)

if TYPE_CHECKING:
    from ..formats.document import Document


class Target(StrEnum):
    """What to write."""

    pubtator = "pubtator"
    bioc_xml = "bioc-xml"
    bioc_json = "bioc-json"
    jsonl = "jsonl"
    parquet = "parquet"
    conll = "conll"
    docbin = "docbin"


class Words(StrEnum):
    """Which rules for words and sentences a CoNLL file follows."""

    aioner = "aioner"
    reference = "reference"


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="PubTator, BioC, PubMed XML, JATS, MEDLINE, JSONL, CSV, Parquet or "
            "plain text (also as .gz or .zst), an archive of such files, DocBin "
            "(.spacy), or a folder of brat's .txt and .ann.",
        ),
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="The file to write.")
    ],
    to: Annotated[Target, typer.Option(help="The format of the output.")],
    task: Annotated[
        str | None,
        typer.Option(
            help="The task under which the input is annotated; ALL if not given (conll "
            "and docbin). See above for what is kept."
        ),
    ] = None,
    renamed: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="A=B,C=",
            help="Rename entity types; nothing after the '=' leaves the type out.",
        ),
    ] = "",
    tokenizer: Annotated[
        Words,
        typer.Option(
            help="conll only. aioner: words and sentences as the component has them. "
            "reference: as in the published training files; looks at the gold mentions."
        ),
    ] = Words.aioner,
    ids: Annotated[
        Path | None,
        typer.Option(help="Keep only documents whose id is a line of this file."),
    ] = None,
    markup: Annotated[
        bool,
        typer.Option(
            "--markup",
            help="The texts hold HTML or XML. CoNLL and DocBin get the text of the "
            "markup; other formats the texts as they are stored.",
        ),
    ] = False,
    id_column: IdColumn = None,
    text_columns: TextColumns = None,
    exclude_ids: Annotated[
        Path | None,
        typer.Option(help="Leave out documents whose id is a line of this file."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Convert a file, or a folder of brat's files, of annotated documents.

    What --task keeps, after --map: ALL and names of your own keep every mention;
    Gene, Disease, Chemical, Species, Variant and CellLine keep the mentions of that
    type. How many mentions of which type are left out is told. Without --task,
    PubTator and BioC files keep every mention.

    CoNLL holds words and labels only, and of overlapping mentions the longest. DocBin
    holds texts, exact offsets, ids and the task, but no infons, and its offsets count
    as if one space stood between passages.
    """
    with plain_errors(debug=debug):
        from ..corpora.convert import conll_task, read_annotated
        from ..evaluation.pairing import parse_type_map
        from ..formats.document import Document
        from ..formats.rows import Columns

        names = split_names(text_columns, "--text-columns")
        columns = Columns(id_column, None if names is None else tuple(names))
        type_map = parse_type_map(renamed)
        _check(source, output, to, tokenizer)
        keep = None if ids is None else _read_ids(ids)
        drop = frozenset() if exclude_ids is None else _read_ids(exclude_ids)
        if task is None and to in (Target.conll, Target.docbin):
            task = "ALL"
        if task is not None:
            _check_letter_case(task)
            conll_task(task, Document("", []))
        problems = Problems()
        selection = _Selection(source, task, type_map, keep, drop)
        found = read_annotated(source, columns=columns, markup=markup, report=problems)
        documents = selection.choose(found, problems)
        _write(documents, source, output, to, task or "ALL", tokenizer, problems)
        selection.finish(problems)
        say(f"{output}: {selection.summary()}")
        problems.finish()


def _check(source: Path, output: Path, to: Target, tokenizer: Words) -> None:
    from ..formats.brat import is_part

    require_input(source)
    if source.suffix.lower() == ".conll":
        raise AionerError(
            f"{source}: CoNLL holds no documents or offsets and cannot be read; start "
            "from the PubTator or BioC file that it was made of."
        )
    if output.is_dir():
        raise AionerError(f"{output}: is a folder; name the file to write.")
    if output.exists() and (output.samefile(source) or is_part(output, source)):
        raise AionerError(f"{output}: is the input itself; choose another output.")
    if tokenizer is Words.reference and to is not Target.conll:
        raise AionerError(
            f"--tokenizer reference works with --to conll only, not with {to.value}."
        )


def _check_letter_case(task: str) -> None:
    """A task of the paper in other letter case would be one of the user's own."""
    from ..scheme.scheme import ALL, PAPER_TYPES

    for known in (ALL, *PAPER_TYPES):
        if task != known and task.lower() == known.lower():
            raise AionerError(
                f"--task {task}: the letter case of a task counts; write {known}."
            )


def _read_ids(path: Path) -> frozenset[str]:
    require_file(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AionerError(
            f"{path}: cannot be read ({error}); give a UTF-8 file with an id per line."
        ) from None
    return frozenset(line.strip() for line in lines if line.strip())


class _Selection:
    """The documents and mentions that are wanted, and what was left out."""

    def __init__(
        self,
        source: Path,
        task: str | None,
        type_map: Mapping[str, str],
        ids: frozenset[str] | None,
        exclude_ids: frozenset[str],
    ) -> None:
        self.source = source
        self.task = task
        self.type_map = type_map
        self.ids = ids
        self.exclude_ids = exclude_ids
        self.documents = 0
        self.mentions = 0
        self._seen: set[str] = set()
        self._types: set[str] = set()
        self._left_out: Counter[str] = Counter()
        self._untyped = 0

    def choose(
        self, documents: Iterable[Document], report: Report
    ) -> Iterator[Document]:
        from ..corpora.convert import mentions_inside, without_markup

        listed = self.exclude_ids | (self.ids or frozenset())
        for document in documents:
            if document.id in listed:
                self._seen.add(document.id)
            if document.id in self.exclude_ids:
                continue
            if self.ids is not None and document.id not in self.ids:
                continue
            document = self._mapped(document)
            if self.task is not None:
                document = without_markup(document, self.source, report)
                document = mentions_inside(document, self.source, report)
            self.documents += 1
            self.mentions += len(document.mentions)
            yield document

    def _mapped(self, document: Document) -> Document:
        from ..corpora.mapping import task_mentions
        from ..scheme.scheme import ALL, PAPER_TYPES

        if self.task is None and not self.type_map:
            return document
        self._types.update(mention.type for mention in document.mentions)
        types = (self.task,) if self.task in PAPER_TYPES else None
        kept = task_mentions(document, task=ALL, type_map=self.type_map, types=types)
        here = Counter(mention.type for mention in kept.mentions)
        for mention in document.mentions:
            name = self.type_map.get(mention.type, mention.type)
            if name and not here[name]:
                self._left_out[mention.type] += 1
            elif not mention.type:
                self._untyped += 1
        return kept

    def finish(self, report: Report) -> None:
        """Tell what was left out, and which types and ids were not there."""
        from ..evaluation.hints import unused_entries

        if self._untyped:
            message = f"mentions without a type are left out: {self._untyped}"
            report(Problem(str(self.source), message))
        if self._left_out:
            counts = ", ".join(f"{n} {t}" for t, n in self._left_out.most_common())
            tell(
                "warning",
                f"{self.source}: mentions of these types are left out: {counts}; "
                "rename with --map those that the task annotates",
            )
        for name in unused_entries(self.type_map, self._types):
            tell("warning", f"{self.source}: --map: no mention has the type {name}")
        listed = self.exclude_ids | (self.ids or frozenset())
        if missing := sorted(listed - self._seen):
            tell(
                "warning",
                f"{self.source}: {len(missing)} of {len(listed)} listed ids are not in "
                f"the file, for example {missing[0]}",
            )

    def summary(self) -> str:
        """How much was kept."""
        documents = plural(self.documents, "document")
        return f"{documents}, {plural(self.mentions, 'mention')}"


def _write(
    documents: Iterable[Document],
    source: Path,
    output: Path,
    to: Target,
    task: str,
    tokenizer: Words,
    report: Report,
) -> None:
    import io

    from ..corpora.convert import aioner_sentences, conll_task, without_long
    from ..corpora.docbin import DOCBIN_SUFFIX, write_docbin
    from ..corpora.reference import reference_sentences
    from ..formats.account import Account
    from ..formats.conll import write_conll
    from ..formats.files import open_writer
    from ..formats.sink import replace_file
    from ..formats.source import Source

    account = Account(Source(source, report), to.value, keep=True)
    documents = account.watch(documents)
    if to in (Target.docbin, Target.conll):
        documents = without_long(documents, source, report)
    if to is Target.docbin:
        with replace_file(output) as stream:
            write_docbin(((document, task) for document in documents), stream)
    elif to is Target.conll:
        split = aioner_sentences if tokenizer is Words.aioner else reference_sentences
        with replace_file(output) as stream:
            text = io.TextIOWrapper(stream, encoding="utf8", newline="\n")
            for document in documents:
                own_task = conll_task(task, document)
                write_conll(split(document, task=own_task), text)
            text.flush()
            text.detach()
    else:
        like = None if source.suffix.lower() == DOCBIN_SUFFIX else source
        with open_writer(
            output, to.value, like=like, keep=True, report=report
        ) as writer:
            for document in documents:
                writer.write(document)
    account.tell()
