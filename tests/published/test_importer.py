"""From weights files to pipelines, and what is said of wrong ones."""

import os

import h5py
import numpy as np
import pytest
import spacy
import torch
from spacy.cli.package import package
from transformers import AutoModel
from typer.testing import CliRunner

from spacy_aioner.cli.app import app
from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.published.importer import import_weights
from spacy_aioner.published.weights import read_weights

LABELS = ["O", "O-Gene", "O-Disease", "B-Gene", "I-Gene", "B-Disease", "I-Disease"]
TAGS = ("Disease", "Gene", "ALL")
TEXT = "TP53 loss in HeLa cells worsened glioma growth. Patients did well."


def variables(encoder, decoder):
    """Random variables by their names in the file."""
    dice = np.random.default_rng(0)

    def draw(*shape):
        return dice.normal(size=shape).astype(np.float32)

    model = AutoModel.from_pretrained(encoder)
    values = {}
    for name, value in model.state_dict().items():
        *module, part = name.split(".")
        array = value.numpy()
        if module[-1] == "LayerNorm":
            part = {"weight": "gamma", "bias": "beta"}[part]
        elif module[-1] == "word_embeddings":
            array = np.concatenate([array, draw(2 * len(TAGS), array.shape[1])])
        elif module[-1] in ("position_embeddings", "token_type_embeddings"):
            part = "embeddings"
        elif part == "weight":
            part, array = "kernel", array.T
        path = "/".join(module).replace("layer/", "layer_._")
        values[f"hugface_encoder/tf_bert_model_1/bert/{path}/{part}:0"] = array
    n = len(LABELS)
    values |= {"dense2/dense2/kernel:0": draw(32, 16), "dense2/dense2/bias:0": draw(16)}
    if decoder == "softmax":
        values |= {
            "softmax/softmax/kernel:0": draw(16, n),
            "softmax/softmax/bias:0": draw(n),
        }
    else:
        shapes = {
            "kernel": (16, n),
            "bias": (n,),
            "chain_kernel": (n, n),
            "left_boundary": (n,),
            "right_boundary": (n,),
        }
        values |= {f"crf_layer/crf_layer/{k}:0": draw(*s) for k, s in shapes.items()}
    return values


def write(path, values):
    with h5py.File(path, "w") as file:
        for name, array in values.items():
            file[name] = array
    return path


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.vocab"
    path.write_text("\n".join(LABELS), encoding="utf8")
    return path


@pytest.fixture
def load(tiny_encoder, labels, tmp_path):
    def make(decoder, change=None, **options):
        values = variables(tiny_encoder, decoder)
        if change is not None:
            change(values)
        path = write(tmp_path / "weights.h5", values)
        settings = {"encoder": tiny_encoder, "labels": labels, "tags": TAGS}
        return import_weights(path, **{**settings, **options}), values

    return make


def test_rows_stand_where_scheme_and_file_say(load):
    nlp, values = load("crf")
    pipe = nlp.get_pipe("aioner")
    network = get_shim(pipe.model).network
    labels = pipe.scheme.labels
    assert set(labels) == set(LABELS)
    order = [LABELS.index(label) for label in labels]
    part = "crf_layer/crf_layer/"
    np.testing.assert_array_equal(
        network.output.weight.detach(), values[f"{part}kernel:0"].T[order]
    )
    np.testing.assert_array_equal(
        network.transitions.detach(), values[f"{part}chain_kernel:0"][order][:, order]
    )
    words = next(v for k, v in values.items() if "word_embeddings" in k)
    rows = network.encoder.get_input_embeddings().weight.detach()
    first = get_shim(pipe.model).frame.first_tag
    for i, tag in enumerate(pipe.scheme.tags):
        theirs = 2 * TAGS.index(tag.strip("</>")) + tag.startswith("</")
        np.testing.assert_array_equal(rows[first + i], words[first + theirs])


def test_the_encoder_computes_what_the_original_weights_do(load, tiny_encoder):
    nlp, _ = load("softmax")
    network = get_shim(nlp.get_pipe("aioner").model).network.eval()
    original = AutoModel.from_pretrained(tiny_encoder).eval()
    ids = torch.tensor([[2, 7, 9, 20, 3]])
    with torch.inference_mode():
        ours, theirs = (m(ids).last_hidden_state for m in (network.encoder, original))
    torch.testing.assert_close(ours, theirs)


