"""Reading PubMed XML: baseline and update files, and what efetch answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Report, raise_problem
from .citation import Abstract, choose_abstract, choose_title, left_out
from .document import Document, adjoining
from .source import Source
from .xml_records import XmlRecords
from .xml_text import flat_text

# What stands by itself inside a text.
BLOCKS = {"DispFormula"}
RECORDS = ("PubmedArticle", "PubmedBookArticle")
PMID = re.compile(rb"<PMID\b[^<>]*>([^<]{1,100})<")
# Of each list, the first path that gives any text counts.
IDS = ("MedlineCitation/PMID", "BookDocument/PMID")
TITLES = (
    "MedlineCitation/Article/ArticleTitle",
    "BookDocument/ArticleTitle",
    "BookDocument/Book/BookTitle",
)
VERNACULAR = (
    "MedlineCitation/Article/VernacularTitle",
    "BookDocument/VernacularTitle",
)
OTHERS = "MedlineCitation/OtherAbstract"
ABSTRACTS = (
    "MedlineCitation/Article/Abstract/AbstractText",
    "BookDocument/Abstract/AbstractText",
)


def read_pubmed_xml(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a PubMed XML file one document after the other.

    A title that is missing or a placeholder such as "[Not Available]." is replaced by
    the title in the language of the article. An article without an abstract gets its
    `OtherAbstract`, the first in English or else the first; all others are left out,
    which is reported once. Copyright notes and the labels of abstract parts are left
    out, and so are lists of deleted citations.

    path (str | Path): The file. Nothing that it refers to is loaded.
    report (Report): Takes each problem; by default the first loss raises.
    YIELDS (Document): One for each article or book: its id is the PMID, its passages
        are the "title", maybe empty, and an "abstract" for each part of the abstract.
    """
    source = Source(path, report)
    records = XmlRecords(source, RECORDS, PMID)
    told = False
    for line, element in records.elements():
        name = next(_texts(element, IDS), "")
        if not name:
            source.problem("has no PMID; it is left out", line=line)
            continue
        texts, further = _build(element)
        if texts == [("title", "")]:
            source.problem(
                "has neither title nor abstract; it is read as a document without text",
                line=line,
                document=name,
                lost=False,
            )
        if further and not told:
            told = True
            source.problem(left_out(further), line=line, document=name, lost=False)
        yield Document(name, adjoining(texts))


def _build(element: Any) -> tuple[list[tuple[str, str]], list[Abstract]]:
    """Get the kinds and texts of an article, and the abstracts that are left out."""
    title = next(_texts(element, TITLES), "")
    title = choose_title(title, next(_texts(element, VERNACULAR), ""))
    others = [
        Abstract(
            tuple(_texts(other, ("AbstractText",))),
            other.get("Type", ""),
            other.get("Language", ""),
        )
        for other in element.iterfind(OTHERS)
    ]
    parts, further = choose_abstract(list(_texts(element, ABSTRACTS)), others)
    return [("title", title), *(("abstract", part) for part in parts)], further


def _texts(element: Any, paths: tuple[str, ...]) -> Iterator[str]:
    """Yield what stands at the paths, in their order; nothing that is empty."""
    for path in paths:
        for found in element.iterfind(path):
            text = flat_text(found, BLOCKS)
            if text:
                yield text
