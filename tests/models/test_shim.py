"""The network inside the pipeline: saving, averages, training, precision."""

import shutil

import numpy as np
import pytest
import torch
from thinc.api import Adam

from spacy_aioner.errors import AionerError
from spacy_aioner.models import precision
from spacy_aioner.models.architectures import build_aio_tagger, get_shim
from spacy_aioner.models.encoders import empty_encoder
from spacy_aioner.models.network import AioNetwork
from spacy_aioner.models.packed import PackedLinear
from spacy_aioner.models.precision import cpu_prefers_bf16, pick_dtype
from spacy_aioner.models.types import Inputs

N_LABELS = 19


@pytest.fixture
def build(tiny_encoder):
    def make(**settings):
        settings = {"encoder": tiny_encoder, "precision": "fp32", **settings}
        model = build_aio_tagger(**settings)
        model.set_dim("nO", N_LABELS)
        model.attrs["n_tags"] = 14
        return model

    return make


@pytest.fixture
def model(build):
    torch.manual_seed(0)
    model = build(dropout=0.0)
    model.initialize()
    return model


@pytest.fixture
def inputs():
    lengths = [3, 20, 9, 1]
    return Inputs(
        pieces=np.arange(sum(lengths)) % 40 + 5,
        shapes=np.arange(sum(lengths)) % 10,
        bounds=np.cumsum([0, *lengths]),
        task=np.array([0, 1, 2, 6]),
        window=np.repeat(np.arange(4), lengths),
        position=np.concatenate([np.arange(n) for n in lengths]),
    )


def step(model, inputs, sgd):
    scores, backprop = model.begin_update(inputs)
    backprop(torch.ones_like(scores))
    model.finish_update(sgd)


def weights_of(model):
    named = get_shim(model).network.named_parameters()
    return {name: value.detach().clone() for name, value in named}


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_bytes_are_enough(build, inputs, decoder, tiny_encoder, tmp_path):
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    model = build(encoder=str(folder), decoder=decoder)
    model.initialize()
    expected = model.predict(inputs)
    data = model.to_bytes()
    shutil.rmtree(folder)
    loaded = build(encoder=str(folder), decoder=decoder).from_bytes(data)
    assert torch.equal(loaded.predict(inputs), expected)
    assert get_shim(loaded).frame == get_shim(model).frame
    assert get_shim(loaded).network.decoder == decoder
    # And once more from what was loaded.
    again = build(decoder=decoder).from_bytes(loaded.to_bytes())
    assert torch.equal(again.predict(inputs), expected)


@pytest.mark.parametrize("storage", ["fp16", "bf16", "int8"])
def test_fewer_bytes_give_nearly_the_same(build, inputs, storage):
    model = build(word_shapes=True)
    model.initialize()
    expected = model.predict(inputs)
    half = build(word_shapes=True, storage=storage)
    half.from_bytes(model.to_bytes())
    data = half.to_bytes()
    assert len(data) < 0.7 * len(model.to_bytes())
    loaded = build(word_shapes=True, storage=storage).from_bytes(data)
    found = loaded.predict(inputs)
    assert found.dtype == torch.float32
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)
    assert loaded.to_bytes() == data


def test_shapes_begin_as_nothing_and_are_learnt(build, inputs):
    """All-zero vectors at first: the encoder starts as it was pre-trained."""
    model = build(word_shapes=True)
    model.initialize()
    shapes = get_shim(model).network.shapes
    before = model.predict(inputs)
    inputs.shapes[:] = 0
    assert torch.equal(model.predict(inputs), before)
    inputs.shapes[:] = np.arange(len(inputs.shapes)) % 10
    step(model, inputs, Adam(0.01))
    assert shapes.weight.abs().sum() > 0
    learnt = model.predict(inputs)
    inputs.shapes[:] = 0
    assert not torch.allclose(model.predict(inputs), learnt)


def test_bytes_before_initialisation(build):
    loaded = build().from_bytes(build().to_bytes())
    assert get_shim(loaded).network is None
    loaded.initialize()
    assert get_shim(loaded).network is not None


def test_bytes_replace_the_network_that_is_there(build, model, inputs):
    other = build()
    other.initialize()
    before = other.predict(inputs)
    other.from_bytes(model.to_bytes())
    assert torch.equal(other.predict(inputs), model.predict(inputs))
    assert not torch.equal(other.predict(inputs), before)


