"""Reading and writing JSON lines: each line is an object that holds a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import Report, raise_problem
from .document import Document, Places
from .row_mentions import ENTITIES, Entity
from .rows import COLUMNS, Columns, Row, read_rows
from .source import Source

MAX_DEPTH = 64
# The values of a line take up to thirty times its length.
MAX_ROW = 16 << 20
# Half of a character beyond U+FFFF, as JSON escapes it.
HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_jsonl(
    path: str | Path, *, columns: Columns = COLUMNS, report: Report = raise_problem
) -> Iterator[Document]:
    """Read JSON lines one document after the other.

    path (str | Path): The file, in UTF-8; each line is one object, empty lines count
        for nothing.
    columns (Columns): Which keys of the objects hold the id and the texts.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each line; see `row_document`.
    """
    source = Source(path, report)
    yield from read_rows(_objects(source), columns, source, lines=True)


def _objects(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the object of each line that has one with the line's number."""
    stream = source.open()
    if stream is None:
        return
    number, found = 0, False
    with stream:
        try:
            for number, data in source.lines(stream, MAX_ROW):
                if number == 1 and data is not None:
                    data = source.first_line(data)
                    if data is None:
                        return
                if data is None or not data.strip():
                    found = found or data is None
                    continue
                found = True
                try:
                    value = _parse(data)
                except ValueError as error:
                    fault = str(error)
                else:
                    yield number, value
                    continue
                source.problem(
                    f"the line {fault}; it is left out, the others are read",
                    line=number,
                )
        except OSError as error:
            source.unreadable(error, line=number + 1)
            return
    if not found:
        source.problem("holds no rows; nothing is read", lost=False)


def _parse(data: bytes) -> dict[str, Any]:
    """Read the object of one line; a ValueError says what is wrong with the line."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not valid UTF-8 ({error.reason})") from None
    except json.JSONDecodeError as error:
        place = f"{error.msg}, at character {error.pos + 1}"
        raise ValueError(f"is not valid JSON ({place})") from None
    except RecursionError:
        raise ValueError(f"is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        raise ValueError("holds a number of too many digits") from None
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    if depth_exceeded(value):
        raise ValueError(f"is nested more than {MAX_DEPTH} levels deep")
    if HALF.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("holds half a character") from None
    return value


def depth_exceeded(value: Any) -> bool:
    """Tell whether a value is nested deeper than may be written again anywhere.

    value (Any): Any value of JSON.
    RETURNS (bool): Whether it is nested more than MAX_DEPTH levels deep.
    """
    level = [value]
    for _ in range(MAX_DEPTH):
        held = [each for each in level if isinstance(each, (dict, list))]
        level = [
            inner
            for each in held
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, (dict, list)) for each in level)


class JSONLWriter:
    """Writes documents as JSON lines, each with a list of entities.

    A document that was made of a row comes out with the row's own values, but for
    other keys that its mentions were read from. One of another format gets the keys
    "id" and "text". The key "entities", last unless the row had one, holds an object
    for each mention: start, end, text, type and, where they are known, task, score
    (four decimals) and id, and what else it had. The offsets count in the text columns
    joined by single spaces, or in "text".

    stream (BinaryIO): Where to write.
    path (str | Path): The name of that place, for problems.
    report (Report): Takes each mention that cannot be written.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        path: str | Path = "",
        report: Report = raise_problem,
    ) -> None:
        self.stream = stream
        self.source = Source(path, report)

    def write(self, document: Document) -> None:
        """Write one document.

        document (Document): The document; its mentions are the entities.
        """
        value: dict[str, Any] = {"id": document.id, "text": document.text}
        if isinstance(document.origin, Row):
            origin = document.origin
            value = {
                key: each
                for key, each in origin.values.items()
                if key == ENTITIES or key not in origin.annotated
            }
        value[ENTITIES] = list(self._entities(document))
        text = json.dumps(value, ensure_ascii=False) + "\n"
        self.stream.write(text.encode("utf-8", "replace"))

    def close(self) -> None:
        """End the file: nothing stands below the last line."""

    def _entities(self, document: Document) -> Iterator[dict[str, Any]]:
        text, places = document.text, Places(document.passages)
        for mention in document.mentions:
            place = places.to_joined(mention.start, mention.end, mention.passage)
            if place is None:
                self.source.misplaced(mention, document.id)
                continue
            start, end = place
            score = None if mention.score is None else round(mention.score, 4)
            known = {"task": mention.task, "score": score, "id": mention.id}
            yield {
                "start": start,
                "end": end,
                "text": text[start:end],
                "type": mention.type,
                **{key: value for key, value in known.items() if value is not None},
                **(
                    mention.origin.further if isinstance(mention.origin, Entity) else {}
                ),
            }
