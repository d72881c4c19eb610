"""A training that was interrupted ends as one that was not."""

import io
import shutil

import pytest
import spacy
from spacy.training.initialize import init_nlp
from typer.testing import CliRunner

from spacy_aioner.cli.app import app
from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.training.directory import CHECKPOINT, TrainingDirectory
from spacy_aioner.training.loop import train

STEPS = 7


def document(number):
    text = f"Loss of GENE{number} worsened growth in the mice. Patients did well."
    name = f"GENE{number}"
    mention = Mention(8, 8 + len(name), name, "Gene")
    return Document(str(number), [Passage(0, text, "title")], [mention])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    with (folder / "genes.spacy").open("wb") as stream:
        write_docbin([(document(n), "ALL") for n in range(12)], stream)
    return folder


@pytest.fixture
def config(make_nlp, corpus):
    config = make_nlp("crf", model={"dropout": 0.3, "word_shapes": True}).config
    config["corpora"] = {
        "train": {
            "@readers": "spacy_aioner.SampledCorpus.v1",
            "path": str(corpus),
            "min_length": 20,
            "max_length": 60,
        },
        "dev": {"@readers": "spacy.Corpus.v1", "path": str(corpus)},
    }
    config["training"].update(
        train_corpus="corpora.train",
        dev_corpus="corpora.dev",
        max_steps=STEPS,
        max_epochs=-1,
        eval_frequency=4,
        patience=0,
        dropout=0.3,
        batcher={"@batchers": "spacy.batch_by_words.v1", "size": 40, "tolerance": 0.2},
        optimizer={
            "@optimizers": "Adam.v1",
            "use_averages": True,
            "learn_rate": {
                "@schedules": "warmup_linear.v1",
                "warmup_steps": 2,
                "total_steps": STEPS,
                "initial_rate": 0.01,
            },
        },
        logger={"@loggers": "spacy.ConsoleLogger.v1"},
    )
    return config


class Interrupt(Exception):
    pass


def run(config, output, *, stop=None, log=None, overwrite=False):
    nlp = init_nlp(config)
    if stop is not None:
        pipe = nlp.get_pipe("aioner")
        update, count = pipe.update, iter(range(stop))

        def update_or_stop(*args, **kwargs):
            if next(count, None) is None:
                raise Interrupt
            return update(*args, **kwargs)

        pipe.update = update_or_stop
    silent = io.StringIO()
    streams = {"stdout": silent, "stderr": log or silent}
    train(nlp, output, checkpoint_steps=2, overwrite=overwrite, **streams)
    weights = (output / "model-last" / "aioner" / "model").read_bytes()
    return weights, spacy.load(output / "model-last").meta["performance"]


def test_going_on_ends_where_an_undisturbed_run_ends(config, tmp_path):
    undisturbed = run(config, tmp_path / "whole")
    for stop in (3, 2):
        with pytest.raises(Interrupt):
            run(config, tmp_path / "parts", stop=stop)
        assert (tmp_path / "parts" / CHECKPOINT).exists()
    log = io.StringIO()
    parts = run(config, tmp_path / "parts", log=log)
    assert "after 4 updates" in log.getvalue()
    assert parts == undisturbed
    assert not (tmp_path / "parts" / CHECKPOINT).exists()
    assert (tmp_path / "parts" / "model-best" / "config.cfg").exists()


def test_a_stream_that_ends_early_is_scored_and_saved_too(config, tmp_path):
    """One pass over twelve short documents gives fewer updates than are allowed."""
    config["corpora"]["train"] = config["corpora"]["dev"]
    config["training"].update(max_epochs=1, max_steps=1000, eval_frequency=500)
    _, performance = run(config, tmp_path)
    assert "ents_f" in performance
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_checkpoint_beyond_the_end_is_refused(config, tmp_path):
    with pytest.raises(Interrupt):
        run(config, tmp_path, stop=5)
    config["training"]["max_steps"] = 3
    with pytest.raises(AionerError, match="is of 4 updates"):
        run(config, tmp_path)
    assert (tmp_path / CHECKPOINT).exists()


def test_a_checkpoint_of_another_model_is_refused(config, tmp_path):
    with pytest.raises(Interrupt):
        run(config, tmp_path, stop=3)
    config["components"]["aioner"]["model"]["hidden_width"] = 64
    with pytest.raises(AionerError, match="cannot go on from this checkpoint"):
        run(config, tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"cut short")
    with pytest.raises(AionerError, match="delete it to begin anew"):
        run(config, tmp_path)


def test_a_checkpoint_of_other_settings_is_refused(config, tmp_path):
    with pytest.raises(Interrupt):
        run(config, tmp_path, stop=3)
    seed = config["training"]["seed"]
    config["training"]["seed"] = 1
    with pytest.raises(AionerError, match="other settings"):
        run(config, tmp_path)
    config["training"].update(seed=seed, max_steps=STEPS + 1)
    run(config, tmp_path)


@pytest.mark.filterwarnings("ignore:.*W090")
def test_without_development_documents(config, tmp_path):
    (tmp_path / "dev").mkdir()
    config["corpora"]["dev"]["path"] = str(tmp_path / "dev")
    with pytest.raises(AionerError, match=r"corpora\.dev has no document"):
        run(config, tmp_path / "out")


def test_what_cannot_be_kept_is_refused(config, tmp_path):
    config["training"]["max_steps"] = 0
    with pytest.raises(AionerError, match="max_steps"):
        run(config, tmp_path)


