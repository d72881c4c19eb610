"""The output folder: whole files only, one run at a time."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, BinaryIO, cast

import filelock
import fsspec

from ..errors import AionerError
from ..formats.source import is_remote

MANIFEST = "manifest.jsonl"
FAILURES = "failures.jsonl"
INTERNAL = ".aioner"
RECORDS = f"{INTERNAL}/files"
_PARTIAL = f"{INTERNAL}/partial"
_LOCK = f"{INTERNAL}/lock"
_PARTIAL_NAME = re.compile(r"[0-9a-f]{32}")
# Trouble of the whole file system; any other trouble is that of one name.
_EVERYWHERE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_BLOCK = 1 << 20


class OutputRefused(AionerError):
    """A file cannot be put where it belongs; others may."""


def sha256(stream: BinaryIO) -> str:
    """Compute the SHA-256 of what a stream holds.

    stream (BinaryIO): The open file.
    RETURNS (str): In hexadecimal digits.
    """
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


class HashedStream:
    """A stream to write to that computes the SHA-256 of what it takes.

    stream (BinaryIO): Where the bytes go.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write bytes."""
        self._digest.update(data)
        return self._stream.write(data)

    def sha256(self) -> str:
        """Get the SHA-256 of all that was written so far."""
        return self._digest.hexdigest()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Folder:
    """A folder of any file system that fsspec knows.

    path (str): The folder: a path, or a URL such as "s3://bucket/folder".
    RAISES (AionerError): If the file system is not known.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        try:
            # fsspec would take "::" in a path for a chain of file systems.
            if is_remote(path):
                self.system, self.root = fsspec.url_to_fs(path)
            else:
                self.system, self.root = fsspec.filesystem("file"), path
        except (ImportError, ValueError, OSError) as error:
            raise AionerError(f"{path}: cannot be used ({error}).") from error
        self.local = isinstance(self.system, fsspec.get_filesystem_class("file"))
        if self.local:
            self.root = os.path.realpath(self.root)

    @property
    def full_name(self) -> str:
        """The folder with its file system, as no other is called."""
        return str(self.system.unstrip_protocol(self.root))

    def path(self, name: str) -> str:
        """Get the full path of a file in the folder."""
        return f"{self.root}/{name}"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Make the folder and keep other runs out of it.

        RAISES (AionerError): If it cannot be made or written, another run holds it, or
            a file of someone else has a name that is needed.
        """
        with self._trouble(self.name):
            if self.system.exists(self.root) and not self.system.isdir(self.root):
                raise AionerError(
                    f"{self.name}: is no folder; --output names a folder."
                )
            self._refuse_foreign()
            for name in (_PARTIAL, RECORDS):
                self.system.makedirs(self.path(name), exist_ok=True)
        # Object stores have no locks, and no partial files: a file is there when it is
        # whole.
        with self._lock() if self.local else nullcontext():
            # What a run left behind that was killed.
            self._remove_partial()
            try:
                yield
            finally:
                # What workers left behind that were ended.
                with suppress(AionerError):
                    self._remove_partial()

    def _remove_partial(self) -> None:
        if not self.local:
            return
        for name in filter(_PARTIAL_NAME.fullmatch, self.names(_PARTIAL)):
            self.remove(f"{_PARTIAL}/{name}")

    def _refuse_foreign(self) -> None:
        """Make sure that all names that are needed are free, or of an earlier run."""
        for name in (INTERNAL, _PARTIAL, RECORDS, _LOCK):
            if self.local and os.path.islink(self.path(name)):
                raise AionerError(
                    f"{self.path(name)}: is a link; remove it, or choose another "
                    "--output."
                )
        if not self.system.exists(self.path(RECORDS)):
            for name in (MANIFEST, FAILURES):
                if self.system.exists(self.path(name)):
                    raise AionerError(
                        f"{self.path(name)}: was not written by this command and would "
                        "be replaced; choose another --output."
                    )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = filelock.FileLock(self.path(_LOCK))
        with self._trouble(self.name):
            try:
                lock.acquire(blocking=False)
            except filelock.Timeout:
                raise AionerError(
                    f"{self.name}: another run writes to this folder; wait until it "
                    f"ends, or choose another --output."
                ) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to write to; it takes its name only when all went well.

        name (str): The file in this folder.
        YIELDS (BinaryIO): Where to write: a `HashedStream`.
        RAISES (OutputRefused): If the file cannot take its name.
        RAISES (AionerError): If the file cannot be written.
        """
        partial = self.path(f"{_PARTIAL}/{uuid.uuid4().hex}")
        with self._trouble(self.path(name)):
            try:
                with self.system.open(partial, "wb") as stream:
                    yield cast(BinaryIO, HashedStream(stream))
                    stream.flush()
                    if self.local:
                        os.fsync(stream.fileno())
                self._rename(partial, self.path(name))
            except BaseException:
                with suppress(OSError):
                    self.system.rm(partial)
                raise

    def rename(self, old: str, new: str) -> None:
        """Give a file of this folder another name, in place of the one that has it.

        RAISES (AionerError): If that fails.
        """
        with self._trouble(self.path(new)):
            self._rename(self.path(old), self.path(new))

    def _rename(self, old: str, new: str) -> None:
        try:
            if self.local:
                os.replace(old, new)
            else:
                self.system.mv(old, new)
        except OSError as error:
            if error.errno in _EVERYWHERE:
                raise
            reason = error.strerror or error
            raise OutputRefused(f"{new}: cannot be written ({reason})") from error

    def write_lines(self, name: str, lines: Iterator[str]) -> None:
        """Write a file of lines, or remove it if there are none.

        name (str): The file in this folder.
        lines (Iterator[str]): The lines, without line breaks.
        RAISES (AionerError): If the file cannot be written.
        """
        first = next(lines, None)
        if first is None:
            self.remove(name)
            return
        with self.write(name) as stream:
            stream.write(f"{first}\n".encode())
            for line in lines:
                stream.write(f"{line}\n".encode())

    def write_json(self, name: str, value: dict[str, Any]) -> None:
        """Write a JSON object in one line."""
        self.write_lines(name, iter([json.dumps(value)]))

    def read(self, name: str) -> bytes | None:
        """Read a file.

        name (str): The file in this folder.
        RETURNS (bytes | None): What it holds; None if there is none.
        RAISES (AionerError): If it cannot be read.
        """
        with self._trouble(self.path(name), "read"):
            try:
                return cast(bytes, self.system.cat_file(self.path(name)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Read a JSON object; None if there is none or the file is damaged."""
        data = self.read(name)
        if data is None:
            return None
        with suppress(ValueError):
            value = json.loads(data)
            if isinstance(value, dict):
                return value
        return None

    def size(self, name: str) -> int | None:
        """Get the size of a file in bytes; None if there is none."""
        with self._trouble(self.path(name), "read"):
            try:
                return int(self.system.size(self.path(name)))
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    return None
                raise

    def sha256(self, name: str) -> str:
        """Compute the SHA-256 of a file.

        RAISES (AionerError): If it cannot be read.
        """
        path = self.path(name)
        with self._trouble(path, "read"), self.system.open(path, "rb") as stream:
            return sha256(stream)

    def names(self, within: str) -> list[str]:
        """Get the names of the files in a folder of this folder, in order."""
        with self._trouble(self.path(within), "read"):
            try:
                paths = self.system.ls(self.path(within), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(path.rsplit("/", 1)[-1] for path in paths)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._trouble(self.path(name)), suppress(FileNotFoundError):
            self.system.rm_file(self.path(name))

    @contextmanager
    def _trouble(self, path: str, what: str = "written") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise AionerError(
                f"{path}: cannot be {what} ({reason}); check the folder, the "
                f"permissions and the space left"
            ) from error
