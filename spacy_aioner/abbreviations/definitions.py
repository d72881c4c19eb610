"""Find where a text defines abbreviations, and every place that uses them.

Schwartz and Hearst (2003), "A simple algorithm for identifying abbreviation definitions
in biomedical text", Pacific Symposium on Biocomputing 8:451-462, section 3. Beyond it,
a parenthesis may hold more than the short form ("(CML; n = 12)"), and the number of
words of a long form is limited for a short form behind it as for one before it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from ..scheme.segment import sentence_starts

# Lengths of a short form in characters and words (section 3.1).
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 10, 2
# A parenthesis without another one in it.
_PARENTHESIS = re.compile(r"[(\[]([^()\[\]]{2,300})[)\]]")
_END_OF_PART = re.compile(r"[;,:]\s|\s[=≥≤<>]|\bn=")
# A long form has at most 15 words; what stands further before is not looked at.
_LONGEST_CONTEXT = 1000
_SPACE = re.compile(r"\s")
# Where a word of letters and digits begins.
_FIRST_SIGN = re.compile(r"(?<![^\W_])[^\W_]")
_LAST_WORD = re.compile(r"(?<![^\s(\[])[^\s()\[\]]+$")


@dataclass(frozen=True)
class Definition:
    """One definition, as character offsets with exclusive ends.

    short (tuple[int, int]): The abbreviation where it is defined.
    long (tuple[int, int]): Its long form.
    """

    short: tuple[int, int]
    long: tuple[int, int]


def find_definitions(text: str) -> list[Definition]:
    """Find the abbreviations that a text defines.

    text (str): Running text; a definition stands within a sentence.
    RETURNS (list[Definition]): In order of text. An abbreviation that is defined more
        than once is there more than once.
    """
    starts = [0, *sentence_starts(text)]
    found = []
    for match in _PARENTHESIS.finditer(text):
        first = starts[bisect_right(starts, match.start()) - 1]
        if match.start() - first > _LONGEST_CONTEXT:
            # Not within a word.
            first = match.start() - _LONGEST_CONTEXT
            space = _SPACE.search(text, first, match.start())
            first = space.end() if space else match.start()
        definition = _defined_within(text, first, match) or _defined_before(
            text, first, match
        )
        if definition is not None:
            found.append(definition)
    return found


def find_uses(text: str, short: str) -> list[tuple[int, int]]:
    """Find every place where a text has an abbreviation as a word of its own.

    text (str): The text.
    short (str): The abbreviation; letter case counts.
    RETURNS (list[tuple[int, int]]): Character offsets, in order.
    """
    pattern = rf"(?<![^\W_]){re.escape(short)}(?![^\W_])"
    return [match.span() for match in re.finditer(pattern, text)]


def find_all_uses(text: str, shorts: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    """Find the uses of several abbreviations, going through the text once.

    text (str): The text.
    shorts (Iterable[str]): The abbreviations, each of which begins with a letter or a
        digit.
    RETURNS (dict[str, list[tuple[int, int]]]): By abbreviation, as `find_uses` has
        them.
    """
    uses: dict[str, list[tuple[int, int]]] = {short: [] for short in shorts}
    lengths = sorted({len(short) for short in uses})
    if not uses:
        return uses
    for match in _FIRST_SIGN.finditer(text):
        start = match.start()
        for length in lengths:
            end = start + length
            known = uses.get(text[start:end])
            if known is None or text[end : end + 1].isalnum():
                continue
            if not known or known[-1][1] <= start:
                known.append((start, end))
    return uses


def _defined_within(text: str, first: int, match: re.Match[str]) -> Definition | None:
    """ "long form (SF)": the parenthesis holds the short form."""
    begin, end = match.span(1)
    cut = _END_OF_PART.search(text, begin, end)
    begin, end = _strip(text, begin, cut.start() if cut else end)
    short = text[begin:end]
    if not _is_short_form(short):
        return None
    before = text[first : match.start()].rstrip()
    most = min(len(short) + 5, 2 * len(short))
    words = list(re.finditer(r"\S+", before))[-most:]
    if not words:
        return None
    long = _long_form(short, before, words[0].start())
    if long is None:
        return None
    return Definition((begin, end), (first + long, first + len(before)))


def _defined_before(text: str, first: int, match: re.Match[str]) -> Definition | None:
    """ "SF (long form)": the parenthesis holds the long form."""
    before = text[first : match.start()].rstrip()
    word = _LAST_WORD.search(before)
    if word is None or not _is_short_form(word.group()):
        return None
    short = word.group()
    begin, end = _strip(text, *match.span(1))
    inside = text[begin:end]
    most = min(len(short) + 5, 2 * len(short))
    if not _MOST_WORDS < len(inside.split()) <= most:
        return None
    # All of the parenthesis must be the long form, so that nothing is made up.
    if _long_form(short, inside, 0) != 0:
        return None
    start = first + word.start()
    return Definition((start, start + len(short)), (begin, end))


def _strip(text: str, begin: int, end: int) -> tuple[int, int]:
    """Leave out spaces and quotation marks at both ends."""
    inner = text[begin:end]
    left = len(inner) - len(inner.lstrip(" \t\n\"'“‘”’"))
    return begin + left, begin + max(left, len(inner.rstrip(" \t\n\"'“‘”’")))


def _is_short_form(text: str) -> bool:
    """Whether a text can be an abbreviation (section 3.1)."""
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and len(text.split()) <= _MOST_WORDS
        and text[0].isalnum()
        and any(map(str.isalpha, text))
        # A word in lower case is a remark in brackets ("(mean)", "(or not)").
        and not text.islower()
    )


def _long_form(short: str, text: str, first: int) -> int | None:
    """Find where the long form begins that ends where a text ends (section 3.2).

    From the right, each letter and digit of the short form is looked for in the text;
    the first of them must begin a word.

    short (str): The short form.
    text (str): The text before it.
    first (int): Where the long form may begin at the earliest.
    RETURNS (int | None): Its offset in the text.
    """
    signs = [_fold(sign) for sign in short if sign.isalnum()]
    at = len(text)
    for number, sign in reversed(list(enumerate(signs))):
        at -= 1
        while at >= first and (
            _fold(text[at]) != sign
            or (number == 0 and at > 0 and text[at - 1].isalnum())
        ):
            at -= 1
        if at < first:
            return None
    # The beginning of what is written without a space: "non-small cell …".
    start = text.rfind(" ", first, at + 1) + 1
    start = max(first, start)
    long = text[start:]
    if len(long) <= len(short) or find_uses(long, short):
        return None
    return start


def _fold(sign: str) -> str:
    """A letter in lower case; a Greek one as its name begins: "α" is also "alpha"."""
    if "\u0370" <= sign <= "\u03ff":
        name = unicodedata.name(sign, "").rpartition("LETTER ")[2]
        return name[:1].lower() or sign
    return sign.lower()
