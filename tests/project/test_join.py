"""The script that joins pipelines."""

import pytest
import spacy
import srsly
import typer
from typer.testing import CliRunner


@pytest.fixture
def run():
    import join as script

    app = typer.Typer()
    app.command()(script.main)
    return lambda *paths: CliRunner().invoke(app, [str(path) for path in paths])


def test_a_joined_pipeline_is_written_anew(tmp_path, run, trained_nlp, joined_nlp):
    trained_nlp.to_disk(tmp_path / "old")
    meta = srsly.read_json(tmp_path / "old" / "meta.json")
    srsly.write_json(tmp_path / "old" / "meta.json", {**meta, "author": "Somebody"})
    joined_nlp.to_disk(tmp_path / "new")
    (tmp_path / "out" / "aioner_plants").mkdir(parents=True)
    (tmp_path / "out" / "meta.json").touch()
    done = run(tmp_path / "old", tmp_path / "new", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "aioner, aioner_anatomy; new: aioner_anatomy" in done.output
    assert not (tmp_path / "out" / "aioner_plants").exists()
    nlp = spacy.load(tmp_path / "out")
    assert nlp.pipe_names == ["aioner", "aioner_anatomy"]
    assert nlp.meta["description"].startswith("Further tasks: Anatomy. Scores")
    assert nlp.meta["author"] == ""


def test_pipelines_that_cannot_be_joined(tmp_path, run, trained_nlp):
    trained_nlp.to_disk(tmp_path / "old")
    for paths, message in (
        (("old", "old", "out"), "was trained on no task that this one lacks"),
        (("old", "nothing", "out"), "cannot be loaded"),
        (("old", "new", "old"), "is one of the pipelines to join"),
    ):
        done = run(*(tmp_path / name for name in paths))
        assert done.exit_code == 1
        assert message in done.output
    assert (tmp_path / "old" / "meta.json").exists()
