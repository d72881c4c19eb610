"""Which format a file has, by its name and how it begins, and which have none here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import BinaryIO

from ..errors import AionerError
from .compression import bare_name, compression, decompress
from .source import BOM, UTF_16, open_stored

ARCHIVE = "archive"
SUFFIXES = {
    ".pubtator": "pubtator",
    ".xml": "bioc-xml",
    ".nxml": "jats",
    ".nbib": "nbib",
    ".json": "bioc-json",
    ".jsonl": "bioc-json",
    ".ndjson": "bioc-json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".tar": ARCHIVE,
    ".zip": ARCHIVE,
    ".txt": "text",
    ".text": "text",
}
# How much of a file is looked at to tell its format.
PEEK = 8192
TITLE = re.compile(rb"(?:[ \t]*[\r\n]|#[^\r\n]*[\r\n])*[^\t|\r\n]*\|t\|")
# A title and an abstract of one id, in any order, below something else.
RECORD = re.compile(
    rb"(?:^|[\r\n])([^\t|\r\n]+)\|(?:t\|[^\r\n]*[\r\n]+\1\|a|a\|[^\r\n]*[\r\n]+\1\|t)\|"
)
MEDLINE = re.compile(rb"PMID ?- ?\d")
JSON = re.compile(rb"(?:\[\s*)?\{\s*[\"}]")
BIOC_KEY = re.compile(rb'"(?:passages|documents|PubTator3)"\s*:')
HTML = "html"
ROOTS = {
    "bioc-xml": re.compile(rb"<!DOCTYPE\s+collection\b|<collection\b"),
    "pubmed-xml": re.compile(rb"<PubmedArticleSet\b|<Pubmed(?:Book)?Article\b"),
    "jats": re.compile(
        rb"<!DOCTYPE\s+(?:pmc-)?articles?(?:et)?\b|"
        rb"<(?:[A-Za-z_][\w.-]*:)?article\b|<pmc-articleset\b|<articles\b"
    ),
    HTML: re.compile(rb"(?i)<!DOCTYPE\s+html\b|<html\b"),
}
XML = re.compile(rb"<\?xml\s|<!DOCTYPE\s+collection\b|<collection\b")
# A word and its label on each line; labels without a type only behind a TAB, since
# lines of text may end in such a letter ("hepatitis B").
LABELLED = re.compile(
    rb"\S+(?:[ \t]\S+)*(?:[ \t](?:O(?:-\S+)?|[BIESLUM]-\S+)|\t[BIESLUM])"
)
CONCEPTS = re.compile(rb"\d+\t[A-Za-z]+\t[^\t]*\t[^\t]*\t[^\t]*")
# Fewer lines than these may look like labelled words by chance.
MIN_LABELLED = 3
TAR_MARK = slice(257, 262), b"ustar"
ZIP_MARK = b"PK\x03\x04"

# What is not read: what it is or holds, and what to do.
_TEXT = "extract its text to a .txt file"
_UNPACK = "decompress it, or compress it as .gz or .zst"
_PACK = "pack it as .tar.gz or .zip"
_LABELS = (
    "holds words with labels (CoNLL, BIO) and neither text nor offsets",
    "give the annotated text that it was made of",
)
_PDF = "is a PDF document", _TEXT
_HTML = "is an HTML page", _TEXT
_OFFICE = "is an office document", "save it as .txt or, a table, as .csv in UTF-8"
_REFERENCES = "is a list of references", "export it as MEDLINE (.nbib) or .csv"
_CONCEPTS = (
    "is a table of PubTator's annotations and holds no text",
    "download the articles in BioC XML or PubTator format",
)
_BINARY = "is a binary file", "give a file of text"
_DOCBIN = "is a DocBin", "use `aioner convert` or `aioner evaluate`"
_BRAT = "is one half of a brat document", "use `aioner convert` with its folder"
_UTF_16 = "is text in UTF-16", "convert it to UTF-8"
_NAMELESS = "is compressed and not called so", "add the suffix .gz or .zst"
_ZIP = "is a ZIP archive and not called so", "add the suffix .zip"
STARTS = {
    b"%PDF-": _PDF,
    b"\xd0\xcf\x11\xe0": _OFFICE,
    b"{\\rtf": _OFFICE,
    b"BZh91AY&SY": ("is compressed with bzip2", _UNPACK),
    b"\xfd7zXZ\0": ("is compressed with xz", _UNPACK),
    b"7z\xbc\xaf'\x1c": ("is a 7z archive", _PACK),
    b"Rar!": ("is a RAR archive", _PACK),
    b"\x1f\x8b": _NAMELESS,
    b"\x28\xb5\x2f\xfd": _NAMELESS,
    b"TY  - ": _REFERENCES,
}
REFUSED = {
    ".pdf": _PDF,
    **dict.fromkeys((".html", ".htm", ".xhtml"), _HTML),
    **dict.fromkeys((".conll", ".conllu", ".bio", ".iob", ".iob2"), _LABELS),
    **dict.fromkeys((".ris", ".bib", ".enw"), _REFERENCES),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx"), _OFFICE),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".epub"), _OFFICE),
    ".spacy": _DOCBIN,
    ".ann": _BRAT,
}


class UnknownFormat(AionerError):
    """A file whose format is not read.

    path (str | PurePath): The file.
    reason (str): What it is and what to do.
    """

    def __init__(self, path: str | PurePath, reason: str) -> None:
        super().__init__(path, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.reason}"


def is_known(path: str | PurePath) -> bool:
    """Whether a file is one of those that are read of a directory or an archive.

    path (str | PurePath): The file.
    RETURNS (bool): Whether its suffix is known and it is not hidden. Parquet that is
        compressed once more does not count.
    """
    name = PurePath(path).name
    suffix = bare_name(name).suffix.lower()
    twice = bool(compression(name)) and suffix == ".parquet"
    return suffix in SUFFIXES and not is_hidden(name) and not twice


def is_hidden(path: str | PurePath) -> bool:
    """Whether a file does not count: its name begins with a dot.

    path (str | PurePath): The file.
    """
    return PurePath(path).name.startswith(".")


def is_archive(path: str | PurePath) -> bool:
    """Whether a file is an archive by its name.

    path (str | PurePath): The file.
    """
    return SUFFIXES.get(bare_name(path).suffix.lower()) == ARCHIVE


def detect_format(path: str | Path) -> str:
    """Tell the format of a file by its suffix, or else by how it begins.

    path (str | Path): The file.
    RETURNS (str): One of `files.FORMATS`; "text" only by the suffix.
    RAISES (UnknownFormat): If it is of no format that can be read.
    RAISES (AionerError): If the file cannot be read.
    """
    try:
        with decompress(open_stored(path), path) as stream:
            return tell_format(path, stream)
    except (OSError, ValueError) as error:
        if isinstance(error, AionerError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise AionerError(
            f"{path}: cannot be read ({reason}); check the path and the permissions"
        ) from None


def tell_format(path: str | PurePath, stream: BinaryIO) -> str:
    """Tell the format of an open file; see `detect_format`.

    path (str | PurePath): The name of the file.
    stream (BinaryIO): What it holds, decompressed; up to PEEK bytes are read.
    RETURNS (str): One of `files.FORMATS`.
    RAISES (UnknownFormat): If it is of no format that can be read.
    RAISES (OSError): If it cannot be read.
    """
    data = stream.read(PEEK)
    suffix = bare_name(path).suffix.lower()
    start = data.removeprefix(BOM).lstrip()
    known = SUFFIXES.get(suffix)
    for mark, refusal in STARTS.items():
        if data.startswith(mark):
            raise _refuse(path, refusal)
    if known == ARCHIVE or data[TAR_MARK[0]] == TAR_MARK[1]:
        return ARCHIVE
    if data.startswith(ZIP_MARK):
        raise _refuse(path, REFUSED.get(suffix, _ZIP))
    if suffix in (".jsonl", ".ndjson") and start:
        # One line of the file: an object of BioC, or a row.
        line = start.partition(b"\n")[0]
        return "bioc-json" if BIOC_KEY.search(line) else "jsonl"
    if suffix == ".tsv" or known in (None, "text"):
        for refusal in _tables(data):
            raise _refuse(path, refusal)
    if known not in (None, "bioc-xml", "text"):
        return known
    if suffix in REFUSED:
        raise _refuse(path, REFUSED[suffix])
    found = _by_content(data.removeprefix(BOM), start, known)
    if found == HTML:
        raise _refuse(path, _HTML)
    if found:
        return found
    if known is None:
        raise _unknown(path, data)
    return known


def _by_content(data: bytes, start: bytes, known: str | None) -> str | None:
    """Tell a format by the beginning of a file alone; None if it is of no such."""
    xml = known == "bioc-xml"
    if not xml and (TITLE.match(data) or RECORD.search(data)):
        return "pubtator"
    if not xml and MEDLINE.match(start):
        return "nbib"
    if xml or start.startswith(b"<"):
        roots = [(m.start(), f) for f, r in ROOTS.items() if (m := r.search(start))]
        if roots:
            return min(roots)[1]
    if xml or XML.match(start):
        return "bioc-xml"
    return "bioc-json" if JSON.match(start) else None


def _tables(data: bytes) -> Iterator[tuple[str, str]]:
    """Find out whether all lines are annotations without their text."""
    lines = data.removeprefix(BOM).splitlines()
    if len(data) == PEEK:
        lines.pop()
    lines = [line for line in lines if line.strip()]
    if lines and all(map(CONCEPTS.fullmatch, lines)):
        yield _CONCEPTS
    if len(lines) >= MIN_LABELLED and all(map(LABELLED.fullmatch, lines)):
        yield _LABELS


def _refuse(path: str | PurePath, refusal: tuple[str, str]) -> UnknownFormat:
    what, advice = refusal
    return UnknownFormat(path, f"cannot be read: it {what}; {advice}")


def _unknown(path: str | PurePath, data: bytes) -> UnknownFormat:
    if data.startswith(UTF_16):
        return _refuse(path, _UTF_16)
    if b"\0" in data:
        return _refuse(path, _BINARY)
    if not data:
        return UnknownFormat(path, "is empty, and its name tells no format")
    return UnknownFormat(
        path,
        "has an unknown format; if it is plain text, use --format text or give it the "
        "suffix .txt",
    )
