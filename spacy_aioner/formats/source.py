"""An input file and the one to whom its problems are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import Problem, Report

BOM = b"\xef\xbb\xbf"
# The byte order marks of UTF-16, which are valid in no UTF-8 file.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Source:
    """A file that is being read.

    path (str | Path): The file, as the user named it.
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

    def open(self) -> BinaryIO | None:
        """Open the file, or report why that fails.

        RETURNS (BinaryIO | None): The open file, or None if it cannot be read.
        """
        try:
            return open(self.path, "rb")
        except (OSError, ValueError) as error:
            self.unreadable(error)
            return None

    def unreadable(self, error: Exception) -> None:
        """Report that the system does not let the file be read.

        error (Exception): What the system said.
        """
        reason = getattr(error, "strerror", None) or str(error)
        self.problem(
            f"cannot be read ({reason}); check the path and the permissions, "
            f"for now the file is left out"
        )


def quote(text: str) -> str:
    """Quote a piece of a file in a message, at a length that can be read.

    text (str): Any text.
    RETURNS (str): Its quoted form, shortened in the middle.
    """
    return repr(text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}")
