"""Reading and writing BioC XML, one document in memory at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from bioc import biocjson, biocxml
from bioc.biocxml.encoder import encode_document, encode_infon
from lxml import etree

from ..errors import Report, raise_problem
from .bioc_annotate import extra_keys, to_bioc
from .bioc_document import BioCSource, Header, from_bioc
from .bioc_elements import document_elements
from .bioc_infons import (
    KEY,
    infon_text,
    mark_infon,
    mark_infons,
    restore_infons,
    take_marks,
)
from .bioc_objects import KEYS, MAX_NUMBER
from .document import Document
from .relations import Dropped
from .source import Source, quote

# Text must stand directly in these elements: bioc would drop what is nested in them.
PLAIN = ("id", "infon", "offset", "text")
# The elements that each element may hold, and those that it has once.
CHILDREN = {tag: {key.removesuffix("s") for key in keys} for tag, keys in KEYS.items()}
SINGLE = ("id", "offset", "text")
MAX_DIGITS = len(str(MAX_NUMBER)) - 1
NUMBER = re.compile(rf"[+-]?[0-9]{{1,{MAX_DIGITS}}}")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_bioc_xml(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a BioC XML file one document after the other.

    path (str | Path): The file. Nothing that it refers to is loaded.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): Documents, with their mentions of all levels.
    """
    source = Source(path, report)
    header = Header()
    told: set[str] = set()
    for line, element in document_elements(source, header):
        document = _convert(element, line, source, header, told)
        if document is not None:
            yield document


def read_xml_header(path: str | Path, *, report: Report = raise_problem) -> Header:
    """Read what stands before the first document of a BioC XML file.

    path (str | Path): The file.
    report (Report): Takes each problem.
    RETURNS (Header): The header; an empty one if there is none.
    """
    header = Header()
    for _ in document_elements(Source(path, report), header):
        break
    return header


def _convert(
    element: Any, line: int | None, source: Source, header: Header, told: set[str]
) -> Document | None:
    """Let bioc read one element, or report what keeps it from that."""
    marks = take_marks(element)
    name = element.findtext("id") or element.get("id")
    fault = ""
    for plain in element.iter(*PLAIN):
        if len(plain):
            inner = plain[0]
            what = inner.text if inner.tag is etree.Entity else f"<{inner.tag}>"
            fault = f"has {what} inside <{plain.tag}>, which is not loaded"
            break
    fault = fault or next(filter(None, map(_number_fault, _numbers(element))), "")
    # The DTD, which is not loaded, makes these attributes optional.
    for tag, attribute in (("annotation", "id"), ("relation", "id"), ("node", "role")):
        for each in element.iter(tag):
            each.set(attribute, each.get(attribute, ""))
    xml = etree.tostring(element, encoding="unicode", with_tail=False)
    try:
        if not fault:
            bioc = biocxml.loads(f"<collection>{xml}</collection>").documents[0]
    except etree.XMLSyntaxError as error:
        fault = f"is too large for the parser ({error.msg})"
    except KeyError as error:
        fault = f"has an element without its attribute {error}"
    except TypeError:
        fault = "has a passage or sentence without <offset>"
        if element.find("passage[@offset]") is not None:
            fault = "is in BioC 2.0, which is not read (convert it to BioC 1.0)"
    if fault:
        source.problem(f"{fault}; it is left out", line=line, document=name)
        return None
    unknown, repeated = _passed_over(element, marks)
    if new := sorted(unknown - told):
        told |= unknown
        source.problem(
            f"has what BioC does not know, {quote(', '.join(new))}; it is left out, "
            f"this is said once",
            line=line,
            document=name,
        )
    if repeated:
        source.problem(
            f"has more than one {quote(', '.join(sorted(repeated)))} in one place; all "
            f"but one are left out",
            line=line,
            document=name,
        )
    extra = restore_infons(bioc, element, marks)
    return from_bioc(bioc, source, header=header, extra=extra, line=line)


def _numbers(element: Any) -> Iterator[tuple[str, str]]:
    """Yield whatever is to be read as a number, with what it is called."""
    for offset in element.iter("offset"):
        yield "an offset", offset.text or ""
    for location in element.iter("location"):
        # A missing one is told by its name when bioc does not find it.
        yield "an offset", location.get("offset", "0")
        yield "a length", location.get("length", "0")


def _number_fault(number: tuple[str, str]) -> str:
    """Tell what is wrong with a number of `_numbers`, if anything is."""
    what, text = number[0], number[1].strip()
    if NUMBER.fullmatch(text):
        return ""
    if not text:
        return f"has {what} that is empty"
    if re.fullmatch("[+-]?[0-9]+", text):
        return f"has {what} of more than {MAX_DIGITS} digits"
    return f"has {what} that is not a number, {quote(text)}"


