"""An input file, compressed or not, and the one to whom its problems are told."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from ..errors import Problem, Report
from .compression import Damaged, decompress
from .document import Mention
from .member import Member

BOM = b"\xef\xbb\xbf"
# The byte order marks of UTF-16, which are valid in no UTF-8 file.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# A longer line is passed over: memory stays bounded whatever a file holds.
MAX_LINE = 64 << 20


class Input(str):
    """The name of a file, which knows how much of the file was read."""

    stream: BinaryIO | None = None

    @property
    def position(self) -> int:
        """Bytes of the file that were read, as it is stored."""
        if self.stream is None or self.stream.closed:
            return 0
        return self.stream.tell()


def is_remote(path: str | PurePath) -> bool:
    """Whether a path is one of another file system, such as "s3://bucket/file".

    path (str | PurePath): The path.
    RETURNS (bool): Whether fsspec has to open it.
    """
    return isinstance(path, str) and "://" in path


def open_stored(path: str | PurePath) -> BinaryIO:
    """Open a file of any file system as it is stored.

    path (str | PurePath): The file; "s3://…" and the like need fsspec's package for it.
    RETURNS (BinaryIO): The open file.
    RAISES (OSError): If it cannot be opened, or is a pipe or a device: a file is opened
        several times, and a pipe gives its content once.
    """
    if isinstance(path, Member):
        return path.open()
    if not is_remote(path):
        if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise OSError("it is a pipe or a device; save it as a file first")
        return open(path, "rb")
    import fsspec

    try:
        stream = fsspec.open(str(path), "rb").open()
        return cast(BinaryIO, io.BufferedReader(stream))
    except (ImportError, ValueError) as error:
        raise OSError(str(error)) from error


@dataclass(frozen=True)
class Source:
    """A file that is being read.

    path (str | Path): The file, as the user named it; an `Input` learns of its stream.
    report (Report): Takes each problem.
    """

    path: str | Path
    report: Report

    def problem(
        self,
        message: str,
        *,
        line: int | None = None,
        document: str | None = None,
        lost: bool = True,
    ) -> None:
        """Tell one problem of this file.

        message (str): What is wrong and what was done about it: one sentence.
        line (int | None): The line, counted from 1.
        document (str | None): The id of the document.
        lost (bool): Whether anything was left out because of it.
        """
        self.report(Problem(str(self.path), message, line, document, lost))

    def misplaced(self, mention: Mention, document: str) -> None:
        """Report a mention that is not in the text, which a writer leaves out.

        mention (Mention): The mention.
        document (str): The id of its document.
        """
        self.problem(
            f"the mention {quote(mention.text)} at {mention.start} to {mention.end} is "
            f"not in the text; it is left out",
            document=document,
        )

    def open(self) -> BinaryIO | None:
        """Open the file, or report why that fails.

        RETURNS (BinaryIO | None): What it holds, decompressed; None if it cannot be
            read.
        """
        try:
            stream = open_stored(self.path)
            if isinstance(self.path, Input):
                self.path.stream = stream
            return decompress(stream, self.path)
        except (OSError, ValueError) as error:
            self.unreadable(error)
            return None

    def unreadable(self, error: Exception, *, line: int | None = None) -> None:
        """Report that the file cannot be read, or not beyond some place.

        error (Exception): What the system or the decompression said.
        line (int | None): The line where it broke off.
        """
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, Damaged):
            self.problem(
                f"the file is cut short or damaged ({reason}); the "
                f"documents before this place are read, what follows is left out",
                line=line,
            )
            return
        self.problem(
            f"cannot be read ({reason}); check the path and the permissions, "
            f"for now the file is left out"
        )

    def first_line(self, data: bytes) -> bytes | None:
        """Take the byte order mark off the first line of a file, or refuse the file.

        data (bytes): The line, or more.
        RETURNS (bytes | None): The line without the mark, which is reported; None if
            this is no UTF-8, which is reported too.
        """
        # Without its mark UTF-16 is told by the NUL in one of the first characters.
        if data.startswith(UTF_16) or b"\0" in data[:4]:
            self.problem(
                "is encoded in UTF-16; the file is left out, convert it to UTF-8"
            )
            return None
        if not data.startswith(BOM):
            return data
        self.problem(
            "the file begins with a byte order mark, which is left off",
            line=1,
            lost=False,
        )
        return data[len(BOM) :]

    def lines(
        self, stream: BinaryIO, longest: int | None = None
    ) -> Iterator[tuple[int, bytes | None]]:
        """Read lines of bounded length.

        stream (BinaryIO): The open file.
        longest (int | None): How many bytes a line may have; MAX_LINE if None.
        YIELDS (tuple[int, bytes | None]): The number, from 1, and the line with its
            line break; None for one that is longer, which is reported.
        RAISES (OSError): If reading fails.
        """
        longest = longest or MAX_LINE
        number = 0
        while data := stream.readline(longest):
            number += 1
            whole = data.endswith(b"\n")
            if whole or len(data) < longest:
                if not whole:
                    stream.read(1)  # Raises if the file breaks off here.
                yield number, data
                continue
            while (rest := stream.readline(longest)) and not rest.endswith(b"\n"):
                pass
            self.problem(
                f"the line is longer than {longest >> 20} MiB; it is left out",
                line=number,
            )
            yield number, None


def quote(text: str) -> str:
    """Quote a piece of a file in a message, at a length that can be read.

    text (str): Any text.
    RETURNS (str): Its quoted form, shortened in the middle.
    """
    return repr(text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}")
