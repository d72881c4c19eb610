"""Compressed files: told by their suffix, read and written as streams."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP, ZSTD = ".gz", ".zst"
# Suffixes that stand for two.
SHORT = {".tgz": (".tar", GZIP)}
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)


class Damaged(OSError):
    """Compressed data is cut short or is none."""


def compression(path: str | PurePath) -> str:
    """Tell by its name how a file is compressed.

    path (str | PurePath): The file.
    RETURNS (str): ".gz", ".zst", or "" if it is not compressed.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix in SHORT:
        return SHORT[suffix][1]
    return suffix if suffix in (GZIP, ZSTD) else ""


def bare_name(path: str | PurePath) -> PurePath:
    """Get the name of a file without the suffix of its compression.

    path (str | PurePath): The file.
    RETURNS (PurePath): Its name; the last suffix is that of the format, ".tar" for
        ".tgz".
    """
    name = PurePath(PurePath(path).name)
    suffix = name.suffix.lower()
    if suffix in SHORT:
        return name.with_suffix(SHORT[suffix][0])
    return name.with_suffix("") if compression(name) else name


def decompress(stream: BinaryIO, path: str | PurePath) -> BinaryIO:
    """Read a stream through the decompression that the file's name asks for.

    stream (BinaryIO): The file as it is stored; closed with what is returned.
    path (str | PurePath): Its name.
    RETURNS (BinaryIO): What it holds. Where it breaks off, what was before is given
        first; the next reading raises `Damaged`.
    """
    kind = compression(path)
    if not kind:
        return stream
    opened = gzip.GzipFile(fileobj=stream) if kind == GZIP else zstd.ZstdFile(stream)
    return cast(BinaryIO, _Checked(_Quiet(stream, opened)))


class _Quiet(io.RawIOBase):
    """Decompressed data that ends where it is damaged, and remembers that it is."""

    def __init__(self, base: BinaryIO, opened: Any) -> None:
        self._base = base
        self._opened = opened
        self.damage: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._opened.read1(len(buffer))
        except _DAMAGE as error:
            self.damage = error
            return 0
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._opened.close()
        self._base.close()
        super().close()


class _Checked(io.BufferedReader):
    """Raises instead of giving the end of the file, if that is no true end."""

    raw: _Quiet

    def read(self, size: int | None = -1, /) -> bytes:
        return self._sound(super().read(size), size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._sound(super().read1(size), size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._sound(super().readline(size), size)

    def _sound(self, data: bytes, size: int | None) -> bytes:
        if data or size == 0 or self.raw.damage is None:
            return data
        error = self.raw.damage
        raise Damaged(str(error) or type(error).__name__) from error


@contextmanager
def compress(stream: BinaryIO, path: str | PurePath) -> Iterator[BinaryIO]:
    """Write a stream through the compression that the file's name asks for.

    stream (BinaryIO): Takes the compressed data, the same bytes for the same content.
    path (str | PurePath): Its name.
    YIELDS (BinaryIO): Where to write.
    """
    kind = compression(path)
    if kind == GZIP:
        with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif kind == ZSTD:
        with zstd.open(stream, "wb") as packed:
            yield cast(BinaryIO, packed)
    else:
        yield stream