def test_tags_have_rows_of_their_own_that_differ(model):
    shim = get_shim(model)
    table = shim.network.encoder.get_input_embeddings().weight
    first = shim.frame.first_tag
    assert shim.table.tokenizer.get_vocab_size() == first
    assert len(table) == first + 14
    distances = torch.cdist(table[first:], table[first:]) + 10 * torch.eye(14)
    assert distances.min() > 0.01


def test_the_task_changes_the_answer(model, inputs):
    asked = model.predict(inputs)
    inputs.task[:] = 3
    assert not torch.allclose(model.predict(inputs), asked)


def test_prediction_follows_every_update(model, inputs):
    before = model.predict(inputs)
    step(model, inputs, Adam(0.01))
    after = model.predict(inputs)
    assert not torch.allclose(before, after)
    scores, _ = model.begin_update(inputs)
    torch.testing.assert_close(scores, after, atol=1e-5, rtol=1e-5)


def test_use_params_restores(model, inputs):
    shim = get_shim(model)
    before = weights_of(model)
    expected = model.predict(inputs)
    zeros = {(shim.id, name): torch.zeros_like(v) for name, v in before.items()}
    with model.use_params(zeros):
        assert model.predict(inputs).abs().max() == 0
        assert all(v.abs().max() == 0 for v in weights_of(model).values())
    assert all(torch.equal(v, before[n]) for n, v in weights_of(model).items())
    assert torch.equal(model.predict(inputs), expected)


def test_use_params_restores_after_an_error(model):
    shim = get_shim(model)
    before = weights_of(model)
    zeros = {(shim.id, name): torch.zeros_like(v) for name, v in before.items()}
    with pytest.raises(RuntimeError, match="stop"), model.use_params(zeros):
        raise RuntimeError("stop")
    assert all(torch.equal(v, before[n]) for n, v in weights_of(model).items())


def test_averages_follow_the_weights(model, inputs):
    sgd = Adam(0.01, use_averages=True)
    name = "output.weight"
    step(model, inputs, sgd)
    # The first value is the mean: a mean that grew from zero would score nothing.
    mean = weights_of(model)[name].clone()
    for n in range(2, 6):
        step(model, inputs, sgd)
        decay = (1 + n) / (10 + n)
        mean = decay * mean + (1 - decay) * weights_of(model)[name]
    shim = get_shim(model)
    assert len(sgd.averages) == len(weights_of(model))
    torch.testing.assert_close(sgd.averages[shim.id, name], mean)
    with model.use_params(sgd.averages):
        torch.testing.assert_close(weights_of(model)[name], mean)


def test_dropout_only_when_training(build, inputs):
    model = build(dropout=0.5)
    model.initialize()
    assert torch.equal(model.predict(inputs), model.predict(inputs))
    first, second = (model.begin_update(inputs)[0] for _ in range(2))
    assert not torch.allclose(first, second)


def test_windows_are_at_most_what_the_encoder_reads(build):
    for asked, limit in ((256, 64), (64, 64), (32, 32)):
        model = build(max_pieces=asked)
        model.initialize()
        assert get_shim(model).limit == limit


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"decoder": "viterbi"}, "'viterbi'.*softmax, crf"),
        ({"precision": "int8"}, "'int8'.*auto, fp32, bf16, fp16"),
        ({"encoder": "no-such-encoder"}, "'no-such-encoder' was not found"),
        ({"max_pieces": 4}, "max_pieces is 4: .* at least 8"),
    ],
)
def test_settings_that_cannot_be(build, settings, says):
    with pytest.raises(AionerError, match=says):
        build(**settings).initialize()


def test_a_folder_without_a_model_is_told(build, tmp_path):
    with pytest.raises(AionerError, match="or name another encoder; install its"):
        build(encoder=str(tmp_path)).initialize()


def test_building_for_loading_draws_nothing(model):
    config = model.shims[0].network.encoder.config.to_dict()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    empty_encoder(config, "eager")
    assert torch.equal(torch.get_rng_state(), state)


def test_precision_by_name():
    cpu = torch.device("cpu")
    names = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    for name, dtype in names.items():
        assert pick_dtype(name, cpu) == dtype


