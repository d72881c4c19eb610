"""Reading articles in JATS, the XML of PubMed Central."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..errors import Report, raise_problem
from .citation import NO_TITLE, Abstract, choose_abstract, left_out
from .compression import bare_name
from .document import Document, adjoining
from .jats_tags import (
    BLOCKS,
    BORDERS,
    FLOATS,
    FORMULAS,
    KINDS,
    LEFT_OUT,
    NOTES,
    ROWS,
    SECTIONS,
    TEX,
    TEXTLESS,
    TEXTUAL,
)
from .source import Source
from .xml_prologue import MATHML
from .xml_records import XmlRecords
from .xml_text import flat_text, gap_before, put, running_text

ARTICLE_ID = re.compile(
    rb"""<(?:[\w.-]+:)?article-id\s[^<>]{0,99}pub-id-type=["']pm[^<>]{0,99}>"""
    rb"""([^<]{1,100})<"""
)
# The types of article ids, the best first.
PMC_IDS = ("pmcid", "pmc", "pmcaid")
OTHER_IDS = ("pmid", "doi")
META = ("front/article-meta", "front-stub")
NESTED = ("sub-article", "response")
TRANSLATED = "title-group//trans-title"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# What TeX needs to set a formula, around the formula itself.
TEX_BODY = re.compile(r"\\begin\{document\}(.*)\\end\{document\}", re.DOTALL)
TEX_DELIMITERS = re.compile(r"\A\s*(?:\$+|\\[(\[])|(?:\$+|\\[)\]])\s*\Z")

# Kinds and texts of passages.
Texts = list[tuple[str, str]]


@dataclass
class _Found:
    """What was found in an article.

    texts (Texts): Its passages, none of them empty.
    titles, abstracts (list[Abstract]): Those that are left out, for others are there.
    """

    texts: Texts = field(default_factory=list)
    titles: list[Abstract] = field(default_factory=list)
    abstracts: list[Abstract] = field(default_factory=list)


def read_jats(
    path: str | Path, *, report: Report = raise_problem
) -> Iterator[Document]:
    """Read a JATS file, of one article or of many, one document after the other.

    References and the front matter other than title and abstract are left out, and so
    are labels such as "Figure 1" and descriptions of pictures. Of several alternatives
    for one thing the first that may hold text is read, TeX only where it is alone.
    Figures, tables, footnotes, definitions, boxes and displayed formulas inside a
    paragraph come after it. A translated title or abstract is read where there is no
    other: the first in English or else the first; all others are left out, which is
    reported once.

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
    told = {"titles": False, "abstracts": False}
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
        found = _Found()
        _article(element, "title", found)
        texts = found.texts
        if not texts or texts[0][0] != "title":
            texts.insert(0, ("title", ""))
        if texts == [("title", "")]:
            source.problem(
                "has no text; it is read as an empty document",
                line=line,
                document=name,
                lost=False,
            )
        for what, others in (("titles", found.titles), ("abstracts", found.abstracts)):
            if others and not told[what]:
                told[what] = True
                message = left_out(others).replace("abstracts", what)
                source.problem(message, line=line, document=name, lost=False)
        yield Document(name, adjoining(texts))


def _simplify(article: Any) -> None:
    """Take off namespaces other than MathML's, and all forms of a thing but one."""
    for element in article.iter():
        if element.tag.startswith("{") and not element.tag.startswith(f"{{{MATHML}}}"):
            element.tag = element.tag.rpartition("}")[2]
    for choice in article.iter("alternatives"):
        there = [each for each in choice if each.tag not in TEXTLESS]
        # TeX only if there is nothing else.
        there.sort(key=lambda each: each.tag == TEX)
        if there:
            choice[:] = there[:1]
    for tex in list(article.iter(TEX)):
        formula = next(tex.iterancestors(FORMULAS), None)
        maths = () if formula is None else formula.iter(f"{{{MATHML}}}math")
        if any(running_text(each.itertext()) for each in maths):
            tex.clear(keep_tail=True)
        else:
            code = TEX_BODY.search(tex.text or "")
            tex.text = TEX_DELIMITERS.sub("", code[1] if code else tex.text or "")


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


