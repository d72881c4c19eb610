"""Making an object of the bioc package of a `Document`, for both BioC formats."""

from __future__ import annotations

import copy
from typing import Any

from bioc import BioCAnnotation, BioCDocument, BioCLocation, BioCPassage

from .bioc_document import BioCSource, annotated, identifier, score_of, task_of
from .document import Document, Mention, Passage, Places
from .layout import further_infons
from .pubtator import MentionLine
from .relations import (
    DISPLAY,
    Dropped,
    all_relations,
    bioc_relation,
    concept_relations,
    drop_dangling,
)
from .source import Source


def to_bioc(
    document: Document, source: Source, dropped: Dropped, *, keep: bool = False
) -> BioCDocument:
    """Make a bioc object of a document of any format.

    Mentions that were read from the same object are written where they were, with all
    their infons; new ones go to the sentence or passage that holds them, or else to
    the document, with an id that nothing in the document has.

    document (Document): The document; its mentions are the annotations to write.
    source (Source): Takes each mention that cannot be written.
    dropped (Dropped): Counts relations that name annotations that are not written.
    keep (bool): Whether annotations that are no mentions are written as well.
    RETURNS (BioCDocument): A new object; the origin is not changed.
    """
    origin = document.origin
    if not isinstance(origin, BioCSource):
        origin = BioCSource(_with_relations(_plain(document), document))
    bioc = _copy(origin.document)
    bioc.passages = [_copy(passage) for passage in bioc.passages]
    for passage in bioc.passages:
        passage.sentences = [_copy(sentence) for sentence in passage.sentences]
    containers = [pair[0] for pair in annotated(bioc)]
    wanted: dict[int, Any] = {}
    if keep:
        wanted = {id(annotation): annotation for annotation in origin.unread}
    known = {id(each) for box in containers for each in box.annotations}
    new: list[Mention] = []
    places = Places(document.passages)
    for mention in document.mentions:
        mark = id(mention.origin)
        if mark in known and mark not in wanted:
            wanted[mark] = _updated(mention, places)
        else:
            new.append(mention)
    used = _ids(containers)
    for box in containers:
        box.annotations = [
            wanted[id(each)] for each in box.annotations if id(each) in wanted
        ]
    number, boxes = 0, _Boxes(bioc, places)
    for mention in new:
        text = places.text(mention.start, mention.end, mention.passage)
        if text is None:
            source.misplaced(mention, document.id)
            continue
        number += 1
        while f"A{number}" in used:
            number += 1
        annotation = BioCAnnotation()
        annotation.id = f"A{number}"
        _fill(annotation, mention, text)
        boxes.find(mention).annotations.append(annotation)
    dropped.count += drop_dangling(bioc, origin.document, document)
    return bioc


def extra_keys(document: Document, bioc: BioCDocument) -> dict[str, Any]:
    """Get the keys of a document that BioC does not have.

    document (Document): The document.
    bioc (BioCDocument): What `to_bioc` made of it.
    RETURNS (dict[str, Any]): The keys as read, but none of relations that were dropped.
    """
    origin = document.origin
    if not isinstance(origin, BioCSource):
        return {}
    if len(all_relations(bioc)) < len(all_relations(origin.document)):
        return {key: [] if key == DISPLAY else v for key, v in origin.extra.items()}
    return origin.extra


def _with_relations(bioc: BioCDocument, document: Document) -> BioCDocument:
    """Give a document of another format its relations."""
    relations, _ = concept_relations(document)
    bioc.relations = [bioc_relation(each, n) for n, each in enumerate(relations)]
    return bioc


def _copy(bioc: Any) -> Any:
    bioc = copy.copy(bioc)
    bioc.annotations = list(bioc.annotations)
    bioc.relations = list(bioc.relations)
    return bioc


def _plain(document: Document) -> BioCDocument:
    bioc = BioCDocument()
    bioc.id = document.id
    for passage in document.passages:
        made = BioCPassage()
        made.offset, made.text = passage.offset, passage.text
        made.infons = {"type": passage.kind} if passage.kind else {}
        bioc.passages.append(made)
    return bioc


def _fill(annotation: BioCAnnotation, mention: Mention, text: str) -> None:
    annotation.text = text
    annotation.locations = [BioCLocation(mention.start, mention.end - mention.start)]
    annotation.infons["type"] = mention.type
    if mention.id is not None:
        annotation.infons["identifier"] = mention.id
    if mention.score is not None:
        annotation.infons["score"] = f"{mention.score:.4f}"
    if mention.task is not None:
        annotation.infons["task"] = mention.task
    if isinstance(mention.origin, MentionLine):
        annotation.infons.update(further_infons(mention.origin.further))


def _updated(mention: Mention, places: Places) -> BioCAnnotation:
    """Get the annotation of a mention that was read, with what the caller changed."""
    annotation = copy.copy(mention.origin)
    infons = annotation.infons
    start, end = mention.start, mention.end
    if annotation.locations != [BioCLocation(start, end - start)]:
        annotation.locations = [BioCLocation(start, end - start)]
        text = places.text(start, end, mention.passage)
        annotation.text = text or mention.text
    changed: dict[str, Any] = {}
    if mention.type != str(infons.get("type", "")):
        changed["type"] = mention.type
    if mention.id is not None and mention.id != identifier(infons):
        changed["identifier"] = mention.id
    if mention.score is not None and mention.score != score_of(infons.get("score")):
        changed["score"] = f"{mention.score:.4f}"
    if mention.task is not None and mention.task != task_of(infons):
        changed["task"] = mention.task
    annotation.infons = {**infons, **changed}
    return annotation


def _ids(containers: list[Any]) -> set[str]:
    """Get every id that a new annotation must not take, those referred to as well."""
    ids = {str(each.id) for box in containers for each in box.annotations}
    for box in containers:
        for relation in box.relations:
            ids.add(str(relation.id))
            ids.update(str(node.refid) for node in relation.nodes)
    return ids


class _Boxes:
    """What new annotations of a document belong to.

    bioc (BioCDocument): The object that gets them.
    places (Places): Its passages.
    """

    def __init__(self, bioc: BioCDocument, places: Places) -> None:
        self._bioc = bioc
        self._places = places
        # By the number of the passage, once an annotation is in it.
        self._sentences: dict[int, Places] = {}

    def find(self, mention: Mention) -> Any:
        """The sentence that holds a mention, or else the passage or the document."""
        number = self._places.holder(mention.start, mention.end, mention.passage)
        if number is None:
            return self._bioc
        passage = self._bioc.passages[number]
        if number not in self._sentences:
            made = [Passage(each.offset, each.text or "") for each in passage.sentences]
            self._sentences[number] = Places(made)
        inner = self._sentences[number].holder(mention.start, mention.end)
        return passage if inner is None else passage.sentences[inner]
