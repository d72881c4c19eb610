"""The document elements of a BioC XML file, also of one with faults in it.

The streaming reader of the bioc package keeps every element it has met, and follows
entities, so the file is parsed here and single documents go to bioc.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

from lxml import etree

from ..errors import Problem
from .bioc_document import Header
from .bioc_infons import infon_value, take_marks
from .source import Source
from .xml_prologue import character
from .xml_records import MAX_TAGS, SAFE_PARSER, XmlRecords

CHUNK = 1 << 16
# Beyond this, the parser's line numbers cannot be relied on.
LAST_LINE = 65_535
# A longer entity is not expanded, so that no document grows much.
MAX_ENTITY = 32
ID = re.compile(rb"<id\b[^<>]*>([^<]{1,100})<")

# The line of an element, if it is known, and the element.
Found = tuple[int | None, Any]
# What is wrong, and the line.
Fault = tuple[str, int]
# Elements of one document: each takes up to a few kB.
MAX_ELEMENTS = MAX_TAGS // 2


def document_elements(source: Source, header: Header) -> Iterator[Found]:
    """Yield each document element, and free what was read.

    Up to the first fault in the XML the file is parsed as a whole, which fills the
    header; from there on each document is parsed by itself.

    source (Source): The file; takes the problems.
    header (Header): What stands around the documents is written to it.
    YIELDS (tuple[int | None, Any]): The line, from 1, if it is known, and the element.
    """
    read, fault = yield from _until_fault(source, header)
    if fault is not None:
        yield from _one_by_one(source, read, fault)


def _one_by_one(source: Source, read: int, fault: Fault) -> Iterator[Found]:
    """Yield what can be read of a file with a fault, after so many documents."""
    told = False

    def tell(problem: Problem) -> None:
        nonlocal told
        told = True
        source.report(problem)

    own = Source(source.path, tell)
    records = XmlRecords(
        own, ("document",), ID, skip=read, required=False, instructions=True
    )
    rest = records.elements()
    first = next(rest, None)
    # A fault inside a document was told with that document, all others were not.
    if not told or not records.seen:
        source.problem(
            f"is not well-formed XML ({fault[0]}); every whole document is read, what "
            f"stands between documents from this place on is left out",
            line=fault[1],
        )
    if first is not None:
        yield first
        yield from rest


def _until_fault(
    source: Source, header: Header
) -> Generator[Found, None, tuple[int, Fault | None]]:
    """Yield document elements; return how many they were, and what ended them."""
    read = 0
    stream = source.open()
    if stream is None:
        return read, None
    options = {**SAFE_PARSER, "remove_pis": False}
    parser = etree.XMLPullParser(events=("start", "end"), **options)
    depth = count = 0
    with stream:
        while True:
            fault = None
            try:
                data = stream.read(CHUNK)
                if data:
                    parser.feed(data)
                    fault = _silent_fault(parser)
                else:
                    parser.close()
            except OSError as failure:
                source.unreadable(failure)
                return read, None
            except etree.XMLSyntaxError as failure:
                fault = str(failure.msg).split(", line ")[0], failure.lineno or 1
            # What was complete before the fault is still there to be read.
            for event, element in parser.read_events():
                if event == "start" and depth == 0:
                    if element.tag != "collection":
                        source.problem(
                            f"is no BioC file: its root is <{element.tag}>, not "
                            f"<collection>; check that this is the right file",
                            line=element.sourceline,
                        )
                        return read, None
                    _begin(header, element.getroottree().docinfo)
                depth += 1 if event == "start" else -1
                count += event == "start"
                if event == "end" and depth > 1 and count > MAX_ELEMENTS:
                    _free(element)
                elif event == "end" and depth == 1:
                    too_many, count = count > MAX_ELEMENTS, 0
                    _expand(element)
                    line = element.sourceline
                    if too_many:
                        read += element.tag == "document"
                        source.problem(
                            f"this <{element.tag}> holds more than {MAX_ELEMENTS:,} "
                            "elements; it is left out",
                            line=line if line < LAST_LINE else None,
                        )
                    elif element.tag == "document":
                        read += 1
                        yield (line if line < LAST_LINE else None), element
                    else:
                        _fill(header, element, source)
                    _free(element)
            if fault is not None:
                return read, fault
            if not data:
                break
    if not read:
        source.problem(
            "holds no BioC document: its collection is empty; check that this is the "
            "right file"
        )
    return read, None


def _silent_fault(parser: Any) -> Fault | None:
    """Get a fault after which lxml goes on as if a new document began."""
    for entry in parser.feed_error_log:
        if entry.level == etree.ErrorLevels.FATAL:
            return entry.message, entry.line
    return None


def _begin(header: Header, docinfo: Any) -> None:
    header.encoding = docinfo.encoding
    # Not standalone is also what a declaration without the word means.
    header.standalone = docinfo.standalone or None
    header.doctype = docinfo.doctype or None


def _expand(element: Any) -> None:
    """Put text in place of entities: known characters, and what the file declares.

    An entity that is neither, or that is declared as more than a short text, stays.
    """
    parents = {entity.getparent(): None for entity in element.iter(etree.Entity)}
    if not parents:
        return
    dtd = element.getroottree().docinfo.internalDTD
    declared = {} if dtd is None else {e.name: e.content for e in dtd.iterentities()}
    for parent in parents:
        before = None
        pieces = [parent.text or ""]
        for child in list(parent):
            if child.tag is etree.Entity:
                text = declared.get(child.name, character(child.name)) or ""
                if 0 < len(text) <= MAX_ENTITY and not set("&<") & set(text):
                    pieces += [text, child.tail or ""]
                    parent.remove(child)
                    continue
            _put(parent, before, pieces)
            before, pieces = child, [child.tail or ""]
        _put(parent, before, pieces)


def _put(parent: Any, before: Any, pieces: list[str]) -> None:
    """Set the text behind a child, or before the first one if there is none."""
    if before is None:
        parent.text = "".join(pieces)
    else:
        before.tail = "".join(pieces)


def _fill(header: Header, element: Any, source: Source) -> None:
    marks = take_marks(element)
    if element.tag in ("source", "date", "key"):
        setattr(header, element.tag, element.text)
    elif element.tag == "infon":
        header.infons[element.get("key", "")] = infon_value(element, marks)
    else:
        source.problem(
            f"has <{element.tag}> in its collection, which BioC does not know; it is "
            f"left out",
            line=element.sourceline,
        )


def _free(element: Any) -> None:
    element.clear()
    # The parser still adds to the last element; only those before it can go.
    while element.getprevious() is not None:
        del element.getparent()[0]
