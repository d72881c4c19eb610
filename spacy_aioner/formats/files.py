"""Files of any format: which one it is, its documents, and writing to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import AionerError, Report, raise_problem
from .bioc_document import Header
from .bioc_json import BioCJSONWriter, read_bioc_json, read_json_header
from .bioc_xml import BioCXMLWriter, read_bioc_xml, read_xml_header
from .document import Document
from .pubtator import PubTatorWriter, read_pubtator
from .sink import replace_file
from .source import BOM
from .text import TextWriter, read_text

FORMATS = ("pubtator", "bioc-xml", "bioc-json", "text")
SUFFIXES = {
    ".pubtator": "pubtator",
    ".xml": "bioc-xml",
    ".json": "bioc-json",
    ".jsonl": "bioc-json",
    ".ndjson": "bioc-json",
}
READERS: dict[str, Callable[..., Iterator[Document]]] = {
    "pubtator": read_pubtator,
    "bioc-xml": read_bioc_xml,
    "bioc-json": read_bioc_json,
    "text": read_text,
}
# How much of a file is looked at to tell its format.
PEEK = 8192
TITLE = re.compile(rb"(?:[ \t\r]*\n|#[^\n]*\n)*[^\t|\n]*\|t\|")
JSON = re.compile(rb"(?:\[\s*)?\{\s*[\"}]")
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
        with open(path, "rb") as stream:
            data = stream.read(PEEK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AionerError(
            f"{path}: cannot be read ({reason}); check the path and the permissions"
        ) from None
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    data = data.removeprefix(BOM)
    if TITLE.match(data):
        return "pubtator"
    start = data.lstrip()
    if XML.match(start):
        return "bioc-xml"
    return "bioc-json" if JSON.match(start) else "text"


def read_documents(
    path: str | Path, *, format: str | None = None, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a file of any format one document after the other.

    path (str | Path): The file.
    format (str | None): One of FORMATS; by default it is told from the file.
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
    return READERS[_known(format)](path, report=report)


def _known(format: str) -> str:
    if format not in FORMATS:
        raise AionerError(
            f"there is no format {format!r}; take one of {', '.join(FORMATS)}"
        )
    return format


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

    path (str | Path): The file. One that exists is replaced, the file `like` too.
    format (str): One of FORMATS.
    like (str | Path | None): The file that the documents are from: its BioC header, the
        shape of its JSON and its line ends are taken over.
    keep (bool): BioC only: whether annotations that are no mentions, such as those with
        several locations, are written as well.
    report (Report): Takes each mention that cannot be written.
    YIELDS (Writer): Takes the documents by `write`.
    RAISES (AionerError): If there is no such format, or the file cannot be written.
    """
    frame = _frame(like, _known(format))
    with replace_file(path) as stream:
        writer = _writer(stream, path, format, frame, keep, report)
        yield writer
        writer.close()


@dataclass(frozen=True)
class _Frame:
    """What a new file takes over from the file that its documents are from."""

    header: Header | None = None
    crlf: bool = False


def _frame(like: str | Path | None, format: str) -> _Frame:
    if like is None or format == "text":
        return _Frame()
    found = detect_format(like)
    if format == "pubtator":
        return _Frame(crlf=found == "pubtator" and _has_crlf(like))

    def silent(problem: object) -> None:
        """Leave it to the reader of the documents to report."""

    if found == "bioc-xml" and format == "bioc-xml":
        return _Frame(header=read_xml_header(like, report=silent))
    if found == "bioc-json" and format == "bioc-json":
        return _Frame(header=read_json_header(like, report=silent))
    return _Frame()


def _has_crlf(path: str | Path) -> bool:
    with open(path, "rb") as stream:
        while piece := stream.readline(1 << 20):
            if piece.endswith(b"\n"):
                return piece.endswith(b"\r\n")
    return False


def _writer(
    stream: BinaryIO,
    path: str | Path,
    format: str,
    frame: _Frame,
    keep: bool,
    report: Report,
) -> Writer:
    if format == "pubtator":
        return PubTatorWriter(stream, path=path, crlf=frame.crlf, report=report)
    if format == "text":
        return TextWriter(stream, path=path, report=report)
    make = BioCXMLWriter if format == "bioc-xml" else BioCJSONWriter
    return make(stream, path=path, header=frame.header, keep=keep, report=report)
