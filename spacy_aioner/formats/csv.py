"""Reading tables of texts: comma-, TAB- or semicolon-separated values."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Report, raise_problem
from .document import Document
from .rows import COLUMNS, Columns, read_rows
from .source import Source

DELIMITERS = (",", "\t", ";")
# A row of more characters is left out: a quotation mark that is never closed must not
# take in the rest of the file.
MAX_ROW = 16 << 20


def read_csv(
    path: str | Path, *, columns: Columns = COLUMNS, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a table one document after the other.

    path (str | Path): The file, in UTF-8. The first row names the columns; what parts
        them, a comma, a TAB or a semicolon, is told from it. A value that holds this
        sign, a quotation mark or a line break stands in quotation marks.
    columns (Columns): Which columns hold the id and the texts.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each row; see `row_document`.
    """
    source = Source(path, report)
    yield from read_rows(_rows(source, columns), columns, source, lines=True)


def _rows(source: Source, columns: Columns) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the values of each row by column, with the number of its first line."""
    stream = source.open()
    if stream is None:
        return
    lines = _Lines(source, source.lines(stream))
    with stream:
        try:
            names: list[str] | None = None
            found = False
            for number, cells in _cells(lines, source):
                if names is None:
                    names = [name.strip() for name in cells]
                    if fault := columns.fault(names):
                        source.problem(
                            f"{fault}; the file is left out, its first line must name "
                            f"the columns",
                            line=number,
                        )
                        return
                    continue
                found = True
                if len(cells) != len(names):
                    source.problem(
                        f"the row has {len(cells)} values for {len(names)} columns; it "
                        f"is left out, the others are read",
                        line=number,
                    )
                else:
                    yield number, dict(zip(names, cells, strict=True))
        except OSError as error:
            source.unreadable(error, line=lines.number + 1)
            return
    if not found and not lines.refused:
        source.problem("holds no rows; nothing is read", lost=False)


def _cells(lines: _Lines, source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield the values of each row that can be read."""
    # The limit is one for all of Python: it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
    try:
        first = lines.peek()
        if first is None:
            return
        delimiter = max(DELIMITERS, key=lambda sign: _width(first, sign))
    except (csv.Error, ValueError) as error:
        lines.refused = True
        source.problem(
            f"its first row cannot be read ({error}); the file is left out",
            line=lines.start,
        )
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, ValueError) as error:
            source.problem(
                f"the row cannot be read ({error}); it is left out, the others are "
                f"read",
                line=lines.start,
            )
            lines.give_back()
            continue
        if cells:
            yield lines.start, cells


def _width(line: str, delimiter: str) -> int:
    """Count the columns that a line would have."""
    return len(next(csv.reader([line], delimiter=delimiter), []))


class _Lines:
    """Gives the lines of a file, and those of a broken row again but for its first.

    So a quotation mark too many costs one row and not all up to the next one.

    source (Source): The file; takes the problems.
    lines (Iterator[tuple[int, bytes | None]]): Its lines with their numbers, from 1.
    """

    def __init__(
        self, source: Source, lines: Iterator[tuple[int, bytes | None]]
    ) -> None:
        self._source = source
        self._lines = lines
        self._again: deque[tuple[int, str | ValueError]] = deque()
        self._row: list[tuple[int, str | ValueError]] = []
        self._size = 0
        self.number = 0  # The last line that was read.
        self.refused = False  # Whether the file was reported as a whole.

    @property
    def start(self) -> int:
        """The line at which the row begins."""
        return self._row[0][0] if self._row else self.number

    def begin(self) -> None:
        """Begin a new row."""
        self._row, self._size = [], 0

    def give_back(self) -> None:
        """Give all lines of the row but the first once more."""
        self._again.extendleft(reversed(self._row[1:]))

    def peek(self) -> str | None:
        """Look at the first line that is not empty; a ValueError as in `__next__`."""
        for line in self:
            if line.strip():
                self._again.append(self._row[-1])
                return line
        return None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Get the next line; a ValueError says what is wrong with it."""
        number, line = self._again.popleft() if self._again else self._read()
        self._row.append((number, line))
        if isinstance(line, ValueError):
            raise line
        self._size += len(line)
        if self._size > MAX_ROW:
            raise ValueError(f"it is longer than {MAX_ROW >> 20} MiB")
        return line

    def _read(self) -> tuple[int, str | ValueError]:
        for number, data in self._lines:
            self.number = number
            if number == 1 and data is not None:
                data = self._source.first_line(data)
                self.refused = data is None
            if self.refused:
                break
            if data is None:
                continue
            try:
                return number, data.decode("utf-8")
            except UnicodeDecodeError as error:
                reason = f"it is not valid UTF-8, {error.reason}"
                return number, ValueError(reason)
        raise StopIteration
