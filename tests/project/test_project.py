"""The spaCy project: its files name each other correctly, its scripts do their work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import srsly
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config

from spacy_aioner.corpora.docs import TASK_KEY
from spacy_aioner.formats.files import read_documents

ROOT = Path(__file__).parents[2]
PROJECT = srsly.read_yaml(ROOT / "project.yml")
CONFIGS = sorted((ROOT / "project" / "configs").glob("*.cfg"))


def run(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_workflows_name_commands() -> None:
    commands = {command["name"] for command in PROJECT["commands"]}
    for steps in PROJECT["workflows"].values():
        assert set(steps) <= commands


def test_the_readme_lists_the_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    for command in PROJECT["commands"]:
        assert f"| `{command['name']}` | {command['help']} |" in readme


def test_assets_have_fixed_urls_and_checksums() -> None:
    assert re.fullmatch(r"https://.*/[0-9a-f]{40}/.*", PROJECT["vars"]["source"])
    for asset in PROJECT["assets"]:
        assert asset["url"].startswith("${vars.source}/")
        assert re.fullmatch(r"[0-9a-f]{32}", asset["checksum"])


def test_scripts_and_configs_exist() -> None:
    lines = " ".join(line for c in PROJECT["commands"] for line in c["script"])
    named = re.findall(r"project/(?:scripts|configs|examples)/[\w.-]+", lines)
    assert named
    for path in named:
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configs_build_a_pipeline(path: Path) -> None:
    nlp = load_model_from_config(load_config(path), auto_fill=True)
    assert nlp.pipe_names == ["aioner"]
    training = nlp.config["training"]
    schedule = training["optimizer"]["learn_rate"]
    assert schedule["total_steps"] == training["max_steps"]


def test_corpora_files_name_assets() -> None:
    dests = {asset["dest"] for asset in PROJECT["assets"]}
    for name in ("biored", "all"):
        text = (ROOT / "project" / "configs" / f"{name}.toml").read_text()
        for asset in re.findall(r"\.\./(assets/[\w.]+)", text):
            assert f"project/{asset}" in dests


def test_verify_fails_on_a_wrong_byte(tmp_path: Path) -> None:
    script = ROOT / "project" / "scripts" / "verify.py"
    asset = {"dest": "data.txt", "checksum": "2c1743a391305fbf367df8e4f069f9f9"}
    srsly.write_yaml(tmp_path / "project.yml", {"assets": [asset]})
    missing = run(script, tmp_path)
    assert missing.returncode == 1
    assert "spacy project assets" in missing.stderr
    (tmp_path / "data.txt").write_text("alpha")
    assert run(script, tmp_path).returncode == 0
    (tmp_path / "data.txt").write_text("alphA")
    wrong = run(script, tmp_path)
    assert wrong.returncode == 1
    assert "2c1743a391305fbf367df8e4f069f9f9" in wrong.stderr


def test_convert_splits_by_ids(tmp_path: Path) -> None:
    source = ROOT / "project" / "examples" / "train.pubtator"
    (tmp_path / "dev.txt").write_text("example-2\nexample-5\n")
    (tmp_path / "corpora.toml").write_text(
        f'[one]\ntask = "ALL"\ntrain = "{source}"\ndev_ids = "dev.txt"\n'
        f'[two]\ntask = "Gene"\ntrain = "{source}"\n'
    )
    script = ROOT / "project" / "scripts" / "convert.py"
    done = run(script, tmp_path / "corpora.toml", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    documents = list(read_documents(source))
    genes = sum(m.type == "Gene" for d in documents for m in d.mentions)
    assert f"train\ttwo\tGene\t{len(documents)}\t{genes}" in done.stdout
    train = DocBin().from_disk(tmp_path / "out" / "train.spacy")
    dev = DocBin().from_disk(tmp_path / "out" / "dev.spacy")
    assert len(dev) == 2
    assert len(train) == 2 * len(documents) - 2
    import spacy

    tasks = [d.user_data[TASK_KEY] for d in train.get_docs(spacy.blank("en").vocab)]
    assert tasks.count("Gene") == len(documents)


def test_examples_are_sound() -> None:
    documents = list(read_documents(ROOT / "project" / "examples" / "train.pubtator"))
    assert len(documents) == 12
    for document in documents:
        for mention in document.mentions:
            assert document.text[mention.start : mention.end] == mention.text
