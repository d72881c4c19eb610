"""Each setting is obeyed wherever it is given, and refused where it is invalid."""

import json
import math

import pytest
import spacy

from spacy_aioner.errors import AionerError

TEXT = "TP53 loss causes breast cancer."
# A value that differs from what the trained pipeline has, and an invalid one.
OTHER = {
    "tasks": ["Gene"],
    "threshold": 0.25,
    "consistency": 0.5,
    "abbreviations": True,
    "join_hyphenated": True,
    "spans_key": "found",
    "annotate_ents": False,
    "overwrite": False,
}
INVALID = {
    "tasks": "Gene",
    "threshold": 1.5,
    "consistency": "much",
    "abbreviations": 1,
    "join_hyphenated": "yes",
    "spans_key": 7,
    "annotate_ents": None,
    "overwrite": "no",
}


@pytest.fixture
def nlp(make_nlp, make_examples):
    """Trained on two tasks, hardly."""
    nlp = make_nlp()
    sentences = [(TEXT, task, [(0, 4, "Gene")]) for task in ("ALL", "Gene")]
    nlp.initialize(lambda: make_examples(nlp, sentences))
    return nlp


def value(nlp, name):
    return nlp.get_pipe("aioner").cfg[name]


@pytest.mark.parametrize("name", OTHER)
class TestEachSetting:
    def test_in_the_config(self, make_nlp, name):
        assert value(make_nlp(**{name: OTHER[name]}), name) == OTHER[name]

    def test_when_loaded(self, nlp, tmp_path, name):
        nlp.to_disk(tmp_path)
        config = {"components": {"aioner": {name: OTHER[name]}}}
        loaded = spacy.load(tmp_path, config=config)
        assert value(loaded, name) == OTHER[name]
        # It is in the config now, so it is kept.
        loaded.to_disk(tmp_path / "again")
        assert value(spacy.load(tmp_path / "again"), name) == OTHER[name]

    def test_on_the_component_and_saved(self, nlp, tmp_path, name):
        before = value(nlp, name)
        nlp.get_pipe("aioner").cfg[name] = OTHER[name]
        nlp.to_disk(tmp_path)
        assert value(spacy.load(tmp_path), name) == OTHER[name]
        copy = spacy.load(tmp_path).from_bytes(nlp.to_bytes())
        assert value(copy, name) == OTHER[name]
        # Even so an override that differs from the config wins.
        if name in ("threshold", "consistency"):
            config = {"components": {"aioner": {name: 0.75}}}
            assert value(spacy.load(tmp_path, config=config), name) == 0.75
        assert before != OTHER[name]

    def test_as_an_attribute(self, nlp, name):
        if name == "spans_key":
            pytest.skip("the group is the attribute `key`, which cannot be set")
        pipe = nlp.get_pipe("aioner")
        setattr(pipe, name, OTHER[name])
        assert getattr(pipe, name) == value(nlp, name) == OTHER[name]
        with pytest.raises(AionerError, match=f"^{name} must be "):
            setattr(pipe, name, INVALID[name])

    def test_invalid_wherever_it_comes_from(self, nlp, make_nlp, tmp_path, name):
        said = rf"{name} must be .*, got {INVALID[name]!r}|Config validation|{name}"
        with pytest.raises(ValueError, match=said):
            make_nlp(**{name: INVALID[name]})
        with pytest.raises(AionerError, match=f"^{name} must be "):
            nlp.get_pipe("aioner").cfg[name] = INVALID[name]
        nlp.to_disk(tmp_path)
        with pytest.raises(ValueError, match=said):
            spacy.load(
                tmp_path, config={"components": {"aioner": {name: INVALID[name]}}}
            )


