"""Reading brat's standoff files: texts, and beside each `X.txt` its mentions, `X.ann`.

brat's offsets count the characters of the text file as it is stored: CR LF is two, and
a byte order mark is one. Files are read as bytes for that reason, and the text is one
passage, as plain text always is: what is trained on is cut into sentences as `aioner
tag` cuts the same text file.
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ..errors import Problem, Report, raise_problem
from .document import MAX_GAP, Document, Mention, Passage
from .source import Source, quote
from .text import MARK, read_whole

ANN, TXT = ".ann", ".txt"
# Between several normalizations of one mention.
SEPARATOR = ";"
_PART = "[0-9]{1,15} [0-9]{1,15}"
MENTION = re.compile(rf"(\S+) ({_PART}(?:;{_PART})*)")
NORMALIZATION = re.compile(r"\S+ (\S+) (\S.*)")
OTHER = re.compile(r"[REAM][0-9]\S*\t|[*#]")
# What such lines hold, by their first character.
KINDS = {
    "R": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "*": "equivalences",
    "#": "notes",
}


@dataclass(frozen=True)
class BratLines:
    """What a document has that is not read: `Document.origin` for brat.

    counts (Counter[str]): How many lines of each of KINDS.
    """

    counts: Counter[str]


def is_brat(path: str | Path) -> bool:
    """Tell by its name whether something is read by `read_brat`.

    path (str | Path): A file or a folder.
    RETURNS (bool): Whether it is a folder, or a file with the suffix ".ann".
    """
    return os.path.isdir(path) or Path(path).suffix.lower() == ANN


def holds_brat(folder: Path) -> bool:
    """Tell whether `read_brat` finds anything in a folder.

    folder (Path): The folder.
    RETURNS (bool): Whether a file below it has the suffix ".ann".
    """

    def silent(problem: Problem) -> None:
        """Leave it to the reader to report."""

    return any(file.suffix.lower() == ANN for file in _files(folder, silent))


def is_part(file: Path, corpus: Path) -> bool:
    """Tell whether a file is one of a corpus, and so not one to write to.

    file (Path): Any file.
    corpus (Path): What `read_brat` takes.
    RETURNS (bool): Whether the file is a text or annotation that may belong to it.
    """
    file, corpus = file.resolve(), corpus.resolve()
    if file.suffix.lower() not in (ANN, TXT):
        return False
    return corpus in file.parents or file.with_suffix(ANN) == corpus


def read_brat(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a corpus of brat one document after the other.

    path (str | Path): A folder, of which every ".ann" file is read, sub-folders too
        (but no links to folders, and no names that begin with a dot), or one such file.
        Both files of a document are UTF-8 of at most MAX_TEXT bytes.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): In order of the paths, with one passage. The id is the path below
        the folder without suffix, with "/" between folders; of one file its name
        without suffix. Lines that are no mentions, but relations, events, attributes,
        equivalences or notes, are counted in the origin; normalizations become ids of
        mentions.
    """
    path = Path(path)
    if os.path.isdir(path):
        files, root = _annotated(path, report), path
    else:
        files, root = [path], path.parent
    for file in files:
        name = file.relative_to(root).with_suffix("").as_posix()
        document = _read(file, name, Source(file, report))
        if document is not None:
            yield document


def _annotated(folder: Path, report: Report) -> list[Path]:
    """Get the ".ann" files of a folder; tell of texts without one."""
    source = Source(folder, report)
    files = sorted(_files(folder, report))
    found = [file for file in files if file.suffix.lower() == ANN]
    if not found:
        source.problem(
            f"the folder holds no {ANN} file, as brat writes beside each text; name "
            f"another folder or a file"
        )
        return []
    known = {file.with_suffix("") for file in found}
    bare = [
        file
        for file in files
        if file.suffix.lower() == TXT and file.with_suffix("") not in known
    ]
    if bare:
        source.problem(
            f"{len(bare)} of the text files have no {ANN} file beside them, for "
            f"example {bare[0].relative_to(folder)}; they count as not annotated and "
            f"are no documents",
            lost=False,
        )
    return found


def _files(folder: Path, report: Report) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        Source(error.filename, report).problem(
            f"the folder cannot be read ({error.strerror}); it is left out, check the "
            f"permissions"
        )

    for place, folders, names in os.walk(folder, onerror=unreadable):
        # Hidden folders and files are backups of editors and notes of the system.
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _read(file: Path, name: str, source: Source) -> Document | None:
    """Read one document; None if one of its two files cannot be read."""
    beside = file.with_suffix(TXT)
    # Opening a pipe would wait for its other end.
    if not os.path.isfile(file):
        source.problem("is not there or no file; it is left out, check the path")
        return None
    if not os.path.isfile(beside):
        source.problem(
            f"there is no {beside.name} beside it with its text; the document is left "
            f"out, put the text there",
            document=name,
        )
        return None
    text = read_whole(Source(beside, source.report))
    annotation = None if text is None else read_whole(source)
    if text is None or annotation is None:
        return None
    passage = Passage(0, text, "text")
    if text.startswith(MARK):
        passage = Passage(len(MARK), text[len(MARK) :], "text")
        Source(beside, source.report).problem(
            "the file begins with a byte order mark, which is no text but counts in "
            "the offsets",
            line=1,
            document=name,
            lost=False,
        )
    reading = _Reading(passage, source, name)
    reading.read(annotation)
    return Document(name, [passage], reading.mentions, origin=BratLines(reading.others))


