"""What may be wrong with a comparison: types that differ, maps that do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..formats.document import Document

# Types that are written out in a message.
_MAX_NAMES = 8


class SeenTypes:
    """Documents that are passed on, and the types of the mentions that they had.

    documents (Iterable[Document]): The documents.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = documents
        self.types: set[str] = set()

    def __iter__(self) -> Iterator[Document]:
        for document in self._documents:
            self.types.update(mention.type for mention in document.mentions)
            yield document


def unused_entries(type_map: Mapping[str, str], seen: Iterable[str]) -> list[str]:
    """Find the entries of a type map that rename nothing.

    type_map (Mapping[str, str]): The new type by old type.
    seen (Iterable[str]): The types that there are.
    RETURNS (list[str]): The old types that no mention has.
    """
    there = set(seen)
    return [old for old in type_map if old not in there]


def nothing_in_common(
    gold: Iterable[str], predicted: Iterable[str], type_map: Mapping[str, str]
) -> str | None:
    """Tell that no prediction can be right because the types have other names.

    gold, predicted (Iterable[str]): The types of either side.
    type_map (Mapping[str, str]): The new type by old type.
    RETURNS (str | None): The hint; None if the sides share a type or one has none.
    """
    sides = [
        sorted({type_map.get(name, name) for name in names} - {""})
        for names in (gold, predicted)
    ]
    if not all(sides) or set(sides[0]) & set(sides[1]):
        return None
    ours, theirs = (_listed(side) for side in sides)
    return (
        f"no type occurs on both sides, so nothing can be right: gold has {ours}, the "
        f"prediction {theirs}; rename with --map, for example --map "
        f"'{sides[0][0]}={sides[1][0]}'"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES} more" * (len(names) > _MAX_NAMES)
    return ", ".join(names[:_MAX_NAMES]) + more
