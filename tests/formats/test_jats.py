"""JATS: every text once, in its order, and none of what is no text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats.files import detect_format
from spacy_aioner.formats.jats import read_jats

TOP = (
    '<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "-//X//DTD JATS" "JATS.dtd">\n'
    '<article xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:mml="http://www.w3.org/1998/Math/MathML" article-type="research-article">\n'
)
PMC = '<article-id pub-id-type="pmcid">PMC12</article-id>'
META = """<front><journal-meta><journal-title>J</journal-title></journal-meta>
<article-meta>{ids}
<title-group><article-title>On <italic>mice</italic>
<fn><p>Funded.</p></fn></article-title><subtitle>A trial</subtitle></title-group>
<contrib-group><contrib><name><surname>Doe</surname></name></contrib></contrib-group>
<permissions><copyright-statement>(c)</copyright-statement></permissions>
<abstract><title>Summary</title><p>We saw <sup>3</sup>H.</p></abstract>
<kwd-group><kwd>word</kwd></kwd-group></article-meta></front>
"""
FRONT = [
    ("title", "On mice"),
    ("footnote", "Funded."),
    ("subtitle", "A trial"),
    ("abstract", "Summary"),
    ("abstract", "We saw 3H."),
]
MATH = (
    "<alternatives><graphic xlink:href='f.gif'/><tex-math>$E$</tex-math>"
    "<mml:math><mml:mi>E</mml:mi></mml:math></alternatives>"
)
FIGURE = """<fig id="f1"><label>Figure 1</label><caption><title>Fig title.</title>
<p>Fig text (<bold>a</bold>).</p></caption><alt-text>alt</alt-text>
<graphic xlink:href="f1.jpg"/><attrib>By us</attrib></fig>"""
TABLE = """<table-wrap><label>Table 1</label><caption><p>Tab text.</p></caption>
<alternatives><graphic xlink:href="t.gif"/><table><thead><tr><th>Gene</th><th/>
<th>N<break/>M</th></tr></thead><tbody><tr><td/><td>TP53<xref><sup>a</sup></xref></td>
<td><p>1</p><p>2</p></td></tr><tr><td> </td></tr></tbody></table></alternatives>
<table-wrap-foot><fn><label>a</label><p>Note.</p></fn><p>All.</p></table-wrap-foot>
</table-wrap>"""


def jats(body, *, ids=PMC, meta=META, after="", top=TOP):
    front = meta.replace("{ids}", ids)
    return f"{top}{front}<body>{body}</body>{after}</article>\n"


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("jats") / "paper.nxml"

    def run(data):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        problems = []
        return list(read_jats(path, report=problems.append)), problems

    return run


@pytest.fixture(scope="module")
def texts(read):
    """Read a body, and get what stands after the front matter."""

    def run(body, **options):
        (document,), problems = read(jats(body, **options))
        assert problems == []
        end = -1
        for passage in document.passages:
            assert passage.offset == end + 1
            end = passage.end
        found = [(passage.kind, passage.text) for passage in document.passages]
        assert found[: len(FRONT)] == FRONT
        return found[len(FRONT) :]

    return run


def test_front_matter_is_title_and_abstract(texts):
    assert texts("") == []


def test_sections_paragraphs_and_lists(texts):
    body = """<p>Before.</p>
<sec><label>1</label><title>Intro</title><p>One
  line <xref ref-type="bibr">[1]</xref>.</p>
