"""Reading the files of tar and ZIP archives one after the other, as streams.

Nothing is unpacked to disk, and memory does not grow with the archive or its files.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import AionerError, Report, raise_problem
from .compression import Damaged, decompress
from .detect import (
    ZIP_MARK,
    UnknownFormat,
    is_archive,
    is_hidden,
    is_known,
    tell_format,
)
from .skipped import Skipped
from .source import Member, Source

# What is read of a file before its format is told, as it is stored.
HEAD = 1 << 17
# What damage to an archive raises; ZIP tells of passwords and of compressions that it
# does not know by the last two.
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    ValueError,
)
# Headers that hold more of the next one, such as a long name, are read as a whole.
LONG_HEADERS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
END_MARKS = (ZIP_MARK[:2] + b"\x05\x06", ZIP_MARK)


def read_members(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Member]:
    """Open the files of an archive one after the other.

    path (str | Path): A tar archive, maybe compressed (".tar.gz", ".tgz", ".tar.zst"),
        or a ZIP archive.
    report (Report): Takes each problem; by default the first loss raises. What is
        skipped, such as files of unknown suffix, is one warning.
    YIELDS (Member): Each file whose name and beginning tell a format. It must be read
        before the next is asked for.
    """
    source = Source(path, report)
    stream = source.open()
    if stream is None:
        return
    skipped = Skipped()
    found = False
    with stream:
        try:
            buffered = cast(io.BufferedReader, stream)
            is_zip = buffered.peek(len(ZIP_MARK)).startswith(END_MARKS)
            members = _zip_members if is_zip else _tar_members
            for name, opened in members(stream, source, skipped):
                if not _serves(name):
                    if not is_hidden(name):
                        skipped.file(name)
                    continue
                found = True
                member = _member(f"{path}/{name}", opened, report)
                if member is not None:
                    yield member
        except AionerError:
            raise  # What takes the problems may end it all.
        except OSError as error:
            source.unreadable(error)
        except DAMAGE as error:
            source.unreadable(Damaged(_reason(error)))
        else:
            if not found:
                source.problem("holds no file with a known suffix; nothing is read")
    if skipped:
        source.problem(f"skipped in the archive: {skipped}", lost=False)


def _serves(name: str) -> bool:
    """Whether a file is read; Parquet begins at its end, which a stream forbids."""
    return is_known(name) and not is_archive(name) and not name.endswith(".parquet")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _zip_members(
    stream: BinaryIO, source: Source, skipped: Skipped
) -> Iterator[tuple[str, BinaryIO]]:
    if not stream.seekable():
        source.problem(
            "is a ZIP archive that is compressed once more; decompress it, for now it "
            "is left out"
        )
        return
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            try:
                opened = archive.open(info)
            except (NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
                source.problem(
                    f"its file {info.filename} cannot be read ({_reason(error)}); it "
                    f"is left out, the others are read"
                )
                continue
            with opened:
                yield info.filename, cast(BinaryIO, opened)


class _Header(tarfile.TarInfo):
    """A header that is no end of the archive if it is damaged or missing."""

    @classmethod
    def frombuf(cls, *args: Any, **kwargs: Any) -> Any:
        info = super().frombuf(*args, **kwargs)
        if info.type in LONG_HEADERS and info.size > HEAD:
            raise tarfile.HeaderError("a header is too long")
        return info

    @classmethod
    def fromtarfile(cls, tarfile_: Any) -> Any:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise  # The true end.
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(_reason(error)) from None


def _tar_members(
    stream: BinaryIO, source: Source, skipped: Skipped
) -> Iterator[tuple[str, BinaryIO]]:
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            # It remembers all headers, which could be millions.
            cast(Any, archive).members.clear()
            if info.isdir():
                continue
            opened = archive.extractfile(info) if info.isfile() else None
            if opened is None:
                skipped.other("link or device", "links or devices")
            else:
                with opened:
                    yield info.name, cast(BinaryIO, opened)


def _member(name: str, opened: BinaryIO, report: Report) -> Member | None:
    """Make a file that can be read, or report why there is none."""
    member = Member(name)
    source = Source(member, report)
    head = b""
    try:
        # Of damage further on, reading will tell.
        head = _Guarded(b"", opened).read(HEAD)
        packed = cast(BinaryIO, io.BytesIO(head))
        with suppress(Damaged):
            member.detected = tell_format(member, decompress(packed, member))
    except UnknownFormat as error:
        source.problem(f"{error.reason}; the file is left out")
        return None
    except OSError as error:
        source.unreadable(error)
        return None
    if member.detected is None:
        source.problem("the compressed file is damaged; it is left out")
        return None
    member.stream = cast(BinaryIO, io.BufferedReader(_Guarded(head, opened)))
    return member


class _Guarded(io.RawIOBase):
    """A file of an archive whose beginning was read, and whose damage is an OSError.

    head (bytes): The beginning.
    rest (BinaryIO): The rest.
    """

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        if not data:
            try:
                data = self._rest.read(min(len(buffer), HEAD))
            except DAMAGE as error:
                raise Damaged(_reason(error)) from error
        buffer[: len(data)] = data
        return len(data)
