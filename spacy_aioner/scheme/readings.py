"""Places of a text whose words are read as one other word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .characters import plain, plain_signs
from .hgvs import RESIDUE

# Where a protein ends, HGVS writes "*" or, as most authors did, "X": "p.Trp24*",
# "p.(W24*)", "Gln1756fs*74". Elsewhere an asterisk points to a footnote.
_STOP_CODON = re.compile(
    rf"(?:(?:(?<![A-Za-z]){RESIDUE}|(?<=p\.)[A-Z]|(?<=p\.\()[A-Z])[1-9]\d*"
    rf"|(?<![A-Za-z])(?:{RESIDUE}|[A-Z])[1-9]\d*(?:{RESIDUE}|[A-Z])?fs)\*"
)
# A word that was parted at the end of a line, as text of PDF files has it.
_PARTED = re.compile(
    r"(?<![^\W\d_])([^\W\d_]{2,})([-\u2010\u00ad])[ \t]*\r?\n[ \t]*([^\W\d_]+)"
)


@dataclass(frozen=True)
class Reading:
    """A place that is read as one word.

    start, end (int): Character offsets, end exclusive: those of whole words.
    text (str): The word.
    sure (bool): Whether nothing else can be meant.
    """

    start: int
    end: int
    text: str
    sure: bool = True


def stop_codons(text: str) -> Iterator[Reading]:
    """Find signs of HGVS for the end of a protein.

    text (str): Running text.
    YIELDS (Reading): Each, read as "X", in order.
    """
    if "*" not in text and "\uff0a" not in text:
        return
    signs, offsets = plain_signs(text)
    for match in _STOP_CODON.finditer(signs):
        star = offsets[match.end() - 1]
        yield Reading(star, star + 1, "X")


def parted_words(text: str) -> Iterator[Reading]:
    """Find words that may have been parted at the end of a line.

    text (str): Running text, with its lines.
    YIELDS (Reading): Each without what parts it, in order; sure if that is a soft
        hyphen, since any other may be the word's own.
    """
    for match in _PARTED.finditer(text):
        left, hyphen, right = match.groups()
        if right[0].islower():
            word = plain(left + right)
            yield Reading(match.start(), match.end(), word, hyphen == "\u00ad")