<sec><title>Deep <italic>er</italic></title><p>Two.</p></sec></sec>
<sec><title>End</title><list><title>Points</title><list-item><label>a</label><p>A</p>
<p>B</p></list-item><list-item><p>C<list><list-item><p>D</p></list-item></list>E</p>
</list-item></list>
<def-list><def-item><term>TNF</term><def><p>a <bold>factor</bold></p></def></def-item>
</def-list><disp-quote><p>Said.</p><attrib>Doe</attrib></disp-quote></sec>"""
    assert texts(body) == [
        ("paragraph", "Before."),
        ("title_1", "Intro"),
        ("paragraph", "One line [1]."),
        ("title_2", "Deep er"),
        ("paragraph", "Two."),
        ("title_1", "End"),
        ("title_1", "Points"),
        ("list_item", "A"),
        ("list_item", "B"),
        ("list_item", "C"),
        ("list_item", "D"),
        ("list_item", "E"),
        ("definition", "TNF\ta factor"),
        ("paragraph", "Said."),
        ("paragraph", "Doe"),
    ]


def test_figures_and_tables(texts):
    expected = [
        ("fig_caption", "Fig title."),
        ("fig_caption", "Fig text (a)."),
        ("fig_caption", "By us"),
        ("table_caption", "Tab text."),
        ("table", "Gene\t\tN M"),
        ("table", "\tTP53a\t1 2"),
        ("footnote", "Note."),
        ("footnote", "All."),
    ]
    assert texts(FIGURE + TABLE) == expected
    for name in ("floats-group", "floats-wrap"):
        assert texts("", after=f"<{name}>{FIGURE}{TABLE}</{name}>") == expected
    inside = texts(f"<p>See {FIGURE} there{TABLE}, too.</p><p>Next.</p>")
    sentence = ("paragraph", "See there , too.")
    assert inside == [sentence, *expected, ("paragraph", "Next.")]


def test_oasis_tables(texts):
    table = """<table-wrap><o:table xmlns:o="urn:oasis"><o:tgroup><o:tbody><o:row>
<o:entry>a</o:entry><o:entry>b</o:entry></o:row></o:tbody></o:tgroup></o:table>
</table-wrap>"""
    assert texts(table) == [("table", "a\tb")]


def test_formulas(texts):
    body = f"""<p>Let <inline-formula>{MATH}</inline-formula> be so:
<disp-formula><label>(1)</label>{MATH}</disp-formula> where <mml:math><mml:semantics>
<mml:mi>x</mml:mi><mml:annotation>x</mml:annotation></mml:semantics></mml:math> is.</p>
"""
    assert texts(body) == [("paragraph", "Let E be so: where x is."), ("formula", "E")]


def test_blocks_in_a_paragraph(texts):
    body = """<p>A <bold>b<fn><p>Foot.</p></fn></bold> c
<boxed-text><caption><title>Box</title></caption><p>Boxed.</p></boxed-text> d:
<list><list-item><p>item</p></list-item></list>after
<supplementary-material><caption><p>More data.</p></caption></supplementary-material>
</p><sec><title>T</title><boxed-text><sec><title>Inner</title></sec></boxed-text></sec>
"""
    assert texts(body) == [
        ("paragraph", "A b c d:"),
        ("footnote", "Foot."),
        ("title_1", "Box"),
        ("paragraph", "Boxed."),
        ("list_item", "item"),
        ("paragraph", "after"),
        ("caption", "More data."),
        ("title_1", "T"),
        ("title_3", "Inner"),
    ]


def test_back_matter_without_references(texts):
    back = """<back><ack><title>Thanks</title><p>To all.</p></ack>
<app-group><app><title>Appendix</title><p>More.</p></app></app-group>
<fn-group><fn><p>None declared.</p></fn></fn-group>
<ref-list><title>References</title><ref><mixed-citation>Doe 2020</mixed-citation></ref>
</ref-list></back>"""
    assert texts("<p>Text.</p>", after=back) == [
        ("paragraph", "Text."),
        ("title_1", "Thanks"),
        ("paragraph", "To all."),
        ("title_1", "Appendix"),
        ("paragraph", "More."),
        ("footnote", "None declared."),
    ]


def test_articles_inside_an_article(texts):
    after = f"""<sub-article><front-stub>{PMC.replace("12", "99")}
