"""Reading and writing PubTator files: a document as lines of text.

The reader of the bioc package does not serve here: it strips the lines, which moves
offsets, takes five columns for a relation, and prints what it does not understand.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bioc import BioCAnnotation

from ..errors import Report, raise_problem
from .document import Document, Mention, Passage
from .layout import Layout, further_columns, lay_out, one_line
from .pubtator_records import PubTatorRecord, RawRecord, is_relation, read_records
from .relations import Concepts, Dropped, concept_relations, parse_relation
from .source import Source, quote

NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
# The fifth column of a relation, where it has one, says whether it is new knowledge.
NOVELTY = ("novel", "no", "none")
# Ids beyond these are not compared, so that memory does not grow with the file.
MAX_IDS = 1_000_000


@dataclass(frozen=True)
class MentionLine:
    """A mention line as it was read: `Mention.origin` for PubTator.

    slot (int): Which mention of its record it is.
    line (str): The line, without the line break.
    state (tuple): Start, end, text, type and id as read from it.
    further (tuple[str, ...]): The columns behind the identifier.
    """

    slot: int
    line: str
    state: tuple[int, int, str, str, str | None]
    further: tuple[str, ...] = ()


def read_pubtator(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a PubTator file one document after the other.

    path (str | Path): The file, in UTF-8.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): Passages "title" and, where there is one, "abstract". Text that
        goes on in the lines below its own is joined, with a space for each line break.
    """
    source = Source(path, report)
    stream = source.open()
    if stream is None:
        return
    wrapped = False
    seen: set[str] | None = set()
    with stream:
        for raw in read_records(stream, source):
            if seen is not None and raw.id in seen:
                source.problem(
                    f"the id {quote(raw.id)} is not unique in this file; all documents "
                    f"are kept, this is said once",
                    line=raw.line,
                    document=raw.id,
                    lost=False,
                )
                seen = None
            elif seen is not None:
                seen.add(raw.id)
                if len(seen) > MAX_IDS:
                    seen = None
            if raw.decodable and raw.wrapped is not None and not wrapped:
                wrapped = True
                source.problem(
                    "continues the text of the line above it; such lines are joined, "
                    "and each line break counts as one space (reported once)",
                    line=raw.wrapped,
                    document=raw.id,
                    lost=False,
                )
            if raw.decodable:
                yield _build(raw, source)


def _build(raw: RawRecord, source: Source) -> Document:
    record = raw.record
    record.abstract = raw.abstract is not None
    # Programs that break lines put a break in the place of a space.
    text = " ".join(raw.title)
    passages = [Passage(0, text, "title")]
    if raw.abstract is None:
        source.problem(
            "has no abstract line; it is read as a title alone",
            line=raw.line,
            document=raw.id,
            lost=False,
        )
    else:
        abstract = " ".join(raw.abstract)
        passages.append(Passage(len(text) + 1, abstract, "abstract"))
        text = f"{text} {abstract}"
    document = Document(raw.id, passages, origin=record)
    for number, line in raw.lines:
        mention = None
        if _is_mention(line):
            mention = _parse(line, len(document.mentions), text, raw.id, number, source)
        else:
            record.others.append((len(document.mentions), line))
            if not line.startswith("#") and not is_relation(line, raw.id):
                # It may be text, and that is not tagged here.
                source.problem(
                    "is no mention, relation (both with TABs between columns) or "
                    "comment, and text cannot stand here; the line is not read, put "
                    "text into the title or abstract line",
                    line=number,
                    document=raw.id,
                )
        if mention is not None:
            document.mentions.append(mention)
    record.concepts = {mention.id for mention in document.mentions if mention.id}
    return document


def _is_mention(line: str) -> bool:
    columns = line.split("\t")
    if line.startswith("#") or len(columns) < 4:
        return False
    if NUMBER.fullmatch(columns[1]) and NUMBER.fullmatch(columns[2]):
        return True
    # Four columns without offsets are a relation, and so are five with its novelty.
    relation = len(columns) == 4 or columns[4].lower() in NOVELTY
    return len(columns) > 5 or not relation


