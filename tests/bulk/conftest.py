"""A small trained pipeline on disk, and files for it."""

import json

import pytest
from typer.testing import CliRunner

from spacy_aioner.cli.app import app

TEXTS = [
    "TP53 loss in HeLa cells worsened glioma growth in mice.",
    "Patients with the c.76A>T variant tolerated aspirin.",
]


@pytest.fixture(scope="session")
def model(trained_nlp, tmp_path_factory):
    """The folder of a small trained pipeline."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    trained_nlp.to_disk(folder)
    return folder


@pytest.fixture
def tag(model, tmp_path):
    """Run `aioner tag` to the folder "out"."""

    def run(*arguments):
        fixed = ["tag", "--output", tmp_path / "out", "--model", model]
        return CliRunner().invoke(app, [str(each) for each in [*fixed, *arguments]])

    return run


@pytest.fixture
def sources(tmp_path):
    """Four PubTator files of three documents each."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abcd":
        records = [f"{name}{i}|t|{TEXTS[i % 2]}\n{name}{i}|a|\n\n" for i in range(3)]
        (folder / f"{name}.pubtator").write_text("".join(records))
    return folder


@pytest.fixture
def manifest(tmp_path):
    """Read the manifest: the records by output."""

    def read():
        lines = (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()
        return {record["output"]: record for record in map(json.loads, lines)}

    return read


@pytest.fixture
def losses(tmp_path):
    """Read the list of losses."""

    def read():
        path = tmp_path / "out" / "failures.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    return read