def found(nlp):
    doc = nlp(TEXT)
    return [(span.text, span.label_) for span in doc.spans["aioner"]]


# spaCy leaves the README of a package to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_a_pipeline_like_any_other(load, decoder, tmp_path, make_examples, overfit):
    nlp, _ = load(decoder)
    before = found(nlp)
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    assert found(again) == before
    assert again.get_pipe("aioner").cfg["trained_tasks"] == ["ALL", "Gene", "Disease"]
    gold = [(TEXT, "ALL", [(0, 4, "Gene"), (33, 39, "Disease")])]
    examples = make_examples(again, gold)
    optimizer = again.resume_training()
    for _ in range(60):
        again.update(examples, sgd=optimizer)
    doc = again(TEXT)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("TP53", "Gene"),
        ("glioma", "Disease"),
    ]
    (tmp_path / "packages").mkdir()
    package(tmp_path / "pipeline", tmp_path / "packages", create_sdist=False)
    made = list((tmp_path / "packages").glob("*/*/*/config.cfg"))
    assert len(made) == 1


def test_a_task_without_outside_label_is_not_trained(load, labels):
    rest = [label for label in LABELS if label not in ("O-Gene", "O-Disease")]
    labels.write_text("\n".join(rest), encoding="utf8")

    def cut(values):
        for name in ("kernel:0", "bias:0"):
            name = f"softmax/softmax/{name}"
            values[name] = values[name][..., [0, 3, 4, 5, 6]]

    nlp, _ = load("softmax", cut)
    pipe = nlp.get_pipe("aioner")
    assert pipe.cfg["trained_tasks"] == ["ALL"]
    with pytest.raises(AionerError, match="not trained on the task 'Gene'"):
        pipe.tasks = ["Gene"]


def rename(old, new):
    def change(values):
        for name in [name for name in values if old in name]:
            values[name.replace(old, new)] = values.pop(name)

    return change


def drop(part):
    def change(values):
        for name in [name for name in values if part in name]:
            del values[name]

    return change


def shorten(part):
    def change(values):
        for name in [name for name in values if part in name]:
            values[name] = values[name][:-1]

    return change


def double(values):
    values["x/dense2/kernel:0"] = values["dense2/dense2/kernel:0"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename("dense2", "dense3"), "the variable 'dense3/dense3/.*' is in no layer"),
        (drop("pooler"), r"it lacks encoder\.pooler.* \(2\): name the encoder"),
        (drop("dense2/dense2/kernel"), "lacks the weights 'dense.weight'"),
        (drop("layer_._1"), r"lacks encoder\.encoder\.layer\.1.* … \(16\)"),
        (
            rename("layer_._1", "layer_._7"),
            r"lacks .*layer\.1.* and has besides .*layer\.7",
        ),
        (shorten("position_embeddings"), r"'.*position.*' has the shape \(63, 32\)"),
        (shorten("word_embeddings"), "its embedding has .* rows, but the encoder"),
        (shorten("softmax/softmax/bias"), r"'output.bias' has the shape"),
        (double, "which are the same part of the network"),
    ],
)
def test_weights_that_do_not_fit(load, change, said):
    with pytest.raises(AionerError, match=said):
        load("softmax", change)


def test_a_truncated_file(load, tmp_path, tiny_encoder, labels):
    load("softmax")
    whole = (tmp_path / "weights.h5").read_bytes()
    for share in (0.0, 0.1, 0.5, 0.9, 0.99):
        path = tmp_path / "cut.h5"
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(
            AionerError, match=r"no complete HDF5 file|holds no weights"
        ):
            import_weights(path, encoder=tiny_encoder, labels=labels, tags=TAGS)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*LABELS[:2], *LABELS[3:5]], "has 4 labels, but the output layer of .* has 7"),
        (LABELS[:-1], "'B-Disease' is there without 'I-Disease'"),
        ([*LABELS[:3], *LABELS[4:]], "'O-Gene' is there without 'B-Gene'"),
        ([*LABELS, "B-Gene"], "line 8: 'B-Gene' stands there twice"),
        ([*LABELS, "Gene"], "line 8: 'Gene' is no label"),
        (["O", "", "B-Gene"], "line 2 is empty"),
        ([], "names no entity type"),
        (LABELS[3:], "has no outside label"),
    ],
)
def test_label_files_that_do_not_fit(load, labels, lines, said):
    labels.write_text("\n".join(lines), encoding="utf8")
    with pytest.raises(AionerError, match=said):
        load("softmax")


