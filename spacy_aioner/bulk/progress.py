"""How far a run is: a bar, or lines of JSON."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Any

_SECONDS = 1.0


class ProgressBar:
    """Shows rate and remaining time on stderr.

    The size of the files tells how much is left, as nobody knows the number of their
    documents.

    files (int): Files to tag.
    size (int): Their bytes.
    style (str): "bar", "json", or "none".
    """

    def __init__(self, files: int, size: int, style: str) -> None:
        from tqdm import tqdm

        self.files, self.size, self.style = files, size, style
        self.files_done = self.documents_done = self.bytes_done = 0
        self.begin = self._told = time.monotonic()
        self._bar: Any = tqdm(
            total=size,
            unit="B",
            unit_scale=True,
            disable=style != "bar" or not sys.stderr.isatty(),
            file=sys.stderr,
        )

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def watch(self, documents: int, position: int) -> None:
        """Show where the files at hand are.

        documents (int): Documents done of them.
        position (int): Bytes read of them.
        """
        now = time.monotonic()
        if now - self._told >= _SECONDS:
            self._told = now
            self._show(self.documents_done + documents, self.bytes_done + position)

    def file_done(self, documents: int, size: int) -> None:
        """Count a file that is done.

        documents (int): Its documents.
        size (int): Its bytes.
        """
        self.files_done += 1
        self.documents_done += documents
        self.bytes_done += size
        self._show(self.documents_done, self.bytes_done)

    def _show(self, documents: int, size: int) -> None:
        seconds = max(time.monotonic() - self.begin, 1e-9)
        if self.style == "bar":
            self._bar.n = min(size, self.size)
            self._bar.set_postfix_str(
                f"{self.files_done}/{self.files} files, {documents:,} documents, "
                f"{documents / seconds:,.1f}/s"
            )
        elif self.style == "json":
            left = seconds * (self.size - size) / size if size else None
            line = {
                "files": self.files,
                "files_done": self.files_done,
                "documents": documents,
                "bytes": self.size,
                "bytes_done": size,
                "documents_per_second": round(documents / seconds, 2),
                "seconds_left": None if left is None else round(max(left, 0.0)),
            }
            print(json.dumps(line), file=sys.stderr, flush=True)
