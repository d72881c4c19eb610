"""The text of XML elements."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
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


def flat_text(
    element: Any, blocks: Collection[str], left_out: Collection[str] = ()
) -> str:
    """Join all text of an element, whatever stands in it, as it reads.

    element (Any): The element.
    blocks (Collection[str]): The tags of elements that spaces part from their
        surroundings.
    left_out (Collection[str]): The tags of elements whose text does not count.
    RETURNS (str): The text.
    """
    pieces: list[str] = []

    def collect(inline: Any) -> None:
        border = "\n" if inline.tag in blocks else ""
        if inline.tag not in left_out:
            pieces.extend((border, inline.text or ""))
            for child in inline:
                pieces.append(gap_before(child, pieces))
                collect(child)
                pieces.append(child.tail or "")
            pieces.append(border)

    collect(element)
    return running_text(pieces)


_RAISED = ("sup", "xref")
# Marks of citations and footnotes; of other references the text names what is meant.
_MARKS = {"bibr", "fn", "table-fn", "author-notes"}
_SEVERAL_NUMBERS = re.compile(r"\s*\d+(?:\s*[,;\u2010-\u2015-]\s*\d+)+\s*")
# A name that a further digit would make another one, and not "10" or "2x10".
_NUMBERED_NAME = re.compile(r"(?:[^\W\d_]{2}|[^\W\d_xX])\d+\Z")
_LONGEST_NAME = 40


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
    pieces (Sequence[str]): The text before it.
    RETURNS (str): A space, if the element is a mark right behind a word, or a number
        in superscript right behind a name that ends with a number, as in
        "TP53<sup>1</sup>".
    """
    if element.tag not in _RAISED:
        return ""
    before = ""
    for piece in reversed(pieces):
        before = piece[-_LONGEST_NAME:] + before
        if len(before) >= _LONGEST_NAME:
            break
    ends_word = before[-1:].isalnum() or before.endswith((")", "]"))
    if ends_word and (is_mark(element) or _adds_digits(element, before)):
        return " "
    return ""


def _adds_digits(element: Any, name: str) -> bool:
    if element.tag != "sup" or not (element.text or "").strip().isdecimal():
        return False
    return not len(element) and _NUMBERED_NAME.search(name) is not None
