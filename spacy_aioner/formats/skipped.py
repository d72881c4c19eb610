"""Counting what is skipped of a directory or an archive."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

from .compression import bare_name

# Suffixes that are named in the message; the rest are counted together.
_MAX_NAMES = 8


class Skipped:
    """Counts of what is skipped, for one message."""

    def __init__(self) -> None:
        self._suffixes: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def file(self, path: str | PurePath) -> None:
        """Count a file whose suffix is not known.

        path (str | PurePath): The file.
        """
        # What is compressed counts as what it is in itself.
        suffix = bare_name(path).suffix.lower() or PurePath(path).suffix.lower()
        self._suffixes[suffix or "no suffix"] += 1

    def other(self, noun: str, plural: str) -> None:
        """Count anything else.

        noun (str): What one is called, for example "subdirectory".
        plural (str): What several are called.
        """
        self._others[f"{noun}\n{plural}"] += 1

    def __bool__(self) -> bool:
        return bool(self._suffixes or self._others)

    def __str__(self) -> str:
        """For example "3 files of unknown format (.pdf 2, .md 1), 1 subdirectory"."""
        parts = []
        if files := self._suffixes.total():
            named = self._suffixes.most_common(_MAX_NAMES)
            shown = [f"{suffix} {count}" for suffix, count in named]
            if rest := files - sum(count for _, count in named):
                shown.append(f"others {rest}")
            noun = "file" if files == 1 else "files"
            parts.append(f"{files} {noun} of unknown format ({', '.join(shown)})")
        for names, count in self._others.items():
            noun, plural = names.split("\n")
            parts.append(f"{count} {noun if count == 1 else plural}")
        return ", ".join(parts)
