"""A file that lies in an archive, as something that can be opened like any other."""

from __future__ import annotations

import io
import os
from typing import IO, Any, BinaryIO, cast


class Member(str):
    """The name of a file in an archive, which knows what it holds.

    It is the path of the archive, a slash and the path in it.

    content (IO[bytes]): What the file holds.
    """

    content: IO[bytes]

    def open(self) -> BinaryIO:
        """Open the file; as often as it is needed, one after the other.

        RETURNS (BinaryIO): A stream at its beginning. Closing it does not close the
            content.
        """
        return cast(BinaryIO, io.BufferedReader(_View(self.content)))


class _View(io.RawIOBase):
    """A stream with a place of its own.

    content (IO[bytes]): What is read.
    """

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_CUR:
            offset += self._at
        elif whence == os.SEEK_END:
            offset += self._content.seek(0, os.SEEK_END)
        self._at = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        self._content.seek(self._at)
        # A reader may ask for as much as a file could hold at most.
        data = self._content.read(min(len(buffer), 1 << 20))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