<title-group><article-title>Letter</article-title></title-group></front-stub>
<body><p>Dear all.</p></body></sub-article>
<response><front-stub><title-group><article-title>Reply</article-title></title-group>
</front-stub><body><p>Thanks.</p></body></response>"""
    assert texts("<p>Text.</p>", after=after) == [
        ("paragraph", "Text."),
        ("title_1", "Letter"),
        ("paragraph", "Dear all."),
        ("title_1", "Reply"),
        ("paragraph", "Thanks."),
    ]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([("pmid", "5"), ("pmc", "12"), ("doi", "10.1/x")], "PMC12"),
        ([("pmid", "5"), ("pmc", "PMC12")], "PMC12"),
        ([("pmcaid", "13"), ("pmcid", "PMC12")], "PMC12"),
        ([("pmcaid", " 13\n")], "PMC13"),
        ([("doi", "10.1/x"), ("pmid", "5")], "5"),
        ([("doi", "10.1/x"), ("publisher-id", "p")], "10.1/x"),
        ([("publisher-id", "p")], "paper"),
    ],
)
def test_ids(read, ids, expected):
    made = (f'<article-id pub-id-type="{kind}">{i}</article-id>' for kind, i in ids)
    (document,), problems = read(jats("", ids="".join(made)))
    assert document.id == expected
    assert [p.lost for p in problems] == ([False] if expected == "paper" else [])


@pytest.mark.parametrize("root", ["pmc-articleset", "articles"])
def test_several_articles(read, root):
    start = '<article xmlns="urn:jats" xml:lang="en">'
    one = jats("<p>One <related-article/>.</p>", top=start)
    broken = jats("<p>Two</b>", top="<article>", ids=PMC.replace("12", "22"))
    data = f"<{root}>\n{one}{broken}{one}</{root}>"
    documents, (problem,) = read(data)
    assert [document.id for document in documents] == ["PMC12", "PMC12"]
    assert documents[0].passages[-1].text == "One ."
    assert (problem.lost, problem.document) == (True, "PMC22")


def test_an_article_without_title_or_text(read):
    (document,), problems = read("<article><body><p>x</p></body></article>")
    kinds = [(passage.offset, passage.kind) for passage in document.passages]
    assert kinds == [(0, "title"), (1, "paragraph")]
    (document,), problems = read("<article/>")
    assert document.text == ""
    assert [problem.lost for problem in problems] == [False, False]


def test_deep_articles(texts, read):
    assert texts("<sec>" * 250 + "<p>x</p>" + "</sec>" * 250) == [("paragraph", "x")]
    documents, (problem,) = read(jats("<sec>" * 300))
    assert (documents, problem.document) == ([], "PMC12")


TAGS = (
    *("p", "bold", "list", "list-item", "fig", "caption", "table-wrap", "table", "fn"),
    *("boxed-text", "sec", "title", "disp-formula", "xref", "unknown", "break", "td"),
    *("abbrev", "def", "term-head", "sub-article", "tex-math", "inline-formula"),
)
ROW = st.sampled_from(
    ["<tr><td> {} </td></tr>", "<def-item><def> {} </def></def-item>"]
)
PLACES = st.sampled_from(
    ["body", "back", "floats-group", "floats-wrap", "response", "p", "unknown"]
)
TREES = st.recursive(
    st.just("@"),
    lambda inner: st.tuples(
        ROW | st.sampled_from(TAGS).map(lambda tag: f"<{tag}> {{}} </{tag}>"),
        st.lists(inner, max_size=4),
    ).map(lambda tree: tree[0].format(" ".join(tree[1]))),
    max_leaves=20,
)


@given(st.lists(st.tuples(PLACES, TREES), max_size=4))
def test_no_text_is_lost_or_read_twice(read, parts):
    numbers = itertools.count()
    inner = "@".join(f"<{place}>{tree}</{place}>" for place, tree in parts)
    inner = re.sub("@", lambda _: f" w{next(numbers)} ", inner)
    (document,), _ = read(f"<article>{inner}</article>")
    found = document.text.split()
    assert sorted(found) == sorted(re.findall("w[0-9]+", inner))


@given(st.binary(max_size=60), st.integers(0, 1500), st.integers(0, 80))
def test_any_bytes_are_read_or_reported(read, put, start, length):
    text = jats(FIGURE + TABLE + MATH).encode()
    documents, problems = read(text[:start] + put + text[start + length :])
    assert documents or problems


BIBR = '<xref ref-type="bibr" rid="b1">{}</xref>'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (f"TP53<sup>{BIBR.format(12)},{BIBR.format(13)}</sup> is", "TP53 12,13 is"),
        (f"PTEN{BIBR.format('<sup>14</sup>')}.", "PTEN 14."),
        (f"KRAS{BIBR.format('[4]')} is", "KRAS [4] is"),
        (f"KRAS {BIBR.format('[4]')} is", "KRAS [4] is"),
        (f"(KRAS){BIBR.format('4')} is", "(KRAS) 4 is"),
        ('A549<xref ref-type="fn" rid="f"><sup>a</sup></xref>', "A549 a"),
        ("EGFR<sup>3,4</sup> and EGFR<sup>5–7</sup>", "EGFR 3,4 and EGFR 5–7"),
        ("10<sup>6</sup> cells, Ca<sup>2+</sup>, m<sup>2</sup>", "106 cells, Ca2+, m2"),
        ('(Fig<xref ref-type="fig" rid="f">1</xref>)', "(Fig1)"),
    ],
)
def test_marks_are_no_part_of_a_word(texts, markup, text):
    assert texts(f"<p>{markup}</p>") == [("paragraph", text)]


def test_marks_in_a_cell_of_a_table(texts):
    row = f"<tr><td>TP53<sup>{BIBR.format(1)}</sup></td><td>5<sup>2</sup></td></tr>"
    body = f"<table-wrap><table>{row}</table></table-wrap>"
    assert texts(body)[-1][1] == "TP53 1\t52"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<tex-math>IC_{50}</tex-math>", "IC_{50}"),
        ("<tex-math>$$a$$</tex-math><inline-graphic/>", "a"),
        ("<alternatives><graphic/><tex-math>\\(a\\)</tex-math></alternatives>", "a"),
        (
            "<tex-math>\\documentclass{minimal}\n\\begin{document}$$a$$"
            "\\end{document}</tex-math>",
            "a",
        ),
        ("<tex-math>$x$</tex-math><mml:math><mml:mi>a</mml:mi></mml:math>", "a"),
        ("<tex-math>$a$</tex-math><mml:math/>", "a"),
    ],
)
def test_tex_is_read_where_nothing_else_is_there(texts, formula, text):
    body = f"<p>The <inline-formula>{formula}</inline-formula> is low.</p>"
    assert texts(body) == [("paragraph", f"The {text} is low.")]


def test_definitions_in_a_sentence(texts):
    term = "<abbrev>NSCLC<def><p>lung cancer</p></def></abbrev>"
    assert texts(f"<p>In {term}-positive, {term} patients.</p>") == [
        ("paragraph", "In NSCLC-positive, NSCLC patients."),
        ("definition", "lung cancer"),
        ("definition", "lung cancer"),
    ]
    heads = "<term-head>TH</term-head><def-head>DH</def-head>"
    item = "<def-item><term>T</term><def><p>D</p></def></def-item>"
    assert texts(f"<def-list>{heads}{item}</def-list>") == [
        ("definition", "TH"),
        ("definition", "DH"),
        ("definition", "T\tD"),
    ]


def test_text_counts_wherever_it_stands(read):
    article = f"""<article>{META.replace("{ids}", PMC)}<p>TP53 <b>in</b> mice.</p>
