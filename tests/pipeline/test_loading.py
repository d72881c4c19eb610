"""Pipelines are found where spaCy finds them, and loaded in the precision asked."""

import sys

import pytest
import spacy

from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.pipeline.finding import find_pipeline
from spacy_aioner.pipeline.loading import aioner_components, load_trained


def used(nlp):
    return [get_shim(p.model).used_precision for p in aioner_components(nlp)]


@pytest.fixture
def package(trained_nlp, tmp_path, monkeypatch):
    """An installed package, in whose working directory a directory has its name."""
    site, here = tmp_path / "site", tmp_path / "here"
    inside = site / "en_found"
    inside.mkdir(parents=True)
    trained_nlp.to_disk(inside / "en_pipeline-0.0.0")
    (inside / "meta.json").write_bytes(
        (inside / "en_pipeline-0.0.0" / "meta.json").read_bytes()
    )
    (inside / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n"
        "def load(**overrides):\n"
        "    return load_model_from_init_py(__file__, **overrides)\n"
    )
    info = site / "en_found-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: en_found\nVersion: 1\n"
    )
    (here / "en_found").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(site)
    yield inside
    sys.modules.pop("en_found", None)


def test_a_package_goes_before_a_directory(package):
    assert find_pipeline("en_found") == package
    assert spacy.load("en_found").pipe_names == ["aioner"]
    assert used(load_trained("en_found", precision="bf16")) == ["bf16"]


def test_what_is_neither(tmp_path):
    assert find_pipeline(str(tmp_path)) == tmp_path
    for name in ("no_such_pipeline", str(tmp_path / "none"), "../none"):
        with pytest.raises(AionerError, match="cannot be loaded"):
            find_pipeline(name)


def test_precision(make_nlp, trained_nlp, joined_nlp, tmp_path):
    nlp = make_nlp(model={"precision": "auto"}).from_bytes(trained_nlp.to_bytes())
    nlp.to_disk(tmp_path / "auto")
    trained_nlp.to_disk(tmp_path / "fixed")
    joined_nlp.to_disk(tmp_path / "joined")
    for auto in ("fp32", "bf16"):
        assert used(load_trained(str(tmp_path / "auto"), auto=auto)) == [auto]
        # What the config fixes stays.
        assert used(load_trained(str(tmp_path / "fixed"), auto=auto)) == ["fp32"]
        both = load_trained(str(tmp_path / "fixed"), precision="auto", auto=auto)
        assert used(both) == [auto]
    joined = load_trained(str(tmp_path / "joined"), precision="bf16")
    assert used(joined) == ["bf16", "bf16"]
