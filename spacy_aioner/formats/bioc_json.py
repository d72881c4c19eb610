"""Reading and writing BioC JSON, one document in memory at a time.

bioc reads whole collections and stops at a missing optional key, so ijson cuts the
file into documents, which are completed and checked before bioc takes them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

import ijson
from bioc import biocjson
from ijson.common import JSONError, ObjectBuilder

from ..errors import Report, raise_problem
from .bioc_annotate import extra_keys, to_bioc
from .bioc_document import BioCSource, Header, from_bioc
from .bioc_objects import complete
from .compression import bare_name
from .document import Document
from .json_stream import BoundedJSON
from .relations import Dropped
from .source import BOM, Source, quote

LINES = (".jsonl", ".ndjson")
# The keys of an object whose value is a list of documents.
HOLDERS = {"documents": "collection", "PubTator3": "pubtator3"}
HEADER_KEYS = ("source", "date", "key", "version", "infons")
MAX_DEPTH = 64
# The parser begins a string that goes on in the next chunk all over again.
CHUNK = 1 << 18
# Events of one document: keys, values, and begins and ends of objects and lists.
MAX_VALUES = 2_000_000


class _Object(dict[str, Any]):
    """An object of JSON, which knows the keys that stand twice in it or below it."""

    def __init__(self, repeated: set[str]) -> None:
        self.repeated = repeated

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self:
            self.repeated.add(key)
        super().__setitem__(key, value)


def _builder() -> ObjectBuilder:
    return ObjectBuilder(map_type=partial(_Object, set()))


def read_bioc_json(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a BioC JSON file one document after the other.

    path (str | Path): A collection, a list of collections or documents, an answer of
        PubTator 3, one document, or one of these on each line (".jsonl").
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): Documents, with their mentions of all levels.
    """
    source = Source(path, report)
    told = False
    for value, header, line in _objects(source):
        document, unknown = _convert(value, source, header, line)
        if document is not None and value.repeated:
            source.problem(
                f"has more than one {quote(', '.join(sorted(value.repeated)))} in one "
                f"place; the last one counts, the others are left out",
                line=line,
                document=document.id,
            )
        if unknown and not told:
            told = True
            source.problem(
                f"has keys that BioC does not know ({', '.join(sorted(unknown))}); "
                f"they are not kept when documents are written, this is said once",
                line=line,
                document=str(value.get("id")),
                lost=False,
            )
        if document is not None:
            yield document


def read_json_header(path: str | Path, *, report: Report = raise_problem) -> Header:
    """Read what stands around the documents of a BioC JSON file.

    path (str | Path): The file.
    report (Report): Takes each problem.
    RETURNS (Header): The header of the first collection.
    """
    first: Header | None = None
    for _, header, _ in _objects(Source(path, report)):
        first = first or header
        # The keys of a collection may also stand below its documents.
        if header.seen or header.shape != "collection":
            break
    return first or Header()


def _objects(source: Source) -> Iterator[tuple[_Object, Header, int | None]]:
    """Yield the JSON object of each document with its header and its line."""
    stream = source.open()
    if stream is None:
        return
    found = False
    with stream:
        try:
            if cast(BufferedReader, stream).peek(len(BOM)).startswith(BOM):
                stream.read(len(BOM))
                source.problem(
                    "the file begins with a byte order mark, which is left off",
                    lost=False,
                )
            if bare_name(source.path).suffix.lower() not in LINES:
                bounded = cast(BinaryIO, BoundedJSON(stream))
                for pair in _values(bounded, source, None):
                    found = True
                    yield (*pair, None)
            else:
                header = Header(shape="lines")
                for line, data in source.lines(stream):
                    if data and data.strip():
                        for value, _ in _values(io.BytesIO(data), source, line):
                            found = True
                            yield value, header, line
        except OSError as error:
            source.unreadable(error)
            return
    if not found:
        source.problem(
            "holds no BioC document: no JSON object in it has documents or passages; "
            "check that this is the right file, and write texts of other objects as "
            "JSON lines (.jsonl)"
        )


def _values(
    stream: BinaryIO, source: Source, line: int | None
) -> Iterator[tuple[_Object, Header]]:
    """Cut JSON into documents: a list of documents is never built as a whole."""
    header = Header()
    top: ObjectBuilder | None = None  # The object around documents, or a document.
    inner: ObjectBuilder | None = None  # A document in a list of documents.
    key, depth, base, listed, count = "", 0, 0, False, 0
    held = inside = False  # Whether `top` holds documents, and their list is open.
    number = 0  # Of values that are documents or stand where one should.
    try:
        # Events without paths: a path for each event costs the square of the depth.
        for event, value in ijson.basic_parse(
            stream, buf_size=CHUNK, multiple_values=True, use_float=True
        ):
            count = 0 if inner is top is None else count + 1
            if count > MAX_VALUES:
                raise ValueError(f"a document has more than {MAX_VALUES:,} values")
            depth -= event in ("end_map", "end_array")
            begins = event not in ("end_map", "end_array", "map_key")
            stray = False
            if inner is not None:
                inner.event(event, value)
                if depth == base + 2 and event == "end_map":
                    number += 1
                    yield inner.value, header
                    inner, count = None, 0
            elif top is None:
                if event == "start_map" and depth <= 1:
                    base, header, top = depth, Header(), _builder()
                    top.event(event, value)
                elif event == "start_array" and depth == 0:
                    listed = True
                else:
                    stray = begins and depth <= 1
            elif depth == base:
                top.event(event, value)
                if "passages" in top.value:
                    number += 1
                    header.shape = "documents" if listed else "document"
                    yield top.value, header
                else:
                    _fill(header, top.value)
                    stray = not held
                top, key, held = None, "", False
            elif depth == base + 1 and event == "map_key":
                key = value
                if key not in HOLDERS:
                    top.event(event, value)
                held = held or key in HOLDERS
            elif key not in HOLDERS:
                top.event(event, value)
            elif depth == base + 1:
                inside = event == "start_array"
                stray = begins and event not in ("start_array", "null")
            elif event == "start_map" and depth == base + 2 and inside:
                _fill(header, top.value)
                header.shape = HOLDERS[key]
                if listed and header.shape == "collection":
                    header.shape = "collections"
                inner = _builder()
                inner.event(event, value)
            else:
                stray = begins and depth == base + 2 and inside
            if stray:
                number += 1
                source.problem(
                    f"value {number} is no BioC document: it is no object with "
                    f"passages or documents; it is left out",
                    line=line,
                )
            depth += event in ("start_map", "start_array")
            if depth > MAX_DEPTH:
                raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    except (JSONError, ValueError) as error:
        rest = "the documents before this place are read, what follows is left out"
        if line is not None:
            rest = "the rest of this line is left out, the other lines are read"
        source.problem(f"is not valid JSON ({_reason(error)}); {rest}", line=line)


