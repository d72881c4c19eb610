"""Texts that hold markup: HTML or XML tags and entities, as Europe PMC returns them.

The text of a document stays as it is stored, and so do offsets. What is read of it is
a view: the text without its tags, entities as characters, and where each character
stands in the stored text.
"""

from __future__ import annotations

import html
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.entities import html5

from .document import (
    Document,
    Mention,
    Places,
    adjoining,
    are_adjoining,
    text_between,
)
from .source import Source, quote

# A text goes on behind these.
_INLINE = (
    "a|abbr|b|big|bold|cite|code|em|ext-link|font|i|inline-formula|italic|mark|"
    "monospace|roman|s|sc|small|span|strike|strong|styled-content|sub|sup|tt|u|"
    "underline|xref"
)
# These part what is before them from what follows.
_BLOCKS = (
    "abstract|article|article-title|blockquote|body|br|caption|center|dd|div|dl|dt|fig|"
    "h[1-6]|head|hr|html|img|label|li|list|list-item|ol|p|pre|sec|section|table|tbody|"
    "td|tfoot|th|thead|title|tr|ul"
)
_BLOCK = re.compile(_BLOCKS)
_ATTRIBUTE = r"""\s+[\w:.-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))"""
# Names with a prefix, such as "jats:p", are those of XML.
_NAME = rf"(?:[a-z]+:)?(?:{_INLINE}|{_BLOCKS})|mml:[a-z]+"
_TAG = rf"/?({_NAME})(?:{_ATTRIBUTE}){{0,20}}\s*/?>"
_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
MARKUP = re.compile(rf"<(?:!--.{{0,9999}}?-->|(?i:{_TAG}))|{_ENTITY}", re.DOTALL)
# A number in a superscript behind a word is a citation ("p53<sup>12</sup>"), and would
# change the word; behind a number or one letter it is a power.
_CITATION = re.compile(r"\s*\d+(?:\s*[,;\u2010-\u2015-]\s*\d+)*\s*(?=</)")
_WORD = re.compile(r"(?=\w*[^\W\d_])\w{2,}[)\]]?\Z")


def find_markup(text: str) -> str | None:
    """Find the first piece of markup in a text.

    text (str): Any text.
    RETURNS (str | None): A tag, a comment or an entity; None if there is none.
    """
    if "<" not in text and "&" not in text:
        return None
    return next((found.group() for found in _pieces(text)), None)


def _pieces(text: str) -> Iterator[re.Match[str]]:
    """Yield what is markup; "&what;" is none if there is no such entity."""
    for found in MARKUP.finditer(text):
        name = found.group()[1:]
        if not found.group().startswith("&") or name[0] == "#" or name in html5:
            yield found


class View:
    """What is read of a text with markup.

    stored (str): The text as it is stored.

    text (str): What is read of it.
    starts, ends (array[int]): Where each character of it begins and ends in the stored
        text; a space that parts blocks is empty there.
    """

    def __init__(self, stored: str) -> None:
        self.starts, self.ends = array("q"), array("q")
        self._pieces: list[str] = []
        self._last = ""
        position = 0
        for found in _pieces(stored):
            self._copy(stored, position, found.start())
            position = found.end()
            if found.group().startswith("&"):
                self._add(html.unescape(found.group()), found.start(), position)
            elif found[1]:
                self._add(self._gap(stored, found), position, position)
        self._copy(stored, position, len(stored))
        self.text = "".join(self._pieces)

    def _copy(self, stored: str, start: int, end: int) -> None:
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))
        self._keep(stored[start:end])

    def _add(self, text: str, start: int, end: int) -> None:
        self.starts.extend([start] * len(text))
        self.ends.extend([end] * len(text))
        self._keep(text)

    def _keep(self, text: str) -> None:
        self._pieces.append(text)
        # What a gap looks back at is a word.
        self._last = (self._last + text)[-64:]

    def _gap(self, stored: str, found: re.Match[str]) -> str:
        """What stands in the place of a tag."""
        name = found[1].lower().rpartition(":")[2]
        if _BLOCK.fullmatch(name):
            return "\n\n" if self._last and not self._last.endswith("\n\n") else ""
        if name == "sup" and not found.group().startswith("</"):
            citation = _CITATION.match(stored, found.end())
            if citation and _WORD.search(self._last):
                return " "
        return ""

    def inside(self, start: int, end: int) -> tuple[int, int] | None:
        """Find a stretch of the stored text in what is read.

        start, end (int): Offsets in the stored text; end is exclusive.
        RETURNS (tuple[int, int] | None): Offsets in `text`; None if nothing of the
            stretch is read.
        """
        first, last = bisect_left(self.starts, start), bisect_right(self.ends, end)
        while first < last and self.starts[first] == self.ends[first]:
            first += 1
        while first < last and self.starts[last - 1] == self.ends[last - 1]:
            last -= 1
        return (first, last) if first < last else None


