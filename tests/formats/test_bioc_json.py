"""BioC JSON: every shape, every optional key, broken files."""

import copy
import io
import json

import pytest
from bioc import biocjson

from spacy_aioner.formats import bioc_json
from spacy_aioner.formats.bioc_json import (
    BioCJSONWriter,
    read_bioc_json,
    read_json_header,
)
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.formats.json_stream import BoundedJSON

GENE = {
    "id": "A1",
    "infons": {"type": "Gene", "identifier": "7157", "n": 1, "none": None},
    "text": "TP53",
    "locations": [{"offset": 0, "length": 4}],
}
SPLIT = {
    "id": "2",
    "infons": {"type": "Gene"},
    "text": "T 3",
    "locations": [{"offset": 0, "length": 1}, {"offset": 3, "length": 1}],
}
FULL = {
    "bioctype": "BioCDocument",
    "id": "1",
    "infons": {"year": "2020"},
    "passages": [
        {
            "bioctype": "BioCPassage",
            "offset": 0,
            "infons": {"type": "title"},
            "text": "TP53 \u00e9",
            "sentences": [],
            "annotations": [GENE, SPLIT],
            "relations": [
                {
                    "id": "R1",
                    "infons": {},
                    "nodes": [{"refid": "A1", "role": "g"}],
                }
            ],
        }
    ],
    "annotations": [],
    "relations": [],
}
SPARE = {
    "id": 7,
    "pmid": 7,
    "authors": ["X Y"],
    "passages": [{"offset": 0, "text": "rats", "annotations": None}],
}
COLLECTION = {
    "bioctype": "BioCCollection",
    "source": "s",
    "date": "d",
    "key": "k",
    "version": "1.0",
    "infons": {"a": "b"},
    "documents": [FULL, SPARE],
}
OTHER = {**COLLECTION, "source": "other", "documents": [SPARE]}


@pytest.fixture
def read(tmp_path):
    def run(data, name="in.json"):
        path = tmp_path / name
        if not isinstance(data, bytes):
            data = (data if isinstance(data, str) else json.dumps(data)).encode()
        path.write_bytes(data)
        problems = []
        documents = list(read_bioc_json(path, report=problems.append))
        return documents, problems, read_json_header(path, report=lambda p: None)

    return run


def write(documents, **options):
    stream = io.BytesIO()
    writer = BioCJSONWriter(stream, **options)
    for document in documents:
        writer.write(document)
    writer.close()
    return stream.getvalue().decode()


def full(value):
    """Fill in the keys that are optional, through bioc where it can."""
    value = {"infons": {}, "annotations": [], "relations": [], **copy.deepcopy(value)}
    value["bioctype"] = "BioCDocument"
    for passage in value["passages"]:
        for key in ("sentences", "annotations", "relations"):
            passage[key] = passage.get(key) or []
        passage.setdefault("infons", {})
        passage["bioctype"] = "BioCPassage"
    assert biocjson.fromJSON(value)
    return value


SHAPES = [
    (COLLECTION, "collection", 2),
    ([COLLECTION, OTHER], "collections", 3),
    ({"PubTator3": [FULL, SPARE]}, "pubtator3", 2),
    ([FULL, SPARE], "documents", 2),
    (FULL, "document", 1),
]


@pytest.mark.parametrize(("data", "shape", "count"), SHAPES)
def test_every_shape_comes_out_as_it_came_in(read, data, shape, count):
    documents, problems, header = read(data)
    assert not any(problem.lost for problem in problems)
    assert len(documents) == count
    assert header.shape == shape

    def filled(value):
        if isinstance(value, list):
            return [filled(each) for each in value]
        if "passages" in value:
            return full(value)
        return {k: filled(v) if isinstance(v, list) else v for k, v in value.items()}

    assert json.loads(write(documents, keep=True)) == filled(data)
    assert json.loads(write(documents, header=header, keep=True)) == filled(data)


def test_lines(read):
    text = "\n".join([json.dumps(FULL), "", '{"passages": [', json.dumps(SPARE)]) + "\n"
    documents, problems, header = read(text, "in.jsonl")
    assert [document.id for document in documents] == ["1", "7"]
    assert [problem.line for problem in problems if problem.lost] == [3]
    lines = write(documents, header=header, keep=True).splitlines()
    assert [json.loads(line) for line in lines] == [full(FULL), full(SPARE)]
    documents, _, _ = read(text.replace('{"passages": [\n', ""))
    assert [document.id for document in documents] == ["1", "7"]
    assert json.loads(write(documents, keep=True)) == [full(FULL), full(SPARE)]


