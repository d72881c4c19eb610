"""What the rules must know of variants as HGVS writes them ("c.76A>T", "p.(Trp24*)").

https://hgvs-nomenclature.org; many authors put a space behind the prefix, and
tokenized text has one before its full stop too.
"""

from __future__ import annotations

import re

RESIDUE = (
    "(?:Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Pyl|Sec|Ser|Ter"
    "|Thr|Trp|Tyr|Val|Xaa)"
)
_PROTEIN_PLACE = rf"(?:{RESIDUE}|[ACDEFGHIKLMNPQRSTVWYX])[\s-]?\d"
# A prefix, a space, and what can only be the variant itself.
_SPACED = re.compile(
    r"(?<![\w.])(?:[cgmnopr]\s?\.\s+(?:\[*\d|[(\[]+(?:\d+[_+-]|[?*]))"
    rf"|p\s?\.\s+[(\[]*{_PROTEIN_PLACE})"
)
# The prefix alone, where a change follows.
_PREFIX = re.compile(
    rf"(?<![\w.])(?:p\s?\.\s?\(?(?={_PROTEIN_PLACE})"
    r"|[cgmnor]\s?\.\s?\(?(?=[*-]?\d+(?:[_+-]\d+)*\s?(?:[ACGTU]\s?>|del|ins|dup|inv)))"
)


def in_variant(text: str, stop: int) -> bool:
    """Whether a full stop belongs to a variant that goes on after a space.

    text (str): Running text.
    stop (int): Where the full stop is.
    RETURNS (bool): True for "p. (Arg97Pro)" and "c . 76A>T", not for "p. The".
    """
    return any(_SPACED.match(text, max(0, stop - back)) for back in (1, 2))


def prefix_start(text: str, start: int) -> int:
    """Find the prefix that a variant lacks.

    text (str): Running text.
    start (int): Where something begins that may be a variant.
    RETURNS (int): Where its prefix begins, that of a bracket behind it included; start,
        if no prefix lies before it or no change follows.
    """
    if "." in text[max(0, start - 3) : start]:
        for i in range(max(0, start - 5), start - 1):
            match = _PREFIX.match(text, i)
            if match and match.end() == start:
                return i
    return start
