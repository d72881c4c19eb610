"""Files of any format: which one it is, its documents, and writing to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import AionerError, Report, raise_problem
from .bioc_document import Header
from .bioc_json import BioCJSONWriter, read_bioc_json, read_json_header
from .bioc_xml import BioCXMLWriter, read_bioc_xml, read_xml_header
from .compression import bare_name, compress, decompress
from .document import Document
from .jats import read_jats
from .jsonl import JSONLWriter, read_jsonl
from .markup import watch_markup
from .parquet import ParquetWriter, read_parquet
from .pubmed_xml import read_pubmed_xml
from .pubtator import PubTatorWriter, read_pubtator
from .rows import Columns
from .sink import replace_file
from .source import BOM, Source, open_stored
from .text import TextWriter, read_text

READERS: dict[str, Callable[..., Iterator[Document]]] = {
    "pubtator": read_pubtator,
    "bioc-xml": read_bioc_xml,
    "bioc-json": read_bioc_json,
    "pubmed-xml": read_pubmed_xml,
    "jats": read_jats,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "text": read_text,
}
FORMATS = tuple(READERS)
# Formats that have named columns.
ROWS = ("jsonl", "parquet")
# The formats that can be written, each with the suffix of a new file.
WRITABLE = {
    "pubtator": ".pubtator",
    "bioc-xml": ".xml",
    "bioc-json": ".json",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "text": ".txt",
}
SUFFIXES = {
    ".pubtator": "pubtator",
    ".xml": "bioc-xml",
    ".nxml": "jats",
    ".json": "bioc-json",
    ".jsonl": "bioc-json",
    ".ndjson": "bioc-json",
    ".parquet": "parquet",
}
# How much of a file is looked at to tell its format.
PEEK = 8192
TITLE = re.compile(rb"(?:[ \t\r]*\n|#[^\n]*\n)*[^\t|\n]*\|t\|")
JSON = re.compile(rb"(?:\[\s*)?\{\s*[\"}]")
BIOC_KEY = re.compile(rb'"(?:passages|documents|PubTator3)"\s*:')
ROOTS = {
    "bioc-xml": re.compile(rb"<!DOCTYPE\s+collection\b|<collection\b"),
    "pubmed-xml": re.compile(rb"<PubmedArticleSet\b|<Pubmed(?:Book)?Article\b"),
    "jats": re.compile(
        rb"<!DOCTYPE\s+(?:pmc-)?articles?(?:et)?\b|<article\b|"
        rb"<pmc-articleset\b|<articles\b"
    ),
}
XML = re.compile(rb"<\?xml\s|<!DOCTYPE\s+collection\b|<collection\b")


class Writer(Protocol):
    """What writes documents of one format."""

    def write(self, document: Document) -> None: ...

    def close(self) -> None: ...


def detect_format(path: str | Path) -> str:
    """Tell the format of a file by its suffix, or else by how it begins.

    path (str | Path): The file.
    RETURNS (str): One of FORMATS; "text" if the content is of no other.
    RAISES (AionerError): If the file cannot be read.
    """
    try:
        with decompress(open_stored(path), path) as stream:
            data = stream.read(PEEK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AionerError(
            f"{path}: cannot be read ({reason}); check the path and the permissions"
        ) from None
    suffix = bare_name(path).suffix.lower()
    start = data.removeprefix(BOM).lstrip()
    if suffix in (".jsonl", ".ndjson") and start:
        # One line of the file: an object of BioC, or a row.
        line = start.partition(b"\n")[0]
        return "bioc-json" if BIOC_KEY.search(line) else "jsonl"
    known = SUFFIXES.get(suffix)
    if known not in (None, "bioc-xml"):
        return known
    if known is None and TITLE.match(data.removeprefix(BOM)):
        return "pubtator"
    if known or start.startswith(b"<"):
        roots = [(m.start(), f) for f, r in ROOTS.items() if (m := r.search(start))]
        if roots:
            return min(roots)[1]
    if known or XML.match(start):
        return "bioc-xml"
    return "bioc-json" if JSON.match(start) else "text"


def read_documents(
    path: str | Path,
    *,
    format: str | None = None,
    columns: Columns | None = None,
    markup: bool = False,
    report: Report = raise_problem,
) -> Iterator[Document]:
    """Read a file of any format one document after the other.

    path (str | Path): The file.
    format (str | None): One of FORMATS; by default it is told from the file.
    columns (Columns | None): What the columns of JSONL and Parquet are called.
    markup (bool): Whether the texts hold HTML or XML. Documents stay as they are
        stored; a pipeline reads the text of the markup (see `PlainDocument`).
    report (Report): Takes each problem; by default the first loss raises.
    RETURNS (Iterator[Document]): The documents.
    RAISES (AionerError): If there is no such format.
    """
    if format is None:
        try:
            format = detect_format(path)
        except AionerError:
            # Every reader reports the same problem when it opens the file.
            format = "text"
    if format not in FORMATS:
        raise AionerError(
            f"there is no format {format!r}; take one of {', '.join(FORMATS)}"
        )
    options = {"columns": columns} if format in ROWS and columns is not None else {}
    documents = READERS[format](path, report=report, **options)
    if markup:
        return (replace(document, markup=True) for document in documents)
    return watch_markup(documents, Source(path, report))


@contextmanager
def open_writer(
    path: str | Path,
    format: str,
    *,
    like: str | Path | None = None,
    keep: bool = False,
    report: Report = raise_problem,
) -> Iterator[Writer]:
    """Open a file to write documents to; it takes its name only when all went well.

    path (str | Path): The file. One that exists is replaced, the file `like` too. Its
        suffix tells whether it is compressed.
    format (str): One of WRITABLE.
    like (str | Path | None): The file that the documents are from: its BioC header, the
        shape of its JSON and its line ends are taken over.
    keep (bool): BioC only: whether annotations that are no mentions, such as those with
        several locations, are written as well.
    report (Report): Takes each mention that cannot be written.
    YIELDS (Writer): Takes the documents by `write`.
    RAISES (AionerError): If there is no such format, or the file cannot be written.
    """
    if format not in WRITABLE:
        raise AionerError(
            f"there is no format {format!r} to write; take one of {', '.join(WRITABLE)}"
        )
    frame = Frame()
    with suppress(AionerError):  # The reader of the documents will say why.
        if like is not None and detect_format(like) == format:
            frame = frame_of(like, format)
    with replace_file(path) as stream, compress(stream, path) as packed:
        writer = make_writer(
            packed, format, path=path, frame=frame, keep=keep, report=report
        )
        yield writer
        writer.close()


@dataclass(frozen=True)
class Frame:
    """What a new file takes over from the file that its documents are from."""

    header: Header | None = None
    crlf: bool = False


def frame_of(like: str | Path, format: str) -> Frame:
    """Read what a new file takes over from one of the same format.

    like (str | Path): The file that the documents are from.
    format (str): The format of both.
    RETURNS (Frame): What a writer takes.
    """

    def silent(problem: object) -> None:
        """Leave it to the reader of the documents to report."""

    if format == "pubtator":
        return Frame(crlf=_has_crlf(like))
    if format == "bioc-xml":
        return Frame(header=read_xml_header(like, report=silent))
    if format == "bioc-json":
        return Frame(header=read_json_header(like, report=silent))
    return Frame()


def _has_crlf(path: str | Path) -> bool:
    # That a file breaks off is for the reader of its documents to report.
    with suppress(OSError), decompress(open_stored(path), path) as stream:
        while piece := stream.readline(1 << 20):
            if piece.endswith(b"\n"):
                return piece.endswith(b"\r\n")
    return False


def make_writer(
    stream: BinaryIO,
    format: str,
    *,
    path: str | Path,
    frame: Frame,
    keep: bool = False,
    report: Report = raise_problem,
) -> Writer:
    """Make a writer to an open stream; see `open_writer`.

    stream (BinaryIO): Where to write.
    format (str): One of WRITABLE.
    path (str | Path): The name of that place, for problems.
    frame (Frame): What is taken over from the file that the documents are from.
    keep (bool): Whether annotations of BioC that are no mentions are written as well.
    report (Report): Takes each mention that cannot be written.
    RETURNS (Writer): Takes the documents by `write`; `close` ends the file.
    """
    if format == "pubtator":
        return PubTatorWriter(stream, path=path, crlf=frame.crlf, report=report)
    if format in ("bioc-xml", "bioc-json"):
        make = BioCXMLWriter if format == "bioc-xml" else BioCJSONWriter
        return make(stream, path=path, header=frame.header, keep=keep, report=report)
    plain: dict[str, Callable[..., Writer]]
    plain = {"text": TextWriter, "jsonl": JSONLWriter, "parquet": ParquetWriter}
    return plain[format](stream, path=path, report=report)
