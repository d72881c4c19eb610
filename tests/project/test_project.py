"""The spaCy project: its files name each other correctly, its scripts do their work."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config

from spacy_aioner.corpora.docs import TASK_KEY
from spacy_aioner.formats.files import open_writer, read_documents
from spacy_aioner.toml import read_toml

ROOT = Path(__file__).parents[2]
PROJECT = srsly.read_yaml(ROOT / "project.yml")
CONFIGS = sorted((ROOT / "project" / "configs").glob("*.cfg"))
CORPORA = os.environ.get("AIONER_CORPORA", "")
FURTHER = os.environ.get("AIONER_FURTHER", "")
CONVERT = ROOT / "project" / "scripts" / "convert.py"
EXAMPLES = ROOT / "project" / "examples" / "train.pubtator"


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
    assert re.fullmatch(r"https://.*/[0-9a-f]{40}", PROJECT["vars"]["repository"])
    assert PROJECT["vars"]["source"].startswith("${vars.repository}/")
    for asset in PROJECT["assets"]:
        place = asset["url"].partition("}/")[0].removeprefix("${vars.")
        assert place in ("source", "repository") or asset.get("extra")
        # The checksums of the extra ones are not known.
        if not asset.get("extra"):
            assert re.fullmatch(r"[0-9a-f]{32}", asset["checksum"])


def test_what_must_be_there_is_what_all_corpora_need() -> None:
    """`verify` fails for what is missing, so nothing else may be asked for."""
    text = (ROOT / "project" / "configs" / "all.toml").read_text(encoding="utf8")
    for asset in PROJECT["assets"]:
        if not asset.get("extra"):
            assert Path(asset["dest"]).name in text


def test_packages_are_built_without_a_network() -> None:
    """By default a build fetches its tools into an environment of its own."""
    for command in PROJECT["commands"]:
        for line, following in pairwise([*command["script"], ""]):
            if "spacy package" in line:
                assert "--build none" in line
                assert following.startswith("python -m build --wheel --no-isolation")


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
    training = nlp.config.interpolate()["training"]
    schedule = training["optimizer"]["learn_rate"]
    assert schedule["total_steps"] == training["max_steps"]


def test_corpora_files_name_assets() -> None:
    # One file that nobody publishes: what the full one stands in for.
    dests = {asset["dest"] for asset in PROJECT["assets"]} | {
        "project/assets/DrugProt_Train_partial.PubTator"
    }
    configs = ROOT / "project" / "configs"
    sources = read_toml(configs / "sources.toml", "sources", "")
    for name in ("biored", "all"):
        for corpus, table in read_toml(configs / f"{name}.toml", "corpora", "").items():
            for asset in re.findall(r"\.\./(assets/[\w.]+)", str(table)):
                # Further corpora are published in formats of their own.
                elsewhere = table.get("optional") and (
                    corpus.startswith(("drugprot-extra", "bioid-gene"))
                    or "address" in sources[corpus.partition("-")[0]]
                )
                assert elsewhere or f"project/{asset}" in dests


def test_verify_fails_on_a_wrong_byte(tmp_path: Path) -> None:
    script = ROOT / "project" / "scripts" / "verify.py"
    asset = {"dest": "data.txt", "checksum": "2c1743a391305fbf367df8e4f069f9f9"}
    extra = {"dest": "more.txt", "extra": True}
    srsly.write_yaml(tmp_path / "project.yml", {"assets": [asset, extra]})
    missing = run(script, tmp_path)
    assert missing.returncode == 1
    assert "spacy project assets" in missing.stderr
    (tmp_path / "data.txt").write_text("alpha")
    assert run(script, tmp_path).returncode == 0
    (tmp_path / "more.txt").write_text("any")
    assert run(script, tmp_path).returncode == 0
    (tmp_path / "data.txt").write_text("alphA")
    wrong = run(script, tmp_path)
    assert wrong.returncode == 1
    assert "2c1743a391305fbf367df8e4f069f9f9" in wrong.stderr
    unknown = run(script, tmp_path, "--only", "other.txt")
    assert unknown.returncode == 1
    assert "data.txt" in unknown.stderr


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Two corpora of the twelve examples; two of them are dev, two are tested."""
    documents = list(read_documents(EXAMPLES))
    with open_writer(tmp_path / "test.pubtator", "pubtator") as writer:
        for document in documents[:2]:
            writer.write(document)
    (tmp_path / "dev.txt").write_text("example-5\nexample-7\n")
    path = tmp_path / "corpora.toml"
    path.write_text(
        f"[one]\ntask = 'ALL'\ntrain = '{EXAMPLES}'\ndev_ids = 'dev.txt'\n"
        f"anchor = true\n"
        f"[two]\ntask = 'Gene'\ntrain = '{EXAMPLES}'\ntest = 'test.pubtator'\n"
        f"[lost]\ntask = 'Gene'\ntrain = 'lost.pubtator'\noptional = true\n"
    )
    return path


