"""The speed report on made-up results, and what scripts say that cannot run."""

import runpy
from pathlib import Path

import pytest
import srsly
import torch
import typer
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "benchmarks"
RESULTS = SCRIPTS / "results"


@pytest.fixture(autouse=True)
def scripts_beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)


def run(script, *arguments):
    app = typer.Typer()
    app.command()(runpy.run_path(str(SCRIPTS / script))["main"])
    return CliRunner().invoke(app, list(map(str, arguments)))


def contender(title, seconds, ratio):
    return {
        "title": title,
        "load_seconds": 1.25,
        "first_document_seconds": 0.5,
        "peak_megabytes": 1234,
        "entities": 7,
        "seconds": {"abstracts": seconds},
        "ratio": {"abstracts": {"median": ratio, "min": ratio - 0.1, "max": ratio + 1}},
    }


@pytest.fixture
def results(tmp_path):
    contenders = {
        "aioner": contender("spacy-aioner", [2.0, 2.5, 4.0], 1.0),
        "hugging-face": contender("Hugging Face", [10.0, 10.0, 10.0], 4.0),
        "roofline": contender("products", [1.25, 1.25, 1.25], 0.5),
    }
    texts = {"documents": 50, "characters": 90_000, "word_pieces": 20_000}
    machine = {"processors": 2, "threads": 2, "amx": False, "bf16": True}
    machine |= {"capability": "AVX512", "torch": "2.0"}
    speed = {"machine": machine, "rounds": 3, "texts": {"abstracts": texts}}
    srsly.write_json(tmp_path / "speed.json", {**speed, "contenders": contenders})
    return tmp_path


def test_report(results):
    done = run("report.py", results, results / "speed.md")
    assert done.exit_code == 0, done.stderr
    text = (results / "speed.md").read_text()
    assert "| spacy-aioner | 20.0 | 8,000 | 1.00 (0.90 to 2.00) |" in text
    assert "| Hugging Face | 5.0 | 2,000 | 4.00 (3.90 to 5.00) |" in text
    assert "reaches 0.50 of" in text
    assert "| Hugging Face | 1,234 | 1.2 | 500 |" in text
    assert "36 million abstracts take 21 days on these 2 processors" in text
    assert "without AMX" in text
    plot = (results / "speed.svg").read_bytes()
    assert run("report.py", results, results / "speed.md").exit_code == 0
    assert (results / "speed.svg").read_bytes() == plot


def test_report_of_all_there_is(results):
    ratio = {"median": 1.25, "min": 1.125, "max": 1.5}
    total = {"model": 5.0, "encoder": 4.0, "package": 0.002}
    loading = {"ratio_model_to_encoder": ratio, "median_total": total}
    srsly.write_json(results / "loading.json", loading)
    number = [{"documents": 1000, "seconds_each": 0.0125, "peak_megabytes": 700}]
    length = [{"characters": 10_000, "seconds": 0.25, "peak_megabytes": 800}]
    scaling = {"number": number, "sentences": 2, "length": length}
    scaling["vocabulary"] = {"documents": 1000, "megabytes": 75}
    srsly.write_json(results / "scaling.json", scaling)
    agreement = {"corpus": "Some.PubTator", "documents": 200, "entities": 4000}
    agreement["equal_to_fp32"] = {"int8": 0.95, "bf16": 0.999}
    srsly.write_json(results / "agreement.json", agreement)
    part = {
        "documents_per_second": 1234.5,
        "peak_megabytes": 900,
        "equal_to_cpu": 0.999,
    }
    scored = {"Gene": {"baseline": {"f1_difference": -0.03}}}
    rescored = {"results": {"some": scored}, "model": {"precision": "float32"}}
    rescored["machine"] = {"cpu": "AVX2"}
    srsly.write_json(results / "rescored.json", rescored)
    stream = {"documents": 100_000, "ids": 100_000, "mentions": 7, "seconds": 1000}
    stream |= {"megabytes_after_1000": 700, "megabytes_last": 720}
    srsly.write_json(results / "bulk-stream.json", {**stream, "megabytes_highest": 730})
    workers = {"documents_per_second": {"1": [20.0], "2": [25.0]}}
    workers["ratio_two_to_one"] = [1.0, 1.25, 1.5]
    srsly.write_json(results / "bulk-formats.json", {"read pubmed-xml": 0.0005})
    srsly.write_json(results / "bulk-workers.json", workers)
    kills = {"options": "", "kills": 20, "files": 51, "same_bytes": True}
    kills["partial_or_different_files_seen"] = 0
    srsly.write_json(results / "bulk-kills.json", kills)
    gpu = {"device": "Some GPU", "torch": "2.0", "tagging_fp32": part}
    srsly.write_json(results / "gpu.json", {**gpu, "tagging_auto": part})
    done = run("report.py", results, results / "speed.md")
    assert done.exit_code == 0, done.stderr
    text = (results / "speed.md").read_text()
    assert "the same are 95.0% in int8 and 99.9% in bf16" in text
    assert "1.25 times as long (1.12 to 1.50)" in text
    assert "| 1,000 | 12.50 | 700 |" in text
    assert "| 10,000 | 0.250 | 25.0 | 800 |" in text
    assert "the largest difference is 0.03" in text
    assert "grown by 75 MB" in text
    assert "100,000 ids came out" in text
    assert "1.25 times as many (1.00 to 1.50)" in text
    assert "| read pubmed-xml | 500 | 1.0% |" in text
    assert "all 51 files had the same bytes as" in text
    assert "| auto | 1,234 | 900 | 99.90% |" in text


def test_report_of_nothing(tmp_path):
    done = run("report.py", tmp_path, tmp_path / "speed.md")
    assert done.exit_code == 1
    assert "speed.json" in done.stderr
    (tmp_path / "speed.json").write_text("{}")
    done = run("report.py", tmp_path, tmp_path / "speed.md")
    assert done.exit_code == 1
    assert "make it anew" in done.stderr


@pytest.mark.skipif(torch.version.cuda is not None, reason="this PyTorch has CUDA")
def test_the_gpu_check_says_what_is_missing(tmp_path):
    done = run("gpu.py", tmp_path / "none.PubTator", tmp_path / "gpu.json")
    assert done.exit_code == 1
    assert "built without CUDA" in done.stderr


@pytest.mark.skipif(not (RESULTS / "speed.json").exists(), reason="nothing measured")
def test_the_committed_report_is_that_of_the_committed_results(tmp_path):
    done = run("report.py", RESULTS, tmp_path / "speed.md")
    assert done.exit_code == 0, done.stderr
    committed = (ROOT / "docs" / "speed.md").read_text(encoding="utf8")
    assert (tmp_path / "speed.md").read_text(encoding="utf8") == committed
