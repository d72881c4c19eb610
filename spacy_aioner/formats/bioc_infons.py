"""Values of JSON in BioC XML, whose infons hold nothing but text.

A value that is no string is written as its JSON text, and a processing instruction
behind it, which readers of XML pass over, says so: `<infon key="n">12<?json?></infon>`.
So the same value comes back, and a text that looks like JSON stays a text. A key that
BioC does not have, such as PubTator's "pmid", is an infon of its document with
`<?key?>` behind it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from .jsonl import depth_exceeded

JSON, KEY = "json", "key"
CHILDREN = {
    "passage": "passages",
    "sentence": "sentences",
    "annotation": "annotations",
    "relation": "relations",
}


def infon_text(value: Any) -> str:
    """Write the value of an infon as text.

    value (Any): Any value of JSON.
    RETURNS (str): A string as it is, nothing for null, JSON for all else.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def mark_infon(infon: Any, value: Any, *, key: bool = False) -> None:
    """Say behind the text of an infon what it stands for.

    infon (Any): The element, with the text of the value.
    value (Any): The value.
    key (bool): Whether it is that of a key that BioC does not have.
    """
    # An empty infon is null, as bioc reads it.
    if value == "" or not (value is None or isinstance(value, str)):
        infon.append(etree.ProcessingInstruction(JSON))
    if key:
        infon.append(etree.ProcessingInstruction(KEY))


def mark_infons(bioc: Any, element: Any) -> None:
    """Mark all infons of an element that was made of a bioc object.

    bioc (Any): The object, with the values that were written.
    element (Any): The element.
    """
    for each, made in _pairs(bioc, element):
        for infon in made.iterfind("infon"):
            mark_infon(infon, each.infons.get(infon.get("key"), ""))


def take_marks(element: Any) -> dict[Any, set[str]]:
    """Take the processing instructions out of an element.

    element (Any): An element as parsed; left without any of them.
    RETURNS (dict[Any, set[str]]): The infons that have marks, and which.
    """
    marks: dict[Any, set[str]] = {}
    for found in list(element.iter(etree.ProcessingInstruction)):
        if found.getparent().tag == "infon" and found.target in (JSON, KEY):
            marks.setdefault(found.getparent(), set()).add(found.target)
    # What is nested in text would hide the rest of it.
    etree.strip_tags(element, etree.ProcessingInstruction)
    return marks


def infon_value(infon: Any, marks: Mapping[Any, set[str]]) -> Any:
    """Read the value of an infon.

    infon (Any): The element.
    marks (Mapping[Any, set[str]]): What `take_marks` found.
    RETURNS (Any): The value that was written; the text if it is not that of one.
    """
    text = infon.text
    if JSON not in marks.get(infon, ()):
        return text
    if not text:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if depth_exceeded(value) else value


def restore_infons(
    bioc: Any, element: Any, marks: Mapping[Any, set[str]]
) -> dict[str, Any]:
    """Give the infons of a document the values that were written.

    bioc (Any): The document as bioc read it; changed.
    element (Any): What it was read from.
    marks (Mapping[Any, set[str]]): What `take_marks` found.
    RETURNS (dict[str, Any]): The keys that BioC does not have.
    """
    if not marks:
        return {}
    extra: dict[str, Any] = {}
    for each, made in _pairs(bioc, element):
        values: dict[str, Any] = {}
        for infon in made.iterfind("infon"):
            is_key = made is element and KEY in marks.get(infon, ())
            target = extra if is_key else values
            target[infon.get("key")] = infon_value(infon, marks)
        each.infons = values
    return extra


def _pairs(bioc: Any, element: Any) -> Iterator[tuple[Any, Any]]:
    """Yield a bioc object and all in it that may have infons, with their elements."""
    yield bioc, element
    for tag, name in CHILDREN.items():
        children = getattr(bioc, name, ())
        for child, made in zip(children, element.iterfind(tag), strict=True):
            yield from _pairs(child, made)