class _Reading:
    """What the lines of one annotation file say of the mentions.

    passage (Passage): The text of the document.
    source (Source): The file.
    name (str): The id of the document.
    """

    def __init__(self, passage: Passage, source: Source, name: str) -> None:
        self.mentions: list[Mention] = []
        self.others: Counter[str] = Counter()
        self.passage = passage
        self.source = source
        self.name = name
        # By the id in the first column; None for a mention that is left out.
        self._known: dict[str, Mention | None] = {}
        # By the id of the mention: the first line about it, and all it stands for.
        self._concepts: dict[str, tuple[int, list[str]]] = {}

    def read(self, annotation: str) -> None:
        """Read all lines into `mentions`, and count those that are not read.

        annotation (str): What the file holds.
        """
        lines = io.StringIO(annotation.removeprefix(MARK), newline="\n")
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\r\n")
            if not line.strip():
                continue
            if OTHER.match(line):
                self.others[KINDS[line[0]]] += 1
                continue
            key, content, stated = (*line.split("\t", 2), "", "")[:3]
            if key.startswith("T"):
                self._read_mention(number, key, content, stated)
            elif not key.startswith("N"):
                self._problem(
                    number,
                    f"{quote(line)} is no line of brat's standoff format; it is left "
                    f"out",
                )
            elif found := NORMALIZATION.fullmatch(content):
                concepts = self._concepts.setdefault(found[1], (number, []))[1]
                concepts.append(found[2])
            else:
                self._problem(
                    number,
                    f"the normalization {quote(key)} is not of the form 'N1 TAB "
                    f"Reference T1 Name:id TAB text'; it is left out",
                )
        self._normalize()

    def _read_mention(self, number: int, key: str, content: str, stated: str) -> None:
        if key in self._known:
            self._problem(
                number,
                f"the id {quote(key)} was that of another mention; both are kept, "
                f"normalizations go to the last one",
                lost=False,
            )
        self._known[key] = None
        found = MENTION.fullmatch(content)
        fault = "is not of the form 'T1 TAB Type start end TAB text'"
        if found is not None:
            numbers = [part.split(" ") for part in found[2].split(";")]
            parts = sorted((int(start), int(end)) for start, end in numbers)
            fault = self._fault(parts)
        if found is None or fault:
            self._problem(number, f"the mention {quote(key)} {fault}; it is left out")
            return
        start, end = parts[0][0], parts[-1][1]
        there = self._slice(start, end)
        if stated.split() == there.split():
            stated = there  # brat writes a space for a line break or TAB.
        else:
            self._problem(
                number,
                f"the text {quote(stated)} is not the document's text at {start} to "
                f"{end}, {quote(there)}; the mention {quote(key)} is kept as written",
                lost=False,
            )
        mention = Mention(start, end, stated, found[1])
        self._known[key] = mention
        self.mentions.append(mention)

    def _fault(self, parts: list[tuple[int, int]]) -> str:
        """Say why parts, in order, make no mention; "" if they do."""
        for start, end in parts:
            if start >= end:
                return f"has a start that is not before its end ({start}, {end})"
            if start < self.passage.offset or end > self.passage.end:
                return (
                    f"has offsets ({start}, {end}) that are not in the text, which is "
                    f"from {self.passage.offset} to {self.passage.end}"
                )
        # brat parts a mention at each line break and TAB: such parts are one stretch.
        for (_, end), (start, _) in pairwise(parts):
            if not 0 <= start - end <= MAX_GAP or self._slice(end, start).strip():
                return (
                    f"is of {len(parts)} parts that are not one stretch of text, which "
                    f"a span has to be"
                )
        return ""

    def _normalize(self) -> None:
        """Give the mentions their concept identifiers."""
        for key, (number, concepts) in self._concepts.items():
            mention = self._known.get(key)
            if mention is not None:
                mention.id = SEPARATOR.join(concepts)
            elif key.startswith("T") and key not in self._known:
                self._problem(
                    number,
                    f"the normalization is of {quote(key)}, and there is no such "
                    f"mention; it is left out",
                )

    def _slice(self, start: int, end: int) -> str:
        offset = self.passage.offset
        return self.passage.text[start - offset : end - offset]

    def _problem(self, number: int, message: str, *, lost: bool = True) -> None:
        self.source.problem(message, line=number, document=self.name, lost=lost)