@pytest.mark.parametrize("name", ["in.jsonl", "in.NDJSON"])
@pytest.mark.parametrize("bad", [b"{bad", b'{"passages": [{', b"\xff{", b"]"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_bad_line_costs_no_other_line(read, name, bad, number):
    lines = [json.dumps(FULL).encode(), json.dumps(SPARE).encode()]
    lines.insert(number - 1, bad)
    documents, problems, header = read(b"\n".join(lines), name)
    assert [document.id for document in documents] == ["1", "7"]
    assert header.shape == "lines"
    (problem,) = [problem for problem in problems if problem.lost]
    assert problem.line == number
    assert "the rest of this line is left out" in problem.message


def test_reads_mentions(read):
    (document,), (problem,), _ = read(FULL)
    assert document.mentions == [Mention(0, 4, "TP53", "Gene", "7157")]
    assert not problem.lost
    assert json.loads(write([document]))["passages"][0]["annotations"] == [GENE]
    document.mentions = [Mention(5, 6, "\u00e9", "X")]
    (made,) = json.loads(write([document]))["passages"][0]["annotations"]
    assert made["text"] == "\u00e9"
    assert made["id"] not in ("A1", "2", "R1")


def without(*path):
    value = copy.deepcopy(FULL)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return value


def changed(new, *path):
    value = copy.deepcopy(FULL)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return value


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (without("passages", 0, "offset"), "'offset' is missing"),
        (changed("0", "passages", 0, "offset"), "no whole number"),
        (changed(1.5, "passages", 0, "offset"), "no whole number"),
        (changed(True, "passages", 0, "offset"), "no whole number"),
        (changed(-1, "passages", 0, "offset"), "negative"),
        (changed(10**18, "passages", 0, "offset"), "'offset' is too large"),
        (changed(5, "passages", 0, "text"), "'text' is of the wrong type"),
        (changed([], "passages", 0, "infons"), "'infons' is of the wrong type"),
        (changed({}, "passages"), "'passages' is of the wrong type"),
        (changed(["x"], "passages"), "no JSON object"),
        (changed({}, "id"), "'id' is of the wrong type"),
        ({"id": "1", "title": "TP53", "abstract": "mice"}, "'abstract, title'"),
        (
            without("passages", 0, "annotations", 0, "locations", 0, "length"),
            "'length' is missing",
        ),
    ],
)
def test_bad_document_is_skipped(read, bad, word):
    documents, problems, _ = read({"documents": [bad, SPARE]})
    assert [document.id for document in documents] == ["7"]
    assert problems[0].lost
    assert word in problems[0].message


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ("", 0),
        ("[]", 0),
        ("{}", 0),
        ("5", 0),
        ('"text"', 0),
        ('{"documents": []}', 0),
        ('{"documents": [1, [2], null]}', 0),
        ("[" * 100_000, 0),
        ('{"a":' * 100_000, 0),
        (json.dumps(COLLECTION)[:-2], 2),
        (json.dumps([COLLECTION, COLLECTION])[:-300], 2),
        (json.dumps(COLLECTION) + "more", 2),
        (json.dumps(FULL) + "\n{", 1),
        (json.dumps(SPARE).replace("rats", "\udc80").encode("utf-8", "ignore")[:-3], 0),
        (b'{"id": "1", "passages": [{"offset": 0, "text": "\xff"}]}', 0),
        (b'{"id": "1", "passages": [{"offset": 123456789012345678901234}]}', 0),
        ('{"item": {"passages": []}}', 0),
    ],
)
def test_broken_file_yields_what_is_whole(read, data, count):
    documents, problems, _ = read(data)
    assert len(documents) == count
    assert any(problem.lost for problem in problems)
    assert all(len(problem.message) < 300 for problem in problems)


