"""What characters stand for: some are not to be seen, some are others in disguise.

Texts that look alike are to be read alike. What Unicode calls default ignorable (soft
hyphens, zero-width spaces and joiners, marks of direction, variation selectors) is
not read at all. Compatibility characters (full width, subscripts, superscripts,
ligatures, mathematical letters) are read as what Unicode says they stand for, its
form NFKC. The text itself is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# The property Default_Ignorable_Code_Point of DerivedCoreProperties.txt, Unicode 16,
# as ranges of a class of characters in a pattern.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
# Hyphen, non-breaking hyphen and minus sign: most texts have ASCII's sign for them.
_HYPHENS = str.maketrans("\u2010\u2011\u2212", "---")
# These say something about a name and are no letters of it.
_MARKS = "\u2120\u2122"  # Service mark, trade mark.


class _Reading(dict[int, "str | None"]):
    """What each character is read as, for `str.translate`; made when first needed."""

    def __missing__(self, code: int) -> str | None:
        reading = self[code] = self._read(chr(code))
        return reading

    @staticmethod
    def _read(sign: str) -> str | None:
        if _INVISIBLE.match(sign):
            return None
        plain = unicodedata.normalize("NFKC", sign).translate(_HYPHENS)
        # An accent that stands alone is a space with an accent in this form.
        alone = plain[0] == " " and not sign.isspace()
        return sign if alone or sign in _MARKS else plain


class _Sign(_Reading):
    """The same as far as it is a single character."""

    @staticmethod
    def _read(sign: str) -> str | None:
        plain = _Reading._read(sign)
        return plain if plain is None or len(plain) == 1 else sign


_READING, _SIGN = _Reading(), _Sign()


def plain(text: str) -> str:
    """Write a text as it is read.

    text (str): Any text, such as a word.
    RETURNS (str): Without invisible characters, others as what they stand for,
        accents with their letters where there is such a character.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(_READING))


def plain_signs(text: str) -> tuple[str, Sequence[int]]:
    """Write a text as it is read, character by character.

    text (str): Any text.
    RETURNS (tuple[str, Sequence[int]]): The text without invisible characters, others
        as the single character that they stand for, if there is one; and the offset in
        `text` of each of its characters and of its end.
    """
    offsets: Sequence[int] = range(len(text) + 1)
    if text.isascii():
        return text, offsets
    signs = text.translate(_SIGN)
    if len(signs) < len(text):
        hidden = {match.start() for match in _INVISIBLE.finditer(text)}
        offsets = [i for i in offsets if i not in hidden]
    return signs, offsets


def invisible_offsets(text: str) -> list[int]:
    """Find the characters of a text that are not read.

    text (str): Any text.
    RETURNS (list[int]): Their offsets, increasing.
    """
    if text.isascii():
        return []
    return [match.start() for match in _INVISIBLE.finditer(text)]
