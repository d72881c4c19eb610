"""Reading the files of tar and ZIP archives one after the other.

Memory does not grow with the archive nor with its files: a large file is copied to a
temporary one while it is read, since some readers go through a file twice.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from ..errors import AionerError, Report, raise_problem
from .compression import Damaged
from .detect import ZIP_MARK, is_archive, is_hidden, is_known
from .member import Member
from .skipped import Skipped
from .source import Source

BLOCK = 1 << 18
# What is kept of a file in memory, and on disk: a small archive can hold anything.
IN_MEMORY = 8 << 20
MAX_MEMBER = 8 << 30
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
    YIELDS (Member): Each file with a known suffix. It must be read before the next is
        asked for.
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
            if is_zip and not stream.seekable():
                source.problem(
                    "is a ZIP archive that is compressed once more; it is left out, "
                    "decompress it"
                )
                return
            members = _zip_members if is_zip else _tar_members
            for name, opened in members(stream, source, skipped):
                if is_archive(name) or not is_known(name):
                    if not is_hidden(name):
                        skipped.file(name)
                    continue
                found = True
                member = Member(f"{path}/{name}")
                with tempfile.SpooledTemporaryFile(IN_MEMORY) as content:
                    member.content = content
                    if _copy(opened, content, Source(member, report)):
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


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _zip_members(
    stream: BinaryIO, source: Source, _: Skipped
) -> Iterator[tuple[str, BinaryIO]]:
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
        if info.type in LONG_HEADERS and info.size > BLOCK:
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
    stream: BinaryIO, _: Source, skipped: Skipped
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


def _copy(opened: BinaryIO, content: IO[bytes], source: Source) -> bool:
    """Copy a file of an archive, and tell whether what there is of it can be read."""
    size = 0
    try:
        while data := opened.read(BLOCK):
            size += len(data)
            if size > MAX_MEMBER:
                source.problem(
                    f"is larger than {MAX_MEMBER >> 30} GiB; it is left out, unpack "
                    f"the archive"
                )
                return False
            content.write(data)
    except (OSError, *DAMAGE) as error:
        if isinstance(error, AionerError):
            raise
        source.unreadable(Damaged(_reason(error)))
        return size > 0
    return True
