"""The plain document that every reader yields and every writer takes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

# Passages further apart than this are not read as one stretch of text: a wrong offset
# in a file must not make a string of any size.
MAX_GAP = 1000
# Longer documents are not made into docs: memory grows with their words.
MAX_CHARACTERS = 5_000_000


@dataclass
class Mention:
    """One annotated stretch of text.

    start, end (int): Offsets in code points, in the coordinates of the passages'
        offsets (for PubTator: title + one space + abstract); end is exclusive.
    text (str): The text as the file states it.
    type (str): The entity type, e.g. "Gene".
    id (str | None): The concept identifier, where the file has one.
    score (float | None): The probability, for predicted mentions.
    task (str | None): The task that predicted it, for predicted mentions.
    origin (Any): What the writer of the same format needs to write a mention of the
        file where and as it stood; None for a new mention. Not compared.
    passage (int | None): The number of the passage that it was found in, from 0, where
        that is known: offsets alone do not tell, as passages of a file may have equal
        ones. Not compared.
    """

    start: int
    end: int
    text: str
    type: str
    id: str | None = None
    score: float | None = None
    task: str | None = None
    origin: Any = field(default=None, compare=False, repr=False)
    passage: int | None = field(default=None, compare=False, repr=False)


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
        Not compared.
    markup (bool): Whether the texts hold markup: what is read of them is a view (see
        `PlainDocument`), while they and all offsets stay as they are stored.
    """

    id: str
    passages: list[Passage]
    mentions: list[Mention] = field(default_factory=list)
    origin: Any = field(default=None, compare=False, repr=False)
    markup: bool = field(default=False, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The passages joined by single spaces: what a spaCy Doc is made of."""
        return " ".join(passage.text for passage in self.passages)

    @property
    def text_starts(self) -> list[int]:
        """Where each passage begins in `text`; computed anew each time."""
        return joined_starts(self.passages)


class Places:
    """Finds mentions in passages by bisection, whatever the number of passages.

    Made where the mentions of one document are looked up, and for that only: it holds
    the offsets that the passages had then.

    passages (Sequence[Passage]): The passages of a document, in any order. Where their
        offsets overlap, the one that begins first holds what lies in several.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self._order = sorted(range(len(passages)), key=lambda i: passages[i].offset)
        self._offsets = [passages[i].offset for i in self._order]
        # How far the passages reach up to each of them, in this order.
        ends = (passages[i].end for i in self._order)
        self._reach = list(accumulate(ends, max))
        self._starts = joined_starts(passages)
        self._adjoining = bool(passages) and are_adjoining(passages)

    @property
    def first(self) -> int:
        """The least offset; 0 without passages."""
        return self._offsets[0] if self._offsets else 0

    @property
    def last(self) -> int:
        """Where the passages end; 0 without any."""
        return self._reach[-1] if self._reach else 0

    def holder(self, start: int, end: int, own: int | None = None) -> int | None:
        """Find the passage that holds a mention as a whole.

        start, end (int): Offsets in the passages' coordinates; end is exclusive.
        own (int | None): The passage that the mention names; it counts if it holds it.
        RETURNS (int | None): The number of the passage; None if there is none, or if
            the offsets are empty or in the wrong order.
        """
        if own is not None and own < len(self._passages) and start < end:
            passage = self._passages[own]
            if passage.offset <= start and end <= passage.end:
                return own
        # The first that brings the reach to `end` ends there or beyond itself.
        place = bisect_left(self._reach, end)
        if start >= end or place >= bisect_right(self._offsets, start):
            return None
        return self._order[place]

    def touched(self, start: int, end: int) -> list[int]:
        """Find the passages that a stretch of text reaches into or borders on.

        start, end (int): Offsets in the passages' coordinates; end is exclusive.
        RETURNS (list[int]): Their numbers, by offset.
        """
        first = bisect_left(self._reach, start)
        begun = self._order[first : bisect_right(self._offsets, end)]
        return [number for number in begun if self._passages[number].end >= start]

    def text(self, start: int, end: int, own: int | None = None) -> str | None:
        """Get the text of a mention; see `text_between`.

        start, end (int): Offsets in the passages' coordinates; end is exclusive.
        own (int | None): The passage that the mention names.
        RETURNS (str | None): The text, if there is one.
        """
        number = self.holder(start, end, own)
        if number is not None:
            passage = self._passages[number]
            return passage.text[start - passage.offset : end - passage.offset]
        if start >= end or not self._order or start < self.first or end > self.last:
            return None
        pieces: list[str] = []
        position = start
        for number in self.touched(start, end):
            passage = self._passages[number]
            if passage.end <= position or passage.offset >= end:
                continue
            gap = max(0, passage.offset - position)
            if gap > MAX_GAP:
                return None
            pieces.append(" " * gap)
            position += gap
            stop = min(end, passage.end)
            inside = slice(position - passage.offset, stop - passage.offset)
            pieces.append(passage.text[inside])
            position = stop
        if end - position > MAX_GAP:
            return None
        return "".join(pieces) + " " * (end - position)

    def to_joined(
        self, start: int, end: int, own: int | None = None
    ) -> tuple[int, int] | None:
        """Find a mention in the text of its document; see `text_offsets`.

        start, end (int): Offsets in the passages' coordinates; end is exclusive.
        own (int | None): The passage that the mention names.
        RETURNS (tuple[int, int] | None): Offsets in `Document.text`, if it is there.
        """
        number = self.holder(start, end, own)
        if number is not None:
            shift = self._starts[number] - self._passages[number].offset
        elif self._adjoining and self.first <= start < end <= self.last:
            shift = -self.first
        else:
            return None
        return start + shift, end + shift

    def of(self, mention: Mention) -> tuple[int, int]:
        """Get offsets that tell the place of a mention from all others.

        mention (Mention): The mention.
        RETURNS (tuple[int, int]): Those in `Document.text`; its own if it is not there.
        """
        place = self.to_joined(mention.start, mention.end, mention.passage)
        return place or (mention.start, mention.end)

    def from_joined(self, start: int, end: int) -> tuple[int, int, int | None] | None:
        """The inverse of `to_joined`.

        start, end (int): Offsets in `Document.text`; end is exclusive.
        RETURNS (tuple[int, int, int | None] | None): Offsets in the passages'
            coordinates, and the number of the passage, None if it is in several. None
            for what is not in one passage, unless the offsets run on between them.
        """
        number = bisect_right(self._starts, start) - 1
        if number < 0:
            return None
        passage, begin = self._passages[number], self._starts[number]
        inside = end <= begin + len(passage.text)
        if inside or self._adjoining:
            shift = passage.offset - begin
            return start + shift, end + shift, number if inside else None
        return None


def text_between(passages: Sequence[Passage], start: int, end: int) -> str | None:
    """Get the text at the offsets of a mention; `Places` does it for many.

    passages (Sequence[Passage]): The passages of a document, in any order.
    start, end (int): Offsets in the passages' coordinates; end is exclusive.
    RETURNS (str | None): The text; what lies between two passages counts as spaces.
        None if the offsets are not in the document, are empty or in the wrong order.
    """
    return Places(passages).text(start, end)


def text_offsets(document: Document, mention: Mention) -> tuple[int, int] | None:
    """Find a mention in the text of its document; `Places` does it for many.

    document (Document): The document.
    mention (Mention): One of its mentions.
    RETURNS (tuple[int, int] | None): Its offsets in `document.text`, end exclusive;
        None if it is empty, outside the passages, or in two that are far apart.
    """
    places = Places(document.passages)
    return places.to_joined(mention.start, mention.end, mention.passage)


def joined_starts(passages: Iterable[Passage]) -> list[int]:
    """Find where passages begin when they are joined by single spaces.

    passages (Iterable[Passage]): The passages, in order.
    RETURNS (list[int]): An offset for each.
    """
    starts, position = [], 0
    for passage in passages:
        starts.append(position)
        position += len(passage.text) + 1
    return starts


def adjoining(texts: Iterable[tuple[str, str]]) -> list[Passage]:
    """Make passages that follow each other with one character between them.

    texts (Iterable[tuple[str, str]]): The kind and the text of each.
    RETURNS (list[Passage]): The passages; the first begins at 0.
    """
    passages: list[Passage] = []
    for kind, text in texts:
        offset = passages[-1].end + 1 if passages else 0
        passages.append(Passage(offset, text, kind))
    return passages


def overlap(passages: Iterable[Passage]) -> bool:
    """Tell whether an offset may be in several passages.

    passages (Iterable[Passage]): The passages of a document, in any order.
    RETURNS (bool): Whether two of them have a character at one offset.
    """
    ordered = sorted(passages, key=lambda passage: passage.offset)
    return any(left.end > right.offset for left, right in pairwise(ordered))


def are_adjoining(passages: Sequence[Passage]) -> bool:
    """Tell whether passages follow each other with one character between them.

    passages (Sequence[Passage]): The passages of a document, in order.
    RETURNS (bool): Whether offsets in the joined text differ by one constant.
    """
    return all(left.end + 1 == right.offset for left, right in pairwise(passages))