def _passed_over(
    element: Any, marks: Mapping[Any, set[str]]
) -> tuple[set[str], set[str]]:
    """Find what bioc does not read: what it does not know, and what stands twice."""
    unknown: set[str] = set()
    repeated: set[str] = set()
    for each in element.iter(*CHILDREN):
        found: dict[Any, str | None] = {}
        texts = [each.text]
        for child in each:
            texts.append(child.tail)
            tag = child.tag
            if tag not in CHILDREN[each.tag]:
                unknown.add(f"<{tag}>")
            elif tag == "infon" or tag in SINGLE:
                key = tag, child.get("key"), KEY in marks.get(child, ())
                if found.setdefault(key, child.text) != child.text:
                    repeated.add(f"<{tag}>" if tag in SINGLE else f"infon {key[1]}")
        if any(text and not text.isspace() for text in texts):
            unknown.add(f"text in <{each.tag}>")
    return unknown, repeated


class BioCXMLWriter:
    """Writes documents as one BioC XML collection.

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    header (Header | None): What the file begins with; by default that of the first
        document, if it is from a BioC file.
    keep (bool): Whether annotations that are no mentions are written as well.
    report (Report): Takes each mention that cannot be written.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        path: str | Path = "",
        header: Header | None = None,
        keep: bool = False,
        report: Report = raise_problem,
    ) -> None:
        self.stream = stream
        self.source = Source(path, report)
        self.header = header
        self.keep = keep
        self._dropped = Dropped(self.source)
        self._open = ExitStack()
        self._file: Any = None

    def write(self, document: Document) -> None:
        """Write one document.

        document (Document): The document; its mentions are the annotations.
        """
        if self.header is None and isinstance(document.origin, BioCSource):
            self.header = document.origin.header
        self._begin()
        bioc = to_bioc(document, self.source, self._dropped, keep=self.keep)
        # bioc neither takes a missing text nor characters that XML does not have.
        clean = biocjson.fromJSON(_clean(biocjson.toJSON(bioc)), "BioCDocument")
        element = encode_document(clean)
        mark_infons(bioc, element)
        # Behind the id; of equal keys the last one counts, and that is an infon.
        for key, value in reversed(extra_keys(document, bioc).items()):
            element.insert(1, _infon(key, value, is_key=True))
        self._file.write(element, pretty_print=True)

    def close(self) -> None:
        """Write the end of the collection, and tell how many relations were dropped."""
        self._dropped.tell()
        self._begin()
        self._open.close()
        self.stream.write(_line_break(self.header))

    def _begin(self) -> None:
        if self._file is not None:
            return
        header = self.header or Header()
        file = etree.xmlfile(self.stream, encoding=header.encoding or "UTF-8")
        self._file = self._open.enter_context(file)
        self._file.write_declaration(standalone=header.standalone)
        if header.doctype:
            self._file.write_doctype(header.doctype)
        self._open.enter_context(self._file.element("collection"))
        self._file.write("\n")
        for tag in ("source", "date", "key"):
            element = etree.Element(tag)
            value = getattr(header, tag)  # From JSON it may be of any type.
            element.text = _clean(infon_text(value))
            self._file.write(element, pretty_print=True)
        for key, value in header.infons.items():
            self._file.write(_infon(key, value), pretty_print=True)


def _infon(key: str, value: Any, *, is_key: bool = False) -> Any:
    infon = encode_infon(_clean(key), _clean(infon_text(value)))
    mark_infon(infon, value, key=is_key)
    return infon


def _line_break(header: Header | None) -> bytes:
    """Get what ends the file: nothing where characters are of several bytes."""
    encoding = (header or Header()).encoding or "UTF-8"
    try:
        data = "\n".encode(encoding)
    except LookupError:  # The parser knows encodings that Python does not.
        return b""
    # UTF-16 and UTF-32 would bring a byte order mark, maybe of another order.
    return data if len(data) == 1 else b""


def _clean(value: Any) -> Any:
    """Make all values strings that XML can hold, each as long as it was."""
    if isinstance(value, dict):
        return {
            key: _clean_infons(each) if key == "infons" else _clean(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return "" if value is None else NOT_XML.sub(" ", str(value))


def _clean_infons(infons: dict[str, Any]) -> dict[str, str]:
    return {_clean(key): _clean(infon_text(each)) for key, each in infons.items()}
