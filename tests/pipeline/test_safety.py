"""Saved pipelines that would write or run something when they are loaded."""

import json

import pytest
import spacy
import srsly
from spacy_transformers import pipeline_component

from spacy_aioner.errors import AionerError
from spacy_aioner.pipeline.loading import load_trained
from spacy_aioner.pipeline.safety import check_transformer


@pytest.fixture
def saved(tiny_encoder, tmp_path):
    """Save a pipeline of spacy-transformers, its shim's message changed by a test."""

    def save(change, **config):
        nlp = spacy.blank("en")
        model = {
            "@architectures": "spacy-transformers.TransformerModel.v3",
            "name": tiny_encoder,
            "get_spans": {"@span_getters": "spacy-transformers.doc_spans.v1"},
            **config,
        }
        nlp.add_pipe("transformer", config={"model": model})
        nlp.initialize()
        nlp.to_disk(tmp_path / "saved")
        file = tmp_path / "saved" / "transformer" / "model"
        message = srsly.read_msgpack(file)
        for shims in message["shims"]:
            for i, shim in enumerate(shims):
                content = srsly.msgpack_loads(shim)
                change(content)
                shims[i] = srsly.msgpack_dumps(content)
        srsly.write_msgpack(file, message)
        return tmp_path / "saved"

    return save


def test_a_sound_transformer_loads(saved):
    nlp = spacy.load(saved(lambda message: None))
    assert len(nlp("mice with variant")._.trf_data.tensors) > 0


@pytest.mark.parametrize("load", [spacy.load, load_trained])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_outside_the_directory(saved, tmp_path, load, absolute):
    escaped = tmp_path / "escaped"
    name = str(escaped) if absolute else "../" * 30 + str(escaped).lstrip("/")
    path = saved(lambda message: message["tokenizer"].update({name: b"written"}))
    with pytest.raises(AionerError, match="written outside its directory: do not load"):
        load(str(path))
    assert not escaped.exists()


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "C:x", "/a", "a/"])
def test_names_that_are_paths_on_any_system(name):
    message = {"config": {}, "tokenizer": {"vocab.txt": b"", name: b""}}
    with pytest.raises(AionerError, match="outside its directory"):
        check_transformer(srsly.msgpack_dumps(message))


def test_a_tokenizer_that_brings_its_code(saved, tmp_path):
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w')\nfrom transformers import BertTokenizerFast as Own"

    def change(message):
        files = message["tokenizer"]
        files["kwargs"]["trust_remote_code"] = True
        settings = json.loads(files["tokenizer_config.json"])
        settings |= {"auto_map": {"AutoTokenizer": ["own.Own", "own.Own"]}}
        files["tokenizer_config.json"] = json.dumps(settings).encode()
        files["own.py"] = code.encode()

    with pytest.raises(AionerError, match=r"'trust_remote_code'.*do not load"):
        spacy.load(saved(change))
    assert not ran.exists()


@pytest.mark.parametrize("part", ["tokenizer_config", "transformer_config"])
def test_a_config_that_trusts_code_beside_it(saved, part):
    """As version 1.0 of spacy-transformers saved: the model is a directory."""
    path = saved(lambda message: None)
    config = spacy.util.load_config(path / "config.cfg")
    config["components"]["transformer"]["model"][part]["trust_remote_code"] = True
    config.to_disk(path / "config.cfg")
    (path / "transformer" / "model").unlink()
    (path / "transformer" / "model").mkdir()
    with (
        pytest.warns(UserWarning, match="Automatically converting"),
        pytest.raises(AionerError, match="trust_remote_code"),
    ):
        spacy.load(path)


def test_the_checks_are_made_once():
    """A second import or copy of the package would check twice, not wrongly."""
    guarded = pipeline_component.huggingface_from_pretrained
    assert guarded.__wrapped__.__module__.startswith("spacy_transformers.")