@pytest.mark.parametrize("name", ["tasks", "threshold", "consistency", "abbreviations"])
def test_settings_of_one_call(nlp, name):
    before = dict(nlp.get_pipe("aioner").cfg)
    asked = {"aioner": {name: OTHER[name]}}
    doc = nlp(TEXT, component_cfg=asked)
    (piped,) = nlp.pipe([TEXT], component_cfg=asked)
    assert doc.to_json() == piped.to_json()
    assert nlp.get_pipe("aioner").cfg == before
    with pytest.raises(AionerError, match=f"^{name} must be "):
        nlp(TEXT, component_cfg={"aioner": {name: INVALID[name]}})


def test_a_misspelt_setting(nlp):
    with pytest.raises(AionerError, match="no setting 'treshold': the settings are"):
        nlp.get_pipe("aioner").cfg["treshold"] = 0.5


def test_the_model_reads_its_settings_from_the_config(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    given = {"batch_pieces": 64, "context_pieces": 32, "max_pieces": 48}
    config = {f"components.aioner.model.{name}": v for name, v in given.items()}
    loaded = spacy.load(tmp_path, config=config)
    from spacy_aioner.models.architectures import get_shim

    shim = get_shim(loaded.get_pipe("aioner").model)
    assert {name: getattr(shim, name) for name in given} == given


@pytest.mark.parametrize(
    ("name", "other"), [("decoder", "crf"), ("hidden_width", 7), ("word_shapes", True)]
)
def test_what_the_weights_are_made_for_cannot_change(nlp, tmp_path, name, other):
    nlp.to_disk(tmp_path)
    config = {f"components.aioner.model.{name}": other}
    with pytest.raises(AionerError, match=f"the config has {name} = "):
        spacy.load(tmp_path, config=config)


@pytest.mark.parametrize("name", ["threshold", "consistency"])
@pytest.mark.parametrize(
    "wrong", [math.nan, math.inf, -math.inf, 2, -0.1, True, "0.5", [0.5], None]
)
def test_no_way_takes_a_share_that_is_none(nlp, make_nlp, tmp_path, name, wrong):
    """NaN and 2 would give no entity at all."""
    pipe = nlp.get_pipe("aioner")
    before = dict(pipe.cfg)
    for give in (
        lambda: setattr(pipe, name, wrong),
        lambda: pipe.cfg.__setitem__(name, wrong),
        lambda: pipe.cfg.update({name: wrong}),
        lambda: pipe.cfg.__ior__({name: wrong}),
    ):
        with pytest.raises(AionerError, match=f"^{name} must be between 0 and 1"):
            give()
    assert pipe.cfg == before
    if wrong is not None:  # As the component has it.
        with pytest.raises(AionerError, match=f"^{name} must be between 0 and 1"):
            nlp(TEXT, component_cfg={"aioner": {name: wrong}})
        with pytest.raises(AionerError, match=f"^{name} must be between 0 and 1"):
            list(nlp.pipe([TEXT], component_cfg={"aioner": {name: wrong}}))
    with pytest.raises(ValueError, match=r"between 0 and 1|Config error|E961"):
        make_nlp(**{name: wrong})
    nlp.to_disk(tmp_path)
    with pytest.raises(ValueError, match=r"between 0 and 1|Config error|E961"):
        spacy.load(tmp_path, config={f"components.aioner.{name}": wrong})
    # What a file of the pipeline holds is checked too.
    file = tmp_path / "aioner" / "cfg"
    file.write_text(json.dumps({**json.loads(file.read_text()), name: wrong}))
    with pytest.raises(ValueError, match=r"between 0 and 1|Expected object|decoding"):
        spacy.load(tmp_path)


def test_a_default_for_a_missing_setting(nlp):
    cfg = nlp.get_pipe("aioner").cfg
    assert cfg.setdefault("threshold", 0.9) == 0.0
    del cfg["threshold"]
    with pytest.raises(AionerError, match="between 0 and 1"):
        cfg.setdefault("threshold", 9)
    assert cfg.setdefault("threshold", 0.9) == cfg["threshold"] == 0.9
    with pytest.raises(AionerError, match="no setting 'treshold'"):
        cfg.setdefault("treshold", 0.9)
