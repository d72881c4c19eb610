"""What a file holds and its new format cannot."""

import io
import json
import re
from pathlib import Path

import pytest

from spacy_aioner.cli.convert import Target
from spacy_aioner.corpora.convert import read_annotated
from spacy_aioner.corpora.docbin import DocBinWriter
from spacy_aioner.formats import account
from spacy_aioner.formats.account import HOLDS, OWN, Account, further
from spacy_aioner.formats.files import WRITABLE, Frame, make_writer
from spacy_aioner.formats.source import Source

PUBTATOR = """# comment
1|t|TP53 in mice
1|a|More TP53 was lost.
1\t0\t4\tTP53\tGene\t7157\tTax:9606\tmore
1\t8\t12\tmice\tSpecies\t10090
1\tAssociation\t7157\t10090\tNovel

"""
BIOC = {
    "id": "1",
    "infons": {"journal": "J"},
    "pmid": 7,
    "passages": [
        {
            "offset": 0,
            "infons": {"type": "title"},
            "text": "TP53 in mice",
            "annotations": [
                {
                    "id": "a",
                    "infons": {
                        "type": "Gene",
                        "identifier": "7157",
                        "score": "0.5",
                        "note": "gold",
                    },
                    "text": "TP53",
                    "locations": [{"offset": 0, "length": 4}],
                },
                {
                    "id": "b",
                    "infons": {"type": "Species", "identifier": "10090"},
                    "text": "mice",
                    "locations": [{"offset": 8, "length": 4}],
                },
                {
                    "id": "c",
                    "infons": {"type": "Gene"},
                    "text": "TP53 mice",
                    "locations": [
                        {"offset": 0, "length": 4},
                        {"offset": 8, "length": 4},
                    ],
                },
            ],
        },
        {"offset": 40, "infons": {"type": "paragraph"}, "text": "More."},
    ],
    "relations": [
        {
            "id": "R1",
            "infons": {"type": "Association"},
            "nodes": [{"refid": "a", "role": ""}, {"refid": "b", "role": ""}],
        },
        {
            "id": "R2",
            "infons": {"type": "Event"},
            "nodes": [{"refid": "R1", "role": ""}, {"refid": "b", "role": ""}],
        },
    ],
}
ROW = {
    "id": "1",
    "title": "TP53 in mice",
    "abstract": "More.",
    "year": 2020,
    "entities": [
        {"start": 0, "end": 4, "type": "Gene", "id": "7157", "score": 0.5, "by": "me"}
    ],
}
ANN = "T1\tGene 0 4\tTP53\nR1\tr Arg1:T1 Arg2:T1\nA1\tNegated T1\n#1\tNote T1\tx\n"


