"""Old corpora and the pipeline's own answers, for the setting `replay`."""

import pytest
import typer
from typer.testing import CliRunner

from spacy_aioner.corpora.docbin import read_tasks, write_docbin
from spacy_aioner.formats.document import Document, Mention, Passage

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."


def document(text, *mentions):
    return Document(text[:4], [Passage(0, text)], list(mentions))


@pytest.fixture
def label(tmp_path, trained_nlp):
    import label_own

    trained_nlp.to_disk(tmp_path / "model")
    app = typer.Typer()
    app.command()(label_own.main)
    places = [tmp_path / name for name in ("model", "old", "out")]

    def run(*options, places=places):
        return CliRunner().invoke(app, [*map(str, places), *map(str, options)])

    return run


def write(folder, name, *rows):
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.spacy").open("wb") as stream:
        write_docbin(iter(rows), stream)


def test_text_of_other_tasks_is_labelled(tmp_path, label):
    gene = Mention(0, 4, "TP53", "Gene")
    known = document("Mice grew.", Mention(0, 4, "Mice", "Species"))
    write(tmp_path / "old", "whole", (known, "ALL"))
    same = document(known.text)
    write(tmp_path / "old", "genes", (document(MICE, gene), "Gene"), (same, "Gene"))
    write(tmp_path / "new", "organs", (document("The liver of mice."), "Anatomy"))
    done = label("--also", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "genes.spacy",
        "own.spacy",
        "whole.spacy",
    ]
    for name in ("genes.spacy", "whole.spacy"):
        copied, given = tmp_path / "out" / name, tmp_path / "old" / name
        assert copied.read_bytes() == given.read_bytes()
    own = list(read_tasks(tmp_path / "out" / "own.spacy"))
    assert {task for _, task in own} == {"ALL"}
    found = {d.text: [(m.text, m.type) for m in d.mentions] for d, _ in own}
    assert set(found) == {MICE, "The liver of mice."}
    assert ("HeLa", "CellLine") in found[MICE]
    assert ("mice", "Species") in found[MICE]


def test_the_draw_is_of_the_seed_and_old_files_go(tmp_path, label):
    rows = [(document(f"{n} mice grew."), "Gene") for n in range(30)]
    write(tmp_path / "old", "genes", *rows)
    write(tmp_path / "out", "left", *rows)
    drawn = []
    for seed in (1, 1, 2):
        assert label("--limit", 5, "--seed", seed).exit_code == 0
        texts = [d.text for d, _ in read_tasks(tmp_path / "out" / "own.spacy")]
        assert len(texts) == 5
        drawn.append(texts)
    assert drawn[0] == drawn[1] != drawn[2]
    assert not (tmp_path / "out" / "left.spacy").exists()


def test_a_pipeline_of_two_networks(tmp_path, label, joined_nlp):
    joined_nlp.to_disk(tmp_path / "joined")
    write(tmp_path / "old", "genes", (document(MICE), "Gene"))
    places = [tmp_path / name for name in ("joined", "old", "out")]
    done = label(places=places)
    assert done.exit_code == 1
    assert "has 2 aioner components" in " ".join(done.output.split())


def test_a_folder_without_corpora(tmp_path, label):
    (tmp_path / "old").mkdir()
    done = label()
    assert done.exit_code == 1
    assert "holds no DocBin" in done.output


def test_old_corpora_are_never_written_over(tmp_path, label):
    old = tmp_path / "old"
    write(old, "genes", (document(MICE), "Gene"))
    done = label(places=[tmp_path / "model", old, old])
    assert done.exit_code == 1
    assert "name another folder" in " ".join(done.output.split())
    (old / "genes.spacy").rename(old / "own.spacy")
    done = label()
    assert done.exit_code == 1
    assert "rename it" in done.output
    assert [d.text for d, _ in read_tasks(old / "own.spacy")] == [MICE]
