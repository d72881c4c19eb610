"""Every name that the package promises is found by spaCy."""

import importlib
from configparser import ConfigParser
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.util import registry

SETUP = Path(__file__).parent.parent / "setup.cfg"
FACTORIES = "spacy_factories"


def entry_points():
    parser = ConfigParser()
    # Names keep their capitals.
    parser.optionxform = str
    parser.read(SETUP, encoding="utf8")
    for group, lines in parser["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, target = (part.strip() for part in line.partition("="))
            yield group, name, target


def registered():
    # The others are no functions.
    others = ("console_scripts", "spacy_cli", "spacy_displacy_colors")
    return [e for e in entry_points() if e[0] not in others]


@pytest.mark.parametrize(("group", "name", "target"), registered())
def test_registered_names_resolve(group, name, target):
    module, _, function = target.partition(":")
    if group == FACTORIES:
        # A factory is registered as spaCy's wrapper of the function.
        assert callable(getattr(importlib.import_module(module), function))
        assert Language.get_factory_meta(name).factory == name
        return
    found = getattr(registry, group.removeprefix("spacy_")).get(name)
    assert (found.__module__, found.__qualname__) == (module, function)


def test_there_is_something_to_resolve():
    assert len(registered()) >= 6


@pytest.mark.parametrize(
    ("group", "name", "target"),
    [e for e in entry_points() if e[0] in ("console_scripts", "spacy_cli")],
)
def test_commands_can_be_imported(group, name, target):
    module, _, attribute = target.partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_the_factory_is_known_with_its_defaults():
    assert spacy.blank("en").has_factory("aioner")
    meta = Language.get_factory_meta("aioner")
    assert meta.default_score_weights["ents_f"] == 1.0
    assert "doc.ents" in meta.assigns
    model = meta.default_config["model"]
    assert registry.has("architectures", model["@architectures"])


def test_the_package_says_its_version():
    import spacy_aioner

    parser = ConfigParser()
    parser.read(SETUP, encoding="utf8")
    assert parser["metadata"]["version"] == spacy_aioner.__version__
