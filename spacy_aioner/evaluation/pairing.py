"""Which document of the prediction belongs to which document of the gold standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import NamedTuple

from ..errors import AionerError
from ..formats.document import Document, Places, overlap

Span = tuple[int, int, str]
"""Start and end of a mention in code points, end exclusive, and its type."""


class Side(NamedTuple):
    """What one side holds of a document.

    spans (frozenset[Span]): Its mentions, each once.
    text (int): A hash of its text.
    """

    spans: frozenset[Span]
    text: int


class Pair(NamedTuple):
    """One document on both sides; a side without it is None.

    name (str): Its id, and which occurrence it is if that is not the first.
    """

    name: str
    gold: Side | None
    predicted: Side | None


def parse_type_map(text: str) -> dict[str, str]:
    """Read a type map as it is written on the command line.

    text (str): For example "FamilyName=Gene,Cell=": FamilyName counts as Gene, and
        Cell is left out. Types that are not named stay as they are. An empty text is
        an empty map.
    RETURNS (dict[str, str]): The new type by old type; "" leaves the type out.
    RAISES (AionerError): If an entry is not of the form OLD=NEW, or a type has two.
    """
    type_map: dict[str, str] = {}
    for entry in text.split(",") if text.strip() else ():
        old, equals, new = (part.strip() for part in entry.partition("="))
        if not equals or not old or "=" in new:
            raise AionerError(
                f"The entry '{entry}' of the type map '{text}' is not of the form "
                "OLD=NEW; write for example 'FamilyName=Gene,Cell=' (nothing after "
                "the '=' leaves the type out)."
            )
        if type_map.setdefault(old, new) != new:
            raise AionerError(
                f"The type map '{text}' gives the type '{old}' two new types, "
                f"'{type_map[old]}' and '{new}'; keep one of them."
            )
    return type_map


def pair_documents(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    type_map: Mapping[str, str] | None = None,
    types: Collection[str] | None = None,
) -> Iterator[Pair]:
    """Bring together the two sides of each document.

    The k-th document with some id on one side belongs to the k-th document with this
    id on the other. Both sides are read in step, so memory grows only with how far
    their orders differ, by one document for each that a side lacks.

    gold (Iterable[Document]): The gold standard.
    predicted (Iterable[Document]): The prediction.
    type_map (Mapping[str, str] | None): The new type by old type, on both sides and
        not applied twice; "" leaves the type out; others stay as they are.
    types (Collection[str] | None): The new types to keep; None keeps all.
    YIELDS (Pair): The documents on both sides as they are found, then those that
        only the gold standard has, then those that only the prediction has.
    """
    mapping = type_map or {}

    def side(document: Document) -> Side:
        # Where offsets do not tell the passage, those in the joined text do.
        joined = overlap(document.passages)
        places = Places(document.passages if joined else [])
        spans = (
            (*places.of(mention), mapping.get(mention.type, mention.type))
            for mention in document.mentions
        )
        kept = frozenset(
            span for span in spans if span[2] and (types is None or span[2] in types)
        )
        return Side(kept, hash(document.text))

    gold_waits: dict[_Key, Side] = {}
    predicted_waits: dict[_Key, Side] = {}
    for ours, theirs in zip_longest(_sides(gold, side), _sides(predicted, side)):
        if ours is not None:
            gold_waits[ours[0]] = ours[1]
        if theirs is not None:
            predicted_waits[theirs[0]] = theirs[1]
        for arrived in (ours, theirs):
            if arrived is not None:
                key = arrived[0]
                if key in gold_waits and key in predicted_waits:
                    both = gold_waits.pop(key), predicted_waits.pop(key)
                    yield Pair(_name(key), *both)
    for key, waiting in gold_waits.items():
        yield Pair(_name(key), waiting, None)
    for key, waiting in predicted_waits.items():
        yield Pair(_name(key), None, waiting)


_Key = tuple[str, int]
"""A document's id and which occurrence of this id it is, from 1."""


def _sides(
    documents: Iterable[Document], side: Callable[[Document], Side]
) -> Iterator[tuple[_Key, Side]]:
    seen: Counter[str] = Counter()
    for document in documents:
        seen[document.id] += 1
        yield (document.id, seen[document.id]), side(document)


def _name(key: _Key) -> str:
    document, occurrence = key
    return document if occurrence == 1 else f"{document} (occurrence {occurrence})"
