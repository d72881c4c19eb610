"""Cutting a PubTator file into records, with nothing of it lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from .source import BOM, MAX_LINE, UTF_16, Source

# A relation has four columns, or five with its novelty.
RELATION_TABS = (3, 4)
TEXT_LINE = re.compile(r"([^\t|]*)\|([ta])\|")
# A record with more lines is left out: memory stays bounded whatever a file holds.
MAX_LINES = 200_000
# What stands behind the id of a mention whose TABs are spaces.
SPACED = re.compile(r" +[0-9]+ +[0-9]+ ")
# The beginning of another line behind a CR, which is no line end here.
AFTER_CR = re.compile(r"\r(?:[^\t|\r]*\|[ta]\||[^\t|\r]*\t[0-9]+\t[0-9]+\t)")


@dataclass
class PubTatorRecord:
    """The lines of a record that are no mentions: `Document.origin` for PubTator.

    before (list[str]): Comments and blank lines before the title line; only the
        first record of a file has any.
    between (list[str]): The lines between the title line and the abstract line.
    others (list[tuple[int, str]]): Relations, comments and lines of an unknown form,
        each with the number of mentions that stand before it.
    after (list[str]): The blank line that ends the record and what follows it.
    abstract (bool): Whether the record has an abstract line.
    terminated (bool): Whether the last line ends with a line break.
    concepts (set[str]): The identifiers of the mentions that were read.
    """

    before: list[str] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    abstract: bool = False
    terminated: bool = True
    concepts: set[str] = field(default_factory=set)


@dataclass
class RawRecord:
    """A record as its lines come in.

    id (str): The id in the title line.
    line (int): The number of the title line.
    title (list[str]): The text of the title line, and lines that continue it.
    record (PubTatorRecord): What a writer needs beyond text and mentions.
    abstract (list[str] | None): Those of the abstract, if there is an abstract line.
    lines (list[tuple[int, str]]): All other lines, each with its number.
    decodable (bool): Whether every line is valid UTF-8 and a single one, and neither
        one nor all of them are too long; if not, that was reported.
    count, size (int): How many lines there are up to now, and their characters.
    closed (bool): Whether the blank line that ends the record has come.
    in_text (bool): Whether the last line was text, which the next one may continue.
    wrapped (int | None): The number of the first line that continues the text of the
        line before it.
    """

    id: str
    line: int
    title: list[str]
    record: PubTatorRecord
    abstract: list[str] | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)
    decodable: bool = True
    count: int = 0
    size: int = 0
    closed: bool = False
    in_text: bool = True
    wrapped: int | None = None


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    decodable: bool
    terminated: bool
    utf_16: bool = False
    too_long: bool = False

    @property
    def blank(self) -> bool:
        return not self.too_long and not self.text.strip(" \t")

    @property
    def comment(self) -> bool:
        return self.text.startswith("#")


def _lines(stream: BinaryIO, source: Source) -> Iterator[_Line]:
    carriage_returns = False
    for number, data in source.lines(stream):
        if data is None:
            yield _Line(number, "", False, True, too_long=True)
            continue
        if number == 1 and data.startswith(BOM):
            data = data[len(BOM) :]
            source.problem(
                "the file begins with a byte order mark, which is left off",
                line=1,
                lost=False,
            )
        utf_16 = number == 1 and data.startswith(UTF_16)
        terminated = data.endswith(b"\n")
        if data.endswith(b"\r\n"):
            data = data[:-2]
            if not carriage_returns:
                carriage_returns = True
                source.problem(
                    "lines end with CR LF, which is read like LF; this is said once",
                    line=number,
                    lost=False,
                )
        elif terminated:
            data = data[:-1]
        try:
            yield _Line(number, data.decode("utf-8"), True, terminated)
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
            yield _Line(number, text, False, terminated, utf_16)


def read_records(stream: BinaryIO, source: Source) -> Iterator[RawRecord]:
    """Cut a PubTator file into records, one in memory at a time.

    stream (BinaryIO): The open file.
    source (Source): The same file, to report problems of.
    YIELDS (RawRecord): Each record, the undecodable ones among them.
    """
    raw: RawRecord | None = None
    before: list[str] = []
    stray = titles = False
    last: _Line | None = None
    lines = _lines(stream, source)
    while True:
        try:
            line = next(lines, None)
        except OSError as error:
            source.unreadable(error, line=last.number if last else 1)
            if raw is not None and not raw.closed:
                source.problem(
                    "its record breaks off; it is left out",
                    line=raw.line,
                    document=raw.id,
                )
                raw = None
            break
        if line is None:
            break
        if line.utf_16:
            source.problem(
                "is not UTF-8 but begins with the byte order mark of UTF-16; the file "
                "is left out, convert it to UTF-8",
                line=line.number,
            )
            return
        last = line
        match = None if line.comment else TEXT_LINE.match(line.text)
        if match and match[2] == "t":
            if raw is not None:
                yield raw
            raw = RawRecord(
                match[1],
                line.number,
                [line.text[match.end() :]],
                PubTatorRecord(before=before),
            )
            before, stray, titles = [], False, True
            _check_bytes(raw, line, source)
        elif raw is None or raw.closed:
            if line.decodable and (line.blank or line.comment):
                between = before if raw is None else raw.record.after
                between.append(line.text)
                stray = stray and not line.blank
                if len(between) > MAX_LINES:
                    source.problem(
                        f"more than {MAX_LINES:,} lines that are no record stand here; "
                        "they are left out",
                        line=line.number,
                    )
                    between.clear()
            elif not stray:
                stray = True
                source.problem(
                    "no title line (ID|t|...) stands before this line; it and what "
                    "follows up to the next title or blank line is left out",
                    line=line.number,
                )
        elif line.blank:
            raw.closed = True
            raw.record.after.append(line.text)
        elif _check_bytes(raw, line, source):
            _add(raw, line, match, source)
    if raw is not None and last is not None:
        raw.record.terminated = last.terminated
        yield raw
    if not titles:
        source.problem(
            "holds no PubTator document: no line has the form ID|t|title; check "
            "that this is the right file"
        )


def _check_bytes(raw: RawRecord, line: _Line, source: Source) -> bool:
    if not line.decodable and raw.decodable:
        raw.decodable = False
        if line.too_long:
            return False  # That was told when the line was read.
        source.problem(
            "is not valid UTF-8; the document is left out, convert the file to UTF-8",
            line=line.number,
            document=raw.id,
        )
    elif raw.decodable and AFTER_CR.search(line.text):
        raw.decodable = False
        source.problem(
            "has line ends of CR alone; the document is left out, convert the line "
            "ends to LF",
            line=line.number,
            document=raw.id,
        )
    raw.count += 1
    raw.size += len(line.text)
    if raw.decodable and (raw.count > MAX_LINES or raw.size > MAX_LINE):
        raw.decodable = False
        source.problem(
            f"the record has more than {MAX_LINES:,} lines or {MAX_LINE >> 20} MiB; it "
            "is left out",
            line=raw.line,
            document=raw.id,
        )
        raw.lines.clear()
    return raw.decodable


def _is_text(text: str, record_id: str) -> bool:
    """Whether a line can be nothing but text: no comment, mention or relation.

    Those begin with the id of their record and a TAB, or have as many columns; a
    mention may have lost its TABs to spaces.
    """
    if text.startswith(("#", f"{record_id}\t")):
        return False
    if text.startswith(f"{record_id} ") and SPACED.match(text, len(record_id)):
        return False
    return text.count("\t") < min(RELATION_TABS)


def is_relation(line: str, record_id: str) -> bool:
    """Tell whether a line that is no mention is a relation.

    line (str): The line.
    record_id (str): The id of its record.
    RETURNS (bool): Whether it has the id and the columns of one.
    """
    return line.startswith(f"{record_id}\t") and line.count("\t") in RELATION_TABS


def _add(
    raw: RawRecord, line: _Line, match: re.Match[str] | None, source: Source
) -> None:
    """Add a line below the title line to its record."""
    if raw.in_text and match is None and _is_text(line.text, raw.id):
        (raw.title if raw.abstract is None else raw.abstract).append(line.text)
        if raw.wrapped is None:
            raw.wrapped = line.number
        return
    raw.in_text = False
    if match is None:
        raw.lines.append((line.number, line.text))
    elif match[1] != raw.id:
        source.problem(
            f"the abstract line names the document {match[1]!r}; the line is left out",
            line=line.number,
            document=raw.id,
        )
    elif raw.abstract is not None:
        source.problem(
            "a second abstract line in one record is left out",
            line=line.number,
            document=raw.id,
        )
    else:
        raw.abstract = [line.text[match.end() :]]
        raw.in_text = True
        # Only comments usually stand there; what else does is kept where it stood,
        # but mentions are parsed, so they move below the abstract.
        raw.record.between = [text for _, text in raw.lines if text.startswith("#")]
        raw.lines = [entry for entry in raw.lines if not entry[1].startswith("#")]
