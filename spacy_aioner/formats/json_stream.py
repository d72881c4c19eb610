"""A JSON file read in pieces, none of whose values may be of any length."""

from __future__ import annotations

from typing import BinaryIO

from .source import MAX_LINE


class BoundedJSON:
    """Gives the bytes of a stream up to the first value that is too long.

    A parser holds a whole value in memory before it tells of it. Here the bytes since
    the last quotation mark are counted, which is where a long string is seen.

    stream (BinaryIO): The stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._since = 0
        self._escape = b""  # A backslash at the end of what was read before.

    def read(self, size: int = -1) -> bytes:
        """Read as from a file.

        size (int): Bytes at most.
        RETURNS (bytes): The next bytes.
        RAISES (ValueError): Beyond MAX_LINE bytes without the end of a string.
        """
        data = self._stream.read(size)
        plain = (self._escape + data).replace(b"\\\\", b"").replace(b'\\"', b"")
        self._escape = b"\\" if plain.endswith(b"\\") else b""
        last = plain.rfind(b'"')
        self._since = self._since + len(data) if last < 0 else len(plain) - last
        if self._since > MAX_LINE:
            raise ValueError(f"a value is longer than {MAX_LINE >> 20} MiB")
        return data
