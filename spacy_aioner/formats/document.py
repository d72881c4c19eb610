"""The plain document that every reader yields and every writer takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mention:
    """One annotated stretch of text.

    start, end (int): Offsets in code points, in the coordinates of the passages'
        offsets (for PubTator: title + one space + abstract); end is exclusive.
    text (str): The text as the file states it.
    type (str): The entity type, e.g. "Gene".
    id (str | None): The concept identifier, where the file has one.
    score (float | None): The probability, for predicted mentions.
    """

    start: int
    end: int
    text: str
    type: str
    id: str | None = None
    score: float | None = None


@dataclass
class Passage:
    """A block of running text: a title, an abstract, a section, a caption.

    offset (int): Offset of the first character in the document's coordinates.
    text (str): The text, unchanged.
    kind (str): What the block is, e.g. "title" or "abstract".
    """

    offset: int
    text: str
    kind: str = ""

    @property
    def end(self) -> int:
        return self.offset + len(self.text)


@dataclass
class Document:
    """A document of any format.

    id (str): The identifier, unique or not as the file has it.
    passages (list[Passage]): In the order of the file.
    mentions (list[Mention]): All annotations of the document, in file order.
    origin (Any): What only the writer of the same format needs to reproduce the
        input (PubTator: the lines that are not mentions; BioC: the bioc object).
    """

    id: str
    passages: list[Passage]
    mentions: list[Mention] = field(default_factory=list)
    origin: Any = None

    @property
    def text(self) -> str:
        """The passages joined by single spaces: what a spaCy Doc is made of."""
        return " ".join(passage.text for passage in self.passages)

    @property
    def text_starts(self) -> list[int]:
        """Where each passage begins in `text`."""
        starts, position = [], 0
        for passage in self.passages:
            starts.append(position)
            position += len(passage.text) + 1
        return starts
