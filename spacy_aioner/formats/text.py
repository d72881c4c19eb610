"""Reading plain text, and writing mentions as a table beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import Report, raise_problem
from .compression import bare_name
from .document import Document, Mention, Passage, Places
from .source import Source

# A larger file is hardly a text, and would take memory without bounds.
MAX_TEXT = 64 << 20
# A byte order mark, decoded.
MARK = "\ufeff"


def read_text(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a plain text file as one document.

    path (str | Path): The file, in UTF-8. Its text stays as it is, line breaks too, so
        that offsets are those of the characters in the file.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One document with one passage; its id is the file's name
        without the suffix.
    """
    source = Source(path, report)
    text = read_whole(source)
    if text is None:
        return
    if "\0" in text:
        source.problem(
            "holds NUL bytes, as binary files and text in UTF-16 do; the file is left "
            "out, convert it to text in UTF-8"
        )
        return
    if text.startswith(MARK):
        text = text[len(MARK) :]
        source.problem(
            "the file begins with a byte order mark, which is left off",
            line=1,
            lost=False,
        )
    if not text:
        source.problem("is empty; it is read as a document without text", lost=False)
    yield Document(bare_name(path).stem, [Passage(0, text, "text")])


def read_whole(source: Source) -> str | None:
    """Read a file that is one piece of UTF-8, or report why that fails.

    source (Source): The file, of at most MAX_TEXT bytes.
    RETURNS (str | None): What it holds: line breaks are as stored, and a byte order
        mark is there. None if it cannot be read.
    """
    stream = source.open()
    if stream is None:
        return None
    with stream:
        try:
            data = stream.read(MAX_TEXT + 1)
            stream.read(1)  # A compressed file that is cut short says so only here.
        except OSError as error:
            source.unreadable(error)
            return None
    if len(data) > MAX_TEXT:
        source.problem(
            f"is larger than {MAX_TEXT >> 20} MiB, and all of it is one document; the "
            f"file is left out, divide it or use a format with many documents"
        )
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        source.problem(
            f"is not valid UTF-8 ({error.reason}); the file is left out, convert it "
            f"to UTF-8",
            line=data.count(b"\n", 0, error.start) + 1,
        )
        return None


class TextWriter:
    r"""Writes the mentions of documents as a table, since plain text cannot hold them.

    Each mention is one line of five columns with TABs between them: start, end, type,
    score (four decimals, or empty) and the text. A backslash, a TAB, a line break or
    another control character is written as in JSON: `\\`, `\t`, `\n`, `\u0001`.

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    report (Report): Takes each mention that cannot be written.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        path: str | Path = "",
        report: Report = raise_problem,
    ) -> None:
        self.stream = stream
        self.source = Source(path, report)

    def write(self, document: Document) -> None:
        """Write the mentions of one document.

        document (Document): The document; its id is not written.
        """
        places = Places(document.passages)
        for mention in document.mentions:
            text = places.text(mention.start, mention.end, mention.passage)
            if text is None:
                self.source.misplaced(mention, document.id)
            else:
                line = _line(mention, text)
                self.stream.write(line.encode("utf-8", "replace"))

    def close(self) -> None:
        """End the file: nothing stands below the last mention."""


def _line(mention: Mention, text: str) -> str:
    score = "" if mention.score is None else f"{mention.score:.4f}"
    start, end = str(mention.start), str(mention.end)
    return "\t".join([start, end, _escape(mention.type), score, _escape(text)]) + "\n"


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
