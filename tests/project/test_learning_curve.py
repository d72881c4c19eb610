"""A tiny learning curve, with the project's own configs."""

from pathlib import Path

import pytest
import spacy
import srsly
from thinc.api import Config

from spacy_aioner.corpora.config import read_corpora
from spacy_aioner.corpora.documents import corpus_documents
from spacy_aioner.evaluation.scores import MICRO, compare

CONFIGS = Path(__file__).parents[2] / "project" / "configs"
NEW = "{n}|t|Swelling of the liver.\n{n}|a|Heart cells grew.\n"
NEW += "{n}\t16\t21\tliver\tOrgan\n\n"
OLD = "{n}|t|TP53 loss in mice.\n{n}|a|Glioma in mice.\n{n}\t0\t4\tTP53\tGene\n"
OLD += "{n}\t13\t17\tmice\tSpecies\n{n}\t19\t25\tGlioma\tDisease\n\n"
TABLE = '[{name}]\ntask = "{task}"\ntrain = ["{name}.txt"]\ntest = ["{name}.txt"]\n'


@pytest.fixture
def arguments(tmp_path, trained_copy, tiny_encoder):
    """What learning_curve.py takes, for two tiny corpora; trainings of one share."""
    corpora = {}
    for name, text, task in (("new", NEW, "Anatomy"), ("old", OLD, "ALL")):
        documents = "".join(text.format(n=number) for number in range(1, 21))
        (tmp_path / f"{name}.txt").write_text(documents, encoding="utf8")
        corpora[name] = tmp_path / f"{name}.toml"
        corpora[name].write_text(TABLE.format(name=name, task=task), encoding="utf8")
    with corpora["new"].open("a", encoding="utf8") as stream:
        stream.write('dev_ids = "dev-ids.txt"\nkeep = ["Organ", "Tissue"]\n')
    (tmp_path / "dev-ids.txt").write_text("20\n", encoding="utf8")
    # So high that nothing passes: whether it was heeded shows in the score.
    trained_copy.get_pipe("aioner").cfg["threshold"] = 0.9999
    trained_copy.to_disk(tmp_path / "source")
    given = {"starts": "raw,released,replay", "shares": "0.05", "seeds": "0"}
    for start, file in (
        ("raw", "anem-raw.cfg"),
        ("released", "finetune.cfg"),
        ("replayed", "finetune-replay.cfg"),
    ):
        config = Config().from_disk(CONFIGS / file, interpolate=False)
        if start == "raw":
            aioner = config["components"]["aioner"]
            aioner["model"]["encoder"] = tiny_encoder
            aioner["task_types"] = {"Anatomy": ["Organ", "Tissue"]}
        else:
            config["paths"]["source"] = str(tmp_path / "source")
        if start == "released":
            config["paths"]["encoder"] = tiny_encoder
        if start == "replayed":
            config["corpora"]["train"]["weights"] = {}
            # A network this small learns nothing at the rate of a large one.
            config["training"]["optimizer"]["learn_rate"]["initial_rate"] = 0.001
        given[start] = tmp_path / file
        config.to_disk(given[start])
    return {
        "corpora": corpora["new"],
        "results": tmp_path / "results.json",
        "work": tmp_path / "work",
        "replay": tmp_path / "replay",
        "old": corpora["old"],
        "gpu_id": -1,
        "debug": True,
        **given,
    }


def test_each_start_is_scored_as_it_is_used(arguments, capsys, monkeypatch):
    import learning_curve

    old = read_corpora(arguments["old"])[0]
    gold = list(corpus_documents(old, "test"))
    learning_curve._write_data(arguments["replay"], old, gold)
    monkeypatch.setattr(learning_curve, "LEAST_REPLAY_STEPS", 150)
    learning_curve.main(**arguments)
    results = srsly.read_json(arguments["results"])
    rows = results["rows"]
    assert [row["start"] for row in rows] == ["raw", "released", "replay"]
    assert [row["updates"] for row in rows] == [100, 100, 200]
    assert all(row["documents"] == 1 and row["mentions"] == 1 for row in rows)
    assert ["old" in row for row in rows] == [False, False, True]
    assert rows[0]["new"]["strict"][MICRO]["gold"] == 20
    # The old task keeps its threshold, which here drops all that is found; the new one
    # is scored without.
    nlp = spacy.load(arguments["work"] / "replay-0.05-0" / "model" / "model-last")
    component = nlp.get_pipe("aioner")
    assert component.cfg["threshold"] == 0.9999
    assert results["before"]["strict"][MICRO]["gold"] == 60
    for old_score in (results["before"], rows[2]["old"]):
        assert old_score["strict"][MICRO]["predicted"] == 0
    for row in rows[1:]:
        assert row["new"]["strict"][MICRO]["predicted"] > 0
    source = spacy.load(arguments["released"].parent / "source")
    known, found = (_answers(pipeline, gold) for pipeline in (source, nlp))
    assert compare(known, found).strict_micro.f1 > 70
    capsys.readouterr()
    learning_curve.main(**arguments)
    assert "seed" not in capsys.readouterr().out


def _answers(nlp, documents):
    """All that a pipeline finds under ALL, however unsure it is."""
    from predictions import predict

    component = nlp.get_pipe("aioner")
    component.tasks, component.cfg["threshold"] = ["ALL"], 0.0
    types = component.scheme.task("ALL").types
    return predict(nlp, component, documents, task="ALL", types=types)


def test_an_unknown_share(arguments):
    import learning_curve

    from spacy_aioner.errors import AionerError

    with pytest.raises(AionerError, match=r"Unknown share '0\.3'"):
        learning_curve.main(**{**arguments, "shares": "0.3"})
