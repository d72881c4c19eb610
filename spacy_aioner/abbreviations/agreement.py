"""Entities of a document brought to agree with the abbreviations that it defines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .definitions import Definition, find_definitions, find_uses

# An abbreviation of something that is no entity is none itself, unless it is as
# probable as this. docs/experiments.md says by what it was chosen.
_SURE = 0.7


@dataclass(frozen=True)
class Found:
    """An entity as characters.

    start, end (int): Character offsets, end exclusive.
    label (str): Its type.
    score (float): Its probability.
    """

    start: int
    end: int
    label: str
    score: float


def agree(text: str, entities: Sequence[Found]) -> list[Found]:
    """Give abbreviations what their long forms are.

    Where a long form was found, every place of its abbreviation gets its type and its
    score, unless it has a higher score of its own or lies in another entity. Where
    nothing of a long form was found, places of the abbreviation that are not sure are
    left out.

    text (str): The document.
    entities (Sequence[Found]): The entities of one task, which do not overlap.
    RETURNS (list[Found]): In order of text, without overlaps.
    """
    by_place = {(entity.start, entity.end): entity for entity in entities}
    for definition in find_definitions(text):
        uses = find_uses(text, text[slice(*definition.short)])
        long = _find_long(definition, entities)
        if long is not None:
            for start, end in uses:
                _agree_with(long, start, end, by_place)
        elif not any(_overlap(entity, *definition.long) for entity in entities):
            for use in uses:
                if use in by_place and by_place[use].score < _SURE:
                    del by_place[use]
    return [by_place[place] for place in sorted(by_place)]


def _find_long(definition: Definition, entities: Sequence[Found]) -> Found | None:
    """The entity that is the long form, whole or its greater part."""
    start, end = definition.long
    found = [
        entity
        for entity in entities
        if entity.end == end
        and (entity.start <= start or 2 * (end - entity.start) >= end - start)
    ]
    return max(found, key=lambda entity: entity.score, default=None)


def _agree_with(
    long: Found, start: int, end: int, by_place: dict[tuple[int, int], Found]
) -> None:
    """Give one place what the long form is."""
    own = by_place.get((start, end))
    if own is None:
        if any(_overlap(entity, start, end) for entity in by_place.values()):
            return
    elif own.label == long.label or own.score >= long.score:
        return
    by_place[start, end] = replace(long, start=start, end=end)


def _overlap(entity: Found, start: int, end: int) -> bool:
    return entity.start < end and entity.end > start
