"""A tiny learning curve, with the project's own configs."""

from pathlib import Path

import pytest
import spacy
import srsly
from thinc.api import Config

from spacy_aioner.evaluation.scores import MICRO

CONFIGS = Path(__file__).parents[2] / "project" / "configs"
NEW = "{n}|t|Swelling of the liver.\n{n}|a|Heart cells grew.\n"
NEW += "{n}\t16\t21\tliver\tOrgan\n\n"
TABLE = '[new]\ntask = "Anatomy"\ntrain = ["new.txt"]\ntest = ["new.txt"]\n'
TABLE += 'dev_ids = "dev-ids.txt"\nkeep = ["Organ", "Tissue"]\n'


@pytest.fixture
def arguments(tmp_path, trained_copy, tiny_encoder):
    """What learning_curve.py takes, for a tiny corpus; trainings of one share."""
    documents = "".join(NEW.format(n=number) for number in range(1, 21))
    (tmp_path / "new.txt").write_text(documents, encoding="utf8")
    (tmp_path / "new.toml").write_text(TABLE, encoding="utf8")
    (tmp_path / "dev-ids.txt").write_text("20\n", encoding="utf8")
    # So high that nothing passes: whether it was heeded shows in the score.
    trained_copy.get_pipe("aioner").cfg["threshold"] = 0.9999
    trained_copy.to_disk(tmp_path / "source")
    given = {"starts": "raw,released", "shares": "0.05", "seeds": "0"}
    for start, file in (("raw", "anem-raw.cfg"), ("released", "finetune.cfg")):
        config = Config().from_disk(CONFIGS / file, interpolate=False)
        if start == "raw":
            aioner = config["components"]["aioner"]
            aioner["model"]["encoder"] = tiny_encoder
            aioner["task_types"] = {"Anatomy": ["Organ", "Tissue"]}
        else:
            config["paths"]["source"] = str(tmp_path / "source")
            config["paths"]["encoder"] = tiny_encoder
        given[start] = tmp_path / file
        config.to_disk(given[start])
    return {
        "corpora": tmp_path / "new.toml",
        "results": tmp_path / "results.json",
        "work": tmp_path / "work",
        "gpu_id": -1,
        "debug": True,
        **given,
    }


def test_each_start_is_scored(arguments, capsys):
    import learning_curve

    learning_curve.main(**arguments)
    rows = srsly.read_json(arguments["results"])["rows"]
    assert [row["start"] for row in rows] == ["raw", "released"]
    assert [row["updates"] for row in rows] == [100, 100]
    assert all(row["documents"] == 1 and row["mentions"] == 1 for row in rows)
    assert all(row["new"]["strict"][MICRO]["gold"] == 20 for row in rows)
    # The pipeline has the threshold of its start, which here would drop all that is
    # found; the score is without.
    folder = arguments["work"] / "released-0.05-0" / "model" / "model-last"
    component = spacy.load(folder).get_pipe("aioner")
    assert component.cfg["threshold"] == 0.9999
    assert rows[1]["new"]["strict"][MICRO]["predicted"] > 0
    capsys.readouterr()
    learning_curve.main(**arguments)
    assert "seed" not in capsys.readouterr().out


def test_an_unknown_share(arguments):
    import learning_curve

    from spacy_aioner.errors import AionerError

    with pytest.raises(AionerError, match=r"Unknown share '0\.3'"):
        learning_curve.main(**{**arguments, "shares": "0.3"})
