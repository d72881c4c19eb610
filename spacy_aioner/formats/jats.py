"""Reading articles in JATS, the XML of PubMed Central."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Report, raise_problem
from .compression import bare_name
from .document import Document, adjoining
from .source import Source
from .xml_records import MATHML, XmlRecords
from .xml_text import gap_before, put, running_text

ARTICLE_ID = re.compile(
    rb"""<article-id\s[^<>]{0,99}pub-id-type=["']pm[^<>]{0,99}>([^<]{1,100})<"""
)
# The types of article ids, the best first.
PMC_IDS = ("pmcid", "pmc", "pmcaid")
OTHER_IDS = ("pmid", "doi")
META = ("front/article-meta", "front-stub")
PARTS = ("body", "back", "floats-group")
NESTED = ("sub-article", "response")

# Not running text: numbering, identifiers, descriptions of pictures, licences, source
# code of formulas (which stand beside them as MathML), and references.
LEFT_OUT = {
    "alt-text",
    "index-term",
    "label",
    "long-desc",
    "object-id",
    "permissions",
    "processing-meta",
    "ref-list",
    "sec-meta",
    "tex-math",
    f"{{{MATHML}}}annotation",
    f"{{{MATHML}}}annotation-xml",
}
# What is never chosen of several alternatives.
TEXTLESS = {*LEFT_OUT, "graphic", "inline-graphic", "inline-media", "media"}
# A sentence goes on behind these: inside a paragraph they come after it.
FLOATS = {
    "boxed-text",
    "chem-struct-wrap",
    "disp-formula",
    "disp-formula-group",
    "fig",
    "fig-group",
    "fn",
    "media",
    "supplementary-material",
    "table-wrap",
    "table-wrap-group",
}
SECTIONS = {"ack", "app", "bio", "boxed-text", "fn-group", "glossary", "notes", "sec"}
BLOCKS = {
    *FLOATS,
    *SECTIONS,
    "app-group",
    "attrib",
    "caption",
    "def-list",
    "disp-quote",
    "list",
    "list-item",
    "p",
    "speech",
    "statement",
    "subtitle",
    "table",
    "table-wrap-foot",
    "title",
    "verse-group",
    "verse-line",
}
# These are one line of cells.
ROWS = {"def-item": "definition", "row": "table", "tr": "table"}
BORDERS = {*BLOCKS, *ROWS, "break", "entry", "td", "th"}
TEXTUAL = {"article-title", "attrib", "p", "subtitle", "title", "verse-line"}
# What a block and all in it is; by default it is what the block around it is.
KINDS = {
    "chem-struct-wrap": "caption",
    "disp-formula": "formula",
    "fig": "fig_caption",
    "fig-group": "fig_caption",
    "fn": "footnote",
    "list-item": "list_item",
    "media": "caption",
    "supplementary-material": "caption",
    "table-wrap": "table_caption",
    "table-wrap-foot": "footnote",
    "table-wrap-group": "table_caption",
}


