"""Rows of named values, from JSON lines, tables or Parquet, as documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .compression import bare_name
from .document import Document, adjoining
from .row_mentions import Fault, looks_like_mentions, read_mentions
from .source import Source, quote

# The columns that hold the id and texts where none are named; the texts in the order
# of the passages. Their letter case does not count.
ID_COLUMNS = ("id", "pmid")
TEXT_COLUMNS = ("title", "abstract", "text")
# What Prodigy says of a row whose annotation does not hold.
ANSWER, NOT_ACCEPTED = "answer", ("reject", "ignore")


@dataclass(frozen=True)
class Columns:
    """Which values of a row make a document.

    id (str | None): The column of the identifier; None takes the first of ID_COLUMNS
        that a row has.
    text (tuple[str, ...] | None): The columns of the passages, in order; None takes
        those of TEXT_COLUMNS that a row has.
    """

    id: str | None = None
    text: tuple[str, ...] | None = None

    def of(self, names: Collection[str]) -> tuple[str, ...]:
        """Get the text columns of one row or file.

        names (Collection[str]): The columns that it has.
        RETURNS (tuple[str, ...]): The named columns, whether it has them or not.
        """
        if self.text is not None:
            return self.text
        return _present(TEXT_COLUMNS, names)

    def id_of(self, names: Collection[str]) -> str | None:
        """Get the id column of one row or file.

        names (Collection[str]): The columns that it has.
        RETURNS (str | None): The named column, whether it has it or not; None if none
            is named and there is none.
        """
        if self.id is not None:
            return self.id
        return next(iter(_present(ID_COLUMNS, names)), None)

    def fault(self, names: list[str]) -> str:
        """Tell what keeps the columns of a file from being read.

        names (list[str]): Its columns.
        RETURNS (str): What it "has", or nothing.
        """
        there = quote(", ".join(names))
        texts = self.of(names)
        if not texts:
            expected = ", ".join(TEXT_COLUMNS)
            return f"has no column of text ({expected}), its columns are {there}"
        name = self.id_of(names)
        for column in (*texts, *([] if name is None else [name])):
            if names.count(column) != 1:
                return f"has not exactly one {quote(column)}, its columns are {there}"
        return ""


def _present(wanted: tuple[str, ...], names: Collection[str]) -> tuple[str, ...]:
    """Get those columns that are there, in any letter case; exactly these first."""
    by_case = {name.lower(): name for name in reversed(list(names))}
    found = (name if name in names else by_case.get(name) for name in wanted)
    return tuple(name for name in found if name is not None)


COLUMNS = Columns()


@dataclass(frozen=True)
class Row:
    """What a document was made of: `Document.origin` for rows.

    values (dict[str, Any]): The values as read, in order.
    used (tuple[str, ...]): The columns of the id and of the texts.
    annotated (tuple[str, ...]): The keys that mentions were read from.
    """

    values: dict[str, Any]
    used: tuple[str, ...] = ()
    annotated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a row stands in its file.

    source (Source): The file; takes the problems.
    number (int): The number of the row or of its line, from 1.
    lines (bool): Whether that is the number of a line.
    """

    source: Source
    number: int
    lines: bool

    @property
    def name(self) -> str:
        """The id of a row without one: the file's name and the number."""
        return f"{bare_name(self.source.path).stem}-{self.number}"

    def problem(
        self, message: str, *, document: str | None = None, lost: bool = True
    ) -> None:
        """Tell one problem of the row; see `Source.problem`.

        message (str): What the row "has" and what was done about it.
        document (str | None): The id of its document.
        lost (bool): Whether anything was left out because of it.
        """
        row = "the row" if self.lines else f"row {self.number}"
        line = self.number if self.lines else None
        self.source.problem(f"{row} {message}", line=line, document=document, lost=lost)


def read_rows(
    rows: Iterable[tuple[int, dict[str, Any]]],
    columns: Columns,
    source: Source,
    *,
    lines: bool,
) -> Iterator[Document]:
    """Make documents of the rows of one file.

    rows (Iterable[tuple[int, dict[str, Any]]]): Each with its number, from 1.
    columns (Columns): Which values make the documents.
    source (Source): Takes the problems.
    lines (bool): Whether the numbers are those of lines.
    YIELDS (Document): One for each row, but for those that are reported and skipped.
    """
    told: set[str] = set()

    def once(place: Place, what: str, message: str) -> None:
        if what not in told:
            told.add(what)
            place.problem(message, lost=False)

    for number, values in rows:
        place = Place(source, number, lines)
        column = columns.id_of(values)
        if column is None or values.get(column) in (None, ""):
            once(
                place,
                ID_COLUMNS[0],
                f"has no {quote(column or ' or '.join(ID_COLUMNS))}; a document "
                f"without an id is called after the file and numbered ({place.name}), "
                f"this is said once; --id-column names another column",
            )
        for key in looks_like_mentions(values):
            once(
                place,
                key,
                f"has {quote(key)}, which looks like annotation but is not read "
                f"(reported once); see the formats of annotation that are",
            )
        document = row_document(values, columns, place)
        if document is not None:
            yield document


def row_document(
    values: dict[str, Any], columns: Columns, place: Place
) -> Document | None:
    """Make a document of one row.

    values (dict[str, Any]): The values by column; kept as the origin and not changed.
    columns (Columns): Which of them make the document.
    place (Place): Where the row stands; takes the problems.
    RETURNS (Document | None): One passage for each text column, whose kind is the name
        of the column, with one character between them; null is no text. The mentions
        are those of all keys that `read_mentions` knows, with offsets in the joined
        text. None if the row was reported and is skipped.
    """
    fault = ""
    id_column = columns.id_of(values)
    name = None if id_column is None else values.get(id_column)
    if name is None or name == "":
        name = place.name
    elif isinstance(name, bool) or not isinstance(name, (int, str)):
        fault = (
            f"has a {quote(str(id_column))} that is neither a string nor a whole number"
        )
    names = columns.of(values)
    if not names:
        expected = ", ".join(columns.text or TEXT_COLUMNS)
        fault = f"has no column of text ({expected})"
    texts: list[tuple[str, str]] = []
    for column in names:
        text = values.get(column)
        if column not in values:
            fault = f"has no {quote(column)}"
        elif text is not None and not isinstance(text, str):
            fault = f"has a {quote(column)} that is no string"
        else:
            texts.append((column, text or ""))
    if values.get(ANSWER) in NOT_ACCEPTED and isinstance(values.get("spans"), list):
        fault = f"has the answer {quote(values[ANSWER])}, so its annotation is wrong"
    if fault:
        place.problem(f"{fault}; it is left out, the others are read")
        return None
    document = Document(str(name), adjoining(texts))
    used = (*([] if id_column is None else [id_column]), *names)

    def report(fault: Fault) -> None:
        place.problem(f"has {fault.message}", document=document.id, lost=fault.lost)

    document.mentions, keys = read_mentions(values, document.text, report)
    document.origin = Row(values, used, keys)
    return document
