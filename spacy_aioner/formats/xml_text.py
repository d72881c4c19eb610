"""The text of XML elements, and passages made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .document import Passage

WHITE = re.compile(r"[ \t\r\n]+")


def running_text(pieces: Iterable[str]) -> str:
    """Join the text of an element as it reads.

    pieces (Iterable[str]): The text, markup left off.
    RETURNS (str): The text. White space with a line break in it is one space; nothing
        else is changed but for white space at the ends, which is left off.
    """
    text = "".join(pieces).strip(" \t\r\n")
    if "\n" not in text and "\r" not in text:
        return text
    return WHITE.sub(_one_space, text)


def _one_space(white: re.Match[str]) -> str:
    return " " if "\n" in white[0] or "\r" in white[0] else white[0]


def contiguous(texts: Iterable[tuple[str, str]]) -> list[Passage]:
    """Make passages that follow one another at a distance of one character.

    texts (Iterable[tuple[str, str]]): The kind and the text of each.
    RETURNS (list[Passage]): The passages; the first begins at 0.
    """
    passages: list[Passage] = []
    for kind, text in texts:
        offset = passages[-1].end + 1 if passages else 0
        passages.append(Passage(offset, text, kind))
    return passages
