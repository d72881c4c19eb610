"""Reading texts from Parquet files, and writing mentions as a Parquet table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import AionerError, Report, raise_problem
from .document import Document, Places
from .row_mentions import KEYS
from .rows import COLUMNS, Columns, read_rows
from .source import Source, quote

# How many rows are read at once: a group of rows may be as large as a file.
BATCH = 128
# Groups of rows up to this size are read column by column as a whole, larger ones
# through a buffer; see `read_parquet` for what that means.
MAX_GROUP = 64 << 20
BUFFER = 1 << 20
# How many mentions are held until they are written as one group of rows.
ROW_GROUP = 65_536
MAX_OFFSET = (1 << 63) - 1
# The columns of the table of mentions.
FIELDS = ("document", "start", "end", "text", "type", "task", "score", "id")
NULLABLE = ("task", "score", "id")


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise AionerError(
            "Parquet needs pyarrow: install the extra `parquet` "
            "(pip install 'spacy-aioner[parquet]')."
        ) from None
    return pyarrow


def read_parquet(
    path: str | Path, *, columns: Columns = COLUMNS, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a Parquet file one document after the other.

    Memory does not grow with the file. But of a file with a group of rows larger than
    MAX_GROUP, a single damaged page can make pyarrow take as much as it claims to
    need, up to 2 GiB, before it finds the damage.

    path (str | Path): The file; of it only the columns of the id and the texts are
        read, a few rows at a time.
    columns (Columns): Which columns these are.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each row; see `row_document`.
    RAISES (AionerError): If pyarrow is not installed.
    """
    arrow = _pyarrow()
    source = Source(path, report)
    stream = source.open()
    if stream is None:
        return
    with stream:
        rows = _rows(arrow, stream, columns, source)
        yield from read_rows(rows, columns, source, lines=False)


