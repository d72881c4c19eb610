"""Which files a run tags, and what their outputs are called."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from ..errors import AionerError, Problem, Report
from ..formats.compression import GZIP, ZSTD, bare_name, compression
from ..formats.detect import SUFFIXES, detect_format, is_hidden, is_known
from ..formats.files import WRITABLE
from ..formats.skipped import Skipped
from ..formats.source import is_remote
from .folder import FAILURES, INTERNAL, MANIFEST, Folder
from .job import Job

DOCBIN = "docbin"
# The formats that an output can have, each with its suffix.
OUTPUTS = {**WRITABLE, DOCBIN: ".spacy"}
# What is compressed in itself.
PACKED = ("parquet", DOCBIN)
# Formats without room for mentions become this one, tables JSON lines, which keep all
# columns.
DEFAULT_OUTPUT = "bioc-xml"
TABLE_OUTPUT = {"csv": "jsonl"}
# A folder without any of these is a mistake.
_NOTHING = (
    f"the folder holds no file with a known suffix ({', '.join(sorted(SUFFIXES))}, "
    f"also with {GZIP} or {ZSTD}); name the files themselves"
)
_SEPARATORS = re.escape(os.sep + "/")
# "**" that stands for any number of folders.
_DEEP = re.compile(rf"(?:^|(?<=[{_SEPARATORS}]))\*\*(?:[{_SEPARATORS}]|$)")


def find_files(inputs: Sequence[str], folder: Folder, *, report: Report) -> list[str]:
    """Find the files that are named, each once, those of folders, and those of globs.

    What a pattern finds in the output folder is passed over: it is from an earlier run.

    inputs (Sequence[str]): Files, folders, patterns with "*", "?" or "**"; paths of
        other file systems as fsspec knows them.
    folder (Folder): The output folder.
    report (Report): Takes each folder or pattern that gives no file, and what is
        skipped of a folder.
    RETURNS (list[str]): The files; those of a folder or pattern in order of name.
    RAISES (AionerError): If a path does not exist, or a named file or folder is in the
        output folder.
    """
    found: dict[str, str] = {}
    outputs = folder.full_name
    for given in inputs:
        place = full_name(given)
        for path in _expand(given, outputs, report):
            name = full_name(path)
            # A link in the output folder would be replaced by its output.
            linked = full_name(path, follow=False)
            withins = [each.rpartition("/")[0] for each in (name, linked)]
            named = place == name or place in withins
            if named and outputs in withins:
                raise AionerError(
                    f"{path}: lies in the output folder; choose another --output."
                )
            if path != given and any(
                each.startswith(f"{outputs}/") for each in (name, linked)
            ):
                continue
            found.setdefault(name, path)
    return list(found.values())


def full_name(path: str, *, follow: bool = True) -> str:
    """Get one name for each file, however it is written.

    path (str): The file.
    follow (bool): Whether a link stands for the file that it leads to.
    RETURNS (str): Its absolute name with the file system, such as "file:///a/b".
    RAISES (AionerError): If the file system is not known.
    """
    import fsspec

    if not is_remote(path):
        folder, name = os.path.split(os.path.abspath(path))
        path = os.path.realpath(path) if follow else ""
        path = path or os.path.join(os.path.realpath(folder), name)
        return str(fsspec.filesystem("file").unstrip_protocol(path))
    try:
        system, inner = fsspec.url_to_fs(path)
        return str(system.unstrip_protocol(inner))
    except (OSError, ValueError, ImportError) as error:
        raise AionerError(f"{path}: cannot be read ({error}).") from error


def _expand(given: str, outputs: str, report: Report) -> Iterator[str]:
    if is_remote(given):
        yield from _expand_remote(given, outputs, report)
    elif os.path.isdir(given):
        try:
            names = sorted(os.listdir(given))
        except OSError as error:
            message = f"the folder cannot be read ({error.strerror})"
            report(Problem(given, message))
            return
        entries = [
            (path, _kind(path)) for path in (os.path.join(given, n) for n in names)
        ]
        yield from _of_folder(given, entries, outputs, report)
    elif os.path.isfile(given):
        yield given
    elif os.path.exists(given):
        raise AionerError(f"{given}: is neither a file nor a folder.")
    elif glob.has_magic(given):
        own = [path for path in sorted(_matches(given)) if os.path.isfile(path)]
        if not own:
            report(Problem(given, "no file fits this pattern; check it"))
        yield from own
    else:
        raise AionerError(f"{given}: there is no such file or folder.")


def _kind(path: str) -> str:
    """What a path is: "file", "directory", "link" for a broken one, or "other"."""
    if os.path.isfile(path):
        return "file"
    if os.path.isdir(path):
        return "directory"
    return "other" if os.path.exists(path) else "link"


def _of_folder(
    given: str, entries: Iterable[tuple[str, str]], outputs: str, report: Report
) -> Iterator[str]:
    """Yield the files of a folder that are read, and report once what is skipped.

    given (str): The folder.
    entries (Iterable[tuple[str, str]]): What it holds, each with its kind.
    outputs (str): The full name of the output folder, which does not count.
    report (Report): Takes the problems.
    """
    own: list[str] = []
    skipped = Skipped()
    for path, kind in entries:
        if is_hidden(path) or (kind == "directory" and full_name(path) == outputs):
            continue
        if kind == "file" and is_known(path):
            own.append(path)
        elif kind == "file":
            skipped.file(path)
        elif kind == "directory":
            skipped.other("subdirectory", "subdirectories")
        elif kind == "link":
            skipped.other("broken link", "broken links")
        else:
            skipped.other("that is no file", "that are no files")
    if not own:
        report(Problem(given, _NOTHING))
    if skipped:
        pattern = f"'{given.rstrip('/')}/**/*'"
        message = f"skipped: {skipped}; name files, or use a pattern such as {pattern}"
        report(Problem(given, message, lost=False))
    yield from own


def _matches(pattern: str) -> Iterator[str]:
    """Find what a local pattern names.

    `glob.glob` would follow links to folders that lead back to themselves.
    """
    deep = _DEEP.search(pattern)
    if deep is None:
        yield from glob.glob(pattern)
        return
    before, after = pattern[: deep.start()], pattern[deep.end() :] or "*"
    for root in glob.glob(before) if before else [""]:
        for folder in _folders(root):
            yield from _matches(glob.escape(folder) + after)


def _folders(root: str) -> Iterator[str]:
    """Walk a folder and its visible subfolders, each once, whatever links there are."""
    entered: set[str] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in entered:
            continue
        entered.add(real)
        yield folder
        with suppress(OSError):
            names = sorted(os.listdir(folder or os.curdir), reverse=True)
            paths = [os.path.join(folder, n, "") for n in names if n[0] != "."]
            waiting += filter(os.path.isdir, paths)


def _expand_remote(given: str, outputs: str, report: Report) -> Iterator[str]:
    import fsspec

    entries: list[tuple[str, str]] = []
    own: list[str] = []
    try:
        system, path = fsspec.url_to_fs(given)
        magic = glob.has_magic(path) and not system.exists(path)
        folder = not magic and system.isdir(path)
        if magic:
            own = [p for p in sorted(system.glob(path)) if system.isfile(p)]
        elif folder:
            # Some object stores list the folder itself.
            listed = sorted(
                (each["name"], each["type"])
                for each in system.ls(path, detail=True)
                if each["name"].strip("/") != path.strip("/")
            )
            entries = [(system.unstrip_protocol(p), kind) for p, kind in listed]
        elif system.isfile(path):
            own = [path]
    except (OSError, ValueError, ImportError) as error:
        raise AionerError(f"{given}: cannot be read ({error}).") from error
    if folder:
        yield from _of_folder(given, entries, outputs, report)
    elif own:
        yield from (system.unstrip_protocol(p) for p in own)
    elif magic:
        report(Problem(given, "no file fits this pattern; check it"))
    else:
        raise AionerError(f"{given}: there is no such file or folder.")


def plan(
    paths: Sequence[str], *, read_as: str | None, write_as: str | None
) -> list[Job]:
    """Make one job of each file.

    paths (Sequence[str]): The files.
    read_as (str | None): The format of all of them; None to tell it from each.
    write_as (str | None): A key of OUTPUTS; None for each file's own format, and BioC
        XML for one that cannot hold mentions.
    RETURNS (list[Job]): The jobs, in the same order.
    RAISES (AionerError): If two outputs would have the same name.
    """
    jobs: dict[str, Job] = {}
    for path in paths:
        job = _job(path, read_as, write_as)
        other = jobs.setdefault(job.output, job)
        if other is not job:
            raise AionerError(
                f"{path}: its output would have the same name as that of {other.path}, "
                f"{job.output}; tag them into two folders."
            )
        if job.output in (MANIFEST, FAILURES, INTERNAL):
            raise AionerError(
                f"{path}: its output would be called {job.output}, which is the name "
                f"of a file that is written beside the outputs; rename the input."
            )
    return list(jobs.values())


def _job(path: str, read_as: str | None, write_as: str | None) -> Job:
    if _packed_twice(path):
        raise AionerError(
            f"{path}: Parquet is compressed in itself and cannot be read so; "
            f"decompress the file first."
        )
    output = _output_name(path, write_as)
    size = 0
    try:
        size = stored(path)[0]
        found = read_as or detect_format(path)
    except (AionerError, OSError):
        # Reading it will say what is wrong.
        named = SUFFIXES.get(bare_name(path).suffix.lower(), "")
        default = TABLE_OUTPUT.get(named, DEFAULT_OUTPUT)
        return Job(path, output, None, write_as or default, size)
    default = found if found in WRITABLE else TABLE_OUTPUT.get(found, DEFAULT_OUTPUT)
    return Job(path, output, found, write_as or default, size)


def _output_name(path: str, write_as: str | None) -> str:
    """Name an output by names alone: it is the same whatever the file holds today."""
    name, bare = PurePath(path).name, bare_name(path)
    suffix = bare.suffix.lower()
    if write_as is None:
        named = SUFFIXES.get(suffix, "text")
        if named in WRITABLE:
            return name
        write_as = TABLE_OUTPUT.get(named, DEFAULT_OUTPUT)
    if suffix == OUTPUTS[write_as]:
        return name
    stem = bare.stem if suffix in SUFFIXES else bare.name
    packed = "" if write_as in PACKED else compression(path)
    return f"{stem}{OUTPUTS[write_as]}{packed}"


def _packed_twice(path: str) -> bool:
    return bool(compression(path)) and bare_name(path).suffix.lower() == ".parquet"


def stored(path: str) -> tuple[int, str]:
    """Get what tells whether a file has changed, without reading it.

    path (str): The file.
    RETURNS (tuple[int, str]): Its size in bytes, and when it was changed, in whatever
        form its file system says it.
    RAISES (OSError): If there is no such file.
    """
    if not is_remote(path):
        status = os.stat(path)
        return status.st_size, str(status.st_mtime_ns)
    import fsspec

    system, inner = fsspec.url_to_fs(path)
    info: dict[str, Any] = system.info(inner)
    keys = ("mtime", "LastModified", "last_modified", "updated", "created", "ETag")
    marks = [str(info[key]) for key in keys if info.get(key) is not None]
    return int(info.get("size") or 0), " ".join(marks)
