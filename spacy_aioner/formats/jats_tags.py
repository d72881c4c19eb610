"""What the elements of JATS are to those who read its running text."""

from .xml_prologue import MATHML

# Not running text: numbering, identifiers, descriptions of pictures, licences, and
# references; nor front matter, of which the reader takes title and abstract.
LEFT_OUT = {
    "alt-text",
    "front",
    "front-stub",
    "index-term",
    "label",
    "long-desc",
    "object-id",
    "permissions",
    "processing-meta",
    "ref-list",
    "sec-meta",
    f"{{{MATHML}}}annotation",
    f"{{{MATHML}}}annotation-xml",
}
# What is never chosen of several alternatives.
TEXTLESS = {*LEFT_OUT, "graphic", "inline-graphic", "inline-media", "media"}
TEX = "tex-math"
FORMULAS = ("disp-formula", "inline-formula")
# A sentence goes on behind these: inside a paragraph they come after it.
FLOATS = {
    "boxed-text",
    "chem-struct-wrap",
    "def",
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
# These are the notes on a word; the text after them goes on right behind it.
NOTES = {"def", "fn"}
SECTIONS = {"ack", "app", "bio", "boxed-text", "fn-group", "glossary", "notes", "sec"}
BLOCKS = {
    *FLOATS,
    *SECTIONS,
    "app-group",
    "attrib",
    "back",
    "body",
    "caption",
    "def-head",
    "def-list",
    "disp-quote",
    "floats-group",
    "floats-wrap",
    "list",
    "list-item",
    "p",
    "sig",
    "speech",
    "statement",
    "subtitle",
    "table",
    "table-wrap-foot",
    "term-head",
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
    "def": "definition",
    "def-head": "definition",
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
    "term-head": "definition",
}
