"""The text of XML elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

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


# Marks of citations and footnotes; of other references the text names what is meant.
_MARKS = {"bibr", "fn", "table-fn", "author-notes"}
_SEVERAL_NUMBERS = re.compile(r"\s*\d+(?:\s*[,;\u2010-\u2015-]\s*\d+)+\s*")


def is_mark(element: Any) -> bool:
    """Whether an element of running text is the mark of a citation or a footnote.

    element (Any): An element of JATS.
    RETURNS (bool): True for references to such, and for superscripts that hold nothing
        else or several numbers: "10<sup>3</sup>" is none.
    """
    if element.tag == "xref":
        return element.get("ref-type") in _MARKS
    if element.tag != "sup":
        return False
    own = [element.text or "", *(child.tail or "" for child in element)]
    if len(element):
        return all(map(is_mark, element)) and not any(map(str.isalnum, "".join(own)))
    return _SEVERAL_NUMBERS.fullmatch(own[0]) is not None


def put(pieces: list[str], text: str | None) -> None:
    """Add a text to pieces, none of which is empty.

    pieces (list[str]): The text before it.
    text (str | None): The text, if there is any.
    """
    if text:
        pieces.append(text)


def gap_before(element: Any, pieces: Sequence[str]) -> str:
    """What parts a mark from the word before it, which it is not a part of.

    element (Any): The element that comes next.
    pieces (Sequence[str]): The text before it, none of them empty.
    RETURNS (str): A space, if the element is a mark right behind a word.
    """
    before = pieces[-1] if pieces else ""
    ends_word = before[-1:].isalnum() or before.endswith((")", "]"))
    return " " if ends_word and is_mark(element) else ""
