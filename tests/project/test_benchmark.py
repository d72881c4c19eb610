"""The benchmark on a tiny model and tiny corpora, and the report of its results."""

import copy
import json
import runpy
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spacy_aioner.evaluation.units import UnitCounts

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "project" / "scripts"
METRICS = ROOT / "project" / "metrics" / "benchmark"
MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."


def record(id_, text, *mentions):
    """A PubTator record; mentions are (word, type)."""
    lines = [f"{id_}|t|{text}", f"{id_}|a|"]
    for word, kind in mentions:
        start = text.index(word)
        lines.append(f"{id_}\t{start}\t{start + len(word)}\t{word}\t{kind}")
    return "\n".join(lines) + "\n\n"


def run(script, *arguments):
    app = typer.Typer()
    app.command()(runpy.run_path(str(SCRIPTS / script))["main"])
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained_nlp):
    """A pipeline that was trained on ALL, and corpora that overlap."""
    folder = tmp_path_factory.mktemp("benchmark")
    trained_nlp.to_disk(folder / "model")
    mice = [("TP53", "Gene"), ("HeLa", "CellLine"), ("mice", "Species")]
    (folder / "all.PubTator").write_text(
        record("1", MICE, *mice, ("glioma", "Disease"))
        + record("2", DOSE, ("aspirin", "Chemical"), ("Patients", "Species"))
    )
    (folder / "train.PubTator").write_text(record("3", MICE.replace("TP53", "BRCA1")))
    # Of 3 the other corpus's training file holds the id; 41 and 42 are one article.
    (folder / "genes.PubTator").write_text(
        record("3", MICE)
        + record("41", MICE, ("TP53", "Gene"))
        + record("42", DOSE, ("variant", "Gene"))
        + record("5", DOSE)
    )
    (folder / "corpora.toml").write_text(
        '[biored]\ntask = "ALL"\ntrain = "train.PubTator"\ntest = "all.PubTator"\n'
        "anchor = true\n[genes]\ntask = 'Gene'\ntest = 'genes.PubTator'\n"
        "article = '4'\n[untested]\ntask = 'Gene'\ntrain = 'train.PubTator'\n"
    )
    return folder


@pytest.fixture(scope="module")
def first(folder):
    done = run(
        "benchmark.py",
        folder / "model",
        folder / "corpora.toml",
        folder / "results" / "aioner-minilm.json",
    )
    assert done.exit_code == 0, done.stderr
    return json.loads((folder / "results" / "aioner-minilm.json").read_text())


def test_scores_counts_and_speed(first):
    # The model was trained on ALL only, so genes are asked for under ALL.
    assert {name: list(tasks) for name, tasks in first["results"].items()} == {
        "biored": ["ALL"],
        "genes": ["ALL"],
    }
    biored = first["results"]["biored"]["ALL"]
    # The model knows both sentences; DOSE's variant is not in this gold standard.
    assert biored["documents"] == 2
    assert biored["strict"]["micro"]["tp"] == 6
    assert biored["strict"]["types"]["Variant"]["fp"] == 1
    assert biored["strict"]["types"]["Gene"]["intervals"]["f1"][1] == 100.0
    assert biored["word_pieces"] > 20
    assert biored["documents_per_second"] > 0
    genes = first["results"]["genes"]["ALL"]
    assert (genes["documents"], genes["dropped"]) == (3, 1)
    # Other types than Gene are not scored: one found, one lost.
    assert list(genes["strict"]["types"]) == ["Gene"]
    assert genes["strict"]["micro"]["predicted"] == 1
    assert genes["strict"]["micro"]["recall"] == 50.0


def test_units_are_articles_and_sum_to_the_scores(first):
    genes = first["results"]["genes"]["ALL"]
    units = UnitCounts.from_dict(genes["units"])
    assert units.names == ("4", "5")
    assert units.strict_micro.tolist() == [[1, 2, 1, 1], [0, 0, 0, 0]]


def test_the_file_says_what_was_measured(first):
    assert first["split"] == "test"
    assert first["protocol"]["name"] == "leak-free"
    assert "not scored" in first["protocol"]["meaning"]
    assert first["model"]["decoder"] == "softmax"
    assert first["model"]["precision"] == "float32"
    assert first["model"]["trained_tasks"] == ["ALL"]
    assert first["machine"]["threads"] >= 1


def test_a_baseline_and_a_chosen_corpus(folder, first):
    done = run(
        "benchmark.py",
        folder / "model",
        folder / "corpora.toml",
        folder / "second.json",
        *("--only", "biored", "--tasks", "own"),
        *("--baseline", folder / "results" / "aioner-minilm.json"),
    )
    assert done.exit_code == 0, done.stderr
    second = json.loads((folder / "second.json").read_text())
    assert list(second["results"]) == ["biored"]
    against = second["results"]["biored"]["ALL"]["baseline"]
    assert (against["f1_difference"], against["p"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--split", "train"], "Unknown split 'train'"),
        (["--split", "dev"], "no chosen corpus has documents in 'dev'"),
        (["--protocol", "none"], "Unknown protocol 'none'"),
        (["--tasks", "own,Gene"], "Unknown entry of --tasks 'Gene'"),
        (["--tasks", ","], "--tasks names nothing"),
        (["--tasks", "own", "--only", "genes"], "trained on none of the tasks"),
        (["--only", "others"], "Unknown corpus 'others'"),
        (["--baseline", "none.json"], "cannot be read as a result file"),
        (
            ["--baseline", "RESULT", "--protocol", "paper"],
            "was made under the protocol",
        ),
    ],
)
def test_wrong_options(folder, first, options, says):
    result = folder / "results" / "aioner-minilm.json"
    options = [result if option == "RESULT" else option for option in options]
    output = folder / "wrong.json"
    done = run(
        "benchmark.py", folder / "model", folder / "corpora.toml", output, *options
    )
    assert done.exit_code == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert says in errors[0]
    assert not output.exists()


