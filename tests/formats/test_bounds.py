"""Memory stays bounded whatever a file holds, and good documents around stay."""

import gzip
import json
import resource
import subprocess
import sys

import pytest

from spacy_aioner.formats import (
    bioc_elements,
    bioc_json,
    jsonl,
    pubtator_records,
    xml_records,
)
from spacy_aioner.formats.files import read_documents

GOOD = "TP53 in mice"
HEAD = "<collection><source/><date/><key/>"


def bioc(name, inner):
    passage = f"<passage>{inner}<offset>0</offset><text>{GOOD}</text></passage>"
    return f"<document><id>{name}</id>{passage}</document>"


def read(path):
    problems = []
    documents = list(read_documents(path, report=problems.append))
    return [document.id for document in documents], [p.message for p in problems]


@pytest.mark.parametrize("broken", [False, True])
def test_elements_of_one_document(tmp_path, monkeypatch, broken):
    """As far as the file is well-formed, and from the first fault on."""
    monkeypatch.setattr(bioc_elements, "MAX_ELEMENTS", 50)
    monkeypatch.setattr(xml_records, "MAX_TAGS", 100)
    bomb = bioc(2, '<infon key="k"/>' * 200)
    fault = "<a></b>" if broken else ""
    path = tmp_path / "a.xml"
    path.write_text(f"{HEAD}{bioc(1, '')}{fault}{bomb}{bioc(3, '')}</collection>")
    ids, messages = read(path)
    assert ids == ["1", "3"]
    assert "left out" in messages[-1]
    assert "more than 50 elements" in messages[-1] or "100 tags" in messages[-1]


def test_tags_of_one_article(tmp_path, monkeypatch):
    monkeypatch.setattr(xml_records, "MAX_TAGS", 100)
    path = tmp_path / "a.xml"
    abstract = "<Abstract><AbstractText>TP53</AbstractText>{}</Abstract>"
    articles = [
        f"<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>T"
        f"</ArticleTitle>{abstract.format('<AbstractText/>' * count)}</Article>"
        f"</MedlineCitation></PubmedArticle>"
        for n, count in ((1, 0), (2, 200), (3, 0))
    ]
    path.write_text(f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>")
    ids, messages = read(path)
    assert ids == ["1", "3"]
    assert "this record has more than 100 tags; it is left out" in messages


def test_lines_of_one_record(tmp_path, monkeypatch):
    monkeypatch.setattr(pubtator_records, "MAX_LINES", 50)
    record = "{0}|t|TP53\n{0}|a|\n{1}\n"
    path = tmp_path / "a.pubtator"
    bomb = record.format(2, "2\t0\t4\tTP53\tGene\n" * 200)
    path.write_text(record.format(1, "") + bomb + record.format(3, ""))
    ids, [message] = read(path)
    assert ids == ["1", "3"]
    assert "the record has more than 50 lines" in message
    path.write_text("# comment\n" * 200 + record.format(1, ""))
    assert read(path)[0] == ["1"]


def test_values_of_one_document(tmp_path, monkeypatch):
    monkeypatch.setattr(bioc_json, "MAX_VALUES", 200)
    good = {"id": "1", "passages": [{"offset": 0, "text": GOOD}]}
    path = tmp_path / "a.json"
    # What counts is each document, not the file.
    path.write_text(json.dumps({"documents": [good] * 100}))
    assert read(path) == (["1"] * 100, [])
    bomb = {**good, "infons": {"a": [[]] * 200}}
    path.write_text(json.dumps({"documents": [good, bomb]}))
    ids, messages = read(path)
    assert ids == ["1"]
    assert "more than 200 values" in messages[0]


def test_a_string_without_an_end(tmp_path, monkeypatch):
    """An escaped quotation mark at the begin of each piece is no end either."""
    monkeypatch.setattr("spacy_aioner.formats.json_stream.MAX_LINE", 1 << 19)
    path = tmp_path / "a.json"
    for shift in range(2):
        text = "a" * shift + '\\"' * (1 << 19)
        path.write_text('{"documents":[],"source":"' + text + '"}')
        ids, messages = read(path)
        assert ids == []
        assert "a value is longer than" in messages[0]


def test_a_row_of_any_length(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_ROW", 1000)
    path = tmp_path / "a.jsonl"
    rows = [{"id": "1", "text": GOOD}, {"id": "2", "x": [{}] * 500}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, rows[0]]))
    ids, [message] = read(path)
    assert ids == ["1", "1"]
    assert "the line is longer than" in message


def bombs(folder):
    """Small files that would take gigabytes."""
    location = '<annotation id="1"><location offset="0" length="1"/></annotation>'
    record = "1|t|a\n1|a|\n" + "1\t0\t1\ta\tG\n"
    contents = {
        "over.xml": HEAD + bioc(1, location * 1_000_000) + "</collection>",
        "under.pubtator": record + "1\t0\t1\ta\tG\n" * 199_000 + "\n",
        "over.json": '{"documents":[{"id":"1","passages":['
        + ",".join(['{"offset":0,"text":""}'] * 2_000_000)
        + "]}]}",
        "over.jsonl": '{"id":"1","text":"a","x":[' + "{}," * 5_000_000 + "{}]}",
    }
    for name, content in contents.items():
        path = folder / f"{name}.gz"
        path.write_bytes(gzip.compress(content.encode(), 1))
        yield path
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({"id": ["1"] * 20, "text": ["a" * (60 << 20)] * 20})
    parquet.write_table(table, folder / "same.parquet", compression="zstd")
    yield folder / "same.parquet"


READ = """
import resource, sys
from spacy_aioner.formats.files import read_documents
for document in read_documents(sys.argv[1], report=lambda problem: None):
    pass
"""


@pytest.mark.slow
def test_no_file_takes_gigabytes(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))

    for path in bombs(tmp_path):
        command = [sys.executable, "-c", READ, str(path)]
        done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
        assert done.returncode == 0, (path.name, done.stderr[-500:])
