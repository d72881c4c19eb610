"""Making a `Document` of the objects of the bioc package, for both BioC formats."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from bioc import BioCAnnotation, BioCDocument, BioCPassage

from .document import Document, Mention, Passage, Places, overlap
from .source import Source, quote

# Where tools put the concept identifier, the first that is there is taken.
ID_KEYS = (
    "identifier",
    "ncbi gene",
    "ncbi taxonomy",
    "ncbi homologene",
    "mesh",
    "omim",
    "cellosaurus",
    "dbsnp",
)
# A sentence further behind the one before than this has a wrong offset.
MAX_SENTENCE_GAP = 100_000


@dataclass
class Header:
    """What stands around the documents of a BioC file.

    source, date, key (str | None): The fields of the collection.
    infons (dict[str, Any]): The infons of the collection.
    version (str): The BioC version; JSON only.
    encoding, doctype (str | None): From the top of an XML file.
    standalone (bool | None): From the top of an XML file.
    shape (str): How a JSON file holds its documents: "collection", "collections"
        (a list of them), "pubtator3", "documents" (a list), "document" or "lines".
    seen (bool): Whether any of these was read, as they stand above or below the
        documents; JSON only. Not compared.
    """

    source: str | None = ""
    date: str | None = ""
    key: str | None = ""
    infons: dict[str, Any] = field(default_factory=dict)
    version: str = "1.0"
    encoding: str | None = "UTF-8"
    doctype: str | None = None
    standalone: bool | None = None
    shape: str = "collection"
    seen: bool = field(default=False, compare=False)


@dataclass
class BioCSource:
    """What a BioC document was made from: `Document.origin` for BioC.

    document (BioCDocument): The document as it was read.
    unread (list[BioCAnnotation]): Its annotations that are no mentions, such as
        those with several locations.
    header (Header): The collection it is from.
    extra (dict[str, Any]): Keys of the JSON object that BioC does not know.
    """

    document: BioCDocument
    unread: list[BioCAnnotation] = field(default_factory=list)
    header: Header = field(default_factory=Header)
    extra: dict[str, Any] = field(default_factory=dict)


def from_bioc(
    bioc: BioCDocument,
    source: Source,
    *,
    header: Header,
    extra: dict[str, Any] | None = None,
    line: int | None = None,
) -> Document | None:
    """Make a document of a bioc object.

    bioc (BioCDocument): The object; it is kept as the origin and not changed.
    source (Source): Takes the problems.
    header (Header): The collection it is from.
    extra (dict[str, Any] | None): Further keys of its JSON object.
    line (int | None): The line it begins at.
    RETURNS (Document | None): The document; None if it was reported and skipped.
    """
    name = "" if bioc.id is None else str(bioc.id)
    passages: list[Passage] = []
    try:
        for passage in bioc.passages:
            passages.append(_passage(passage))
    except ValueError as error:
        source.problem(f"{error}; it is left out", line=line, document=name)
        return None
    if not name:
        source.problem("has no id; it is read with an empty one", line=line, lost=False)
    if overlap(passages):
        source.problem(
            "has passages whose offsets overlap; what is annotated in one of them "
            "belongs to it, and offsets of the whole document count for the first "
            "passage that holds them",
            line=line,
            document=name,
            lost=False,
        )
    origin = BioCSource(bioc, header=header, extra=extra or {})
    document = Document(name, passages, origin=origin)
    places = Places(passages)
    for container, number in annotated(bioc):
        for annotation in container.annotations:
            mention = _mention(annotation, number, places, source, name, line)
            if mention is None:
                origin.unread.append(annotation)
            else:
                document.mentions.append(mention)
    return document


def annotated(bioc: BioCDocument) -> list[tuple[Any, int | None]]:
    """Get all that has annotations, each with the passage it is about.

    bioc (BioCDocument): The bioc object.
    RETURNS (list[tuple[Any, int | None]]): Passages and sentences with the number of
        the passage, and the document with None.
    """
    found: list[tuple[Any, int | None]] = []
    for number, passage in enumerate(bioc.passages):
        found.append((passage, number))
        found += [(sentence, number) for sentence in passage.sentences]
    return [*found, (bioc, None)]


def _passage(bioc: BioCPassage) -> Passage:
    if bioc.offset < 0:
        raise ValueError(f"has a passage at the negative offset {bioc.offset}")
    kind = bioc.infons.get("type") or bioc.infons.get("section_type") or ""
    text = bioc.text or ""
    if not text:
        pieces, end = [], bioc.offset
        for sentence in bioc.sentences:
            gap = sentence.offset - end
            if gap < 0:
                raise ValueError(
                    f"has a sentence at {sentence.offset} that begins before the "
                    f"sentence or passage around it allows"
                )
            if gap > MAX_SENTENCE_GAP:
                raise ValueError(
                    f"has a sentence at {sentence.offset}, {gap} characters behind "
                    f"the text before it"
                )
            pieces += [" " * gap, sentence.text or ""]
            end = sentence.offset + len(pieces[-1])
        text = "".join(pieces)
    return Passage(bioc.offset, text, str(kind))


def _mention(
    annotation: BioCAnnotation,
    number: int | None,
    places: Places,
    source: Source,
    name: str,
    line: int | None,
) -> Mention | None:
    """Make a mention of an annotation, or report why that cannot be."""

    def problem(message: str, *, lost: bool = False) -> None:
        message = f"the annotation {quote(str(annotation.id))} {message}"
        source.problem(message, line=line, document=name, lost=lost)

    if len(annotation.locations) != 1:
        problem(
            f"has {len(annotation.locations)} locations, a mention has one; it is no "
            f"mention here and is written only when the file's annotations are kept"
        )
        return None
    location = annotation.locations[0]
    start, end = location.offset, location.offset + location.length
    there = places.text(start, end, number)
    if there is None:
        problem(
            f"has offsets that are not in the text ({start} to {end}); it is no "
            f"mention here",
            lost=True,
        )
        return None
    if number is not None and places.holder(start, end, number) != number:
        number = None
        problem(f"lies outside its passage ({start} to {end}); it is read all the same")
    stated = annotation.text or there
    if stated != there:
        problem(
            f"says {quote(stated)}, the text at {start} to {end} is {quote(there)}; "
            f"it is kept as written"
        )
    kind = annotation.infons.get("type")
    if kind is None:
        problem("has no infon 'type'; its type is read as empty")
    return Mention(
        start,
        end,
        stated,
        "" if kind is None else str(kind),
        identifier(annotation.infons),
        score_of(annotation.infons.get("score")),
        task_of(annotation.infons),
        origin=annotation,
        passage=number,
    )


def identifier(infons: dict[str, Any]) -> str | None:
    """Get the concept identifier of an annotation.

    infons (dict[str, Any]): The infons of the annotation.
    RETURNS (str | None): The identifier, if one is there.
    """
    values = {key.lower(): value for key, value in infons.items()}
    found = [values[key] for key in ID_KEYS if values.get(key) is not None]
    return str(found[0]) if found else None


def score_of(value: Any) -> float | None:
    """Read a score.

    value (Any): What the infon "score" holds.
    RETURNS (float | None): The number, if it is a finite one.
    """
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return score if math.isfinite(score) else None


def task_of(infons: dict[str, Any]) -> str | None:
    """Get the task that predicted an annotation.

    infons (dict[str, Any]): The infons of the annotation.
    RETURNS (str | None): The task, if one is there.
    """
    task = infons.get("task")
    return None if task is None else str(task)