def test_a_baseline_of_other_documents(folder, first):
    other = json.loads(json.dumps(first))
    other["results"]["genes"]["ALL"]["units"]["names"] = ["4", "6"]
    (folder / "other.json").write_text(json.dumps(other))
    done = run(
        "benchmark.py",
        folder / "model",
        folder / "corpora.toml",
        folder / "wrong.json",
        *("--baseline", folder / "other.json"),
    )
    assert done.exit_code == 1
    assert "holds other documents of 'genes'" in done.stderr


@pytest.fixture
def results(folder, first, tmp_path):
    """Results of the released model, with a task of its own, and of an ablation."""
    (tmp_path / "biored-alone.json").write_text(json.dumps(first))
    released = copy.deepcopy(first)
    genes = released["results"]["genes"]
    own = copy.deepcopy(genes["ALL"]) | {"prompted": "Gene"}
    released["results"]["genes"] = {"Gene": own, "ALL": genes["ALL"]}
    (tmp_path / "aioner-minilm.json").write_text(json.dumps(released))
    return tmp_path


def rows(text):
    """The rows of all Markdown tables, as lists of cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_report(results):
    done = run("report.py", results, results / "benchmark.md")
    assert done.exit_code == 0, done.stderr
    text = (results / "benchmark.md").read_text()
    assert "do not edit" in text.splitlines()[1]
    table = rows(text)
    genes = next(row for row in table if row[:2] == ["genes", "Gene"])
    assert genes[2:7] == ["3 of 4", "2", "2", "100.00", "50.00"]
    assert genes[-1] == "–"
    biored = next(row for row in table if row[:2] == ["biored", "ALL"])
    assert biored[-1] == "91.26"
    assert ["genes", "66.67", "66.67", "+0.00", "+0.00 to +0.00", "1.000"] in table
    assert ["plain merge, no tags", *["–"] * 6, "69.96"] in table
    alone = next(row for row in table if row[0] == "BioRED alone")
    assert (alone[1][:7], alone[2]) == ("encoder", "20,000")
    assert any(row[0] == "released model against BioRED alone" for row in table)
    assert "## What can be compared" in text


def test_report_of_the_released_model_alone(results):
    (results / "biored-alone.json").unlink()
    assert run("report.py", results, results / "benchmark.md").exit_code == 0
    assert "Ablation" not in (results / "benchmark.md").read_text()


def test_report_of_storage(results):
    whole = json.loads((results / "aioner-minilm.json").read_text())
    whole["results"]["genes"]["Gene"]["strict"]["micro"]["f1"] = 66.0
    (results / "aioner-minilm-fp32.json").write_text(json.dumps(whole))
    done = run("report.py", results, results / "benchmark.md")
    assert done.exit_code == 0, done.stderr
    table = rows((results / "benchmark.md").read_text())
    assert ["genes", "66.67", "66.00", "+0.67"] in table


def test_report_of_nothing(tmp_path):
    done = run("report.py", tmp_path, tmp_path / "benchmark.md")
    assert done.exit_code == 1
    assert "holds no aioner-minilm.json" in done.stderr
    (tmp_path / "aioner-minilm.json").write_text('{"results": {"a": 1}}')
    done = run("report.py", tmp_path, tmp_path / "benchmark.md")
    assert done.exit_code == 1
    assert "cannot be read as a result file" in done.stderr


@pytest.mark.parametrize("text", ["", "[[figures]]\nsystem = 'a'\ncorpus = 'b'"])
def test_figures_without_a_source(results, text):
    (results / "figures.toml").write_text(text)
    done = run(
        *("report.py", results, results / "benchmark.md"),
        *("--published", results / "figures.toml"),
    )
    assert done.exit_code == 1
    assert "cannot be read as published figures" in done.stderr


def test_plot(results):
    for name in ("a.svg", "b.svg"):
        done = run("plot.py", results / "aioner-minilm.json", results / name)
        assert done.exit_code == 0, done.stderr
    assert (results / "a.svg").read_bytes() == (results / "b.svg").read_bytes()


@pytest.mark.parametrize("metrics", [METRICS] if any(METRICS.glob("*.json")) else [])
def test_the_committed_report_is_that_of_the_committed_results(metrics, tmp_path):
    done = run("report.py", metrics, tmp_path / "benchmark.md")
    assert done.exit_code == 0, done.stderr
    committed = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf8")
    assert (tmp_path / "benchmark.md").read_text(encoding="utf8") == committed