@pytest.fixture
def inputs(tmp_path):
    """A file of each format that holds more than texts, places and types."""
    (tmp_path / "a.pubtator").write_text(PUBTATOR)
    (tmp_path / "a.json").write_text(json.dumps({"documents": [BIOC]}))
    (tmp_path / "a.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "a.txt").write_text("TP53 in mice")
    (tmp_path / "brat" / "a.ann").write_text(ANN)
    return tmp_path


def converted(path, to, place=None, *, keep=True):
    """Write a file in another format; get its documents and what was told."""
    problems = []
    stream = io.BytesIO()
    counting = Account(Source(path, problems.append), to, keep=keep)
    if to == "docbin":
        writer = DocBinWriter(stream, report=problems.append)
    else:
        writer = make_writer(
            stream, to, path="out", frame=Frame(), keep=keep, report=problems.append
        )
    documents = list(read_annotated(path, report=lambda problem: None))
    for document in documents:
        if not keep:
            document.mentions = []
    for document in counting.watch(documents):
        writer.write(document)
    writer.close()
    counting.tell()
    if place is not None:
        place.write_bytes(stream.getvalue())
    told = {p.message.split(" are left out")[0]: p.lost for p in problems}
    return stream.getvalue(), told


@pytest.mark.parametrize(
    ("name", "to", "told"),
    [
        ("a.pubtator", "pubtator", {}),
        ("a.pubtator", "bioc-xml", {account.COMMENTS: False}),
        (
            "a.pubtator",
            "jsonl",
            {
                account.COLUMNS: True,
                account.COMMENTS: False,
                account.PASSAGES: False,
                account.RELATIONS: True,
            },
        ),
        (
            "a.pubtator",
            "docbin",
            {account.COLUMNS: True, account.COMMENTS: False, account.RELATIONS: True},
        ),
        ("a.json", "bioc-xml", {}),
        (
            "a.json",
            "pubtator",
            {
                account.FRAME: False,
                account.INFONS: True,
                account.PARTS: True,
                account.PASSAGES: False,
                account.RELATIONS: True,  # R2, which relates a relation.
                account.SCORES: True,
            },
        ),
        (
            "a.json",
            "docbin",
            {
                account.FRAME: False,
                account.INFONS: True,
                account.PARTS: True,
                account.RELATIONS: True,
            },
        ),
        ("a.jsonl", "jsonl", {}),
        ("a.jsonl", "bioc-json", {account.FRAME: False, account.INFONS: True}),
        (
            "brat",
            "pubtator",
            {account.RELATIONS: True, "attributes": True, "notes": True},
        ),
    ],
)
def test_what_is_lost_is_told(inputs, name, to, told):
    assert converted(inputs / name, to)[1] == told


def test_labels_hold_words_and_types_only(inputs):
    counting = Account(Source(inputs, lambda problem: None), "conll", keep=True)
    problems = []
    counting.source = Source("in", problems.append)
    list(counting.watch(read_annotated(inputs / "a.json", report=lambda problem: None)))
    counting.tell()
    lost = {p.message.split(" are left out")[0] for p in problems if p.lost}
    assert lost == {account.PARTS, account.RELATIONS}


def test_relations_and_columns_of_pubtator_come_back_from_bioc(inputs):
    for to, suffix in (("bioc-xml", "xml"), ("bioc-json", "json")):
        out = inputs / f"out.{suffix}"
        converted(inputs / "a.pubtator", to, out)
        back, told = converted(out, "pubtator")
        lines = PUBTATOR.splitlines(keepends=True)
        assert back.decode() == "".join(lines[1:])  # Without the comment.
        assert not told


def test_relations_of_bioc_become_lines(inputs):
    written = converted(inputs / "a.json", "pubtator")[0].decode()
    assert "\n1\tAssociation\t7157\t10090\n" in written


@pytest.mark.parametrize(
    "infons",
    [
        {"entity1": "7157", "entity2": "10090", "type": "CID", "novel": "No"},
        {"relation": "CID", "Gene": "7157", "Species": "10090"},
        {
            "type": "CID",
            "score": "0.9",
            "role1": {"identifier": "7157"},
            "role2": {"identifier": "10090"},
        },
    ],
)
def test_relations_of_bioc_between_concepts(tmp_path, infons):
    relation = {"id": "R1", "infons": infons, "nodes": []}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"documents": [{**BIOC, "relations": [relation]}]}))
    written, told = converted(path, "pubtator")
    assert b"\n1\tCID\t7157\t10090" in written
    assert account.RELATIONS not in told


@pytest.mark.parametrize("name", ["a.pubtator", "a.json"])
@pytest.mark.parametrize("to", ["pubtator", "bioc-xml", "bioc-json", "jsonl"])
def test_relations_go_with_what_they_relate(inputs, name, to):
    written, told = converted(inputs / name, to, keep=False)
    assert b"Association" not in written
    (kind,) = told
    assert kind.startswith("relations")
    assert told[kind] is False  # The annotations were to be replaced.


