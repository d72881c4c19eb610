"""From a trained pipeline to what is released, and from text to an adapted encoder."""

import json
import lzma
import runpy
from pathlib import Path

import pytest
import spacy
import srsly
import torch
import typer
from transformers import AutoModel
from typer.testing import CliRunner

from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.formats.document import Document, Passage
from spacy_aioner.toml import read_toml

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "project" / "scripts"
CONFIGS = ROOT / "project" / "configs"
TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."


def run(script, *arguments):
    app = typer.Typer()
    app.command()(runpy.run_path(str(SCRIPTS / script))["main"])
    return CliRunner().invoke(app, list(map(str, arguments)))


def score(f1):
    return {"precision": f1, "recall": f1, "f1": f1}


@pytest.fixture(scope="module")
def released(tmp_path_factory, trained_nlp):
    folder = tmp_path_factory.mktemp("release")
    trained_nlp.to_disk(folder / "model")
    done = run("store.py", folder / "model", folder / "stored", "--version", "9.8.7")
    assert done.exit_code == 0, done.stderr
    part = {"task": "ALL", "prompted": "ALL", "relaxed": {}, "units": {}}
    part["strict"] = {"micro": score(81.25), "types": {"Gene": score(75.5)}}
    results = {"biored": {"ALL": part}}
    model = {"parameters": 1_234_567, "decoder": "softmax"}
    metrics = {"model": model, "protocol": {}, "split": "test", "results": results}
    srsly.write_json(folder / "metrics.json", metrics)
    row = {"split": "train", "corpus": "bc5cdr-disease", "task": "Disease"}
    counts = [{**row, "documents": 1201, "mentions": 7}, {**row, "split": "test"}]
    srsly.write_json(folder / "counts.json", {"counts": counts})
    done = {"updates": 2100, "pieces": 4096, "about": "Two of my own."}
    done["paragraphs"] = [["text.txt", 12345]]
    srsly.write_json(folder / "adaptation.json", done)
    done = run(
        "release.py",
        folder / "stored",
        folder / "released",
        *("--metrics", folder / "metrics.json"),
        *("--counts", folder / "counts.json"),
        *("--sources", CONFIGS / "sources.toml"),
        *("--adaptation", folder / "adaptation.json"),
        *("--card", folder / "card.md"),
        *("--command", "train it"),
    )
    assert done.exit_code == 0, done.stderr
    return folder


def test_half_the_size_and_the_same_spans(released, trained_nlp):
    def size(name):
        return (released / name / "aioner" / "model").stat().st_size

    assert size("stored") < 0.75 * size("model")
    weights = [
        (released / name / "aioner" / "model").read_bytes()
        for name in ("stored", "released")
    ]
    assert weights[0] == weights[1]
    found = spacy.load(released / "released")(TEXT)
    expected = trained_nlp(TEXT)
    assert [(s.text, s.label_) for s in found.spans["aioner"]] == [
        (s.text, s.label_) for s in expected.spans["aioner"]
    ]


def test_metadata(released):
    meta = json.loads((released / "released" / "meta.json").read_text())
    assert (meta["lang"], meta["name"], meta["version"]) == (
        "en",
        "aioner_minilm",
        "9.8.7",
    )
    assert meta["performance"]["ents_f"] == 0.8125
    assert meta["performance"]["ents_per_type"] == {
        "Gene": {"p": 0.755, "r": 0.755, "f": 0.755}
    }
    assert "Gene" in meta["labels"]["aioner"]
    assert [s["name"] for s in meta["sources"]] == ["BC5CDR", "all-MiniLM-L6-v2"]
    assert "train it" in meta["notes"]


def test_card(released):
    card = (released / "card.md").read_text()
    assert "en_aioner_minilm-9.8.7-py3-none-any.whl" in card
    assert "| BC5CDR | Disease | not declared | Li et al. 2016, Database" in card
    assert "| 1,201 | 7 |" in card
    assert "| biored (ALL) | 81.2 | 81.2 |" in card
    assert "1.2 million parameters" in card
    assert "2,100 updates of masked-language training" in card
    assert "text.txt 12,345. Two of my own." in card


def test_a_corpus_without_source_is_told(released):
    counts = {"counts": [{"split": "train", "corpus": "other", "task": "Gene"}]}
    srsly.write_json(released / "other.json", counts)
    done = run(
        "release.py",
        released / "stored",
        released / "never",
        *("--metrics", released / "metrics.json"),
        *("--counts", released / "other.json"),
        *("--sources", CONFIGS / "sources.toml"),
        *("--adaptation", released / "adaptation.json"),
        *("--card", released / "never.md"),
        *("--command", "train it"),
    )
    assert done.exit_code == 1
    assert "the corpus 'other' has no entry" in done.stderr.lower()