def test_the_command_takes_settings(config, tmp_path):
    file = tmp_path / "tiny.cfg"
    config.to_disk(file)
    command = ["train", str(file), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*command, "--training.max_steps", "1"])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip().endswith("model-last")
    assert len(spacy.load(tmp_path / "out" / "model-last")(document(1).text)) > 5
    wrong = CliRunner().invoke(app, [*command, "--training.max_steps", "few"])
    assert wrong.exit_code == 1
    assert "error:" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    ("steps", "kept"), [(2, "the checkpoint keeps 2 updates"), (200, "nothing is kept")]
)
def test_the_command_tells_what_an_interruption_kept(
    config, tmp_path, monkeypatch, steps, kept
):
    from spacy_aioner.pipeline.aioner import AionerNER

    config.to_disk(tmp_path / "train.cfg")
    update, count = AionerNER.update, iter(range(3))

    def update_or_stop(*args, **kwargs):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return update(*args, **kwargs)

    monkeypatch.setattr(AionerNER, "update", update_or_stop)
    arguments = ["train", tmp_path / "train.cfg", "--output", tmp_path / "out"]
    arguments += ["--checkpoint-steps", steps]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 130
    said = f"error: interrupted, {kept}; run the same command again to resume\n"
    assert said in result.stderr


def test_an_option_that_is_no_setting_of_a_config(config, tmp_path):
    config.to_disk(tmp_path / "train.cfg")
    arguments = ["train", str(tmp_path / "train.cfg"), "--output", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, "--max_steps", "80"])
    assert result.exit_code == 2
    assert "no option --max_steps" in result.stderr
    assert "--training.max_steps" in result.stderr


def test_a_finished_training_is_not_made_again(config, tmp_path):
    """Stopped after the first evaluation, a second run left a worse model-best."""
    run(config, tmp_path)
    before = (tmp_path / "model-best" / "aioner" / "model").read_bytes()
    log = io.StringIO()
    run(config, tmp_path, stop=0, log=log)
    assert "model-last: this training has finished already" in log.getvalue()
    assert (tmp_path / "model-best" / "aioner" / "model").read_bytes() == before
    config["training"]["seed"] = 5
    with pytest.raises(AionerError, match="was made by another training"):
        run(config, tmp_path, stop=0)
    assert (tmp_path / "model-best" / "aioner" / "model").read_bytes() == before
    with pytest.raises(Interrupt):
        run(config, tmp_path, stop=5, overwrite=True)
    # It is its own training now, which goes on without being asked to replace.
    run(config, tmp_path)
    assert (tmp_path / "model-best" / "aioner" / "model").read_bytes() != before


def test_a_corpus_that_changed_is_refused(config, corpus, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(corpus, folder)
    for part in ("train", "dev"):
        config["corpora"][part]["path"] = str(folder)
    with pytest.raises(Interrupt):
        run(config, tmp_path / "out", stop=3)
    with (folder / "genes.spacy").open("wb") as stream:
        write_docbin([(document(n), "ALL") for n in range(1, 13)], stream)
    with pytest.raises(AionerError, match=r"genes\.spacy: is not what it was when"):
        run(config, tmp_path / "out")
    shutil.copytree(corpus, folder, dirs_exist_ok=True)
    run(config, tmp_path / "out")


def test_a_flipped_byte_of_a_checkpoint_is_seen(config, tmp_path):
    with pytest.raises(Interrupt):
        run(config, tmp_path, stop=3)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for place in (8 + header + 1, (8 + header + len(whole)) // 2, len(whole) - 1):
        data = bytearray(whole)
        data[place] ^= 1
        (tmp_path / CHECKPOINT).write_bytes(data)
        with pytest.raises(AionerError, match=r"changed after it was written.*delete"):
            run(config, tmp_path)
    steps = whole.index(b"steps") + len(b'steps\\": ')
    data = bytearray(whole)
    data[steps] ^= 1
    (tmp_path / CHECKPOINT).write_bytes(data)
    with pytest.raises(AionerError, match="cannot go on from this checkpoint"):
        run(config, tmp_path)


def test_a_directory_in_use_is_refused(config, tmp_path):
    with (
        TrainingDirectory(tmp_path).hold(),
        pytest.raises(AionerError, match="another training writes to this directory"),
    ):
        run(config, tmp_path)


def test_a_missing_encoder_is_told_before_the_corpora_are_read(
    config, tmp_path, monkeypatch
):
    from spacy_aioner.corpora import sampling

    def read(*args):
        raise AssertionError("the corpora were read")

    monkeypatch.setattr(sampling, "_read_corpora", read)
    config["components"]["aioner"]["model"]["encoder"] = "made/later"
    config.to_disk(tmp_path / "train.cfg")
    arguments = ["train", str(tmp_path / "train.cfg"), "--output", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "The encoder 'made/later' was not found" in result.stderr
    assert "make it first if it is yours to make" in result.stderr


@pytest.mark.parametrize(
    ("path", "message"),
    [(None, "corpora.dev has no path"), ("no/such", "no/such: there is no such file")],
)
def test_a_missing_corpus_is_told_at_once(config, tmp_path, monkeypatch, path, message):
    def load(*args, **kwargs):
        raise AssertionError("the pipeline was loaded")

    monkeypatch.setattr("spacy.training.initialize.init_nlp", load)
    config["corpora"]["dev"]["path"] = path
    config.to_disk(tmp_path / "train.cfg")
    arguments = ["train", str(tmp_path / "train.cfg"), "--output", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert message in result.stderr


def test_the_output_must_be_a_directory(config, tmp_path):
    config.to_disk(tmp_path / "train.cfg")
    file = str(tmp_path / "train.cfg")
    result = CliRunner().invoke(app, ["train", file, "--output", file])
    assert (result.exit_code, "must be a directory" in result.stderr) == (1, True)
