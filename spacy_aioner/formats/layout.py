"""A document of any format as one title and one abstract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

from .document import Document, Passage, Places, joined_starts
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
    places (Places): The passages of the document.
    distances (list[int]): How far each of them moved.
    """

    id: str
    title: str
    abstract: str
    places: Places
    distances: list[int]

    @property
    def text(self) -> str:
        """What the offsets of the record count in."""
        return f"{self.title} {self.abstract}"

    def move(
        self, start: int, end: int, own: int | None = None
    ) -> tuple[int, int] | None:
        """Find the new offsets of a mention.

        start, end (int): The offsets in the document.
        own (int | None): The number of the passage that the mention names.
        RETURNS (tuple[int, int] | None): The offsets in the record. None if the
            mention is not in one passage, nor in passages that moved together.
        """
        if start >= end:
            return None
        number = self.places.holder(start, end, own)
        if number is not None:
            touched = [number]
        elif self.places.first <= start and end <= self.places.last:
            touched = self.places.touched(start, end)
        else:
            touched = []
        distances = {self.distances[number] for number in touched}
        if len(distances) != 1:
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
        places, distances = Places(passages), [0] * len(passages)
        return Layout(document.id, texts[0], texts[1], places, distances)
    kinds = [passage.kind.lower() for passage in passages]
    first = kinds.index("title") if "title" in kinds else 0
    title = passages[first : first + 1] or [Passage(0, "")]
    rest = passages[:first] + passages[first + 1 :]
    starts = joined_starts(title + rest)
    # In the order of the document, in which mentions name their passages.
    starts = starts[1 : first + 1] + starts[:1] + starts[first + 1 :]
    distances = [
        start - passage.offset for passage, start in zip(passages, starts, strict=False)
    ]
    return Layout(
        ID_BREAKS.sub("_", document.id),
        one_line(title[0].text),
        one_line(" ".join(passage.text for passage in rest)),
        Places(passages),
        distances,
    )
