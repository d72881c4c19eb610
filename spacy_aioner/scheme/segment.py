"""Words and sentences of running text by rule, as character offsets."""

from __future__ import annotations

import re

from .characters import INVISIBLE, plain_signs
from .hgvs import in_variant

_HIDDEN = f"[{INVISIBLE}]"
# Raised and lowered digits are digits, but not of the number before them; fractions
# and numbers in circles are single signs, and so is "_". To Python all are letters.
_RAISED = "\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089"
_SIGNS = (
    "_\uff3f\u00bc-\u00be\u2150-\u215f\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
)
_LETTER = rf"[^\W\d{_RAISED}{_SIGNS}{INVISIBLE}]"
# A run of letters, a run of digits or any other single sign: with these boundaries
# the fewest gold mentions of the corpora begin or end inside a word. Characters that
# are not seen part no run.
WORD = re.compile(
    rf"{_LETTER}+(?:{_HIDDEN}*(?:{_LETTER}+|[\u0300-\u036f]+))*"
    rf"|\d+(?:{_HIDDEN}+\d+)*"
    rf"|[{_RAISED}]+(?:{_HIDDEN}+[{_RAISED}]+)*"
    rf"|[^\w\s{INVISIBLE}]|[{_SIGNS}]"
)
# What lies between words.
GAP = re.compile(rf"\s+|{_HIDDEN}+")

_CLOSERS = "\"')\\]}»”’"
_STOP = re.compile(
    rf"[.!?。！？][{_CLOSERS}]*(?=\s+[\"'(\[{{«“‘]*[^\W_a-z])|\n\s*\n|(?<=[.!?:;])\n",
)
# What a full stop may follow without ending a sentence.
_ABBREVIATIONS = frozenset(
    "approx cf co corp dr e.g eq eqs ex fig figs i.e inc ltd mr mrs ms no nos prof "  # noqa: SIM905
    "ref refs resp sp spp ssp st subsp suppl tab var viz vol vs al".split()
)
# These do end sentences when a capital follows the space ("et al. The …").
_MAY_END = frozenset(["al", "co", "corp", "inc", "ltd", "sp", "spp", "no", "etc"])
_LAST_WORD = re.compile(r"[^\s(\[]+$")
_LOOK_BACK = 24


def word_offsets(text: str) -> list[tuple[int, int]]:
    """Cut text into words.

    text (str): Any text.
    RETURNS (list[tuple[int, int]]): Start and exclusive end of each word; only
        white space and invisible characters lie between them.
    """
    return [match.span() for match in WORD.finditer(text)]


def sentence_starts(text: str) -> list[int]:
    """Find where sentences begin after the first one.

    text (str): Running text.
    RETURNS (list[int]): Offsets at or before the first word of each later sentence,
        increasing.
    """
    text, offsets = plain_signs(text)
    starts: list[int] = []
    previous = 0
    length = len(text.rstrip())
    for match in _STOP.finditer(text):
        start = match.end()
        if start >= length or not _ends_sentence(text, match):
            continue
        # A full stop before an empty line ends one sentence, not two.
        if not text[previous:start].isspace():
            starts.append(offsets[start])
        previous = start
    return starts


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if text[match.start()] != ".":
        return True
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    found = _LAST_WORD.search(before)
    word = found.group() if found else ""
    if len(word) == 1 and word.isupper():
        # An initial or a genus ("E. coli", "J. Smith"), unless it closes a clause
        # such as "vitamin C." or "hepatitis B.", which a longer sentence survives.
        return False
    if in_variant(text, match.start()):
        return False
    lowered = word.lower()
    return lowered not in _ABBREVIATIONS or lowered in _MAY_END
