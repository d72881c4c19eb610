"""Reading MEDLINE files (".nbib"), as PubMed's website and efetch give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Report, raise_problem
from .citation import Abstract, choose_abstract, choose_title, left_out
from .compression import bare_name
from .document import Document, adjoining
from .source import MAX_LINE, Source, quote

FIELD = re.compile(r"(?:(PMID)-[ \t]?|([A-Z][A-Z0-9]{1,3})[ \t]{0,2}-(?:[ \t]|$))(.*)")
# Lines are broken at spaces and behind hyphens. A broken line that ends in a hyphen is
# the middle of a word, but for "pre- and postnatal".
HYPHEN = re.compile(r"\w-")
LINKED = re.compile(r"(?:and|or|to|und|et|y)\b")
IDS = ("PMID", "PMC")
TITLES = ("TI", "BTI", "CTI")
VERNACULAR, MAIN, OTHER, LANGUAGE = "TT", "AB", "OAB", "OABL"


@dataclass
class _Record:
    """A record as it is being read.

    line (int): Where it begins, from 1.
    fields (list[tuple[str, list[str]]]): Tags with the lines of their values.
    size (int): Characters up to now.
    """

    line: int
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def get(self, *tags: str) -> list[str]:
        """Get the values of some tags that are not empty, in the order of the tags."""
        values = [
            _join(lines) for tag in tags for name, lines in self.fields if name == tag
        ]
        return [value for value in values if value]


def read_nbib(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a MEDLINE file one document after the other.

    Of each record the id, title and abstract are read. Lines of a value are joined by
    spaces; one that ends in a hyphen is joined without, but before "and" and the like.
    Titles and further abstracts are chosen as in PubMed XML.

    path (str | Path): The file, in UTF-8.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each record: its id is the PMID, or else the PMC id, or
        the file's name and the number of the line. Its passages are the "title", maybe
        empty, and the "abstract", if there is one.
    """
    source = Source(path, report)
    told = False
    for record in _records(source):
        texts, further = _build(record)
        name = next(iter(record.get(*IDS)), "")
        if not name:
            name = f"{bare_name(path).stem}-{record.line}"
            source.problem(
                "has no PMID; it is called after the file and its line",
                line=record.line,
                document=name,
                lost=False,
            )
        if texts == [("title", "")]:
            source.problem(
                "has neither title nor abstract; it is read as a document without text",
                line=record.line,
                document=name,
                lost=False,
            )
        if further and not told:
            told = True
            message = left_out(further)
            source.problem(message, line=record.line, document=name, lost=False)
        yield Document(name, adjoining(texts))


def _build(record: _Record) -> tuple[list[tuple[str, str]], list[Abstract]]:
    """Get the kinds and texts of a record, and the abstracts that are left out."""
    title = next(iter(record.get(*TITLES)), "")
    title = choose_title(title, next(iter(record.get(VERNACULAR)), ""))
    others: list[Abstract] = []
    for tag, lines in record.fields:
        if tag == OTHER:
            others.append(Abstract((_join(lines),)))
        elif tag == LANGUAGE and others:
            others[-1] = Abstract(others[-1].parts, language=_join(lines))
    parts, further = choose_abstract(record.get(MAIN), others)
    return [("title", title), *(("abstract", part) for part in parts)], further


def _join(lines: list[str]) -> str:
    """Join the lines of one value."""
    text = ""
    for line in lines:
        broken = HYPHEN.fullmatch(text[-2:]) and not LINKED.match(line)
        gap = " " if text and not broken and not text.endswith(" ") else ""
        text += gap + line
    return text.strip()


def _records(source: Source) -> Iterator[_Record]:
    """Yield the records that are whole; report lines that belong to none."""
    stream = source.open()
    if stream is None:
        return
    number, found = 0, False
    record: _Record | None = None
    ended = False  # Whether an empty line came since the last field.
    with stream:
        try:
            for number, data in source.lines(stream):
                if number == 1 and data is not None:
                    data = source.first_line(data)
                    if data is None:
                        return
                line = _decode(data, source, number)
                if line is None or not line.strip():
                    ended = ended or line is not None
                    continue
                if line[0] in " \t" and record is not None and record.fields:
                    record.fields[-1][1].append(line.lstrip(" \t"))
                elif match := FIELD.fullmatch(line):
                    tag = match[1] or match[2]
                    begins = tag == IDS[0] and record and record.get(tag)
                    if record is not None and (ended or begins):
                        yield record
                        record = None
                    record = record or _Record(number)
                    record.fields.append((tag, [match[3]]))
                    found = True
                else:
                    source.problem(
                        f"the line {quote(line)} is neither a field nor part of one; "
                        f"it is left out",
                        line=number,
                    )
                    continue
                ended = False
                record.size += len(line)
                if record.size > MAX_LINE:
                    source.problem(
                        f"the record is longer than {MAX_LINE >> 20} MiB; this part "
                        f"of it is left out",
                        line=record.line,
                    )
                    record = None
        except OSError as error:
            source.unreadable(error, line=number + 1)
            return
    if record is not None:
        yield record
    if not found:
        source.problem("holds no record of MEDLINE; check that this is the right file")


def _decode(data: bytes | None, source: Source, number: int) -> str | None:
    """Read a line; None if it was reported and is left out."""
    if data is None:
        return None
    try:
        # A trailing space tells that the line was broken at it.
        line = data.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError as error:
        source.problem(
            f"the line is not valid UTF-8 ({error.reason}); it is left out", line=number
        )
        return None
    if "\r" in line:
        source.problem(
            "the line has line ends of CR alone; it is left out, convert them to LF",
            line=number,
        )
        return None
    return line