def counts(stdout: str) -> list[tuple[str, str, str, int, int]]:
    """Split, corpus, task, documents and dropped of the printed table."""
    lines = [line.split("\t") for line in stdout.splitlines() if "\t" in line]
    assert lines[0][:2] == ["split", "corpus"]
    return [(*line[:3], int(line[3]), int(line[6])) for line in lines[1:]]


def test_convert_writes_a_file_per_corpus(corpora: Path, tmp_path: Path) -> None:
    done = run(CONVERT, corpora, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert counts(done.stdout) == [
        ("train", "one", "ALL", 10, 0),
        ("train", "two", "Gene", 8, 2),
        ("dev", "one", "ALL", 2, 0),
        ("test", "two", "Gene", 0, 2),
    ]
    assert "lost.pubtator" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    files = sorted(p.relative_to(tmp_path) for p in tmp_path.glob("out/*/*"))
    assert [path.as_posix() for path in files] == [
        "out/dev/one.spacy",
        "out/train/one.spacy",
        "out/train/two.spacy",
    ]
    docs = DocBin().from_disk(tmp_path / "out" / "train" / "two.spacy")
    tasks = [d.user_data[TASK_KEY] for d in docs.get_docs(spacy.blank("en").vocab)]
    assert tasks == ["Gene"] * 8
    found = srsly.read_json(tmp_path / "out" / "counts.json")
    assert found["protocol"] == "leak-free"
    assert "note" not in found
    assert found["counts"][1]["held_out"] == 2


def test_convert_says_that_the_paper_protocol_leaks(
    corpora: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "train").mkdir(parents=True)
    (tmp_path / "out" / "train" / "former.spacy").write_bytes(b"")
    done = run(CONVERT, corpora, tmp_path / "out", "--protocol", "paper", "--with-dev")
    assert done.returncode == 0, done.stderr
    assert counts(done.stdout) == [
        ("train", "one", "ALL", 12, 0),
        ("train", "two", "Gene", 12, 0),
        ("dev", "one", "ALL", 2, 0),
        ("test", "two", "Gene", 2, 0),
    ]
    found = srsly.read_json(tmp_path / "out" / "counts.json")
    assert found["note"] == done.stdout.splitlines()[0]
    assert "too high" in found["note"]
    # What a former conversion left would be trained on too.
    assert not (tmp_path / "out" / "train" / "former.spacy").exists()


def test_convert_explains_a_wrong_setting(corpora: Path, tmp_path: Path) -> None:
    wrong = run(CONVERT, corpora, tmp_path / "out", "--protocol", "leaky")
    assert wrong.returncode == 1
    assert "choose one of leak-free, paper" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_convert_checks_what_a_pipeline_is_to_learn(
    trained_nlp: Language, tmp_path: Path
) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    path = tmp_path / "new.toml"
    arguments = (path, tmp_path / "out", "--teach", tmp_path / "model")
    known = f"[mine]\ntask = 'ALL'\nkeep = ['Gene']\ntrain = '{EXAMPLES}'\n"
    path.write_text(known)
    done = run(CONVERT, *arguments)
    assert done.returncode == 1
    assert (
        f"{path}: corpus 'mine' has the task 'ALL', which the pipeline" in done.stderr
    )
    path.write_text(known.replace("ALL", "Herbs"))
    done = run(CONVERT, *arguments)
    assert done.returncode == 1
    assert "corpus 'mine' has no documents with mentions for dev" in done.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "dev.txt").write_text("example-5\n")
    more = f"dev_ids = 'dev.txt'\ntest = '{EXAMPLES}'\n"
    path.write_text(known.replace("ALL", "Herbs") + more)
    done = run(CONVERT, *arguments, "--protocol", "paper")
    assert done.returncode == 0, done.stderr
    for wrong, message in (
        (("Herbs", "My herbs"), "corpus 'mine': 'My herbs' cannot name a task"),
        (("dev_ids = 'dev.txt'", "dev_ids = 'no.txt'"), "(1 dev_ids, none of a train"),
    ):
        (tmp_path / "no.txt").write_text("nowhere\n")
        path.write_text((known.replace("ALL", "Herbs") + more).replace(*wrong))
        done = run(CONVERT, *arguments, "--protocol", "paper")
        assert done.returncode == 1
        assert message in done.stderr


