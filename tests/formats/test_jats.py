"""JATS: every text once, in its order, and none of what is no text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    assert texts("", after=f"<floats-group>{FIGURE}{TABLE}</floats-group>") == expected
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
)
ROW = st.sampled_from(
    ["<tr><td> {} </td></tr>", "<def-item><def> {} </def></def-item>"]
)
TREES = st.recursive(
    st.just("@"),
    lambda inner: st.tuples(
        ROW | st.sampled_from(TAGS).map(lambda tag: f"<{tag}> {{}} </{tag}>"),
        st.lists(inner, max_size=4),
    ).map(lambda tree: tree[0].format(" ".join(tree[1]))),
    max_leaves=20,
)


@given(st.lists(TREES, max_size=4))
def test_no_text_is_lost_or_read_twice(read, trees):
    numbers = itertools.count()
    body = re.sub("@", lambda _: f" w{next(numbers)} ", "".join(trees))
    (document,), _ = read(f"<article><body>{body}</body></article>")
    found = document.text.split()
    assert sorted(found) == sorted(re.findall("w[0-9]+", body))


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
