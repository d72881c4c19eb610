"""Reading an XML file record by record, so that a fault costs one record.

A parser of a whole file ends at its first fault. Here the file is cut into records by
their tags, as bytes, and each record is parsed by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lxml import etree

from .source import MAX_LINE, UTF_16, Source
from .xml_prologue import DECLARATION, Prologue

CHUNK = 1 << 18
# What stands before the first record is looked at up to here.
HEAD = 1 << 16
# A longer record is passed over: memory stays bounded whatever a file holds.
MAX_RECORD = MAX_LINE
# So is one with more tags: each element takes up to a few kB.
MAX_TAGS = 1_000_000
MAX_TAG = 1 << 16
# No token is longer, so that none is missed where two chunks meet.
MARGIN = 128

ENCODING = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']""")
COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
ROOTS = (
    re.compile(rb"<!DOCTYPE\s+([\w.:-]{1,100})"),
    re.compile(rb"<([A-Za-z_][\w.:-]{0,99})"),
)
# Inside these a tag is none. One that is opened twice was never closed: damage to its
# end must not hide the records that follow.
SECTIONS = {
    b"<!--": re.compile(rb"-->|<!--"),
    b"<![CDATA[": re.compile(rb"\]\]>|<!\[CDATA\["),
}
TAG_START = re.compile(rb"<")
TAG_REST = re.compile(rb"""[^<>"']*(?:(?:"[^<"]*"|'[^<']*')[^<>"']*)*>""")
# Nothing that a file refers to is loaded, no entity is expanded, no text is endless.
# Single records expand what `Prologue` declares, within the limits of libxml2.
SAFE_PARSER = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
PLACE = re.compile(r",? line \d+(?:, column \d+)?")


@dataclass
class _Window:
    """The part of a stream that is being looked at.

    stream (BinaryIO): The open file.
    data (bytearray): The part.
    line (int): The line at which it begins, from 1.
    error (OSError | None): Why the stream ended before its end.
    ended (bool): Whether nothing more is to come.
    """

    stream: BinaryIO
    data: bytearray = field(default_factory=bytearray)
    line: int = 1
    error: OSError | None = None
    ended: bool = False

    def more(self) -> bool:
        """Read on, and tell whether that brought anything."""
        if self.ended:
            return False
        piece = b""
        try:
            piece = self.stream.read(CHUNK)
        except OSError as error:
            self.error = error
        self.data += piece
        self.ended = not piece
        return not self.ended

    def drop(self, stop: int) -> None:
        """Forget the first bytes."""
        self.line += self.breaks(stop)
        del self.data[:stop]

    def breaks(self, stop: int) -> int:
        """Count the line breaks in the first bytes: LF, CR LF or CR alone."""
        count = self.data.count
        lone = count(b"\r", 0, stop) - count(b"\r\n", 0, stop + 1)
        return count(b"\n", 0, stop) + lone

    def look(
        self, pattern: re.Pattern[bytes], start: int, width: int
    ) -> re.Match[bytes] | None:
        """Find a pattern within so many bytes, reading on as far as needed."""
        stop, at = start + width, start
        while True:
            match = pattern.search(self.data, at, stop)
            if match or len(self.data) >= stop:
                return match
            at = max(start, len(self.data) - MARGIN)
            if not self.more():
                return None

    def tag_end(self, start: int) -> int:
        """Find the end of a tag from inside it; one that is broken ends right there."""
        following = self.look(TAG_START, start, MAX_TAG)
        stop = following.start() if following else start + MAX_TAG
        rest = TAG_REST.match(self.data, start, stop)
        return rest.end() if rest else start

    def section_end(self, start: int, opening: bytes) -> int:
        """Find the end of a comment or CDATA section from inside it."""
        match = self.look(SECTIONS[opening], start, MAX_RECORD)
        return match.end() if match and match.group() != opening else start


