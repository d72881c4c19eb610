"""Entities of a document brought to agree with the abbreviations that it defines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..scheme.intervals import Intervals
from .definitions import Definition, find_all_uses, find_definitions

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
    definitions = find_definitions(text)
    if not definitions:
        return sorted(entities, key=lambda entity: (entity.start, entity.end))
    uses = find_all_uses(text, (text[slice(*each.short)] for each in definitions))
    before = Intervals()
    by_end: dict[int, list[Found]] = {}
    for entity in entities:
        before.add(entity.start, entity.end)
        by_end.setdefault(entity.end, []).append(entity)
    result = _Result(entities)
    # What was done last for an abbreviation that may be defined again and again.
    done: dict[str, Found | None] = {}
    for definition in definitions:
        short = text[slice(*definition.short)]
        long = _find_long(definition, by_end.get(definition.long[1], ()))
        if long is None and before.overlaps(*definition.long):
            continue
        if short in done and _adds_nothing(long, done[short]):
            continue
        done[short] = long
        for start, end in uses[short]:
            if long is not None:
                result.agree_with(long, start, end)
            else:
                result.drop_unsure(start, end)
    return result.entities()


def _find_long(definition: Definition, ending: Sequence[Found]) -> Found | None:
    """The entity that is the long form, whole or its greater part."""
    start, end = definition.long
    found = [
        entity
        for entity in ending
        if entity.start <= start or 2 * (end - entity.start) >= end - start
    ]
    return max(found, key=lambda entity: entity.score, default=None)


def _adds_nothing(long: Found | None, last: Found | None) -> bool:
    """Whether to agree with one long form changes nothing right after another one."""
    if long is None or last is None:
        return long is last
    return long.label == last.label and long.score <= last.score


class _Result:
    """The entities as they are changed.

    entities (Sequence[Found]): What they are before.
    """

    def __init__(self, entities: Sequence[Found]) -> None:
        self._by_place = {(entity.start, entity.end): entity for entity in entities}
        self._taken = Intervals()
        for start, end in self._by_place:
            self._taken.add(start, end)

    def entities(self) -> list[Found]:
        """All of them, in order of text."""
        return [self._by_place[place] for place in sorted(self._by_place)]

    def agree_with(self, long: Found, start: int, end: int) -> None:
        """Give one place what the long form is."""
        own = self._by_place.get((start, end))
        if own is None:
            if self._taken.overlaps(start, end):
                return
            self._taken.add(start, end)
        elif own.label == long.label or own.score >= long.score:
            return
        self._by_place[start, end] = replace(long, start=start, end=end)

    def drop_unsure(self, start: int, end: int) -> None:
        """Leave out what is found at one place unless it is sure."""
        own = self._by_place.get((start, end))
        if own is not None and own.score < _SURE:
            del self._by_place[start, end]
            self._taken.remove(start, end)