def test_tags_that_do_not_fit(load):
    with pytest.raises(AionerError, match="task 'ALL' has a label, but no tags"):
        load("softmax", tags=("Disease", "Gene"))
    with pytest.raises(AionerError, match="there are 8 tags"):
        load("softmax", tags=(*TAGS, "Species"))


def test_on_the_command_line(tiny_encoder, labels, tmp_path):
    path = write(tmp_path / "weights.h5", variables(tiny_encoder, "crf"))
    options = ["--encoder", tiny_encoder, "--labels", str(labels)]
    options += ["--tags", ",".join(TAGS), "--output", str(tmp_path / "out")]
    run = CliRunner().invoke(app, ["import-weights", str(path), *options])
    assert run.exit_code == 0
    assert run.stdout.strip() == str(tmp_path / "out")
    assert spacy.load(tmp_path / "out").pipe_names == ["aioner"]
    with h5py.File(path, "a") as file:
        file["other/kernel:0"] = np.zeros(3)
    run = CliRunner().invoke(app, ["import-weights", str(path), *options])
    assert run.exit_code == 1
    assert "'other/kernel:0' is in no layer" in run.stderr
    assert "Traceback" not in run.output


@pytest.fixture
def hostile(tiny_encoder, tmp_path):
    """Write a weights file in which one variable is what a test makes of it."""

    def make(create):
        values = variables(tiny_encoder, "softmax")
        name = "dense2/dense2/bias:0"
        del values[name]
        path = write(tmp_path / "weights.h5", values)
        with h5py.File(path, "a") as file:
            create(file, name)
        return path

    return make


@pytest.mark.parametrize("kind", ["external", "virtual"])
def test_weights_in_another_file_are_not_read(hostile, tmp_path, kind):
    secret = tmp_path / "secret"
    if kind == "external":
        np.arange(16, dtype="f4").tofile(secret)
    else:
        write(secret, {"x": np.arange(16, dtype="f4")})

    def create(file, name):
        if kind == "external":
            where = [(str(secret), 0, 64)]
            file.create_dataset(name, (16,), "f4", external=where)
        else:
            layout = h5py.VirtualLayout((16,), "f4")
            layout[:] = h5py.VirtualSource(str(secret), "x", (16,))
            file.create_virtual_dataset(name, layout)

    with pytest.raises(
        AionerError, match=r"'dense2/dense2/bias:0' are in another file"
    ):
        read_weights(hostile(create))


def test_a_link_to_another_file_is_not_followed(hostile, tmp_path):
    other = write(tmp_path / "other.h5", {"x": np.arange(16, dtype="f4")})
    link = h5py.ExternalLink(str(other), "x")
    path = hostile(lambda file, name: file.__setitem__(name, link))
    assert "dense.bias" not in read_weights(path)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.full(16, np.nan, dtype="f4"), "'dense2/dense2/bias:0' holds NaN or"),
        (np.full(16, -np.inf, dtype="f4"), "holds NaN or infinite"),
        (np.full(16, 1e300), "holds NaN or infinite"),
        (np.arange(16), "has the type int64 instead of floating-point"),
        (np.array([b"a"] * 16), "instead of floating-point"),
    ],
)
def test_variables_that_are_no_weights(hostile, values, says):
    path = hostile(lambda file, name: file.__setitem__(name, values))
    with pytest.raises(AionerError, match=f"{path}: .*{says}"):
        read_weights(path)


def test_a_variable_that_is_larger_than_the_file(hostile):
    """Ten gigabytes of zeros that are nowhere stored."""

    def create(file, name):
        file.create_dataset(name, (2_500_000_000,), "f4", chunks=(1_000_000,))

    with pytest.raises(AionerError, match="more values than the file can hold"):
        read_weights(hostile(create))


@pytest.mark.parametrize("which", ["weights", "labels"])
def test_a_pipe_is_refused_at_once(load, tiny_encoder, labels, tmp_path, which):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    weights = write(tmp_path / "weights.h5", variables(tiny_encoder, "crf"))
    files = {"weights": weights, "labels": labels, which: pipe}
    with pytest.raises(AionerError, match="pipe: is no regular file"):
        import_weights(
            files["weights"], encoder=tiny_encoder, labels=files["labels"], tags=TAGS
        )
