"""The output folder: whole files only, one run at a time."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, BinaryIO, cast

import filelock
import fsspec

from ..errors import AionerError

MANIFEST = "manifest.jsonl"
FAILURES = "failures.jsonl"
INTERNAL = ".aioner"
RECORDS = f"{INTERNAL}/files"
_PARTIAL = f"{INTERNAL}/partial"


class Folder:
    """A folder of any file system that fsspec knows.

    path (str): The folder: a path, or a URL such as "s3://bucket/folder".
    RAISES (AionerError): If the file system is not known.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        try:
            self.system, self.root = fsspec.url_to_fs(path)
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

        RAISES (AionerError): If it cannot be made or written, or another run holds it.
        """
        with self._trouble(self.name):
            if self.system.exists(self.root) and not self.system.isdir(self.root):
                raise AionerError(
                    f"{self.name}: is no folder; --output names a folder."
                )
            for name in (_PARTIAL, RECORDS):
                self.system.makedirs(self.path(name), exist_ok=True)
        # Object stores have no locks.
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
        for name in self.names(_PARTIAL):
            self.remove(f"{_PARTIAL}/{name}")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = filelock.FileLock(self.path(f"{INTERNAL}/lock"))
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
        YIELDS (BinaryIO): Where to write.
        RAISES (AionerError): If the file cannot be written.
        """
        partial = self.path(f"{_PARTIAL}/{uuid.uuid4().hex}")
        with self._trouble(self.path(name)):
            try:
                with self.system.open(partial, "wb") as stream:
                    yield cast(BinaryIO, stream)
                    stream.flush()
                    if self.local:
                        os.fsync(stream.fileno())
                self._rename(partial, self.path(name))
            except BaseException:
                with suppress(OSError):
                    self.system.rm(partial)
                raise

    def _rename(self, old: str, new: str) -> None:
        if self.local:
            os.replace(old, new)
        else:
            self.system.mv(old, new)

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
