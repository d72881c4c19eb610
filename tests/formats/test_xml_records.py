"""Records of big XML files: what is broken costs one record, and nothing else."""

import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_aioner.formats import xml_records
from spacy_aioner.formats.compression import compress
from spacy_aioner.formats.source import Source
from spacy_aioner.formats.xml_records import XmlRecords
from spacy_aioner.formats.xml_text import running_text

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE set SYSTEM "set.dtd">\n<set>\n'
ID = re.compile(rb"<id>([^<]*)</id>")


def record(name, inner="text"):
    return f"<item n='{name}'><id>{name}</id>\n<t>{inner}</t>\n</item>\n"


def whole(*records):
    return f"{HEAD}{''.join(records)}</set>\n"


def read_file(path, **options):
    problems = []
    records = XmlRecords(Source(path, problems.append), ("item",), ID, **options)
    found = [(line, each.findtext("id")) for line, each in records.elements()]
    return found, problems


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "in.xml"

    def run(data, **options):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_file(path, **options)

    return run


def test_reads_lines_and_elements(read):
    found, problems = read(whole(record(1), record(2)))
    assert (found, problems) == ([(4, "1"), (7, "2")], [])


@pytest.mark.parametrize(
    "other",
    [
        "<items>no record</items>",
        "<item-list><item.x/></item-list>",
        "<!-- <item> </item> <item> -->",
        "<t><![CDATA[<item></item>]]></t>",
        "<other:item xmlns:other='urn:o'/>",
    ],
)
def test_what_looks_like_a_record_is_none(read, other):
    inside = record(2, other)
    found, problems = read(whole(record(1), other, inside, other))
    assert ([name for _, name in found], problems) == (["1", "2"], [])


@pytest.mark.parametrize("tag", ["<item/>", "<item a='>' b=\"/>\" />", "<item\n/>"])
def test_self_closing_tags_are_records(read, tag):
    found, problems = read(whole(tag, record(1)))
    assert ([name for _, name in found], problems) == ([None, "1"], [])


def test_attributes_and_white_space_in_tags(read):
    text = (
        record(1).replace("<item", "<item\n\ta='x/>'").replace("</item>", "</item\n>")
    )
    found, problems = read(whole(text, record(2)))
    assert ([name for _, name in found], problems) == (["1", "2"], [])


@pytest.mark.parametrize(
    ("broken", "word", "line", "name"),
    [
        (record(2, "<b>x</c>"), "mismatch", 8, "2"),
        (record(2, "\0"), "Invalid character", 8, "2"),
        (record(2, "&nope;"), "&nope;, which is no known character", 8, "2"),
        (record(2).replace("</item>", ""), "no end tag", 7, "2"),
        (record(2).replace("</item>", "</item"), "well-formed", 9, "2"),
        (record(2).replace("<item n", "<itemn"), "no start tag", 9, None),
        (record(2).replace("<item n='2'>", "<item n='2"), "well-formed", 7, "2"),
        (record(2, "<!-- -->").replace("-->", "--"), "well-formed", None, "2"),
        (record(2, "<![CDATA[x]]").replace("]]>", "]]"), "well-formed", None, "2"),
        (record(2, "x" * 10_100_000), "too long", 8, "2"),
        (record(2, "<b>" * 300), "depth", 8, "2"),
    ],
)
def test_a_broken_record_costs_itself(read, broken, word, line, name):
    last = record(4, "<!-- a comment --><![CDATA[<x>]]>")
    found, problems = read(whole(record(1), broken, record(3), last))
    assert [name for _, name in found] == ["1", "3", "4"]
    (problem,) = problems
    assert problem.lost
    assert (problem.document, line or problem.line) == (name, problem.line)
    assert word in problem.message
    assert "\n" not in problem.message


