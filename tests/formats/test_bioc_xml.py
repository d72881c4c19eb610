"""BioC XML: streaming, levels of annotation, hostile and broken files."""

import gc
import io
import json
import subprocess
import sys
import tracemalloc

import pytest
from bioc import biocjson, biocxml

from spacy_aioner.formats.bioc_document import Header
from spacy_aioner.formats.bioc_xml import (
    BioCXMLWriter,
    read_bioc_xml,
    read_xml_header,
)
from spacy_aioner.formats.document import Document, Mention, Passage

TOP = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DOCTYPE = '<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
HEAD = "<source>s &amp; t</source><date>2020</date><key>k</key><infon key='l'>m</infon>"
ONE = """<document><id>1</id><infon key="journal">J</infon>
<passage><infon key="type">title</infon><offset>0</offset>
<text>TP53 &lt;in&gt; rats</text>
<annotation id="A1"><infon key="type">Gene</infon><infon key="identifier">7157</infon>
<location offset="0" length="4"/><text>TP53</text></annotation>
<annotation id="9"><infon key="type">Gene</infon><location offset="0" length="2"/>
<location offset="5" length="2"/><text>TP in</text></annotation>
<relation id="R1"><infon key="type">r</infon><node refid="A1" role="g"/></relation>
</passage>
<passage><infon key="type">abstract</infon><offset>20</offset>
<sentence><offset>20</offset><text>One.</text></sentence>
<sentence><offset>26</offset><text>Rats too.</text>
<annotation id="S"><infon key="type">Species</infon><infon key="NCBI Taxonomy">10116
</infon><location offset="26" length="4"/><text>Rats</text></annotation></sentence>
</passage>
<annotation id="D"><infon key="type">Species</infon><infon key="score">0.5</infon>
<location offset="10" length="4"/><text>rats</text></annotation>
</document>
"""


def collection(*documents):
    return f"{TOP}{DOCTYPE}<collection>{HEAD}{''.join(documents)}</collection>"


# The longest number that Python reads, but one that is larger by 1 it cannot write.
NINES = "9" * 4300
BROKEN = collection(ONE, ONE)[:-400]
# Reads a file and prints by how many KiB the memory of the process grew.
GROWTH = """
import resource, sys
from spacy_aioner.formats.files import read_documents
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
count = sum(1 for _ in read_documents(sys.argv[1], report=lambda problem: None))
print(count, peak() - before)
"""


@pytest.fixture
def read(tmp_path):
    def run(data):
        path = tmp_path / "in.xml"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        problems = []
        return list(read_bioc_xml(path, report=problems.append)), problems

    return run


def write(documents, **options):
    stream = io.BytesIO()
    writer = BioCXMLWriter(stream, **options)
    for document in documents:
        writer.write(document)
    writer.close()
    return stream.getvalue()


def as_json(data):
    read = biocxml.loads(data if isinstance(data, str) else data.decode())
    return json.loads(biocjson.dumps(read))


def test_reads_all_levels(read):
    (document,), problems = read(collection(ONE))
    assert [p.text for p in document.passages] == ["TP53 <in> rats", "One.  Rats too."]
    assert [p.kind for p in document.passages] == ["title", "abstract"]
    assert document.mentions == [
        Mention(0, 4, "TP53", "Gene", "7157"),
        Mention(26, 30, "Rats", "Species", "10116\n"),
        Mention(10, 14, "rats", "Species", None, 0.5),
    ]
    (problem,) = problems
    assert not problem.lost
    assert "locations" in problem.message


def test_keep_writes_the_same_collection(read):
    text = collection(ONE, ONE.replace("<id>1<", "<id>2<"))
    documents, _ = read(text)
    written = write(documents, keep=True)
    assert as_json(written) == as_json(text)
    assert written.startswith(
        b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
    )
    assert DOCTYPE.encode() in written


def test_mentions_decide_what_is_written(read):
    (document,), _ = read(collection(ONE))
    gone, rats, _ = document.mentions
    rats.type = "Organism"
    document.mentions = [
        rats,
        Mention(10, 14, "rats", "Species", score=0.98765),
        Mention(20, 23, "One", "Number", "1"),
        Mention(5, 23, "across", "Long"),
        Mention(900, 903, "out", "X"),
    ]
    problems = []
    data = as_json(write([document], report=problems.append))
    assert [problem.lost for problem in problems] == [True, False]
    assert "relations of annotations that are not kept" in problems[1].message
    made = data["documents"][0]
    first, second = made["passages"]
    (new,) = first["annotations"]
    assert new["infons"] == {"type": "Species", "score": "0.9877"}
    one, two = second["sentences"]
    assert one["annotations"][0]["infons"] == {"type": "Number", "identifier": "1"}
    assert two["annotations"][0]["infons"]["type"] == "Organism"
    assert two["annotations"][0]["id"] == "S"
    assert made["annotations"][0]["infons"]["type"] == "Long"
    ids = [new["id"], one["annotations"][0]["id"], made["annotations"][0]["id"]]
    assert len({*ids, "A1", "9", "S", "D", "R1"}) == 8
    assert first["relations"] == []
    assert rats.origin.infons["type"] == "Species"
    assert gone.origin in document.origin.document.passages[0].annotations