def _rows(
    arrow: Any, stream: BinaryIO, columns: Columns, source: Source
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the values of each row that can be read with the row's number."""
    try:
        file = arrow.parquet.ParquetFile(stream, pre_buffer=False)
        schema = file.schema_arrow
        info = file.metadata
        groups = [info.row_group(number) for number in range(info.num_row_groups)]
        large = any(group.total_byte_size > MAX_GROUP for group in groups)
        # A text that is stored once stays so, however many rows have it.
        file = arrow.parquet.ParquetFile(
            stream,
            metadata=info,
            read_dictionary=[f.name for f in schema if _is_text(arrow, f.type)],
            buffer_size=BUFFER if large else 0,
            pre_buffer=False,
        )
    except Exception as error:
        # A broken file gives errors of many kinds, here and below.
        source.problem(
            f"cannot be read as a Parquet file ({_reason(error)}); it is left out"
        )
        return
    if fault := _fault(arrow, schema, columns):
        source.problem(f"{fault}; the file is left out")
        return
    names = _wanted(schema, columns)
    for name in schema.names:
        if name in KEYS and name not in names:
            source.problem(f"annotation in {quote(name)} is not read", lost=False)
    for first, batch in _batches(file, names, source):
        arrays = {name: batch.column(name) for name in names}
        for index in range(batch.num_rows):
            try:
                values = {name: array[index].as_py() for name, array in arrays.items()}
            except (UnicodeDecodeError, IndexError) as error:
                fault = "damaged"
                if isinstance(error, UnicodeDecodeError):
                    fault = "not valid UTF-8"
                source.problem(
                    f"row {first + index} is {fault}; it is left out, the others are "
                    f"read"
                )
                continue
            yield first + index, values


def _batch_size(group: Any, names: list[str]) -> int:
    """Choose how many rows are read at once, by their size."""
    columns = [group.column(number) for number in range(group.num_columns)]
    wanted = [each for each in columns if each.path_in_schema.split(".")[0] in names]
    size = sum(each.total_uncompressed_size for each in wanted)
    return max(1, min(BATCH, MAX_GROUP * int(group.num_rows) // max(int(size), 1)))


def _batches(file: Any, names: list[str], source: Source) -> Iterator[tuple[int, Any]]:
    """Yield a few rows at a time with the number of the first; from 1."""
    last = 0
    for group in range(file.num_row_groups):
        number, last = last + 1, last + file.metadata.row_group(group).num_rows
        fault = ""
        try:
            size = _batch_size(file.metadata.row_group(group), names)
            for batch in file.iter_batches(size, [group], names, use_threads=False):
                yield number, batch
                number += batch.num_rows
        except Exception as error:
            fault = _reason(error)
        if number <= last:
            source.problem(
                f"the rows {number} to {last} are damaged ({fault or 'missing'}); they "
                f"are left out, the others are read"
            )
    stated = file.metadata.num_rows
    if last != stated:
        source.problem(
            f"has {last} rows in its groups where its end says {stated}; it is damaged "
            f"and rows may be missing, those that are there are read"
        )
    elif not stated:
        source.problem("holds no rows; nothing is read", lost=False)


def _fault(arrow: Any, schema: Any, columns: Columns) -> str:
    """Tell what keeps the columns of a file from being read."""
    if tuple(schema.names) == FIELDS:
        return "is a table of mentions as written here, which holds no whole texts"
    if fault := columns.fault(schema.names):
        return fault
    for name in _wanted(schema, columns):
        kind = schema.field(name).type
        if _is_text(arrow, kind):
            continue
        if name in columns.of(schema.names):
            return f"has a column {quote(name)} of {kind} where strings are expected"
        if not arrow.types.is_integer(kind):
            return (
                f"has a column {quote(name)} of {kind} where strings or whole numbers "
                f"are expected"
            )
    return ""


def _wanted(schema: Any, columns: Columns) -> list[str]:
    """Get the columns that are read, each once."""
    name = columns.id_of(schema.names)
    first = [] if name is None else [name]
    return list(dict.fromkeys((*first, *columns.of(schema.names))))


def _is_text(arrow: Any, kind: Any) -> bool:
    """Whether values of a type are strings, or null alone."""
    types = arrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        check(kind)
        for check in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_null,
        )
    )


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return quote(lines[0]) if lines else type(error).__name__


class ParquetWriter:
    """Writes the mentions of documents as a Parquet table, one row each.

    The columns are document (the id), start, end (in the coordinates of the document's
    passages), text, type, task, score and id (the concept); the last three may be
    null. Equal mentions give equal bytes with the same version of pyarrow.

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    report (Report): Takes each mention that cannot be written.
    RAISES (AionerError): If pyarrow is not installed.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        path: str | Path = "",
        report: Report = raise_problem,
    ) -> None:
        self.source = Source(path, report)
        self._arrow = arrow = _pyarrow()
        kinds = {"start": arrow.int64(), "end": arrow.int64(), "score": arrow.float32()}
        self._schema = arrow.schema(
            arrow.field(name, kinds.get(name, arrow.string()), name in NULLABLE)
            for name in FIELDS
        )
        self._file = arrow.parquet.ParquetWriter(stream, self._schema)
        self._rows: list[tuple[Any, ...]] = []

    def write(self, document: Document) -> None:
        """Write the mentions of one document.

        document (Document): The document; its text is not written.
        """
        places = Places(document.passages)
        for mention in document.mentions:
            text = places.text(mention.start, mention.end, mention.passage)
            if text is None:
                self.source.misplaced(mention, document.id)
                continue
            if mention.end > MAX_OFFSET:
                self.source.problem(
                    f"the mention {quote(mention.text)} at {mention.start} to "
                    f"{mention.end} is too far from its start; it is left out",
                    document=document.id,
                )
                continue
            self._rows.append(
                (
                    _whole(document.id),
                    mention.start,
                    mention.end,
                    _whole(text),
                    _whole(mention.type),
                    None if mention.task is None else _whole(mention.task),
                    mention.score,
                    None if mention.id is None else _whole(mention.id),
                )
            )
            if len(self._rows) == ROW_GROUP:
                self._write_group()

    def close(self) -> None:
        """Write what is held and the end of the file."""
        if self._rows:
            self._write_group()
        self._file.close()

    def __del__(self) -> None:
        # One that was given up would write its end to a stream that is closed by then.
        if hasattr(self, "_file"):
            self._file.is_open = False

    def _write_group(self) -> None:
        arrays = [
            self._arrow.array(values, field.type)
            for values, field in zip(
                zip(*self._rows, strict=True), self._schema, strict=True
            )
        ]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._file.write_table(table, row_group_size=ROW_GROUP)
        self._rows = []


def _whole(text: str) -> str:
    """Put a question mark in the place of each half character."""
    return text.encode("utf-8", "replace").decode("utf-8")