def _reason(error: Exception) -> str:
    """Get what ijson says, and where, of its drawing of the place."""
    text = str(error.args[0] if error.args else error)
    if text.startswith("b'"):
        text = text[2:-1].replace("\\n", "\n")
    lines = [line.strip() for line in text.splitlines()]
    near = f", near {quote(lines[1])}" if len(lines) > 1 and lines[1] else ""
    return f"{lines[0] if lines else 'unknown reason'}{near}"


def _fill(header: Header, value: dict[str, Any]) -> None:
    for key in HEADER_KEYS:
        if key in value and (key != "infons" or isinstance(value[key], dict)):
            setattr(header, key, value[key])
            header.seen = True


def _convert(
    value: dict[str, Any], source: Source, header: Header, line: int | None
) -> tuple[Document | None, set[str]]:
    """Let bioc read one object, or report what keeps it from that."""
    try:
        made, unknown = complete(value)
    except ValueError as error:
        name = value.get("id")
        source.problem(
            f"{error}; it is left out",
            line=line,
            document=None if name is None else str(name),
        )
        return None, set()
    bioc = biocjson.fromJSON(made, "BioCDocument")
    known = {*made, "bioctype"}
    extra = {key: each for key, each in value.items() if key not in known}
    document = from_bioc(bioc, source, header=header, extra=extra, line=line)
    return document, unknown


class BioCJSONWriter:
    """Writes documents as BioC JSON, in the shape that the header says.

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    header (Header | None): What stands around the documents; by default that of the
        first document, if it is from a BioC file.
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
        self._part: Header | None = None  # The collection being written, of several.
        self._first: str | None = None  # Waits: is it the only document?
        self._count = 0

    def write(self, document: Document) -> None:
        """Write one document.

        document (Document): The document; its mentions are the annotations.
        """
        origin = document.origin if isinstance(document.origin, BioCSource) else None
        if self.header is None:
            self.header = origin.header if origin else Header()
        bioc = to_bioc(document, self.source, self._dropped, keep=self.keep)
        value = biocjson.toJSON(bioc) | extra_keys(document, bioc)
        text = json.dumps(value, ensure_ascii=False)
        self._count += 1
        if self.header.shape == "lines":
            self._put(f"{text}\n")
        elif self.header.shape == "document" and self._count == 1:
            self._first = text
        else:
            self._put(self._between(origin.header if origin else self.header) + text)

    def close(self) -> None:
        """Write what ends the file, and tell how many relations were dropped."""
        self._dropped.tell()
        self.header = self.header or Header()
        shape = self.header.shape
        if self._first is not None:
            self._put(f"{self._first}\n")
        elif shape != "lines":
            if not self._count:
                self._put(self._start(self.header))
            stop = {"collection": "]}", "collections": "]}]", "pubtator3": "]}"}
            self._put(f"\n{stop.get(shape, ']')}\n")

    def _between(self, part: Header) -> str:
        """Get what stands between the document before, if any, and the next."""
        assert self.header is not None
        if self._first is not None:
            first, self._first = self._first, None
            return f"[\n{first},\n"
        if self._count == 1:
            self._part = part
            start = part if self.header.shape == "collections" else self.header
            return self._start(start)
        if self.header.shape == "collections" and part is not self._part:
            self._part = part
            return f"\n]}},\n{_collection(part)}"
        return ",\n"

    def _start(self, header: Header) -> str:
        assert self.header is not None
        if self.header.shape == "collection":
            return _collection(header)
        if self.header.shape == "collections":
            return f"[{_collection(header)}"
        return '{"PubTator3": [\n' if self.header.shape == "pubtator3" else "[\n"

    def _put(self, text: str) -> None:
        self.stream.write(text.encode("utf-8", "replace"))


def _collection(header: Header) -> str:
    """Get the beginning of a collection up to its first document."""
    value = {"bioctype": "BioCCollection"}
    value |= {key: getattr(header, key) for key in HEADER_KEYS}
    return f'{json.dumps(value, ensure_ascii=False)[:-1]}, "documents": [\n'