def test_header(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(collection(ONE))
    header = read_xml_header(path)
    assert (header.source, header.date, header.key) == ("s & t", "2020", "k")
    assert (header.infons, header.doctype) == ({"l": "m"}, DOCTYPE.strip())


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("<offset>0</offset>", "", "without <offset>"),
        ("<offset>0</offset>", "<offset>four and more words</offset>", "not a number"),
        ("<offset>0</offset>", "<offset> </offset>", "an offset that is empty"),
        ('offset="0" length="4"', 'offset="" length="4"', "an offset that is empty"),
        ("<offset>0</offset>", "<offset>-5</offset>", "negative"),
        ("<offset>0</offset>", f"<offset>{NINES}</offset>", "more than 18 digits"),
        ('offset="0" length="4"', f'offset="{NINES}" length="{NINES}"', "18 digits"),
        ('offset="0" length="4"', 'offset="0"', "attribute 'length'"),
        ('offset="0" length="4"', 'offset="0" length="4.5"', "not a number, '4.5'"),
        ("TP53 &lt;", "TP53 <b>x</b> &lt;", "<b> inside <text>"),
        ("<offset>26</offset>", "<offset>21</offset>", "sentence at 21"),
        ("<offset>26</offset>", "<offset>999999999999</offset>", "sentence at"),
        ('refid="A1" ', "", "attribute 'refid'"),
    ],
)
def test_bad_document_is_skipped(read, old, new, word):
    good = ONE.replace("<id>1<", "<id>2<")
    documents, problems = read(collection(ONE.replace(old, new), "\n", good))
    assert [document.id for document in documents] == ["2"]
    problem = problems[0]
    assert (problem.lost, problem.document, problem.line) == (True, "1", 3)
    assert word in problem.message


def test_bioc_2_is_named(read):
    two = '<document id="8"><passage offset="0"><text>TP53</text></passage></document>'
    documents, (problem,) = read(collection(two))
    assert documents == []
    assert (problem.document, problem.lost) == ("8", True)
    assert "BioC 2.0" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("<passage>", "<title>Lost</title><passage>", "know, '<title>'"),
        ("<passage>", "<passage>Lost", "'text in <passage>'"),
        ("</relation>", "Lost</relation>", "'text in <relation>'"),
        ("<text>One.", "<text>Two.</text><text>One.", "more than one '<text>'"),
        ("<id>1<", "<id>0</id><id>1<", "more than one '<id>'"),
        (
            '<infon key="identifier">',
            '<infon key="identifier">7158</infon><infon key="identifier">',
            "more than one 'infon identifier'",
        ),
    ],
)
def test_what_bioc_passes_over_is_a_loss(read, old, new, word):
    (document,), problems = read(collection(ONE.replace(old, new, 1)))
    (problem,) = [problem for problem in problems if problem.lost]
    assert (problem.document, problem.line) == (document.id, 3)
    assert word in problem.message


def test_what_stands_twice_alike_is_no_loss_and_the_unknown_is_told_once(read):
    twice = ONE.replace("<text>One.", "<text>One.</text><text>One.")
    _, problems = read(collection(twice))
    assert not any(problem.lost for problem in problems)
    odd = ONE.replace("</document>", "<odd/></document>")
    _, problems = read(collection(odd, odd, "<more/>"))
    (one, other) = [problem.message for problem in problems if problem.lost]
    assert "<odd>" in one
    assert "<more>" in other


@pytest.mark.parametrize(
    ("old", "new", "lost", "count"),
    [
        ('offset="0" length="4"', 'offset="400" length="4"', True, 2),
        ('offset="0" length="4"', 'offset="0" length="0"', True, 2),
        ('offset="0" length="4"', 'offset="26" length="4"', False, 3),
        ("<text>TP53</text>", "<text>TP54</text>", False, 3),
        ("<text>TP53</text>", "", None, 3),
        (' id="A1"', "", None, 3),
        (' role="g"', "", None, 3),
        ('<infon key="type">Gene</infon>', "", False, 3),
        ("<id>1</id>", "", False, 3),
        ("<offset>20</offset>\n", "<offset>5</offset>", False, 3),
    ],
)
def test_odd_annotation(read, old, new, lost, count):
    (document,), problems = read(collection(ONE.replace(old, new, 1)))
    assert len(document.mentions) == count
    told = [p for p in problems if "locations" not in p.message]
    assert {p.lost for p in told} == ({lost} - {None})
    assert write([document], keep=True)