def _article(article: Any, title: str, found: _Found) -> None:
    """Read an article and those inside it.

    article (Any): The element.
    title (str): The kind of its title.
    found (_Found): Takes what is found.
    """
    for path in META:
        for meta in article.iterfind(path):
            _front(meta, title, found)
    # Text counts wherever it stands.
    _flow(article, "paragraph", 0, found)


def _front(meta: Any, title: str, found: _Found) -> None:
    """Read titles and abstracts, or their translations where there are none."""
    own = _read(meta.iterfind("title-group/article-title"), title)
    notes = [each for each in own if each[0] != title]
    main = [text for kind, text in own if kind == title]
    if any(map(NO_TITLE.fullmatch, main)):
        main = []
    chosen, further = _choose(main, map(_title, meta.iterfind(TRANSLATED)), title)
    found.texts += chosen + notes if chosen else own
    found.titles += further
    found.texts += _read(meta.iterfind("title-group/subtitle"), "subtitle")
    own = _read(meta.iterfind("abstract"), "abstract")
    main = [text for _, text in own]
    others = ([each] for each in meta.iterfind("trans-abstract"))
    chosen, further = _choose(main, others, "abstract")
    found.texts += chosen or own
    found.abstracts += further


def _title(translated: Any) -> list[Any]:
    """Get a translated title and its subtitles."""
    after = translated.itersiblings()
    subtitles = takewhile(lambda each: each.tag == "trans-subtitle", after)
    return [translated, *subtitles]


def _choose(
    main: list[str], others: Iterable[list[Any]], kind: str
) -> tuple[Texts, list[Abstract]]:
    """Choose the translation that is read.

    main (list[str]): The text in the language of the article; if there is any, no
        translation is read.
    others (Iterable[list[Any]]): The elements of each translation.
    kind (str): What they are.
    RETURNS (tuple[Texts, list[Abstract]]): The kinds and texts of the translation, none
        if there is no need for one, and those that are left out.
    """
    translations: list[tuple[Abstract, Texts]] = []
    for first, *rest in others:
        texts = _read([first], kind)
        texts += _read(rest, "subtitle") if texts else []
        language = first.get(LANGUAGE) or first.getparent().get(LANGUAGE, "")
        translation = Abstract(
            tuple(text for _, text in texts),
            first.get("abstract-type", ""),
            language.partition("-")[0].lower(),
        )
        translations.append((translation, texts))
    parts, further = choose_abstract(main, [each for each, _ in translations])
    chosen = (texts for each, texts in translations if each.parts is parts)
    return next(chosen, []), further


def _read(elements: Iterable[Any], kind: str) -> Texts:
    """Read blocks of one kind."""
    found = _Found()
    for element in elements:
        _flow(element, kind, 0, found)
    return found.texts


def _flow(element: Any, kind: str, level: int, found: _Found) -> None:
    """Read a block: its own text, and the blocks inside it, each by itself.

    element (Any): The block.
    kind (str): What the block around it is.
    level (int): How deep in sections that is.
    found (_Found): Takes kinds and texts, and what articles inside the block hold.
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
            found.texts.append((kind, text))
        pieces.clear()
        for child in floats:
            _flow(child, kind, level, found)
        floats.clear()

    def collect(inline: Any) -> None:
        put(pieces, inline.text)
        for child in inline:
            if child.tag in FLOATS and element.tag in TEXTUAL:
                put(pieces, "" if child.tag in NOTES else "\n")
                floats.append(child)
            elif child.tag in ROWS:
                end()
                row = "\t".join(flat_text(cell, BORDERS, LEFT_OUT) for cell in child)
                if row.strip():
                    found.texts.append((ROWS[child.tag], row))
            elif child.tag in NESTED:
                end()
                _article(child, "title_1", found)
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
