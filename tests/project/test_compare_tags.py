"""Scores of corpora under several tags."""

import subprocess
import sys
from pathlib import Path

import srsly

from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.formats.document import Document, Mention, Passage

SCRIPT = Path(__file__).parents[2] / "project" / "scripts" / "compare_tags.py"
TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."


def test_own_tag_and_those_of_its_types(make_nlp, make_examples, overfit, tmp_path):
    nlp = make_nlp(task_types={"Lab": ["Gene", "Species"]}, tasks=["Lab"])
    genes, mice = [(0, 4, "Gene")], [(50, 54, "Species")]
    sentences = [(TEXT, "Lab", genes + mice), (TEXT, "Gene", genes), (TEXT, "ALL", [])]
    overfit(nlp, make_examples(nlp, sentences), steps=200)
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "dev").mkdir()
    mentions = [
        Mention(start, end, TEXT[start:end], label)
        for start, end, label in genes + mice
    ]
    document = Document("1", [Passage(0, TEXT, "title")], mentions)
    with (tmp_path / "dev" / "lab.spacy").open("wb") as stream:
        write_docbin([(document, "Lab"), (document, "Unknown")], stream)
    arguments = [tmp_path / "model", tmp_path / "dev", tmp_path / "tags.json"]
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = srsly.read_json(tmp_path / "tags.json")
    found = [
        (r["corpus"], r["tag"], r["types"], r["gold"], r["strict_f1"]) for r in rows
    ]
    # Species was not trained as a tag; of what Gene does not know nothing is asked.
    assert found == [
        ("lab", "Lab", "Gene,Species", 2, 100.0),
        ("lab", "Gene", "Gene", 1, 100.0),
        ("lab", "ALL", "Gene,Species", 2, 0.0),
    ]
    assert len(done.stdout.splitlines()) == 4
