"""Rows of named values, from JSON lines or Parquet, as documents."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .compression import bare_name
from .document import Document, Mention, adjoining
from .source import Source, quote

# The columns that hold text where none are named, in the order of the passages.
TEXT_COLUMNS = ("title", "abstract", "text")
# The key of a row whose value is a list of mentions.
ENTITIES = "entities"
# The keys of an entity that are read.
FIELDS = ("start", "end", "text", "type", "task", "score", "id")


@dataclass(frozen=True)
class Columns:
    """Which values of a row make a document.

    id (str): The column of the identifier.
    text (tuple[str, ...] | None): The columns of the passages, in order; None takes
        those of TEXT_COLUMNS that a row has.
    """

    id: str = "id"
    text: tuple[str, ...] | None = None

    def of(self, names: Container[str]) -> tuple[str, ...]:
        """Get the text columns of one row or file.

        names (Container[str]): The columns that it has.
        RETURNS (tuple[str, ...]): The named columns, whether it has them or not.
        """
        if self.text is not None:
            return self.text
        return tuple(name for name in TEXT_COLUMNS if name in names)


COLUMNS = Columns()


@dataclass(frozen=True)
class Row:
    """What a document was made of: `Document.origin` for rows.

    values (dict[str, Any]): The values as read, in order.
    used (tuple[str, ...]): The columns of the id and of the texts.
    """

    values: dict[str, Any]
    used: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entity:
    """What an entity has beyond a mention: `Mention.origin` for rows.

    further (dict[str, Any]): Its other values, in order.
    """

    further: dict[str, Any]


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
    told = False
    for number, values in rows:
        place = Place(source, number, lines)
        if not told and values.get(columns.id) in (None, ""):
            told = True
            place.problem(
                f"has no {quote(columns.id)}; a document without an id is called after "
                f"the file and numbered ({place.name}), this is said once",
                lost=False,
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
        are those of the key "entities", with offsets in the joined text. None if the
        row was reported and is skipped.
    """
    fault = ""
    name = values.get(columns.id)
    if name is None or name == "":
        name = place.name
    elif isinstance(name, bool) or not isinstance(name, (int, str)):
        fault = f"has a {quote(columns.id)} that is neither a string nor a whole number"
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
    if fault:
        place.problem(f"{fault}; it is left out, the others are read")
        return None
    document = Document(str(name), adjoining(texts))
    document.origin = Row(values, (columns.id, *names))
    document.mentions = list(_mentions(values.get(ENTITIES), document, place))
    return document


def _mentions(entities: Any, document: Document, place: Place) -> Iterator[Mention]:
    if entities is None:
        return
    if not isinstance(entities, list):
        place.problem(
            f"has {quote(ENTITIES)} that are no list; they are not read",
            document=document.id,
        )
        return
    text = document.text
    for number, entity in enumerate(entities, 1):
        try:
            mention = _mention(entity, text)
        except ValueError as error:
            place.problem(
                f"has an entity (number {number}) {error}; it is left out",
                document=document.id,
            )
            continue
        there = text[mention.start : mention.end]
        if mention.text != there:
            place.problem(
                f"has an entity (number {number}) whose text {quote(mention.text)} is "
                f"not that at {mention.start} to {mention.end}, {quote(there)}; the "
                f"offsets count",
                document=document.id,
                lost=False,
            )
        yield mention


def _mention(entity: Any, text: str) -> Mention:
    """Check one entity; a ValueError says what is wrong with it."""
    if not isinstance(entity, dict):
        raise ValueError("that is no object")
    start, end = entity.get("start"), entity.get("end")
    if type(start) is not int or type(end) is not int:
        raise ValueError("whose start or end is no whole number")
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"whose offsets {quote(f'{start} to {end}')} are not in the text, which is "
            f"{len(text)} characters long"
        )
    if not isinstance(entity.get("type"), str):
        raise ValueError("whose type is no string")
    identifier = entity.get("id")
    if type(identifier) is int:
        identifier = str(identifier)
    stated, task = entity.get("text", text[start:end]), entity.get("task")
    for key, value in (("text", stated), ("id", identifier), ("task", task)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"whose {key} is no string")
    further = {key: value for key, value in entity.items() if key not in FIELDS}
    return Mention(
        start,
        end,
        text[start:end] if stated is None else stated,
        entity["type"],
        identifier,
        _score(entity.get("score")),
        task,
        origin=Entity(further) if further else None,
    )


def _score(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Of NaN and of whole numbers that no float can hold this is false.
    if not number or not abs(value) <= sys.float_info.max:
        raise ValueError("whose score is no finite number")
    return float(value)
