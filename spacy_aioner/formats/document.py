"""The plain document that every reader yields and every writer takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

# Passages further apart than this are not read as one stretch of text: a wrong offset
# in a file must not make a string of any size.
MAX_GAP = 1000


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
        """Where each passage begins in `text`."""
        starts, position = [], 0
        for passage in self.passages:
            starts.append(position)
            position += len(passage.text) + 1
        return starts


def text_between(passages: Sequence[Passage], start: int, end: int) -> str | None:
    """Get the text at the offsets of a mention.

    passages (Sequence[Passage]): The passages of a document, in any order.
    start, end (int): Offsets in the passages' coordinates; end is exclusive.
    RETURNS (str | None): The text; what lies between two passages counts as spaces.
        None if the offsets are not in the document, are empty or in the wrong order.
    """
    if start >= end:
        return None
    for passage in passages:
        if passage.offset <= start and end <= passage.end:
            return passage.text[start - passage.offset : end - passage.offset]
    pieces: list[str] = []
    position, before, after = start, False, False
    for passage in sorted(passages, key=lambda passage: passage.offset):
        before = before or passage.offset <= start
        after = after or passage.end >= end
        if passage.end <= position or passage.offset >= end:
            continue
        gap = max(0, passage.offset - position)
        if gap > MAX_GAP:
            return None
        pieces.append(" " * gap)
        position += gap
        stop = min(end, passage.end)
        pieces.append(passage.text[position - passage.offset : stop - passage.offset])
        position = stop
    if not before or not after or end - position > MAX_GAP:
        return None
    return "".join(pieces) + " " * (end - position)


def own_passage(document: Document, mention: Mention) -> Passage | None:
    """Get the passage that a mention was found in.

    document (Document): The document.
    mention (Mention): One of its mentions.
    RETURNS (Passage | None): The passage that the mention names; None if it names none
        or lies elsewhere by now.
    """
    number = mention.passage
    if number is None or number >= len(document.passages):
        return None
    passage = document.passages[number]
    inside = passage.offset <= mention.start < mention.end <= passage.end
    return passage if inside else None


def mention_text(document: Document, mention: Mention) -> str | None:
    """Get the text of its document at the offsets of a mention.

    document (Document): The document.
    mention (Mention): One of its mentions.
    RETURNS (str | None): See `text_between`; that of its own passage where the mention
        names one.
    """
    passage = own_passage(document, mention)
    passages = document.passages if passage is None else [passage]
    return text_between(passages, mention.start, mention.end)


def text_offsets(document: Document, mention: Mention) -> tuple[int, int] | None:
    """Find a mention in the text of its document.

    document (Document): The document.
    mention (Mention): One of its mentions.
    RETURNS (tuple[int, int] | None): Its offsets in `document.text`, end exclusive;
        None if it is empty, outside the passages, or in two that are far apart.
    """
    if mention.start >= mention.end:
        return None
    own = own_passage(document, mention)
    if own is not None and mention.passage is not None:
        shift = document.text_starts[mention.passage] - own.offset
        return mention.start + shift, mention.end + shift
    for passage, start in zip(document.passages, document.text_starts, strict=True):
        if passage.offset <= mention.start and mention.end <= passage.end:
            shift = start - passage.offset
            return mention.start + shift, mention.end + shift
    if not document.passages or not are_adjoining(document.passages):
        return None
    first, last = document.passages[0].offset, document.passages[-1].end
    if mention.start < first or mention.end > last:
        return None
    return mention.start - first, mention.end - first


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
