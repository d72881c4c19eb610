"""What a file holds and its new format cannot: counted, and told once for each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .bioc_document import ID_KEYS, BioCSource, annotated
from .brat import BratLines
from .document import Document
from .layout import further_columns, further_infons
from .pubtator import MentionLine
from .pubtator_records import PubTatorRecord
from .relations import concept_relations
from .row_mentions import Entity
from .rows import Row
from .source import Source

PASSAGES = "borders and kinds of passages"
IDS = "identifiers of concepts"
SCORES = "scores"
RELATIONS = "relations"
PARTS = "annotations in several parts"
COLUMNS = "mentions with further columns"
INFONS = "annotations with further values"
FRAME = "values of documents and passages"
COMMENTS = "comments"

# What can be written of it in each format, when the document is of another format.
_BIOC = frozenset({PASSAGES, IDS, SCORES, RELATIONS, COLUMNS})
HOLDS = {
    "pubtator": frozenset({IDS, RELATIONS, COLUMNS}),
    "bioc-xml": _BIOC,
    "bioc-json": _BIOC,
    "jsonl": frozenset({IDS, SCORES}),
    "parquet": frozenset({IDS, SCORES}),
    "text": frozenset({SCORES}),
    "conll": frozenset[str](),
    "docbin": frozenset({PASSAGES, IDS, SCORES}),
}
# These formats hold no texts: they stand beside the file with the texts.
TABLES = ("parquet", "text")
# What is told and is no loss: the frame of annotations, and what labels never hold.
MINOR = frozenset({PASSAGES, FRAME, COMMENTS})
LABELS = frozenset({IDS, SCORES, INFONS})
# The formats in which a document of each origin comes out whole.
OWN = {
    PubTatorRecord: ("pubtator",),
    BioCSource: ("bioc-xml", "bioc-json"),
    Row: ("jsonl",),
}
_FIELDS = frozenset({"type", "score", "task", *ID_KEYS})


class Account:
    """Counts what of a file's documents is lost in another format.

    source (Source): The file that is read; takes the problems.
    to (str): The format that is written: one of HOLDS.
    keep (bool): Whether the file's annotations are to be kept. If not, they are
        replaced with all that is about them, and only lost relations are told.
    """

    def __init__(self, source: Source, to: str, *, keep: bool) -> None:
        self.source = source
        self.to = to
        self.keep = keep
        self._lost: Counter[str] = Counter()

    def watch(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Count while documents pass by.

        documents (Iterable[Document]): The documents: as they were read if their
            annotations are kept, or else as they will be written.
        YIELDS (Document): The same.
        """
        for document in documents:
            if self.to not in OWN.get(type(document.origin), ()):
                self._count(document)
            yield document

    def tell(self) -> None:
        """Tell what was lost, one problem for each kind."""
        for kind, count in sorted((+self._lost).items()):
            minor = MINOR | LABELS if self.to == "conll" else MINOR
            reason = f"{self.to} cannot hold them"
            if not self.keep:
                reason = "they relate annotations that are replaced"
            self.source.problem(
                f"{kind} are left out, {reason}: {count}",
                lost=self.keep and kind not in minor,
            )

    def _count(self, document: Document) -> None:
        relations, number = concept_relations(document)
        if RELATIONS in HOLDS[self.to]:
            number -= len(relations)
        self._lost[RELATIONS] += number
        if not self.keep:
            return
        found = further(document)
        if self.to not in TABLES:
            found[PASSAGES] += _has_borders(document, self.to)
        for kind, count in found.items():
            # Relations among these are of brat, and nothing else can hold them.
            if kind == RELATIONS or kind not in HOLDS[self.to]:
                self._lost[kind] += count


def further(document: Document) -> Counter[str]:
    """Count what a document holds beyond texts, places and types.

    document (Document): The document, with the mentions to count.
    RETURNS (Counter[str]): How much of each kind; relations but for brat's, and
        passages, are not counted.
    """
    mentions = document.mentions
    found: Counter[str] = Counter()
    found[IDS] = sum(mention.id is not None for mention in mentions)
    found[SCORES] = sum(mention.score is not None for mention in mentions)
    origins = [mention.origin for mention in mentions]
    origin = document.origin
    if isinstance(origin, PubTatorRecord):
        lines = (each for each in origins if isinstance(each, MentionLine))
        found[COLUMNS] = sum(bool(line.further) for line in lines)
        others = [*origin.before, *origin.between, *origin.after]
        others += [line for _, line in origin.others]
        found[COMMENTS] = sum(line.startswith("#") for line in others)
    elif isinstance(origin, BioCSource):
        found[PARTS] = sum(len(each.locations) > 1 for each in origin.unread)
        infons = [each.infons for each in origins if each is not None]
        columns = [further_infons(further_columns(each)) for each in infons]
        found[COLUMNS] = sum(map(bool, columns))
        found[INFONS] = sum(
            bool({key.lower() for key in values.keys() - own.keys()} - _FIELDS)
            for values, own in zip(infons, columns, strict=True)
        )
        frame = (set(box.infons) - {"type"} for box, _ in annotated(origin.document))
        found[FRAME] = sum(map(len, frame)) + len(origin.extra)
    elif isinstance(origin, Row):
        found[INFONS] = sum(isinstance(each, Entity) for each in origins)
        found[FRAME] = len(origin.values.keys() - {*origin.used, *origin.annotated})
    elif isinstance(origin, BratLines):
        found.update(origin.counts)
    return found


def _has_borders(document: Document, to: str) -> bool:
    """Whether a document has passages that run together in a format without them."""
    if to == "conll":
        return False  # Sentences end where passages do.
    if to == "pubtator":
        kinds = [passage.kind for passage in document.passages]
        return len(kinds) > 1 and kinds != ["title", "abstract"]
    return len(document.passages) > 1
