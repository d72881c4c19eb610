"""The files behind the section [corpora] of a config, and whether they changed."""

import os

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.training.fingerprints import changed_file, corpus_fingerprints


@pytest.fixture
def corpora(tmp_path):
    """A DocBin, a directory of them, and a corpora file with all that it may name."""
    for name in ("dev.spacy", "train/a.spacy", "train/more/b.spacy", "x.txt", "ids"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "1.ann").touch()
    (tmp_path / "corpora.toml").write_text(
        "[a]\ntask = 'ALL'\ntrain = [['none', 'x.txt'], 'brat']\ndev_ids = 'ids'\n"
    )
    return {
        "train": {"@readers": "r", "path": str(tmp_path / "train"), "seed": 1},
        "dev": {"@readers": "r", "path": str(tmp_path / "dev.spacy"), "split": "x.txt"},
        "other": {"nested": {"data_path": str(tmp_path / "corpora.toml")}},
        "none": {"path": None, "paths": [], "path_of_nothing": ""},
    }


FILES = [
    "brat/1.ann",
    "corpora.toml",
    "dev.spacy",
    "ids",
    "train/a.spacy",
    "train/more/b.spacy",
    "x.txt",
]


def test_all_files_are_found(corpora, tmp_path):
    found = corpus_fingerprints(corpora)
    assert list(found) == [str(tmp_path / name) for name in FILES]
    size, digest = found[str(tmp_path / "dev.spacy")]
    assert size == len("dev.spacy")
    assert len(digest) == 64
    assert changed_file(found, corpus_fingerprints(corpora)) is None


@pytest.mark.parametrize("name", [n for n in FILES if n != "corpora.toml"])
def test_another_content_of_the_same_size_and_time_is_seen(corpora, tmp_path, name):
    before = corpus_fingerprints(corpora)
    path = tmp_path / name
    stat = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert changed_file(before, corpus_fingerprints(corpora)) == str(path)


def test_new_and_missing_files_are_seen(corpora, tmp_path):
    before = corpus_fingerprints(corpora)
    new = tmp_path / "train" / "new.spacy"
    new.touch()
    assert changed_file(before, corpus_fingerprints(corpora)) == str(new)
    new.unlink()
    gone = tmp_path / "train" / "a.spacy"
    gone.unlink()
    assert changed_file(before, corpus_fingerprints(corpora)) == str(gone)


def test_a_path_that_is_not_there(corpora, tmp_path):
    corpora["dev"]["path"] = str(tmp_path / "none.spacy")
    with pytest.raises(AionerError, match=r"none\.spacy: cannot be read.*\[corpora\]"):
        corpus_fingerprints(corpora)
