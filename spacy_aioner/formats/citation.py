"""What PubMed's records say of titles and abstracts, in XML and in MEDLINE format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What stands where there is no title: it is only in the language of the article, or
# not there yet.
NO_TITLE = re.compile(
    r"\[?(?:not available|no title available|in process citation)\.?\]?\.?", re.I
)
# What stands where another abstract is only a link.
NO_ABSTRACT = re.compile(
    r"(?:\w+: )?(?:abstract|chinese abstract) available from the publisher\.?", re.I
)
ENGLISH = ("", "eng", "en")


@dataclass(frozen=True)
class Abstract:
    """An abstract beside the main one, by another author or in another language.

    parts (tuple[str, ...]): Its text.
    kind (str): Who made it or what it is, for example "plain-language-summary".
    language (str): In three letters; English if it is empty.
    """

    parts: tuple[str, ...]
    kind: str = ""
    language: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, self.language))) or "unnamed"


def choose_title(title: str, vernacular: str) -> str:
    """Choose between a title and that in the language of the article.

    title (str): The title, maybe empty or a placeholder.
    vernacular (str): The other, maybe empty.
    RETURNS (str): The title if it is one, or if there is no other.
    """
    if title and not NO_TITLE.fullmatch(title):
        return title
    return vernacular or title


def choose_abstract(
    main: Sequence[str], others: Sequence[Abstract]
) -> tuple[Sequence[str], list[Abstract]]:
    """Choose the abstract that is read.

    main (Sequence[str]): The parts of the main abstract; none if there is none.
    others (Sequence[Abstract]): The abstracts beside it, in their order.
    RETURNS (tuple[Sequence[str], list[Abstract]]): The parts of the main abstract or,
        if there is none, of the first other one in English, or else of the first; and
        those that are left out. Placeholders count for nothing.
    """
    there = [each for each in others if not _is_empty(each)]
    if main or not there:
        return main, there
    chosen = next((each for each in there if each.language in ENGLISH), there[0])
    return chosen.parts, [each for each in there if each is not chosen]


def _is_empty(abstract: Abstract) -> bool:
    text = " ".join(abstract.parts)
    return not text or NO_ABSTRACT.fullmatch(text) is not None


def left_out(others: Sequence[Abstract]) -> str:
    """Say that further abstracts are left out.

    others (Sequence[Abstract]): These abstracts.
    RETURNS (str): The message.
    """
    names = ", ".join(map(str, others))
    return (
        f"has further abstracts ({names}); only one is read, the main one if there is "
        f"one (reported once)"
    )
