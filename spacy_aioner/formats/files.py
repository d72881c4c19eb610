"""Files of any format: which one it is, its documents, and writing to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import AionerError, Problem, Report, raise_problem
from .archive import read_members
from .bioc_document import Header
from .bioc_json import BioCJSONWriter, read_bioc_json, read_json_header
from .bioc_xml import BioCXMLWriter, read_bioc_xml, read_xml_header
from .compression import compress, decompress
from .csv import read_csv
from .detect import ARCHIVE, UnknownFormat, detect_format, is_archive
from .document import Document
from .jats import read_jats
from .jsonl import JSONLWriter, read_jsonl
from .markup import watch_markup
from .nbib import read_nbib
from .parquet import ParquetWriter, read_parquet
from .pubmed_xml import read_pubmed_xml
from .pubtator import PubTatorWriter, read_pubtator
from .rows import COLUMNS, Columns
from .sink import replace_file
from .source import Source, open_stored
from .text import TextWriter, read_text


def read_archive(
    path: str | Path, *, columns: Columns = COLUMNS, report: Report = raise_problem
) -> Iterator[Document]:
    """Read the files of a tar or ZIP archive one document after the other.

    path (str | Path): The archive; see `read_members` for what is read of it.
    columns (Columns): What the columns of rows are called.
    report (Report): Takes each problem; those of a file name it behind the archive.
    YIELDS (Document): The documents of all files, each read by its own format.
    """
    for member in read_members(path, report=report):
        yield from read_documents(member, columns=columns, report=report)


READERS: dict[str, Callable[..., Iterator[Document]]] = {
    "pubtator": read_pubtator,
    "bioc-xml": read_bioc_xml,
    "bioc-json": read_bioc_json,
    "pubmed-xml": read_pubmed_xml,
    "jats": read_jats,
    "nbib": read_nbib,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "parquet": read_parquet,
    ARCHIVE: read_archive,
    "text": read_text,
}
FORMATS = tuple(READERS)
# Formats that have named columns, or may hold some that have.
ROWS = ("jsonl", "csv", "parquet", ARCHIVE)
# Formats that may hold annotation.
ANNOTATED = ("pubtator", "bioc-xml", "bioc-json", "jsonl", ARCHIVE)
# The formats that can be written, each with the suffix of a new file.
WRITABLE = {
    "pubtator": ".pubtator",
    "bioc-xml": ".xml",
    "bioc-json": ".json",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "text": ".txt",
}


class Writer(Protocol):
    """What writes documents of one format."""

    def write(self, document: Document) -> None: ...

    def close(self) -> None: ...


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
    columns (Columns | None): What the columns of JSONL, CSV and Parquet are called.
    markup (bool): Whether the texts hold HTML or XML. Documents stay as they are
        stored; a pipeline reads the text of the markup (see `PlainDocument`).
    report (Report): Takes each problem; by default the first loss raises.
    RETURNS (Iterator[Document]): The documents; none of a file of unknown format,
        which is reported.
    RAISES (AionerError): If there is no such format.
    """
    fault = ""
    if format is None:
        try:
            format = detect_format(path)
        except UnknownFormat as error:
            fault = error.reason
        except AionerError:
            # Every reader reports the same problem when it opens the file.
            format = "text"
    elif format != ARCHIVE and is_archive(path):
        fault = f"is an archive and not of the format {format}; leave out the format"
    if fault:
        report(Problem(str(path), f"{fault}; the file is left out"))
        return iter(())
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