some <i>text</i> <sub-article><table-wrap><caption><p>Rats.</p></caption></table-wrap>
<response><p>Yes.</p></response></sub-article><floats-wrap>{FIGURE}</floats-wrap>
</article>"""
    (document,), problems = read(article)
    found = [(passage.kind, passage.text) for passage in document.passages]
    assert problems == []
    assert found[: len(FRONT)] == FRONT
    assert found[len(FRONT) :] == [
        ("paragraph", "TP53 in mice."),
        ("paragraph", "some text"),
        ("table_caption", "Rats."),
        ("paragraph", "Yes."),
        ("fig_caption", "Fig title."),
        ("fig_caption", "Fig text (a)."),
        ("fig_caption", "By us"),
    ]


def translated(title, text, language):
    title = f"<trans-title>{title}</trans-title><trans-subtitle>Sub</trans-subtitle>"
    group = f'<trans-title-group xml:lang="{language}">{title}</trans-title-group>'
    abstract = f'<trans-abstract xml:lang="{language}"><p>{text}</p></trans-abstract>'
    return group, abstract


ENGLISH = translated("Mice", "In mice.", "EN-us")
SPANISH = translated("Ratones", "En ratones.", "es")
DE = "In M\u00e4usen."
GERMAN = translated("M\u00e4use", DE, "de")


@pytest.mark.parametrize(
    ("title", "abstract", "others", "expected", "told"),
    [
        ("T", "A", (), ["T", "A"], []),
        ("T", "", (SPANISH,), ["T", "En ratones."], ["titles (es)"]),
        ("", "A", (SPANISH,), ["Ratones", "Sub", "A"], ["abstracts (es)"]),
        (
            "[Not Available].",
            "",
            (SPANISH, ENGLISH, GERMAN),
            ["Mice", "Sub", "In mice."],
            ["titles (es, de)", "abstracts (es, de)"],
        ),
        (
            "T",
            "A",
            (SPANISH, GERMAN),
            ["T", "A"],
            ["titles (es, de)", "abstracts (es, de)"],
        ),
        ("[Not Available].", "", (), ["[Not Available]."], []),
        ("", "", (translated("", " ", "en"), GERMAN), ["M\u00e4use", "Sub", DE], []),
    ],
)
def test_translations(read, title, abstract, others, expected, told):
    groups = "".join(group for group, _ in others)
    abstracts = "".join(text for _, text in others)
    own = f"<abstract><p>{abstract}</p></abstract>" if abstract else ""
    article = f"""<article><front><article-meta>{PMC}<title-group>