@pytest.mark.parametrize(
    ("data", "line", "count"),
    [
        ("", 1, 0),
        ("hello", 1, 0),
        ("<html>\n</html>", 1, 0),
        ("<document/>", 1, 0),
        ("<collection/>", None, 0),
        (BROKEN, 21, 1),
        (collection(ONE, "<document></x></document>"), 21, 1),
        (collection(ONE)[:-13], None, 1),
        (collection(ONE) + "more", 21, 1),
        (collection(ONE, "\xff").encode("latin-1"), 21, 1),
        (collection(ONE, "&nope;"), 21, 1),
        (collection(ONE, "&nope;", "\n" * 99_999, ONE), 21, 2),
        (collection(ONE, "&nope;").encode("utf-16"), 21, 1),
        (collection(ONE).replace("UTF-8", "no-such"), 1, 0),
    ],
)
def test_broken_file_yields_what_is_whole(read, data, line, count):
    documents, problems = read(data)
    assert len(documents) == count
    problem = [problem for problem in problems if problem.lost][-1]
    assert problem.line == line


def test_documents_behind_a_fault_are_read(read):
    broken = ONE.replace("<id>1<", "<id>two<").replace("</sentence>\n", "", 1)
    third = ONE.replace("<id>1<", "<id>3<")
    documents, problems = read(collection(ONE, broken, third, broken, third))
    assert [document.id for document in documents] == ["1", "3", "3"]
    assert documents[1].mentions == documents[0].mentions
    lost = [problem for problem in problems if problem.lost]
    assert [problem.document for problem in lost] == ["two", "two"]
    first = 3 + ONE.count("\n")
    assert first < lost[0].line < first + broken.count("\n") < lost[1].line


def test_a_fault_between_documents_costs_none(read):
    documents, problems = read(collection(ONE, "<x>", ONE, "</document>", ONE))
    assert len(documents) == 3
    assert [problem.line for problem in problems if problem.lost] == [39, 39]


def test_entities_are_not_expanded(read, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    bomb = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)
    )
    outside = f'<!ENTITY x SYSTEM "{secret.as_uri()}">'
    for inner in ("&a11;", "&x;"):
        for at in ("<text>TP53", '<infon key="identifier">'):
            text = collection(ONE.replace(at, at + inner, 1), ONE)
            text = text.replace('"BioC.dtd">', f'"BioC.dtd" [{bomb}{outside}]>')
            tracemalloc.start()
            documents, problems = read(text)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < 5_000_000
            assert problems[0].lost
            assert "hidden" not in str(documents) + str(problems)
            assert len(documents) <= 1


def test_named_characters_and_short_entities_are_text(read):
    entities = '<!ENTITY own "X"><!ENTITY more "&own;"><!ENTITY long "%s">' % ("y" * 40)
    marked = ONE.replace("<text>TP53", "<text>&own;&copy;<!-- c -->P&gt;")
    assert marked != ONE
    for inner in ("&more;", "&long;", "&nope;"):
        refused = ONE.replace("<text>TP53", f"<text>{inner}")
        # A file that stands alone must declare all characters.
        text = collection(marked, refused, ONE).replace(' standalone="yes"', "")
        text = text.replace('"BioC.dtd">', f'"BioC.dtd" [{entities}]>')
        documents, problems = read(text)
        (problem,) = [problem for problem in problems if problem.lost]
        texts = [document.passages[0].text[:4] for document in documents]
        assert texts == ["X\u00a9P>", "TP53"]
        assert inner in problem.message


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "large.xml"
    body = ONE.replace(">J<", f">{'x' * 20_000}<")
    with open(path, "w") as stream:
        stream.write(f"{TOP}<collection>{HEAD}")
        for _ in range(1500):
            stream.write(body)
        stream.write("</collection>")
    assert path.stat().st_size > 30_000_000
    command = [sys.executable, "-c", GROWTH, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    count, growth = map(int, run.stdout.split())
    assert count == 1500
    assert growth < 12_000


def test_characters_that_xml_lacks_become_spaces(read):
    passages = [Passage(0, "a\x00b\uffff TP53\r\n", "title"), Passage(12, "", "x")]
    document = Document("i\x01d", passages, [Mention(5, 9, "TP53", "G\x02")])
    (again,), problems = read(write([document]))
    assert problems == []
    assert again.passages[0].text == "a b  TP53\r\n"
    assert again.mentions == [Mention(5, 9, "TP53", "G ")]


def test_a_header_from_json_may_hold_anything(read):
    header = Header(source={"a": [1]}, date=5, key=None, infons={"b": {"c": None}})
    written = write([Document("1", [Passage(0, "a")])], header=header)
    assert b'<source>{"a": [1]}</source>' in written
    assert b"<date>5</date>" in written
    assert len(read(written)[0]) == 1


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
def test_output_ends_with_a_line_break(read, encoding):
    documents, _ = read(collection(ONE).replace("UTF-8", encoding).encode(encoding))
    written = write(documents, keep=True)
    if encoding != "UTF-16":
        assert written.endswith(b"</collection>\n")
    again, _ = read(written)
    assert again[0].mentions == documents[0].mentions
    assert write([]).endswith(b"</collection>\n")


def test_abandoned_writer_is_silent():
    writer = BioCXMLWriter(io.BytesIO())
    writer.write(Document("1", [Passage(0, "a")]))
    del writer
    gc.collect()