@pytest.fixture
def fresh_choice():
    cpu_prefers_bf16.cache_clear()
    yield
    cpu_prefers_bf16.cache_clear()


@pytest.mark.parametrize(
    ("has_bf16", "seconds", "expected"),
    [
        (True, {torch.float32: 3.0, torch.bfloat16: 1.0}, torch.bfloat16),
        (True, {torch.float32: 1.1, torch.bfloat16: 1.0}, torch.float32),
        (True, {torch.float32: 1.0, torch.bfloat16: 2.0}, torch.float32),
        (False, {}, torch.float32),
    ],
)
def test_a_cpu_computes_in_what_is_much_faster(
    monkeypatch, fresh_choice, has_bf16, seconds, expected
):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    monkeypatch.setattr(precision, "_seconds", seconds.__getitem__)
    assert pick_dtype("auto", torch.device("cpu")) == expected


def test_products_are_timed_on_one_thread(monkeypatch, fresh_choice):
    """Workers have fewer threads each than one process, and must find the same."""
    threads = []
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    monkeypatch.setattr(
        precision,
        "_seconds",
        lambda dtype: threads.append(torch.get_num_threads()) or 1,
    )
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert precision.cpu_precision() == "fp32"
        assert threads == [1, 1]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_products_are_timed():
    assert 0 < precision._seconds(torch.float32) < 60


@pytest.mark.parametrize("form", ["fp32", "bf16"])
def test_predicting_leaves_what_is_trained_as_it_is(build, inputs, form):
    model = build(precision=form)
    model.initialize()
    shim = model.shims[0]
    before = shim.to_bytes()
    model.predict(inputs)
    kinds = {type(module) for module in shim.network.modules()}
    assert PackedLinear not in kinds
    assert {p.dtype for p in shim.network.parameters()} == {torch.float32}
    assert shim.to_bytes() == before
    fast = shim._fast.encoder.get_input_embeddings().weight
    trained = shim.network.encoder.get_input_embeddings().weight
    # What need not be cast is not copied either.
    assert (fast is trained) == (form == "fp32")


def test_bf16_scores_are_near_and_float32(build, model, inputs):
    coarse = build(precision="bf16").from_bytes(model.to_bytes())
    expected, found = model.predict(inputs), coarse.predict(inputs)
    assert found.dtype == torch.float32
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)
    # Weights stay in full precision, for training and for saving.
    assert {v.dtype for v in weights_of(coarse).values()} == {torch.float32}
    step(coarse, inputs, Adam(0.01))
    assert not torch.equal(coarse.predict(inputs), found)


def test_predictions_follow_an_update_that_ends_after_a_prediction(build, inputs):
    """bf16 predicts with a copy of the weights; an update must make it stale."""
    model = build(precision="bf16", dropout=0.0)
    model.initialize()
    scores, backprop = model.begin_update(inputs)
    backprop(torch.ones_like(scores))
    before = model.predict(inputs)
    model.finish_update(Adam(0.1, use_averages=False))
    assert not torch.equal(model.predict(inputs), before)


def test_pieces_are_hidden_in_training_only(build, inputs, monkeypatch):
    model = build(piece_dropout=0.5, dropout=0.0)
    model.initialize()
    shim = get_shim(model)
    expected = model.predict(inputs)
    seen = []
    forward = AioNetwork.forward

    def watch(self, batches, dropout):
        seen.extend(batch.input_ids for batch in batches)
        return forward(self, batches, dropout)

    monkeypatch.setattr(AioNetwork, "forward", watch)
    torch.manual_seed(0)
    scores, _ = model.begin_update(inputs)
    hidden, seen[:] = list(seen), []
    assert torch.equal(model.predict(inputs), expected)
    assert not torch.allclose(scores, expected)
    frame, counts = shim.frame, [0, 0]
    for ids, whole in zip(hidden, seen, strict=True):
        changed = ids != whole
        assert (ids[changed] == frame.mask).all()
        specials = torch.tensor([frame.begin, frame.end, frame.pad])
        ordinary = (whole < frame.first_tag) & ~torch.isin(whole, specials)
        assert not (changed & ~ordinary).any()
        counts[0] += int(changed.sum())
        counts[1] += int(ordinary.sum())
    assert 0.2 < counts[0] / counts[1] < 0.8
