"""The text of XML elements."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
