"""What a training leaves in its directory, and what it does not touch."""

import shutil

import pytest

from spacy_aioner.errors import AionerError
from spacy_aioner.training.directory import CHECKPOINT, TrainingDirectory

MADE = {"settings": {"seed": 0}, "corpora": {"a.spacy": [3, "abc"]}}


@pytest.fixture
def directory(tmp_path):
    return TrainingDirectory(tmp_path / "out")


def fill(path, text):
    path.mkdir(parents=True)
    (path / "config.cfg").write_text(text)


def content(path):
    return (path / "config.cfg").read_text()


def finish(directory, made_from=MADE):
    with directory.hold():
        fill(directory.last, "last")
        directory.keep_best()
        directory.record(made_from, finished=True)


def test_an_empty_directory_has_no_training(directory):
    with directory.hold():
        assert not directory.is_finished(MADE, overwrite=False)


def test_the_same_training_has_finished(directory):
    finish(directory)
    assert directory.is_finished(MADE, overwrite=False)
    assert directory.is_finished(MADE, overwrite=True)


@pytest.mark.parametrize(
    "other", [{**MADE, "settings": {"seed": 1}}, {**MADE, "corpora": {}}]
)
def test_another_training_is_kept_unless_it_may_be_replaced(directory, other):
    finish(directory)
    with pytest.raises(
        AionerError, match=r"model-last: was made by another.*--overwrite"
    ):
        directory.is_finished(other, overwrite=False)
    assert not directory.is_finished(other, overwrite=True)


@pytest.mark.parametrize("record", [None, b"cut sh", b"[]"])
def test_pipelines_of_unknown_origin_are_kept(directory, record):
    """Those of `spacy train`, for example."""
    fill(directory.best, "of spacy train")
    if record is not None:
        (directory.path / "training.json").write_bytes(record)
    with pytest.raises(AionerError, match=r"model-best: was made by another"):
        directory.is_finished(MADE, overwrite=False)
    assert not directory.is_finished(MADE, overwrite=True)


def test_an_unfinished_training_goes_on(directory):
    finish(directory)
    directory.record(MADE, finished=False)
    assert not directory.is_finished(MADE, overwrite=False)
    assert not directory.is_finished({}, overwrite=False)
    (directory.path / "training.json").unlink()
    directory.checkpoint.touch()
    assert not directory.is_finished(MADE, overwrite=False)


def test_a_finished_training_without_its_pipelines_is_made_again(directory):
    finish(directory)
    for path in (directory.last, directory.best):
        shutil.rmtree(path)
    assert not directory.is_finished(MADE, overwrite=False)


def test_one_training_at_a_time(directory):
    other = TrainingDirectory(directory.path)
    with (
        directory.hold(),
        pytest.raises(AionerError, match="another training writes"),
        other.hold(),
    ):
        pass
    with other.hold():
        pass


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    directory = TrainingDirectory(tmp_path / "file" / "out")
    with pytest.raises(AionerError, match="cannot be used"), directory.hold():
        pass


def test_what_a_killed_training_left_is_removed(directory):
    directory.path.mkdir()
    left = [f".{CHECKPOINT}.12345.tmp", ".training.json.7.tmp"]
    for name in [*left, "notes.tmp", ".own"]:
        (directory.path / name).write_bytes(b"half")
    fill(directory.path / ".model-best.new", "half")
    with directory.hold():
        names = {path.name for path in directory.path.iterdir()}
    assert names == {"notes.tmp", ".own", ".lock"}


def test_the_best_pipeline_is_replaced_whole_or_not_at_all(directory, monkeypatch):
    """Killed at each step, the next run finds the old one or the new one."""
    steps = ["copytree", "rename", "rename", "rmtree"]
    for last in range(len(steps) + 1):
        shutil.rmtree(directory.path, ignore_errors=True)
        fill(directory.last, "new")
        fill(directory.best, "old")
        (directory.best / "of-old-only").touch()
        left = iter(range(last))

        def dies(do, left=left):
            def step(*args, **kwargs):
                if next(left, None) is None:
                    raise KeyboardInterrupt
                return do(*args, **kwargs)

            return step

        with monkeypatch.context() as patch:
            for owner, name in (
                (shutil, "copytree"),
                (shutil, "rmtree"),
                (type(directory.path), "rename"),
            ):
                patch.setattr(owner, name, dies(getattr(owner, name)))
            if last < len(steps):
                with pytest.raises(KeyboardInterrupt):
                    directory.keep_best()
            else:
                directory.keep_best()
        with directory.hold():
            assert content(directory.best) == ("new" if last >= 3 else "old")
            assert (directory.best / "of-old-only").exists() == (last < 3)
            names = {path.name for path in directory.path.iterdir()}
        assert names == {".lock", "model-best", "model-last"}
