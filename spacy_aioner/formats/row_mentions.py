"""Mentions in a row of values, as spaCy, Prodigy, doccano, PubAnnotation and we do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .document import Mention
from .source import quote

# The key under which mentions are written.
ENTITIES = "entities"
# Keys whose value is a list of mentions, or spaCy's groups of such lists by name.
KEYS = (ENTITIES, "spans", "ents", "denotations")
# The keys of a mention that are read, and Prodigy's that follow from them.
FIELDS = (
    *("start", "end", "text", "type", "task", "score", "id"),
    *("label", "kb_id", "start_offset", "end_offset", "token_start", "token_end"),
)
# Keys of doccano; a list of words under them says of what class the whole text is.
LABELS = ("label", "labels")
# What tells annotation of other tools: objects with one key of each of these.
STARTS = {"start", "begin", "offset", "span", "start_char", "startOffset"}
TYPES = {"type", "label", "labels", "obj", "entity", "entity_group", "entity_type"}


@dataclass(frozen=True)
class Entity:
    """What an entity has beyond a mention: `Mention.origin` for rows.

    further (dict[str, Any]): Its other values, in order.
    """

    further: dict[str, Any]


class Fault(NamedTuple):
    """What is wrong with the mentions of a row.

    message (str): What the row "has".
    lost (bool): Whether a mention was left out.
    """

    message: str
    lost: bool


def read_mentions(
    values: dict[str, Any], text: str, report: Callable[[Fault], None]
) -> tuple[list[Mention], tuple[str, ...]]:
    """Read the mentions of a row.

    values (dict[str, Any]): The row. "entities", "spans" and "ents" hold lists of
        objects with start, end and type or label, "spans" maybe several such lists by
        name; "label" and "labels" lists of [start, end, label]. doccano's start_offset
        and end_offset are known too, and "denotations" of PubAnnotation, with "span"
        and "obj". The concept is "id" beside "type", or "kb_id".
    text (str): The text that the offsets count in.
    report (Callable[[Fault], None]): Takes each fault.
    RETURNS (tuple[list[Mention], tuple[str, ...]]): The mentions of all keys, in the
        order of the keys above; one that an earlier key had too is not repeated. And
        the keys that were read.
    """
    mentions: list[Mention] = []
    keys: dict[str, None] = {}
    known: set[tuple[int, int, str]] = set()
    for key, items in _lists(values, report):
        keys[key] = None
        before = len(mentions)
        for number, item in enumerate(items, 1):
            which = f"number {number}" if key == ENTITIES else f"{key}, number {number}"
            try:
                mention = _mention(item, text)
            except ValueError as error:
                report(Fault(f"an entity ({which}) {error}; it is left out", True))
                continue
            if (mention.start, mention.end, mention.type) in known:
                continue
            there = text[mention.start : mention.end]
            if mention.text != there:
                report(
                    Fault(
                        f"an entity ({which}) whose text {quote(mention.text)} is not "
                        f"that at {mention.start} to {mention.end}, {quote(there)}; "
                        f"the offsets count",
                        False,
                    )
                )
            mentions.append(mention)
        known.update((m.start, m.end, m.type) for m in mentions[before:])
    return mentions, tuple(keys)


def _lists(
    values: dict[str, Any], report: Callable[[Fault], None]
) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of mentions with their keys."""
    for key in KEYS:
        value = values.get(key)
        groups = list(value.values()) if isinstance(value, dict) else [value]
        for group in groups:
            if isinstance(group, list):
                yield key, group
            elif group is not None and group != "":
                report(Fault(f"{quote(key)} that are no list; they are not read", True))
    for key in LABELS:
        value = values.get(key)
        if isinstance(value, list) and any(isinstance(i, (list, dict)) for i in value):
            yield key, value


def _mention(item: Any, text: str) -> Mention:
    """Check one entity; a ValueError says what is wrong with it."""
    if isinstance(item, list) and len(item) == 3:
        item = dict(zip(("start", "end", "label"), item, strict=True))
    if not isinstance(item, dict):
        raise ValueError("that is no object")
    if isinstance(span := item.get("span"), dict) and "obj" in item:
        made = {
            "start": span.get("begin"),
            "end": span.get("end"),
            "label": item["obj"],
        }
        rest = {key: item[key] for key in item if key not in ("span", "obj")}
        item = rest | made
    start = item.get("start", item.get("start_offset"))
    end = item.get("end", item.get("end_offset"))
    if type(start) is not int or type(end) is not int:
        raise ValueError("whose start or end is no whole number")
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"whose offsets {quote(f'{start} to {end}')} are not in the text, which is "
            f"{len(text)} characters long"
        )
    # Beside "label", an "id" is that of the annotation.
    own = "type" in item
    kind = item["type"] if own else item.get("label")
    if not isinstance(kind, str):
        raise ValueError("whose type is no string")
    concept = item.get("id") if own else item.get("kb_id") or None
    if type(concept) is int:
        concept = str(concept)
    stated, task = item.get("text", text[start:end]), item.get("task")
    for key, value in (("text", stated), ("id", concept), ("task", task)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"whose {key} is no string")
    further = {key: value for key, value in item.items() if key not in FIELDS}
    return Mention(
        start,
        end,
        text[start:end] if stated is None else stated,
        kind,
        concept,
        _score(item.get("score")),
        task,
        origin=Entity(further) if further else None,
    )


def _score(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Of NaN and of whole numbers that no float can hold this is false.
    if not number or not abs(value) <= sys.float_info.max:
        raise ValueError("whose score is no finite number")
    return float(value)


def looks_like_mentions(values: dict[str, Any]) -> Iterator[str]:
    """Find values that look like mentions but are not read.

    values (dict[str, Any]): The row.
    YIELDS (str): Their keys.
    """
    for key, value in values.items():
        if key in KEYS or key in LABELS or not isinstance(value, list) or not value:
            continue
        first = value[0]
        if isinstance(first, dict):
            found = bool(STARTS & first.keys() and TYPES & first.keys())
        else:
            kinds = [type(each) for each in first] if isinstance(first, list) else []
            found = kinds == [int, int, str]
        if found:
            yield key