def read_jats(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a JATS file, of one article or of many, one document after the other.

    References and the front matter other than title and abstract are left out, and so
    are labels such as "Figure 1", TeX code and descriptions of pictures. Of several
    alternatives for one thing the first that may hold text is read. Figures, tables,
    footnotes, boxes and displayed formulas inside a paragraph come after it.

    path (str | Path): The file. Nothing that it refers to is loaded.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each article: its id is the PMC id, or else the PMID,
        the DOI or the file's name. The first passage is the "title", maybe empty; all
        others are in the order of the file. Their kinds: "subtitle", "abstract" with
        its section titles, "title_1", "title_2" and so on for section titles, also
        for those of sub-articles and responses, "paragraph", "list_item", "formula",
        "fig_caption", "table_caption", "caption", "table" for each row, its cells
        joined by TABs, "definition" for a term and its meaning, likewise, "footnote".
    """
    source = Source(path, report)
    records = XmlRecords(source, ("article",), ARTICLE_ID)
    for line, element in records.elements():
        _simplify(element)
        name = _identify(element)
        if not name:
            name = bare_name(path).stem
            source.problem(
                "has no id; it takes the name of the file",
                line=line,
                document=name,
                lost=False,
            )
        texts: list[tuple[str, str]] = []
        _article(element, "title", texts)
        if not texts or texts[0][0] != "title":
            texts.insert(0, ("title", ""))
        if texts == [("title", "")]:
            source.problem(
                "has no text; it is read as an empty document",
                line=line,
                document=name,
                lost=False,
            )
        yield Document(name, adjoining(texts))


def _simplify(article: Any) -> None:
    """Take off namespaces other than MathML's, and all alternatives but one."""
    for element in article.iter():
        if element.tag.startswith("{") and not element.tag.startswith(f"{{{MATHML}}}"):
            element.tag = element.tag.rpartition("}")[2]
    for choice in article.iter("alternatives"):
        chosen = next((each for each in choice if each.tag not in TEXTLESS), None)
        if chosen is not None:
            choice[:] = [chosen]


def _identify(article: Any) -> str:
    """Get the best id of an article; an empty one if it has none."""
    ids = {
        each.get("pub-id-type", ""): running_text(each.itertext())
        for each in article.iterfind("front/article-meta/article-id")
    }
    for kind in (*PMC_IDS, *OTHER_IDS):
        found = ids.get(kind)
        if found:
            return f"PMC{found}" if kind in PMC_IDS and found.isdigit() else found
    return ""


def _article(article: Any, title: str, found: list[tuple[str, str]]) -> None:
    """Read an article and those inside it into a list of kinds and texts."""
    for path in META:
        for meta in article.iterfind(path):
            for element in meta.iterfind("title-group/article-title"):
                _flow(element, title, 0, found)
            for element in meta.iterfind("title-group/subtitle"):
                _flow(element, "subtitle", 0, found)
            for element in meta.iterfind("abstract"):
                _flow(element, "abstract", 0, found)
    for element in article:
        if element.tag in PARTS:
            _flow(element, "paragraph", 0, found)
        elif element.tag in NESTED:
            _article(element, "title_1", found)


def _flow(element: Any, kind: str, level: int, found: list[tuple[str, str]]) -> None:
    """Read a block: its own text, and the blocks inside it, each by itself.

    element (Any): The block.
    kind (str): What the block around it is.
    level (int): How deep in sections that is.
    found (list[tuple[str, str]]): Takes kinds and texts, none of them empty.
    """
    level += element.tag in SECTIONS
    if element.tag == "title" and kind == "paragraph":
        kind = f"title_{max(level, 1)}"
    kind = KINDS.get(element.tag, kind)
    pieces: list[str] = []
    floats: list[Any] = []

    def end() -> None:
        text = running_text(pieces)
        if text:
            found.append((kind, text))
        pieces.clear()
        for child in floats:
            _flow(child, kind, level, found)
        floats.clear()

    def collect(inline: Any) -> None:
        put(pieces, inline.text)
        for child in inline:
            if child.tag in FLOATS and element.tag in TEXTUAL:
                pieces.append("\n")
                floats.append(child)
            elif child.tag in ROWS:
                end()
                row = "\t".join(_cell(cell) for cell in child)
                if row.strip():
                    found.append((ROWS[child.tag], row))
            elif child.tag in BLOCKS:
                end()
                _flow(child, kind, level, found)
            elif child.tag not in LEFT_OUT:
                if child.tag == "break":
                    pieces.append("\n")
                put(pieces, gap_before(child, pieces))
                collect(child)
            put(pieces, child.tail)

    collect(element)
    end()


def _cell(cell: Any) -> str:
    """Get all text of a cell, its blocks parted by spaces."""
    pieces: list[str] = []

    def collect(inline: Any) -> None:
        border = "\n" if inline.tag in BORDERS else ""
        if inline.tag not in LEFT_OUT:
            put(pieces, border)
            put(pieces, inline.text)
            for child in inline:
                put(pieces, gap_before(child, pieces))
                collect(child)
                put(pieces, child.tail)
            put(pieces, border)

    collect(cell)
    return running_text(pieces)