ROW = {"id": "2", "title": "TP53", "abstract": "mice"}


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        ([SPARE, ROW, {"error": "not found"}], [2, 3]),
        ([None, "TP53", SPARE, [SPARE], 5], [1, 2, 4, 5]),
        ({"documents": [None, "TP53", SPARE, [SPARE], 5]}, [1, 2, 4, 5]),
        ({"PubTator3": SPARE}, [1]),
        ({"source": "s", "documents": None}, []),
        ([COLLECTION, ROW, OTHER, {}], [3, 5]),
    ],
)
def test_what_is_no_document_is_told(read, data, numbers):
    _, problems, _ = read(data)
    told = [p for p in problems if p.message.startswith("value ")]
    assert [int(problem.message.split()[1]) for problem in told] == numbers
    assert all(problem.lost for problem in told)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"passages":', '"passages": [{"offset": 0, "text": "Lost"}], "passages":'),
        ('"text":', '"text": "Lost", "text":'),
        ('"type": "Gene"', '"type": "Lost", "type": "Gene"'),
    ],
)
@pytest.mark.parametrize("top", ["[{}]", '{{"documents": [{}]}}', "{}"])
def test_a_key_that_stands_twice_is_a_loss(read, old, new, top):
    text = json.dumps(FULL).replace(old, new, 1)
    (document,), problems, _ = read(top.format(text))
    assert json.loads(write([document], keep=True))
    (problem,) = [problem for problem in problems if problem.lost]
    assert problem.document == "1"
    key = old.split('"')[1]
    assert f"more than one '{key}'" in problem.message


def test_lines_that_are_no_documents_are_told(read):
    lines = map(json.dumps, [SPARE, ROW, [], "x", [SPARE, ROW], SPARE])
    documents, problems, _ = read("\n".join(lines), "in.jsonl")
    assert [document.id for document in documents] == ["7", "7", "7"]
    assert [(p.line, p.lost) for p in problems] == [(2, True), (4, True), (5, True)]
    documents, problems, _ = read(json.dumps(SPARE) + json.dumps(ROW))
    assert (len(documents), [p.lost for p in problems]) == (1, [True])


def test_bom_is_left_off(read):
    documents, problems, _ = read(b"\xef\xbb\xbf" + json.dumps(SPARE).encode())
    assert [document.id for document in documents] == ["7"]
    assert [problem.lost for problem in problems] == [False]


def test_unknown_keys_below_the_document_are_told_once(read):
    odd = changed("?", "passages", 0, "odd")
    _, problems, _ = read([odd, odd])
    assert sum("passage.odd" in problem.message for problem in problems) == 1


def test_header_below_the_documents(read):
    data = {"documents": [SPARE], "source": "late"}
    assert read(data)[2].source == "late"


@pytest.mark.parametrize(
    ("keys", "whole"), [({}, True), ({"source": ""}, False), ({"date": ""}, False)]
)
def test_only_a_header_below_the_documents_costs_a_whole_reading(
    tmp_path, monkeypatch, keys, whole
):
    read = []

    class Watched(BoundedJSON):
        def read(self, size=-1):
            data = super().read(size)
            read.append(len(data))
            return data

    monkeypatch.setattr(bioc_json, "BoundedJSON", Watched)
    path = tmp_path / "a.json"
    text = "word " * 200_000
    long = {"id": "1", "passages": [{"offset": 0, "text": text}]}
    path.write_text(json.dumps({**keys, "documents": [long] * 5}))
    read_json_header(path)
    assert (sum(read) == path.stat().st_size) == whole


def test_nothing_written_is_an_empty_collection():
    assert json.loads(write([]))["documents"] == []
    made = json.loads(write([Document("1", [Passage(0, "a", "title")])]))
    assert made["documents"][0]["passages"][0]["infons"] == {"type": "title"}


def test_the_task_of_a_mention_is_an_infon(read):
    predicted = Mention(5, 6, "\u00e9", "X", score=0.5, task="Species")
    (document,), _, _ = read(FULL)
    document.mentions.append(predicted)
    data = write([document])
    (again,), _, _ = read(data)
    assert again.mentions == document.mentions
    assert [mention.task for mention in again.mentions] == [None, "Species"]
    again.mentions[0].task = "Gene"
    annotations = json.loads(write([again]))["passages"][0]["annotations"]
    assert [each["infons"]["task"] for each in annotations] == ["Gene", "Species"]
    assert annotations[0]["infons"] == GENE["infons"] | {"task": "Gene"}
    assert "task" not in json.loads(data)["passages"][0]["annotations"][0]["infons"]


@pytest.mark.parametrize("source", ["", None, "PubMed"])
def test_the_header_is_read_without_the_documents(tmp_path, source):
    """A file must not be parsed twice, even if its source is empty."""
    start = f'{{"source": {json.dumps(source)}, "documents": [{{"passages": []}}'
    path = tmp_path / "a.json"
    path.write_text(start + ', {"passages": []}' * 100 + ", broken")
    problems = []
    read_json_header(path, report=problems.append)
    assert problems == []
    below = '{"documents": [{"passages": []}], "source": "PubMed"}'
    path.write_text(below)
    assert read_json_header(path).source == "PubMed"