<article-title>{title}</article-title>{groups}</title-group>{own}{abstracts}
</article-meta></front></article>"""
    documents, problems = read(f"<articles>{article}{article}</articles>")
    for document in documents:
        assert [passage.text for passage in document.passages] == expected
    assert len(documents) == 2
    assert len(problems) == len(told)
    for problem, words in zip(problems, told, strict=True):
        assert f"has further {words}; only one is read" in problem.message
        assert (problem.lost, problem.document) == (False, "PMC12")


def test_a_title_that_is_replaced_leaves_its_footnote(read):
    article = f"""<article><front><article-meta>{PMC}<title-group><article-title>
<fn><p>Funded.</p></fn></article-title><trans-title xml:lang="en">Mice</trans-title>
</title-group></article-meta></front></article>"""
    (document,), problems = read(article)
    assert [passage.text for passage in document.passages] == ["Mice", "Funded."]
    assert problems == []


def prefixed(text):
    return re.sub(r"<(/?)(?=[a-z-]+[ />])(?!pmc)", r"<\1j:", text)


@pytest.mark.parametrize("root", ["", "<records xmlns:j='urn:jats'>"])
def test_namespace_prefixes(read, tmp_path, root):
    plain = jats(FIGURE + TABLE, top="<article xmlns:xlink='urn:x'>")
    (expected,), _ = read(plain)
    declared = "" if root else " xmlns:j='urn:jats'"
    text = prefixed(plain).replace("<j:article ", f"<j:article{declared} ", 1)
    end = "</records>" if root else ""
    (document,), problems = read(root + text + end)
    assert problems == []
    assert (document.id, document.passages) == (expected.id, expected.passages)
    _, (problem,) = read(root + text.replace("</j:abstract>", "") + end)
    assert (problem.lost, problem.document) == (True, "PMC12")
    path = tmp_path / "a.xml"
    path.write_text(root + text + end)
    assert detect_format(path) == "jats"


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_line_ends(read, end):
    text = jats(f"<p>One\nline.</p>{TABLE}")
    (expected,), _ = read(text)
    (document,), problems = read(text.replace("\n", end))
    assert (document.passages, problems) == (expected.passages, [])