def test_relations_of_what_is_left_stay(inputs):
    data = dict(BIOC, relations_display=[{"name": "x"}])
    data["relations"] = [
        *BIOC["relations"],
        {"id": "R3", "infons": {}, "nodes": [{"refid": "0", "role": "c,b"}]},
        {"id": "R4", "infons": {}, "nodes": [{"refid": "9", "role": "odd"}]},
        {"id": "R5", "infons": {"type": "t", "entity1": "7157", "entity2": "10090"}},
    ]
    (inputs / "a.json").write_text(json.dumps({"documents": [data]}))
    for gone, left in (("a", ["R3", "R4"]), ("b", ["R4"]), ("", None)):
        (document,) = read_annotated(inputs / "a.json", report=lambda problem: None)
        document.mentions = [m for m in document.mentions if m.origin.id != gone]
        stream = io.BytesIO()
        writer = make_writer(
            stream,
            "bioc-json",
            path="out",
            frame=Frame(),
            keep=True,
            report=lambda problem: None,
        )
        writer.write(document)
        writer.close()
        (out,) = json.loads(stream.getvalue())["documents"]
        names = [relation["id"] for relation in out["relations"]]
        assert names == (left or ["R1", "R2", "R3", "R4", "R5"])
        assert bool(out["relations_display"]) == (left is None)


def test_pubtator_keeps_relations_of_concepts_that_are_left(tmp_path):
    path = tmp_path / "a.pubtator"
    path.write_text(
        "1|t|TP53 in mice\n1|a|MYC\n1\t0\t4\tTP53\tGene\tc|SUB|A;7157\n"
        "1\t8\t12\tmice\tSpecies\t10090\n1\tr\t7157\t10090\n1\tr\tc|SUB|A\t5\n"
        "1\tr\t5\t6\n\n"
    )

    def relations(kept):
        (document,) = read_annotated(path)
        document.mentions = document.mentions[:kept]
        stream = io.BytesIO()
        writer = make_writer(stream, "pubtator", path="out", frame=Frame())
        writer.write(document)
        writer.close()
        lines = stream.getvalue().decode().split("\n")
        return [line.split("\t", 2)[2] for line in lines if "\tr\t" in line]

    assert relations(2) == ["7157\t10090", "c|SUB|A\t5", "5\t6"]
    assert relations(1) == ["c|SUB|A\t5", "5\t6"]
    assert relations(0) == []


def test_further_values_of_an_entity_stay_in_json_lines(inputs):
    written, _ = converted(inputs / "a.jsonl", "jsonl")
    assert json.loads(written)["entities"][0]["by"] == "me"


def test_every_format_that_is_written_has_its_entry():
    assert set(HOLDS) == {*WRITABLE, "docbin", "conll"}
    assert {target.value for target in Target} <= set(HOLDS)


COLUMNS = {
    "ids": account.IDS,
    "scores": account.SCORES,
    "passages": account.PASSAGES,
    "relations": account.RELATIONS,
    "several parts": account.PARTS,
    "further columns": account.COLUMNS,
    "further values": account.INFONS,
}


def test_the_table_of_the_documentation_is_true():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    section = page.split("## What each format can hold")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|") and not line.startswith("|--")
    ]
    names, *formats = rows
    assert names[0] == "format"
    seen = set()
    own = {name for names in OWN.values() for name in names}
    for name, *cells in formats:
        for format in re.findall("`(.*?)`", name):
            seen.add(format)
            for column, cell in zip(names[1:], cells, strict=True):
                word = cell.split()[0].strip(",;:")
                assert word in ("yes", "no", "own"), cell
                kind = COLUMNS[column]
                assert (word == "yes") == (kind in HOLDS[format]), (format, column)
                assert word != "own" or format in own
    assert seen == set(HOLDS)


def test_what_is_counted(inputs):
    (document,) = read_annotated(inputs / "a.json", report=lambda problem: None)
    found = {kind: count for kind, count in further(document).items() if count}
    assert found == {
        account.IDS: 2,
        account.SCORES: 1,
        account.PARTS: 1,
        account.INFONS: 1,
        account.FRAME: 2,
    }
