"""The scripts of the workflow `distil`, from texts to what a student learns from."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

from spacy_aioner.corpora.docbin import read_training_texts, write_docbin
from spacy_aioner.distillation.soft_labels import SoftLabels
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.models.architectures import get_shim

SCRIPTS = Path(__file__).parents[2] / "project" / "scripts"
TEXT = "TP53 loss in HeLa cells worsened glioma growth in many old mice, experiment {}."


def run(script, *arguments):
    command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def texts(tmp_path, trained_nlp):
    """A folder of an annotated corpus, and a file of plain text; and the teacher."""
    trained_nlp.to_disk(tmp_path / "teacher")
    folder = tmp_path / "train"
    folder.mkdir()
    gold = Document("1", [Passage(0, TEXT.format(1), "title")])
    gold.mentions = [Mention(0, 4, "TP53", "Gene")]
    with (folder / "genes.spacy").open("wb") as stream:
        write_docbin([(gold, "ALL")], stream)
    with gzip.open(tmp_path / "plain.txt.gz", "wt", encoding="utf8") as stream:
        stream.writelines(f"{TEXT.format(n)}\n" for n in range(2, 8))
    return tmp_path


def score(texts, *more):
    fixed = ("--teacher", texts / "teacher", "--output", texts / "scores")
    return run("score.py", texts / "train", texts / "plain.txt.gz", *fixed, *more)


def test_corpora_and_plain_text_are_scored(texts):
    done = score(texts, "--limit", 4)
    assert done.returncode == 0, done.stderr
    assert "5 texts to score; about" in done.stderr
    files = sorted(path.name for path in (texts / "scores").glob("*.spacy"))
    assert files == ["genes.0000.spacy", "plain.0000.spacy"]
    (gold,) = read_training_texts(texts / "scores" / files[0])
    assert SoftLabels.unpack(gold.soft).annotated
    assert [m.text for m in gold.document.mentions] == ["TP53"]
    plain = list(read_training_texts(texts / "scores" / files[1]))
    assert len(plain) == 4
    assert not any(SoftLabels.unpack(text.soft).annotated for text in plain)
    # The same again has nothing to do; another run is refused.
    assert score(texts, "--limit", 4).returncode == 0
    other = score(texts, "--limit", 3)
    assert other.returncode == 1
    assert "written with different settings" in other.stderr


def test_what_is_tested_on_is_not_scored(texts):
    held = Document("9", [Passage(0, TEXT.format(3), "title")])
    (texts / "test").mkdir()
    with (texts / "test" / "held.spacy").open("wb") as stream:
        write_docbin([(held, "ALL")], stream)
    done = score(texts, "--without", texts / "test")
    assert done.returncode == 0, done.stderr
    assert "6 texts to score" in done.stderr


@pytest.mark.parametrize(
    ("task", "said"),
    [("Plants=1", "not trained on the task 'Plants'"), ("ALL=2", "from 0 to 1, got")],
)
def test_wrong_tasks(texts, task, said):
    done = score(texts, "--task", task)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_student_starts_with_some_layers(texts):
    student = texts / "student"
    done = run("shrink.py", texts / "teacher", student, "--layers", "1")
    assert done.returncode == 0, done.stderr
    network = get_shim(spacy.load(student).get_pipe("aioner").model).network
    assert network.encoder.config.num_hidden_layers == 1
    for wrong, said in (("2", "from 0 to 1"), ("last", "must be numbers")):
        done = run("shrink.py", texts / "teacher", student, "--layers", wrong)
        assert done.returncode == 1
        assert said in done.stderr