def test_a_long_record_is_passed_over(read, monkeypatch):
    monkeypatch.setattr(xml_records, "MAX_RECORD", 3000)
    for chunk in (7, 100_000):
        monkeypatch.setattr(xml_records, "CHUNK", chunk)
        text = whole(record(1), record(2, "y" * 9000), record(3), record(4, "z" * 900))
        found, problems = read(text)
        assert [name for _, name in found] == ["1", "3", "4"]
        (problem,) = problems
        assert (problem.document, problem.line, problem.lost) == ("2", 7, True)
        assert "longer than" in problem.message


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(xml_records, "MAX_RECORD", 1 << 20)
    path = tmp_path / "large.xml"
    for opening in ("<item>", "<!-- ", "<item", "<![CDATA[", "<item a='"):
        path.write_text(whole(record(1), opening, "x y\n" * 2_000_000))
        tracemalloc.start()
        found, problems = read_file(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found[0] == (4, "1")
        assert len(problems) <= 1
        assert peak < 6_000_000


@pytest.mark.parametrize("cut", [-1, -4, -9, -20, -25])
def test_a_file_cut_short_loses_the_open_record(read, cut):
    text = whole(record(1), record(2)).strip()
    found, problems = read(text[:cut])
    (problem,) = problems
    assert problem.lost
    assert [name for _, name in found] == ["1", "2"][: 2 if cut > -9 else 1]
    assert problem.document == (None if cut > -9 else "2")


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_compressed_file_cut_short(tmp_path, kind):
    path = tmp_path / f"in.xml.{kind}"
    with open(path, "wb") as file, compress(file, path) as stream:
        stream.write(whole(*map(record, range(30_000))).encode())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found, (cut, open_one) = read_file(path)
    assert len(found) > 5000
    assert [int(name) for _, name in found] == list(range(len(found)))
    assert "cut short" in cut.message
    # It may be cut before its id.
    assert open_one.document in (None, str(len(found)))
    assert open_one.line == 4 + 3 * len(found)
    assert open_one.line <= cut.line <= open_one.line + 3


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "holds no <item>"),
        (b"<set/>", "holds no <item>"),
        (whole(record(1)).encode("utf-16"), "UTF-16"),
        (whole(record(1)).encode("utf-16-le"), "UTF-16"),
        (b"<?xml version='1.0' encoding='no-such'?><item/>", "no-such"),
        (b"<?xml version='1.0' encoding='utf-16'?><item/>", "utf-16"),
    ],
)
def test_a_file_without_records_is_one_problem(read, data, word):
    found, problems = read(data)
    assert found == []
    assert [problem.lost for problem in problems] == [True]
    assert word in problems[0].message


def test_an_unreadable_file_is_one_problem(tmp_path):
    (tmp_path / "in.xml.gz").write_bytes(b"not compressed")
    for name in ("in.xml.gz", "none.xml"):
        found, (problem,) = read_file(tmp_path / name)
        assert (found, problem.lost) == ([], True)


def test_encodings(read):
    text = whole(record("é"))
    latin = text.replace("?>", " encoding='ISO-8859-1'?>")
    for data in (text.encode(), latin.encode("latin-1"), text.encode("utf-8-sig")):
        assert read(data) == ([(4, "é")], [])
    found, (problem,) = read(whole(record(1), record("é")).encode("latin-1"))
    assert found == [(4, "1")]
    assert problem.document == "\ufffd"


def test_prefixes_that_the_root_or_the_dtd_declares(read):
    inner = "<mml:mi/><a:b xlink:href='c'/>"
    text = whole(record(1, inner)).replace("<set>", "<set xmlns:a = 'no uri' >")
    assert read(text) == ([(4, "1")], [])
    _, (problem,) = read(whole(record(1, inner)))
    assert "prefix" in problem.message


def test_several_roots_in_one_file(read):
    text = whole(record(1)) + whole(record(2))
    assert read(text) == ([(4, "1"), (11, "2")], [])


def test_some_records_are_passed_over_in_silence(read):
    text = whole(record(1, "<b>"), record(2), record(3, "<b>"), record(4))
    found, problems = read(text, skip=2)
    assert found == [(13, "4")]
    assert [problem.document for problem in problems] == ["3"]


def test_entities_cost_nothing(read, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)
    )
    entities += f'<!ENTITY x SYSTEM "{secret.as_uri()}">'
    text = whole(record(1, "&a11;"), record(2, "&x;"), record(3, "&#65;&amp;"))
    tracemalloc.start()
    found, problems = read(text.replace('"set.dtd">', f'"set.dtd" [{entities}]>'))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [name for _, name in found] == ["3"]
    assert [problem.document for problem in problems] == ["1", "2"]
    assert peak < 5_000_000
    assert "hidden" not in str(problems)
    bomb, external = problems
    assert "grow without end" in bomb.message
    assert "&x;, which stands outside the file" in external.message


def declare(text, *entities):
    declared = "".join(f"<!ENTITY {each}>\n" for each in entities)
    return text.replace('"set.dtd">', f'"set.dtd" [<!-- " -->\n{declared}]>')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&copy;2003 &alpha;&Auml;&notin;", "\u00a92003 \u03b1\u00c4\u2209"),
        ("&agr;&Bgr;&THgr;&Aacgr;&sfgr;", "\u03b1\u0392\u0398\u0386\u03c2"),
        ("&b.alpha;&Hmacr;", "\u03b1H\u0304"),
        ("&lt;&LT;&amp;&AMP;lt;", "<<&&lt;"),
        ("<![CDATA[&copy;&nope;]]><!-- &nope; -->", "&copy;&nope;"),
    ],
)
def test_named_characters(read, text, expected):
    inside = f"<item><id>{text}</id></item>\n"
    assert read(whole(inside, record(2))) == ([(4, expected), (5, "2")], [])


@pytest.mark.parametrize("name", ["&gr;", "&xygr;", "&;", "&b.;", "&ALPHA;", "&agR;"])
def test_unknown_names_cost_their_record(read, name):
    found, (problem,) = read(whole(record(1), record(2, name)))
    assert found == [(4, "1")]
    assert (problem.document, problem.line, problem.lost) == ("2", 8, True)