@pytest.mark.parametrize(("moved", "code"), [(1, 0), (20, 1)])
def test_convert_checks_offsets_of_what_is_to_be_learnt(
    trained_nlp: Language, tmp_path: Path, moved: int, code: int
) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    files = {}
    for split in ("train", "dev", "test"):
        lines = []
        for n in range(20):
            shift = 1 if split == "train" and n < moved else 0
            lines.append(f"{split}{n}|t|Basil was grown in {split} pot {n}.\n")
            lines.append(f"{split}{n}\t{shift}\t{5 + shift}\tBasil\tHerb\n")
            lines.append(f"{split}{n}\t0\t15\tBasil grown\tHerb\n\n")
        files[split] = tmp_path / f"{split}.pubtator"
        files[split].write_text("".join(lines))
    path = tmp_path / "new.toml"
    table = "".join(f"{split} = '{file}'\n" for split, file in files.items())
    path.write_text(f"[mine]\ntask = 'Herbs'\nkeep = ['Herb']\n{table}")
    done = run(CONVERT, path, tmp_path / "out", "--teach", tmp_path / "model")
    assert done.returncode == code
    expected = (
        f"corpus 'mine': {moved} of 120 mentions are not where their text is, first "
        "'Basil' of document train0, which has 'asil ' at 1 to 6"
    )
    assert expected in done.stderr


LISTS = [
    ("dev-ids.txt", "biored-dev.txt", [CORPORA]),
    ("further-dev-ids.txt", "dev-ids.txt", [CORPORA, FURTHER]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first", "folders"), LISTS)
def test_the_lists_of_dev_documents_are_those_that_are_drawn(
    tmp_path: Path, name: str, first: str, folders: list[str]
) -> None:
    if not all(folders):
        pytest.skip("AIONER_CORPORA or AIONER_FURTHER names no folder of corpora")
    assets = tmp_path / "assets"
    assets.mkdir()
    for folder in folders:
        for path in Path(folder).glob("*.PubTator"):
            (assets / path.name).symlink_to(path.resolve())
    configs = tmp_path / "configs"
    configs.mkdir()
    for path in (ROOT / "project" / "configs").glob("*.t*"):
        (configs / path.name).write_bytes(path.read_bytes())
    # What a former list held does not matter.
    (configs / name).write_text("10064839\n10072428\n")
    done = run(
        ROOT / "project" / "scripts" / "draw_dev.py",
        configs / "all.toml",
        configs / first,
        configs / name,
    )
    assert done.returncode == 0, done.stderr
    drawn = (configs / name).read_text()
    assert drawn == (ROOT / "project" / "configs" / name).read_text()


def test_examples_are_sound() -> None:
    documents = list(read_documents(EXAMPLES))
    assert len(documents) == 12
    for document in documents:
        for mention in document.mentions:
            assert document.text[mention.start : mention.end] == mention.text