def test_every_training_corpus_has_a_source():
    sources = read_toml(CONFIGS / "sources.toml", "sources", "")
    corpora = read_toml(CONFIGS / "all.toml", "corpora file", "")
    for name in corpora:
        assert name.partition("-")[0] in sources


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "text.txt.xz"
    lines = [f"Loss of gene {n} worsened growth in the mice." for n in range(400)]
    with lzma.open(path, "wt", encoding="utf8") as stream:
        stream.write("\n".join(lines))
    return path


def pretrain(text_file, tiny_encoder, output, *options):
    return run(
        "pretrain.py",
        text_file,
        *("--output", output, "--encoder", tiny_encoder),
        *("--pieces", 256, "--rate", 0.01, *options),
    )


def weights_of(folder):
    return AutoModel.from_pretrained(folder, add_pooling_layer=False).state_dict()


def test_an_interrupted_adaptation_goes_on(text_file, tiny_encoder, tmp_path):
    done = pretrain(text_file, tiny_encoder, tmp_path / "whole", "--steps", 6)
    assert done.exit_code == 0, done.output
    # A checkpoint after every update, and an end that comes too early.
    script = runpy.run_path(str(SCRIPTS / "pretrain.py"))
    save, count = script["_save"], iter(range(3))

    def save_and_stop(*arguments):
        save(*arguments)
        if next(count, None) is None:
            raise KeyboardInterrupt

    script["main"].__globals__["_save"] = save_and_stop
    app = typer.Typer()
    app.command()(script["main"])
    options = ["--steps", "6", "--minutes", "0", "--pieces", "256", "--rate", "0.01"]
    command = [str(text_file), "--output", str(tmp_path / "parts"), *options]
    stopped = CliRunner().invoke(app, [*command, "--encoder", tiny_encoder])
    assert stopped.exit_code != 0
    assert (tmp_path / "parts" / "checkpoint.pt").exists()
    other = pretrain(text_file, tiny_encoder, tmp_path / "parts", "--steps", 7)
    assert other.exit_code == 1
    assert "other settings or texts" in other.stderr
    again = pretrain(text_file, tiny_encoder, tmp_path / "parts", "--steps", 6)
    assert "going on after 4 updates" in again.stderr
    whole, parts = weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts")
    start = weights_of(tiny_encoder)
    for name, value in whole.items():
        assert torch.equal(parts[name], value), name
    assert any(not torch.equal(start[name], value) for name, value in whole.items())
    assert not (tmp_path / "parts" / "checkpoint.pt").exists()


def test_the_adapted_encoder_trains_a_pipeline(
    text_file, tiny_encoder, tmp_path, make_nlp, make_examples
):
    done = pretrain(text_file, tiny_encoder, tmp_path / "encoder", "--steps", 2)
    assert done.exit_code == 0, done.output
    nlp = make_nlp(model={"encoder": str(tmp_path / "encoder")})
    nlp.initialize(lambda: make_examples(nlp))
    assert nlp(TEXT).text == TEXT


def test_missing_text_is_told(tiny_encoder, tmp_path):
    done = pretrain(tmp_path / "none.txt", tiny_encoder, tmp_path / "out")
    assert done.exit_code == 1
    assert "there is no such file" in done.stderr


def test_test_documents_are_not_read(text_file, tiny_encoder, tmp_path):
    held = "Loss of gene 7 worsened growth in the mice. " * 3
    with lzma.open(text_file, "at", encoding="utf8") as stream:
        stream.write(f"\n{held.upper()}\n")
    (tmp_path / "test").mkdir()
    with (tmp_path / "test" / "genes.spacy").open("wb") as stream:
        write_docbin([(Document("1", [Passage(0, held.strip())]), "ALL")], stream)
    options = ["--steps", 1, "--about", "Of mice."]
    for folder, extra, count in (
        ("all", [], 401),
        ("less", ["--without", tmp_path / "test"], 400),
    ):
        output = tmp_path / folder
        done = pretrain(text_file, tiny_encoder, output, *options, *extra)
        assert done.exit_code == 0, done.output
        written = srsly.read_json(output / "adaptation.json")
        assert written["paragraphs"] == [["text.txt.xz", count]]
        assert written["about"] == "Of mice."


def test_text_without_a_paragraph_is_told(tiny_encoder, tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n")
    done = pretrain(tmp_path / "empty.txt", tiny_encoder, tmp_path / "out")
    assert done.exit_code == 1
    assert "holds no paragraph" in done.stderr
