"""Workers that die, files that change, losses that stop the run."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_aioner.bulk import inputs, tag_file
from spacy_aioner.cli.app import app
from spacy_aioner.formats.files import read_documents

AIONER = [sys.executable, "-m", "spacy_aioner.cli"]


def outputs(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


@pytest.mark.parametrize(
    "to", ["pubtator", "bioc-xml", "bioc-json", "jsonl", "parquet", "docbin"]
)
def test_every_format_in_and_out(tag, sources, tmp_path, to):
    result = tag(sources, "--to", to)
    assert result.exit_code == 0
    assert "12 documents in 4 files" in result.stderr
    suffix = inputs.OUTPUTS[to]
    names = sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_file())
    assert names == [*(f"{name}{suffix}" for name in "abcd"), "manifest.jsonl"]


def test_scores_and_tasks_go_with_the_mentions(tag, sources, tmp_path):
    tag(sources / "a.pubtator", "--to", "jsonl")
    lines = (tmp_path / "out" / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a0", "a1", "a2"]
    for line in map(json.loads, lines):
        for entity in line["entities"]:
            assert line["text"][entity["start"] : entity["end"]] == entity["text"]
            assert entity["task"] == "ALL"
            assert 0 < entity["score"] <= 1
    assert sum(len(json.loads(line)["entities"]) for line in lines) == 11
    pq = pytest.importorskip("pyarrow.parquet")
    tag(sources / "a.pubtator", "--to", "parquet")
    rows = pq.read_table(tmp_path / "out" / "a.parquet").to_pylist()
    assert len(rows) == 11
    assert {row["task"] for row in rows} == {"ALL"}


def test_workers_write_what_one_process_writes(tag, sources, tmp_path):
    assert tag(sources, "--workers", "2", "--json-progress").exit_code == 0
    by_workers = outputs(tmp_path / "out")
    result = tag(sources, "--force", "--json-progress")
    assert outputs(tmp_path / "out") == by_workers
    last = json.loads(result.stderr.splitlines()[-2])
    assert (last["files_done"], last["documents"]) == (4, 12)
    assert last["bytes_done"] == last["bytes"] > 0
    assert last["seconds_left"] == 0


def test_workers_without_stderr(model, sources, tmp_path):
    out = tmp_path / "out"
    script = f"exec {sys.executable} -m spacy_aioner.cli tag {sources} -o {out}"
    command = ["sh", "-c", f"{script} -m {model} --workers 2 2>&-"]
    assert subprocess.run(command, timeout=300).returncode == 0
    assert len(list(out.glob("*.pubtator"))) == 4
    assert all(path.stat().st_size for path in out.glob("*.pubtator"))


def test_settings_that_are_wrong_end_workers_too(tag, sources):
    result = tag(sources, "--workers", "2", "--tasks", "Organ")
    assert result.exit_code == 1
    assert "Unknown task 'Organ'" in result.stderr


def test_a_worker_that_dies_is_replaced(tag, sources, losses, tmp_path, monkeypatch):
    """The pipeline kills its process, once on one file and always on another."""
    tag(sources)
    undisturbed = outputs(tmp_path / "out")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "sitecustomize.py").write_text(
        "import os, pathlib, signal\n"
        "from spacy_aioner.formats import files\n"
        "real = files.read_pubtator\n"
        "def deadly(path, *, report):\n"
        "    once = pathlib.Path(os.environ['ONCE'])\n"
        "    if path.endswith('b.pubtator') and not once.exists():\n"
        "        once.touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    if path.endswith('c.pubtator') and 'ALWAYS' in os.environ:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(path, report=report)\n"
        "files.READERS['pubtator'] = deadly\n"
    )
    paths = [str(plugin), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("ONCE", str(tmp_path / "once"))
    result = tag(sources, "--workers", "2", "--force")
    assert (tmp_path / "once").exists()
    assert result.exit_code == 0
    assert outputs(tmp_path / "out") == undisturbed
    monkeypatch.setenv("ALWAYS", "1")
    result = tag(sources, "--workers", "2", "--force")
    assert result.exit_code == 3
    assert "3 workers died on this file" in result.stderr
    assert "9 documents in 3 files" in result.stderr
    [loss] = losses()
    assert (loss["output"], loss["file"]) == ("c.pubtator", str(sources / "c.pubtator"))
    # What an earlier run made of it stays.
    assert (tmp_path / "out" / "c.pubtator").exists()


def test_fail_fast(tag, sources, losses, tmp_path):
    bad = sources / "b.pubtator"
    for number, options in enumerate(([], ["--workers", "2"])):
        bad.write_text(f"no such format {number}" + "\n" * number)
        result = tag(sources, "--fail-fast", *options)
        assert result.exit_code == 3
        assert "b.pubtator" in result.stderr
        assert not (tmp_path / "out" / "b.pubtator").exists()
        [loss] = losses()
        assert loss["file"] == str(bad)


def test_a_file_that_cannot_be_read_is_listed_and_tried_again(tag, sources, losses):
    bad = sources / "b.pubtator.gz"
    bad.write_bytes(b"\x1f\x8b no gzip")
    for _ in range(2):
        result = tag(sources)
        assert result.exit_code == 3
        [loss] = losses()
        assert loss["file"] == str(bad)
    # Told as much if the format is given, and no other file suffers.
    given = tag(sources, "--format", "pubtator")
    assert given.exit_code == 3
    assert "0 documents in 1 file" in given.stderr
    assert "4 files done before" in given.stderr
    good = gzip.compress(b"1|t|TP53 loss\n1|a|\n\n", mtime=0)
    bad.write_bytes(good)
    assert tag(sources).exit_code == 0
    output = (sources.parent / "out" / bad.name).read_bytes()
    # Once good, now bad: a good output stays until a better one is complete.
    bad.write_bytes(b"\x1f\x8b no gzip")
    assert tag(sources).exit_code == 3
    assert len(losses()) == 1
    assert (sources.parent / "out" / bad.name).read_bytes() == output
    # Good again: nothing to do, and nothing is lost any longer.
    bad.write_bytes(good)
    again = tag(sources)
    assert (again.exit_code, "5 files done before" in again.stderr) == (0, True)
    assert not (sources.parent / "out" / "failures.jsonl").exists()


def test_an_output_that_cannot_be_made(tag, sources, losses, monkeypatch):
    from spacy_aioner.formats.pubtator import PubTatorWriter

    real = PubTatorWriter.write

    def write(self, document):
        if document.id == "b1":
            raise KeyError("odd")
        real(self, document)

    monkeypatch.setattr(PubTatorWriter, "write", write)
    result = tag(sources)
    assert result.exit_code == 3
    assert "9 documents in 3 files" in result.stderr
    assert "KeyError" in losses()[0]["reason"]


def test_a_worker_ends_with_its_parent(model, sources, tmp_path):
    """Nobody is killed but the parent; the workers must not write any longer."""
    command = [*AIONER, "tag", sources, "--model", model, "--workers", "2"]
    with subprocess.Popen([*command, "--output", tmp_path / "out"]) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(workers := children.read_text().split()) < 3:
            time.sleep(0.01)
        process.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_names_of_any_kind(model, tmp_path):
    """Bytes that are not UTF-8, and names that leave no room for a suffix."""
    source = os.fsencode(tmp_path / "in")
    os.mkdir(source)
    text = b"1|t|TP53 loss\n1|a|\n\n"
    for name in (b"\xff.pubtator", b"x" * 240 + b".pubtator"):
        with open(os.path.join(source, name), "wb") as stream:
            stream.write(text)
    command = [*AIONER, "tag", source, "--model", model, "--output", tmp_path / "out"]
    for message in (b"2 documents in 2 files", b"2 files done before"):
        done = subprocess.run(command, capture_output=True)
        assert done.returncode == 0
        assert message in done.stderr


def test_a_file_that_changes_is_read_again(tag, sources, monkeypatch, manifest):
    path = sources / "a.pubtator"
    real = tag_file.read_documents
    versions = ["one|t|TP53 loss.\none|a|\n\n", "two|t|Patients\ntwo|a|\n\n"]

    def changing(source, **options):
        yield from real(source, **options)
        if versions:
            path.write_text(versions.pop(0))
            os.utime(path, ns=(len(versions), len(versions)))

    with monkeypatch.context() as context:
        context.setattr(tag_file, "read_documents", changing)
        result = tag(path)
    assert result.exit_code == 3
    assert "changed while it was read, twice" in result.stderr
    assert not (path.parent.parent / "out" / "manifest.jsonl").exists()
    assert tag(path).exit_code == 0
    assert [d.id for d in read_documents(path.parent.parent / "out" / path.name)] == [
        "two"
    ]


def test_long_documents_are_listed_and_untagged(tag, sources, losses, tmp_path):
    result = tag(sources / "a.pubtator", "--max-characters", "53")
    assert result.exit_code == 3
    assert [loss["document"] for loss in losses()] == ["a0", "a2"]
    assert "more than 53" in losses()[0]["reason"]
    found = list(read_documents(tmp_path / "out" / "a.pubtator"))
    assert [bool(document.mentions) for document in found] == [False, True, False]


def test_killed_at_random_moments(model, tmp_path):
    """The same command, killed and run again, gives what one undisturbed run gives."""
    source, out, calm = tmp_path / "in", tmp_path / "out", tmp_path / "calm"
    source.mkdir()
    for name in range(8):
        text = "".join(
            f"{name}-{i}|t|TP53 loss in HeLa cells worsened glioma.\n{name}-{i}|a|\n\n"
            for i in range(40)
        )
        (source / f"{name}.pubtator.gz").write_bytes(gzip.compress(text.encode()))
    command = [*AIONER, "tag", source, "--model", model, "--batch-size", "4", "--quiet"]
    subprocess.run([*command, "--output", calm], check=True)
    whole = outputs(calm)
    dice = random.Random(0)
    kills = 0
    for _ in range(3):
        # Loading takes most of a run here; what follows it is what matters.
        for path in list(out.glob("*.gz"))[1:]:
            path.unlink()
        with subprocess.Popen([*command, "--output", out]) as process:
            while process.poll() is None and len(list(out.glob("*.gz"))) < 2:
                time.sleep(0.002)
            time.sleep(dice.random() * 0.1)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        for path in out.glob("*.gz"):
            assert path.read_bytes() == whole[path.name]
    assert kills
    subprocess.run([*command, "--output", out], check=True)
    assert outputs(out) == whole


@pytest.mark.parametrize("name", ["a.pubtator", "a.xml", "a.json"])
def test_others_can_read_the_outputs(tag, sources, tmp_path, name):
    """The bioc package and `aioner evaluate`, gold against a second tagging."""
    from bioc import biocjson, biocxml, pubtator

    to = {".xml": "bioc-xml", ".json": "bioc-json"}.get(Path(name).suffix, "pubtator")
    assert tag(sources / "a.pubtator", "--to", to).exit_code == 0
    output = tmp_path / "out" / name
    loaders = {"a.pubtator": pubtator.load, "a.xml": biocxml.load}
    with output.open(encoding="utf8") as stream:
        loaded = loaders.get(name, biocjson.load)(stream)
    documents = loaded if name == "a.pubtator" else loaded.documents
    assert len(documents) == 3
    if name != "a.pubtator":
        for document in documents:
            for passage in document.passages:
                for annotation in passage.annotations:
                    start = annotation.locations[0].offset - passage.offset
                    end = start + annotation.locations[0].length
                    assert passage.text[start:end] == annotation.text
    arguments = ["evaluate", str(output), str(output), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    micro = json.loads(done.stdout)["strict"]["micro"]
    assert (micro["f1"], micro["tp"]) == (100.0, 11)


def test_bad_files_through_the_whole_way(tag, tmp_path, losses):
    """Good documents before and after are tagged where the format allows."""
    source = tmp_path / "bad"
    source.mkdir()
    record = "{0}|t|TP53 loss in mice.\n{0}|a|\n\n"
    article = (
        "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><ArticleTitle>TP53 "
        "loss in mice.</ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
    )
    records = "".join(map(record.format, range(2000))).encode()
    whole = gzip.compress(records, mtime=0)
    (source / "cut.pubtator.gz").write_bytes(whole[: len(whole) // 2])
    broken = article.format(2).replace("</Article>", "</Articel>")
    xml = f"<PubmedArticleSet>{article.format(1)}{broken}{article.format(3)}"
    (source / "middle.xml").write_text(f"{xml}</PubmedArticleSet>")
    names = "abcdefghij"
    entities = [f'<!ENTITY {n} "{f"&{m};" * 10}">' for m, n in pairwise(names)]
    bomb = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{"".join(entities)}]>'
    spoilt = article.format(2).replace("TP53", "&j;")
    xml = f"{bomb}<PubmedArticleSet>{article.format(1)}{spoilt}{article.format(3)}"
    (source / "bomb.xml").write_text(f"{xml}</PubmedArticleSet>")
    latin = [record.format(1), record.format(2).replace("TP", "é"), record.format(3)]
    (source / "latin.pubtator").write_bytes("".join(latin).encode("latin-1"))
    result = tag(source, "--to", "jsonl", "--quiet")
    assert result.exit_code == 3
    found = {}
    for path in (tmp_path / "out").glob("*.jsonl*"):
        if path.name in ("manifest.jsonl", "failures.jsonl"):
            continue
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        rows = [json.loads(line) for line in text.decode().splitlines()]
        assert all(row["entities"] for row in rows)
        found[path.name] = [row["id"] for row in rows]
    cut = found.pop("cut.jsonl.gz")
    assert 100 < len(cut) < 2000
    assert cut == [str(number) for number in range(len(cut))]
    names = ("middle.jsonl", "bomb.jsonl", "latin.jsonl")
    assert found == {name: ["1", "3"] for name in names}
    named = {(Path(loss["file"]).name, loss["document"]) for loss in losses()}
    assert {("middle.xml", "2"), ("bomb.xml", "2"), ("latin.pubtator", "2")} <= named
    assert any(name == "cut.pubtator.gz" for name, _ in named)
