"""Relations between annotations: which are left, and the same in another format.

PubTator relates concepts: a line has a type, two identifiers and, in BioRED, whether it
is new. BioC relates annotations by their ids, or concepts by infons: "entity1",
"entity2", "type" and "novel" in BioRED's files, "relation" and a role for each concept
in those of BC5CDR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bioc import BioCDocument, BioCRelation

from .bioc_document import BioCSource, annotated, identifier
from .document import Document
from .pubtator_records import PubTatorRecord, is_relation
from .source import Source

# Between the identifiers of one mention, and between ids in a role of PubTator 3.
SEVERAL = re.compile(r"[|;,]")
# What PubTator 3 shows of the relations of a document.
DISPLAY = "relations_display"
TYPES = ("type", "relation")
# Infons that are no concepts.
COMMENTS = (*TYPES, "novel", "score", "note")


class Relation(NamedTuple):
    """A relation between two concepts.

    type (str): For example "Association".
    first, second (str): The identifiers of the concepts.
    novelty (str | None): For example "Novel" or "No".
    """

    type: str
    first: str
    second: str
    novelty: str | None = None


@dataclass
class Dropped:
    """Counts relations of a file that name what is gone, to tell it once.

    source (Source): The file that is written; takes the problem.
    count (int): How many there were.
    """

    source: Source
    count: int = 0

    def tell(self) -> None:
        """Tell how many relations were dropped, if any were."""
        if self.count:
            self.source.problem(
                f"relations of annotations that are not kept are left out with them: "
                f"{self.count}",
                lost=False,
            )


class Concepts:
    """The identifiers that a document had, and those that it has now.

    known (Iterable[str | None]): The identifiers of its annotations as read.
    document (Document): The document, with the mentions that are left.
    """

    def __init__(self, known: Iterable[str | None], document: Document) -> None:
        self._known = set(_parts(known))
        self._left = set(_parts(mention.id for mention in document.mentions))

    def has(self, name: str) -> bool:
        """Tell whether a concept is left.

        name (str): The concept.
        RETURNS (bool): Also true for one that was not annotated in the first place,
            unless nothing is left of what was.
        """
        names = {name} if name in self._known else set(_parts([name])) & self._known
        return bool((names or self._known) & self._left) or not self._known

    def have(self, relation: Relation) -> bool:
        """Tell whether both concepts of a relation are."""
        return self.has(relation.first) and self.has(relation.second)


def _parts(names: Iterable[str | None]) -> Iterator[str]:
    for name in names:
        if name:
            yield name
            yield from SEVERAL.split(name)


def parse_relation(line: str) -> Relation:
    """Read a relation line of PubTator; see `is_relation`."""
    return Relation(*line.split("\t")[1:])


def all_relations(bioc: BioCDocument) -> list[BioCRelation]:
    """Get the relations of a document, those of its passages and sentences too."""
    return [each for box, _ in annotated(bioc) for each in box.relations]


def concept_relations(document: Document) -> tuple[list[Relation], int]:
    """Get the relations of a document as relations between concepts.

    document (Document): From PubTator or BioC, others have none.
    RETURNS (tuple[list[Relation], int]): Those whose concepts are left, and how many
        relations there are in all.
    """
    origin = document.origin
    if isinstance(origin, PubTatorRecord):
        lines = [line for _, line in origin.others if is_relation(line, document.id)]
        found = [parse_relation(line) for line in lines]
        concepts = Concepts(origin.concepts, document)
        return [each for each in found if concepts.have(each)], len(lines)
    if not isinstance(origin, BioCSource):
        return [], 0
    relations = all_relations(origin.document)
    if not relations:
        return [], 0
    boxes = [box for box, _ in annotated(origin.document)]
    everything = [each for box in boxes for each in box.annotations]
    left = {id(mention.origin) for mention in document.mentions}
    names = {str(a.id): identifier(a.infons) for a in everything if id(a) in left}
    concepts = Concepts([identifier(each.infons) for each in everything], document)
    made = (_of_bioc(relation, names) for relation in relations)
    return [each for each in made if each and concepts.have(each)], len(relations)


def _of_bioc(relation: BioCRelation, names: dict[str, str | None]) -> Relation | None:
    """Make a relation between concepts of one of BioC; None if it relates no two."""
    infons = relation.infons
    kind = next((str(infons[key]) for key in TYPES if infons.get(key)), "")
    # BioRED's stand in this order; in BC5CDR the keys are roles.
    ends = [infons[key] for key in sorted(infons) if key not in COMMENTS]
    if all(isinstance(each, dict) for each in ends):
        # PubTator 3 has an object for each, and nodes that name no annotation.
        ends = [each.get("identifier") for each in ends]
    if relation.nodes and not ends:
        ends = [names.get(str(node.refid)) for node in relation.nodes]
    if not kind or len(ends) != 2 or not all(isinstance(e, str) and e for e in ends):
        return None
    novel = infons.get("novel")
    novelty = None if novel is None else str(novel)
    return Relation(kind, ends[0], ends[1], novelty)


def bioc_relation(relation: Relation, number: int) -> BioCRelation:
    """Make a relation of BioC as in BioRED's files.

    relation (Relation): The relation.
    number (int): Which of the document it is, from 0.
    RETURNS (BioCRelation): It has no nodes, as it relates concepts.
    """
    made = BioCRelation()
    made.id = f"R{number}"
    made.infons = {
        "entity1": relation.first,
        "entity2": relation.second,
        "type": relation.type,
    }
    if relation.novelty is not None:
        made.infons["novel"] = relation.novelty
    return made


def drop_dangling(bioc: BioCDocument, origin: BioCDocument, document: Document) -> int:
    """Take out the relations that name annotations or relations that are gone.

    bioc (BioCDocument): The document as it will be written, its lists its own; changed.
    origin (BioCDocument): The document as it was read.
    document (Document): The document, with the mentions that are left.
    RETURNS (int): How many relations were taken out.
    """
    relations = all_relations(bioc)
    if not relations:
        return 0
    boxes = [box for box, _ in annotated(bioc)]
    read = [each for box, _ in annotated(origin) for each in box.annotations]
    before = {str(each.id) for each in read} - {""}
    left = {str(each.id) for box in boxes for each in box.annotations}
    gone = before - left
    if not gone:
        return 0
    known = before | {str(each.id) for each in relations}
    concepts = Concepts([identifier(each.infons) for each in read], document)
    named = {id(each): _named(each) & known for each in relations}

    def is_dangling(relation: BioCRelation) -> bool:
        if named[id(relation)]:
            return bool(named[id(relation)] & gone)
        made = _of_bioc(relation, {})
        return not before & left or (made is not None and not concepts.have(made))

    count = 0
    while dropped := [each for each in all_relations(bioc) if is_dangling(each)]:
        count += len(dropped)
        gone |= {str(each.id) for each in dropped}
        marks = {id(each) for each in dropped}
        for box in boxes:
            box.relations = [each for each in box.relations if id(each) not in marks]
    return count


def _named(relation: BioCRelation) -> set[str]:
    """The ids that a relation names; in PubTator 3 the role of a node lists some."""
    return {
        name
        for node in relation.nodes
        for name in (str(node.refid), *SEVERAL.split(str(node.role)))
    }
