"""PubMed XML: titles, abstracts and ids as they stand, broken articles alone lost."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.errors import AionerError
from spacy_aioner.formats.pubmed_xml import read_pubmed_xml

TOP = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC '
    '"-//X//DTD" "https://example.org/pubmed.dtd">\n<PubmedArticleSet>\n'
)


def article(pmid, title="On mice", *abstract, after=""):
    parts = "".join(f"<AbstractText{part}</AbstractText>" for part in abstract)
    whole = f"<Abstract>{parts}<CopyrightInformation>(c)</CopyrightInformation>"
    return f"""<PubmedArticle>
<MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID>
<Article><Journal><Title>J</Title></Journal>
<ArticleTitle>{title}</ArticleTitle>
{whole + "</Abstract>" if abstract else ""}</Article>{after}
<CommentsCorrectionsList><CommentsCorrections><PMID>999</PMID></CommentsCorrections>
</CommentsCorrectionsList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList>
</PubmedData></PubmedArticle>
"""


BOOK = """<PubmedBookArticle><BookDocument><PMID>77</PMID>
<Book><BookTitle>A book of genes</BookTitle></Book>{}
<Abstract><AbstractText>It has chapters.</AbstractText></Abstract></BookDocument>
</PubmedBookArticle>
"""


def articles(*inside):
    return f"{TOP}{''.join(inside)}</PubmedArticleSet>\n"


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("pubmed") / "in.xml"

    def run(data):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        problems = []
        return list(read_pubmed_xml(path, report=problems.append)), problems

    return run


def passages(document):
    return [(p.offset, p.text, p.kind) for p in document.passages]


def test_reads_title_and_abstract(read):
    text = article(12, "TP53 in mice.", ">Some text.")
    (document,), problems = read(articles(text))
    assert (document.id, problems) == ("12", [])
    assert passages(document) == [
        (0, "TP53 in mice.", "title"),
        (14, "Some text.", "abstract"),
    ]
    assert document.text == "TP53 in mice. Some text."


def test_each_part_of_an_abstract_is_a_passage(read):
    parts = (' Label="AIM">To see.', "/><AbstractText>", ' Label="END" N="a">Seen.')
    (document,), problems = read(articles(article(1, "T", *parts)))
    assert problems == []
    assert passages(document) == [
        (0, "T", "title"),
        (2, "To see.", "abstract"),
        (10, "Seen.", "abstract"),
    ]


def test_text_is_that_of_the_markup_unchanged(read):
    title = (
        "\n  Ca<sup>2+</sup> &lt;\u00a05\u2009mM  in\n   <i>E.\tcoli</i> &#x3b2; "
        "<mml:math><mml:mi>x</mml:mi></mml:math><!-- no --> [a]. \n"
    )
    (document,), problems = read(articles(article(1, title)))
    assert problems == []
    assert passages(document) == [
        (0, "Ca2+ <\u00a05\u2009mM  in E.\tcoli \u03b2 x [a].", "title")
    ]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("TP53<sup>1</sup> and<sup>2,3</sup> so", "TP53 1 and 2,3 so"),
        ("10<sup>6</sup> or 2x10<sup>6</sup> m<sup>2</sup>", "106 or 2x106 m2"),
        ("so<DispFormula>x=1</DispFormula>One", "so x=1 One"),
        ("&alpha;-synuclein", "\u03b1-synuclein"),
    ],
)
def test_what_is_no_part_of_a_word(read, markup, text):
    (document,), problems = read(articles(article(1, markup, f">{markup}")))
    assert problems == []
    assert [passage.text for passage in document.passages] == [text, text]


def test_a_missing_abstract_is_usual(read):
    (document,), problems = read(articles(article(1)))
    assert (passages(document), problems) == ([(0, "On mice", "title")], [])


@pytest.mark.parametrize("title", ["", " \n ", "<i/>"])
def test_an_empty_title_keeps_its_place(read, title):
    (document,), problems = read(articles(article(1, title, ">Text.")))
    assert passages(document) == [(0, "", "title"), (1, "Text.", "abstract")]
    assert problems == []
    (document,), (problem,) = read(articles(article(1, title)))
    assert passages(document) == [(0, "", "title")]
    assert (problem.lost, problem.document, problem.line) == (False, "1", 4)


@pytest.mark.parametrize(
    ("title", "expected"),
    [("", "A book of genes"), ("<ArticleTitle>One</ArticleTitle>", "One")],
)
def test_books(read, title, expected):
    documents, problems = read(articles(BOOK.format(title), article(2)))
    assert [document.id for document in documents] == ["77", "2"]
    assert [p.text for p in documents[0].passages] == [expected, "It has chapters."]
    assert problems == []


def test_an_article_without_a_pmid_is_left_out(read):
    text = article(1).replace('<PMID Version="1">1</PMID>', "")
    documents, (problem,) = read(articles(article(5), text, article(6)))
    assert [document.id for document in documents] == ["5", "6"]
    assert (problem.lost, problem.line) == (True, 4 + article(5).count("\n"))


def test_deleted_citations_are_ignored(read):
    deleted = "<DeleteCitation><PMID>3</PMID><PMID>4</PMID></DeleteCitation>"
    (document,), problems = read(articles(article(1), deleted))
    assert (passages(document), problems) == ([(0, "On mice", "title")], [])


def other(text, language=' Language="eng"', kind="PIP"):
    return (
        f'<OtherAbstract Type="{kind}"{language}><AbstractText>{text}</AbstractText>'
        "</OtherAbstract>"
    )


GERMAN = other("Maus.", ' Language="ger"', "Publisher")


@pytest.mark.parametrize(
    ("others", "expected", "told"),
    [
        (other("A mouse."), "A mouse.", ""),
        (other("A mouse.", ""), "A mouse.", ""),
        (GERMAN, "Maus.", ""),
        (GERMAN + other("A mouse."), "A mouse.", "(Publisher ger)"),
        (other("Abstract available from the publisher."), None, ""),
        (other("Abstract available from the publisher.") + GERMAN, "Maus.", ""),
        ('<OtherAbstract Type="KIE"/>', None, ""),
    ],
)
def test_another_abstract_where_there_is_no_main_one(read, others, expected, told):
    (document,), problems = read(articles(article(1, after=others)))
    texts = [passage.text for passage in document.passages]
    assert texts == ["On mice"] + [expected] * (expected is not None)
    assert len(problems) == bool(told)
    assert all(told in p.message and not p.lost for p in problems)


def test_further_abstracts_are_told_once(read):
    further = other("A mouse.", kind="plain-language-summary") + GERMAN
    both = article(1, "T", ">Main.", after=further)
    documents, (problem,) = read(articles(both, both))
    assert all([p.text for p in d.passages] == ["T", "Main."] for d in documents)
    assert not problem.lost
    assert "(plain-language-summary eng, Publisher ger)" in problem.message


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", "Die Maus"),
        ("[Not Available].", "Die Maus"),
        ("Not available.", "Die Maus"),
        ("[In Process Citation]", "Die Maus"),
        ("[The mouse].", "[The mouse]."),
        ("Not available in mice.", "Not available in mice."),
    ],
)
def test_the_title_in_the_language_of_the_article(read, title, expected):
    text = article(1, title).replace(
        "</Article>", "<VernacularTitle>Die <i>Maus</i></VernacularTitle></Article>"
    )
    (document,), problems = read(articles(text))
    assert (passages(document), problems) == ([(0, expected, "title")], [])


def test_a_placeholder_stays_where_there_is_no_other_title(read):
    (document,), problems = read(articles(article(1, "[Not Available].")))
    assert (passages(document), problems) == ([(0, "[Not Available].", "title")], [])


def test_a_broken_article_costs_itself(read):
    broken = article(2, "On <i>mice</b>")
    documents, (problem,) = read(articles(article(1), broken, article(3)))
    assert [document.id for document in documents] == ["1", "3"]
    assert (problem.lost, problem.document) == (True, "2")
    assert problem.line == 4 + article(1).count("\n") + 3


def test_compressed(tmp_path):
    path = tmp_path / "in.xml.gz"
    path.write_bytes(gzip.compress(articles(article(1), article(2)).encode()))
    assert [document.id for document in read_pubmed_xml(path)] == ["1", "2"]


def test_the_first_loss_raises(tmp_path):
    path = tmp_path / "in.xml"
    path.write_text("<html/>")
    with pytest.raises(AionerError, match="holds no <PubmedArticle>"):
        list(read_pubmed_xml(path))


@given(st.binary(max_size=60), st.integers(0, 1500), st.integers(0, 80))
def test_any_bytes_are_read_or_reported(read, put, start, length):
    text = articles(article(1), article(2, "A", ">B"), BOOK.format("")).encode()
    documents, problems = read(text[:start] + put + text[start + length :])
    assert documents or problems
    for document in documents:
        assert document.id
        assert document.passages[0].kind == "title"