@dataclass
class XmlRecords:
    """An XML file that is read record by record. Nothing that it refers to is loaded.

    source (Source): The file; takes the problems.
    tags (tuple[str, ...]): The names of the elements that are records.
    identify (re.Pattern[bytes]): Finds, as its first group, the id in the bytes of a
        record that cannot be parsed.
    skip (int): How many records at the beginning are passed over in silence.
    required (bool): Whether a file without any record is a problem.
    instructions (bool): Whether processing instructions are kept.
    seen (int): How many records have begun up to now.
    """

    source: Source
    tags: tuple[str, ...]
    identify: re.Pattern[bytes]
    skip: int = 0
    required: bool = True
    instructions: bool = False
    seen: int = 0

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Parse the records one after the other, and report those that are broken.

        YIELDS (tuple[int, Any]): The line of the start tag, from 1, and the element.
        """
        stream = self.source.open()
        if stream is None:
            return
        with stream:
            window = _Window(stream)
            while len(window.data) < HEAD and window.more():
                pass
            head = COMMENT.sub(b"", bytes(window.data[:HEAD]))
            prologue = Prologue(head)
            parser = self._parser(head)
            if parser is None:
                return
            for line, data in self._split(window, head):
                if data.count(b"<") > MAX_TAGS:
                    fault = f"has more than {MAX_TAGS:,} tags"
                    self._left_out(fault, line, data)
                    continue
                # What a parser does with line breaks, but libxml2 counts only LF.
                plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                try:
                    root = etree.fromstring(prologue.complete(plain), parser)
                except etree.XMLSyntaxError as error:
                    message = " ".join(PLACE.sub("", str(error.msg)).split())
                    line += (error.lineno or 1) - 1
                    self._left_out(prologue.fault(message), line, data)
                else:
                    yield line, root[0]

    def _parser(self, head: bytes) -> Any:
        """Make a parser for single records, or report why there is none."""
        declared = ENCODING.match(head)
        encoding = declared[1].decode() if declared else "UTF-8"
        if head.startswith(UTF_16) or b"<\0" in head[:4] or b"\0<" in head[:4]:
            encoding = "UTF-16"
        try:
            options = {
                **SAFE_PARSER,
                "resolve_entities": "internal",
                "remove_pis": not self.instructions,
            }
            parser = etree.XMLParser(encoding=encoding, **options)
            etree.fromstring(b"<records/>", parser)
        except (LookupError, etree.XMLSyntaxError):
            self.source.problem(
                f"has the encoding {encoding}, in which single documents cannot be "
                f"found; convert it to UTF-8, for now they are left out",
                line=1,
            )
            return None
        return parser

    def _split(self, window: _Window, head: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the line and the bytes of each record that has an end."""
        roots = _roots(head, self.tags)
        tags = f"{_prefix(head, self.tags)}(?:{'|'.join(self.tags)})"
        names = [f"/?({tags})", *(f"/{re.escape(r)}" for r in roots)]
        ends = rf"(?:{'|'.join(names)})(?=[\s/>])"
        tokens = re.compile(rf"<(?:!--|!\[CDATA\[|{ends})".encode())
        # The window begins with the open record, if there is one.
        inside = passed = closed = False
        at = 0
        while True:
            token = tokens.search(window.data, at)
            what, name = (token.group(), token[1]) if token else (b"", b"")
            at = token.start() if token else max(at, len(window.data) - MARGIN)
            if inside and at > MAX_RECORD:
                fault = f"is longer than {MAX_RECORD >> 20} MiB"
                self._left_out(fault, window.line, window.data)
                inside, passed = False, True
            if not inside:
                window.drop(at)
                at = 0
            if not what:
                if window.more():
                    continue
                break
            after = at + len(what)
            if what in SECTIONS:
                at = window.section_end(after, what)
            elif name is None:
                closed, at = True, after
            elif what.startswith(b"</"):
                stop = window.tag_end(after)
                if inside:
                    if self.seen > self.skip:
                        yield window.line, bytes(window.data[:stop])
                elif not passed:
                    self.source.problem(
                        f"</{name.decode()}> has no start tag; the record that it ends "
                        f"is left out",
                        line=window.line,
                    )
                window.drop(stop)
                at, inside, passed = 0, False, False
            else:
                if inside:
                    fault = "has no end tag before the next one begins"
                    self._left_out(fault, window.line, window.data[:at])
                    window.drop(at)
                self.seen += 1
                at = window.tag_end(len(what))
                inside, passed, closed = True, False, False
                if window.data[at - 2 : at] == b"/>":
                    if self.seen > self.skip:
                        yield window.line, bytes(window.data[:at])
                    window.drop(at)
                    at, inside = 0, False
        self._end(window, inside, "" if closed or not self.seen else "".join(roots[:1]))

    def _end(self, window: _Window, inside: bool, missing: str) -> None:
        """Report what the end of the file cuts off."""
        if window.error is not None:
            line = window.line + window.breaks(len(window.data))
            self.source.unreadable(window.error, line=line)
        elif self.required and not self.seen:
            self.source.problem(
                f"holds no <{self.tags[0]}>; check that this is the right file"
            )
        elif missing and not inside:
            self.source.problem(
                f"ends without </{missing}>, it may be cut short; the documents that "
                f"are there are read"
            )
        if inside:
            fault = "is not complete where the file ends"
            self._left_out(fault, window.line, window.data)

    def _left_out(self, fault: str, line: int, data: bytes | bytearray) -> None:
        if self.seen > self.skip:
            found = self.identify.search(data)
            name = found[1].decode("utf-8", "replace").strip() if found else None
            message = f"this record {fault}; it is left out"
            self.source.problem(message, line=line, document=name)


def _roots(head: bytes, tags: tuple[str, ...]) -> list[str]:
    """Find what the root may be called; nothing if it is a record itself."""
    # A declared entity may hold tags.
    head = DECLARATION.sub(b"", head)
    found = [match[1].decode() for root in ROOTS if (match := root.search(head))]
    is_record = any(name.rpartition(":")[2] in tags for name in found)
    return [] if is_record else list(dict.fromkeys(found))


def _prefix(head: bytes, tags: tuple[str, ...]) -> str:
    """Get the prefix, with its colon, that the first record has; often an empty one."""
    names = "|".join(tags).encode()
    first = re.search(rb"<((?:[A-Za-z_][\w.-]*:)?)(?:%b)[\s/>]" % names, head)
    return re.escape(first[1].decode()) if first else ""