def test_entities_that_the_file_declares(read):
    entities = (
        "own 'a&more;>'",
        'more "\n<id>not &alpha;</id>"',
        'alpha "A"',
        'alpha "second"',
    )
    inside = "<item><b>&own;</b><id>&alpha;</id></item>\n"
    text = declare(whole(inside, record(2, "<x>")), *entities)
    found, (problem,) = read(text)
    assert found == [(10, "A")]
    assert (problem.document, problem.line) == ("2", 12)


@pytest.mark.parametrize("inner", ["&a;", "&open;", "&part;"])
def test_entities_that_cannot_be_used(read, inner):
    entities = ('a "&b;"', 'b "&a;"', 'open "<t>"', 'part "%x;"', 'ok "fine"')
    text = declare(whole(record(1, "&ok;"), record(2, inner)), *entities)
    found, (problem,) = read(text)
    assert [name for _, name in found] == ["1"]
    assert (problem.document, problem.lost) == ("2", True)


def test_line_ends_of_any_kind(read):
    text = whole(record(1), record(2, "<b>\n</b>"), record(3, "<b>"), "<t>\n\n</t>")
    expected = read(text)
    assert [name for _, name in expected[0]] == ["1", "2"]
    assert expected[1][0].line == 12
    with pytest.MonkeyPatch.context() as patch:
        for chunk in (1, 7, 1 << 18):
            patch.setattr(xml_records, "CHUNK", chunk)
            assert read(text.replace("\n", "\r")) == expected
            assert read(text.replace("\n", "\r\n")) == expected


def test_records_with_a_prefix(read):
    text = re.sub("(</?)(item|id|t)", r"\1x:\2", whole(record(1), record(2, "<b>")))
    text = text.replace("<set>", "<o:set xmlns:o='urn:o' xmlns:x='urn:x'>")
    found, (problem,) = read(text.replace("</set>", "</o:set>"))
    assert [line for line, _ in found] == [4]
    assert (problem.line, problem.lost) == (8, True)
    _, problems = read(whole(record(1), "<x:item xmlns:x='urn:x'>"))
    assert problems == []


PIECES = st.sampled_from(
    [
        *(b"<item>", b"</item>", b"<item", b"</item", b"<item/>", b"<items>", b"<"),
        *(b">", b"/>", b"'", b'"', b"<!--", b"-->", b"--", b"<![CDATA[", b"]]>"),
        *(b"<set>", b"</set>", b"\n", b"text", b"<id>7</id>", b"\0", b"\xff", b"&a;"),
        *(b"<?xml version='1.0' encoding='", b"latin-1", b"'?>", b"<!DOCTYPE set["),
    ]
)
MIXED = st.lists(st.one_of(PIECES, PIECES, st.binary(max_size=9)), max_size=40)


@given(MIXED.map(b"".join))
def test_any_bytes_give_the_same_at_any_chunk_size(read, data):
    with pytest.MonkeyPatch.context() as patch:
        expected = read(data)
        for chunk in (1, 3, 50):
            patch.setattr(xml_records, "CHUNK", chunk)
            assert read(data) == expected


@given(MIXED.map(b"".join))
def test_bounds_do_not_depend_on_the_chunk_size(read, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_records, "MAX_RECORD", 20)
        patch.setattr(xml_records, "MAX_TAG", 8)
        expected = read(data)
        patch.setattr(xml_records, "CHUNK", 2)
        assert read(data) == expected


RICH = [
    record(name, f"<b a='{name}'>w</b> <!-- c --> &lt; <![CDATA[<q>]]> {name}")
    for name in ("a1", "b2", "c3", "d4", "e5")
]


@given(st.data())
def test_damage_to_one_record_costs_at_most_that_one(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.xml"
    victim = data.draw(st.integers(0, len(RICH) - 1))
    text = RICH[victim].rstrip("\n").encode()
    start = data.draw(st.integers(0, len(text) - 1))
    stop = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + data.draw(st.binary(max_size=1)) + text[stop:] + b"\n"
    parts = [part.encode() for part in RICH]
    parts[victim] = damaged

    def texts():
        records = XmlRecords(Source(path, problems.append), ("item",), ID)
        return ["".join(each.itertext()) for _, each in records.elements()]

    problems = []
    path.write_text(whole(*RICH))
    intact = texts()
    assert problems == []
    path.write_bytes(HEAD.encode() + b"".join(parts) + b"</set>")
    found = texts()
    assert problems or len(found) == len(intact)
    others = [text for i, text in enumerate(intact) if i != victim]
    if len(found) == len(intact):
        del found[victim]
    assert found == others


def test_white_space_with_a_line_break_is_one_space():
    text = "\n a\u00a0b \u2009 c\t d \r\n\t e\n\n \n"
    assert running_text([text]) == "a\u00a0b \u2009 c\t d e"
    assert running_text([" " * 200_000, "a", " " * 2_000_000, "\n"]) == "a"