class PlainDocument:
    """A document with markup as it is read.

    stored (Document): The document as it is stored.

    document (Document): The same without markup: its passages follow each other with
        one character between them. Mentions of which nothing is read are left out.
    lost (list[Mention]): Those mentions.
    """

    def __init__(self, stored: Document) -> None:
        self.stored = stored
        self._views = [View(passage.text) for passage in stored.passages]
        texts = [view.text for view in self._views]
        kinds = [passage.kind for passage in stored.passages]
        self.document = replace(
            stored,
            passages=adjoining(zip(kinds, texts, strict=True)),
            mentions=[],
            markup=False,
        )
        self._offsets = [passage.offset for passage in self.document.passages]
        self._places = Places(stored.passages)
        self._begins = stored.text_starts
        self.lost: list[Mention] = []
        for mention in stored.mentions:
            plain = self._plain(mention)
            (self.document.mentions if plain else self.lost).append(plain or mention)

    def _plain(self, mention: Mention) -> Mention | None:
        place = self._places.to_joined(mention.start, mention.end, mention.passage)
        if place is None:
            return None
        begins = self._begins
        first = bisect_right(begins, place[0]) - 1
        last = bisect_right(begins, place[1] - 1) - 1
        start = self._views[first].inside(
            place[0] - begins[first], len(self.stored.passages[first].text)
        )
        end = self._views[last].inside(0, place[1] - begins[last])
        if start is None or end is None:
            return None
        offsets = self._offsets
        whole = offsets[first] + start[0], offsets[last] + end[1]
        if whole[0] >= whole[1]:
            return None
        return replace(
            mention,
            start=whole[0],
            end=whole[1],
            text=self.document.text[whole[0] : whole[1]],
            passage=first if first == last else None,
        )

    def back(self, mention: Mention) -> Mention | None:
        """Find a mention of the plain document in the stored one.

        mention (Mention): A mention of `document`.
        RETURNS (Mention | None): With the stored offsets and text; None if it is in
            several passages that do not follow each other.
        """
        offsets = self._offsets
        first = bisect_right(offsets, mention.start) - 1
        last = bisect_right(offsets, mention.end - 1) - 1
        passages = self.stored.passages
        if first != last and not are_adjoining(passages):
            return None
        start = self._views[first].starts[mention.start - offsets[first]]
        end = self._views[last].ends[mention.end - 1 - offsets[last]]
        start, end = passages[first].offset + start, passages[last].offset + end
        own = passages[first : last + 1]
        return replace(
            mention,
            start=start,
            end=end,
            text=text_between(own, start, end) or mention.text,
            passage=first if first == last else None,
        )


def watch_markup(documents: Iterable[Document], source: Source) -> Iterator[Document]:
    """Tell once if texts of a file hold markup that is read as text.

    documents (Iterable[Document]): The documents.
    source (Source): The file; takes the problem.
    YIELDS (Document): The same.
    """
    waiting = iter(documents)
    for document in waiting:
        found = next(filter(None, (find_markup(p.text) for p in document.passages)), "")
        if found:
            source.problem(
                f"holds markup such as {quote(found)}, which is read as text; to read "
                f"the text of the markup, use --markup or, in Python, markup=True "
                f"(reported once)",
                document=document.id,
                lost=False,
            )
        yield document
        if found:
            break
    yield from waiting