def _parse(
    line: str, slot: int, text: str, record_id: str, number: int, source: Source
) -> Mention | None:
    columns = line.split("\t")
    fault = ""
    start = end = 0
    if columns[0] != record_id:
        fault = f"the mention line names the document {quote(columns[0])}"
    elif not (NUMBER.fullmatch(columns[1]) and NUMBER.fullmatch(columns[2])):
        numbers = f"{quote(columns[1])}, {quote(columns[2])}"
        fault = (
            f"is neither a mention, as its offsets are no numbers ({numbers}), nor a "
            f"relation, which has four columns, or five with Novel, No or None"
        )
    elif len(columns) < 5:
        fault = "the mention line has no entity type"
    else:
        start, end = int(columns[1]), int(columns[2])
        if start >= end:
            fault = (
                f"the mention line has a start that is not before its end "
                f"({start}, {end})"
            )
        elif start < 0 or end > len(text):
            fault = (
                f"the mention line has offsets ({start}, {end}) that are not in the "
                f"text, which is {len(text)} characters long"
            )
    if fault:
        source.problem(f"{fault}; it is left out", line=number, document=record_id)
        return None
    there = text[start:end]
    if "\t" in there and "\t".join(columns[3:]).startswith(there + "\t"):
        # Other programs write a TAB of the text as it is: it is no column border.
        width = there.count("\t") + 1
        columns[3 : 3 + width] = [there]
    stated = columns[3]
    if stated == there.replace("\t", " "):
        stated = there
    if stated != there:
        source.problem(
            f"the text {quote(stated)} is not the document's text at {start} to "
            f"{end}, {quote(there)}; the mention line is kept as written",
            line=number,
            document=record_id,
            lost=False,
        )
    kind = columns[4] if len(columns) > 4 else ""
    identifier = columns[5] if len(columns) > 5 else None
    state = (start, end, stated, kind, identifier)
    return Mention(*state, origin=MentionLine(slot, line, state, tuple(columns[6:])))


class PubTatorWriter:
    """Writes documents in the PubTator format.

    A document that was read from PubTator comes out as it stood, byte for byte, but
    for what `mentions` no longer holds or holds in addition, and relations of concepts
    that no mention has any more. A document of another format becomes a title and an
    abstract (see `lay_out`), with its relations where they are between two concepts.

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    crlf (bool): Whether lines end with CR LF.
    report (Report): Takes each mention that cannot be written.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        path: str | Path = "",
        crlf: bool = False,
        report: Report = raise_problem,
    ) -> None:
        self.stream = stream
        self.source = Source(path, report)
        self.newline = "\r\n" if crlf else "\n"
        self._terminated = True
        self._dropped = Dropped(self.source)

    def write(self, document: Document) -> None:
        """Write one document.

        document (Document): The document; all its mentions are written, in order.
        """
        layout = lay_out(document)
        record = document.origin
        if not isinstance(record, PubTatorRecord):
            relations, _ = concept_relations(document)
            lines = ["\t".join(map(one_line, filter(None, r))) for r in relations]
            new = [(0, f"{layout.id}\t{line}") for line in lines]
            record = PubTatorRecord(others=new, abstract=True, after=[""])
        lines = [*record.before, f"{layout.id}|t|{layout.title}", *record.between]
        if record.abstract:
            lines.append(f"{layout.id}|a|{layout.abstract}")
        text, others = layout.text, deque(self._others(record, document))
        for mention in document.mentions:
            line = self._mention_line(mention, layout, text)
            if isinstance(mention.origin, MentionLine):
                while others and others[0][0] <= mention.origin.slot:
                    lines.append(others.popleft()[1])
            if line is not None:
                lines.append(line)
        lines += [line for _, line in others]
        lines += record.after
        start = "" if self._terminated else self.newline
        stop = self.newline if record.terminated else ""
        whole = start + self.newline.join(lines) + stop
        self.stream.write(whole.encode("utf-8", "replace"))
        self._terminated = record.terminated

    def close(self) -> None:
        """Tell how many relations were dropped; no more is written."""
        self._dropped.tell()

    def _others(
        self, record: PubTatorRecord, document: Document
    ) -> list[tuple[int, str]]:
        """Get the lines that are no mentions, but for relations of what is gone."""
        concepts = Concepts(record.concepts, document)
        kept = [
            (slot, line)
            for slot, line in record.others
            if not is_relation(line, document.id) or concepts.have(parse_relation(line))
        ]
        self._dropped.count += len(record.others) - len(kept)
        return kept

    def _mention_line(self, mention: Mention, layout: Layout, text: str) -> str | None:
        state = (mention.start, mention.end, mention.text, mention.type, mention.id)
        extra: list[str] = []
        stated = mention.text
        if isinstance(mention.origin, MentionLine):
            if mention.origin.state == state:
                return mention.origin.line
            extra = list(mention.origin.further)
            stated = ""  # What changed may be the offsets: the old text is stale.
        elif isinstance(mention.origin, BioCAnnotation):
            extra = [one_line(text) for text in further_columns(mention.origin.infons)]
        place = layout.move(mention.start, mention.end, mention.passage)
        if place is None:
            self.source.problem(
                f"the mention {quote(mention.text)} at {mention.start} to "
                f"{mention.end} lies in no passage or in several; it is left out",
                document=layout.id,
            )
            return None
        start, end = place
        columns = [
            layout.id,
            str(start),
            str(end),
            one_line(stated or text[start:end]),
            one_line(mention.type),
        ]
        if mention.id is not None or extra:
            columns.append(one_line(mention.id or ""))
        return "\t".join(columns + extra)
