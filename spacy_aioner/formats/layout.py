"""A document of any format as one title and one abstract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

from .document import Document, Passage
from .pubtator_records import PubTatorRecord

BREAKS = re.compile(r"[\t\r\n]")
ID_BREAKS = re.compile(r"[\t\r\n|]|^#")


def further_infons(columns: Sequence[str]) -> dict[str, str]:
    """Name what stands behind the identifier in a mention line, for BioC.

    columns (Sequence[str]): The columns from the seventh on.
    RETURNS (dict[str, str]): Infons: "column 7" and so on.
    """
    return {f"column {number}": each for number, each in enumerate(columns, 7)}


def further_columns(infons: Mapping[str, Any]) -> list[str]:
    """Get back what `further_infons` named.

    infons (Mapping[str, Any]): The infons of an annotation.
    RETURNS (list[str]): The columns from the seventh on.
    """
    columns = takewhile(lambda n: f"column {n}" in infons, count(7))
    return [str(infons[f"column {number}"] or "") for number in columns]


def one_line(text: str) -> str:
    """Put a space in the place of each TAB and line break: offsets stay.

    text (str): Any text.
    RETURNS (str): The text, just as long.
    """
    return BREAKS.sub(" ", text)


@dataclass(frozen=True)
class Layout:
    """The texts of a PubTator record and where the passages went.

    id (str): The id, fit for a PubTator line.
    title, abstract (str): The texts, fit for PubTator lines.
    moves (list[tuple[Passage, int]]): Each passage, and how far it moved.
    """

    id: str
    title: str
    abstract: str
    moves: list[tuple[Passage, int]]

    @property
    def text(self) -> str:
        """What the offsets of the record count in."""
        return f"{self.title} {self.abstract}"

    def move(
        self, start: int, end: int, own: Passage | None = None
    ) -> tuple[int, int] | None:
        """Find the new offsets of a mention.

        start, end (int): The offsets in the document.
        own (Passage | None): The passage that the mention was found in, if known.
        RETURNS (tuple[int, int] | None): The offsets in the record. None if the
            mention is not in one passage, nor in passages that moved together.
        """
        if start >= end:
            return None
        for passage, distance in self.moves:
            if own is not None and passage is not own:
                continue
            if passage.offset <= start and end <= passage.end:
                return start + distance, end + distance
        distances = {
            distance
            for passage, distance in self.moves
            if passage.offset <= end and start <= passage.end
        }
        first = min(passage.offset for passage, _ in self.moves) if self.moves else 0
        last = max((passage.end for passage, _ in self.moves), default=0)
        if len(distances) != 1 or start < first or end > last:
            return None
        distance = distances.pop()
        return start + distance, end + distance


def lay_out(document: Document) -> Layout:
    """Lay a document out as a title and an abstract.

    The title is the first passage of the kind "title", or else the first passage; the
    abstract is all others, joined by single spaces. TABs and line breaks become
    spaces, and in the id underscores.

    document (Document): A document; one that was read from PubTator stays as it is.
    RETURNS (Layout): The texts and the new places of the passages.
    """
    passages = list(document.passages)
    if isinstance(document.origin, PubTatorRecord):
        texts = [passage.text for passage in passages] + ["", ""]
        return Layout(document.id, texts[0], texts[1], [(p, 0) for p in passages])
    kinds = [passage.kind.lower() for passage in passages]
    first = kinds.index("title") if "title" in kinds else 0
    title = passages[first : first + 1] or [Passage(0, "")]
    rest = passages[:first] + passages[first + 1 :]
    moves, position = [], 0
    for passage in title + rest:
        moves.append((passage, position - passage.offset))
        position += len(passage.text) + 1
    return Layout(
        ID_BREAKS.sub("_", document.id),
        one_line(title[0].text),
        one_line(" ".join(passage.text for passage in rest)),
        moves,
    )
