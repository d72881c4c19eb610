"""Pipelines of several aioner components, each with tasks of its own."""

import pytest
import spacy

from spacy_aioner.errors import AionerError
from spacy_aioner.pipeline.joining import join, prompt
from spacy_aioner.pipeline.loading import aioner_components

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
ORGANS = "Growth of the liver and of heart cells in mice worsened."


@pytest.fixture
def nlp(joined_nlp, tmp_path):
    """As it comes back from disk, with its config."""
    joined_nlp.to_disk(tmp_path / "joined")
    return spacy.load(tmp_path / "joined")


def found(doc):
    group = doc.spans["aioner"]
    tasks = group.attrs["tasks"]
    return [(s.text, s.label_, t) for s, t in zip(group, tasks, strict=True)]


def test_the_old_tasks_are_answered_as_before_to_the_digit(nlp, trained_nlp):
    before, now = trained_nlp(MICE), nlp(MICE)
    known = {t for _, _, t in found(now)}
    assert known <= {"ALL", "Anatomy"}
    old = [i for i, (_, _, task) in enumerate(found(now)) if task == "ALL"]
    assert [found(now)[i] for i in old] == found(before)
    scores = now.spans["aioner"].attrs["scores"][old]
    assert (scores == before.spans["aioner"].attrs["scores"]).all()


def test_both_write_to_one_group(nlp):
    assert nlp.pipe_names == ["aioner", "aioner_anatomy"]
    new = [entry for entry in found(nlp(ORGANS)) if entry[2] == "Anatomy"]
    assert new == [("liver", "Organ", "Anatomy"), ("heart cells", "Tissue", "Anatomy")]


def test_what_both_find_stands_once(nlp):
    for pipe in aioner_components(nlp):
        pipe.tasks = ["ALL"]
    assert [entry[0] for entry in found(nlp(MICE))] == [
        "TP53",
        "HeLa",
        "glioma",
        "mice",
    ]


def test_a_prompt_reaches_the_component_that_knows_the_task(nlp):
    prompt(nlp, ["Anatomy"])
    assert nlp.pipe_names == ["aioner_anatomy"]
    assert {task for _, _, task in found(nlp(ORGANS))} == {"Anatomy"}
    prompt(nlp, ["ALL"])
    assert nlp.pipe_names == ["aioner"]
    prompt(nlp, ["Anatomy", "ALL"])
    assert nlp.pipe_names == ["aioner", "aioner_anatomy"]
    assert [pipe.tasks for pipe in aioner_components(nlp)] == [["ALL"], ["Anatomy"]]
    with pytest.raises(AionerError, match="'Gene': it knows ALL, Anatomy"):
        prompt(nlp, ["Gene"])


def test_there_must_be_something_to_join(nlp, trained_nlp, make_nlp):
    copy = make_nlp().from_bytes(trained_nlp.to_bytes())
    with pytest.raises(AionerError, match="it knows ALL, this one ALL, Anatomy"):
        join(nlp, copy)
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    with pytest.raises(AionerError, match="it holds sentencizer; give one"):
        join(blank, copy)


def test_a_third_may_be_joined_to_two(nlp, trained_nlp, make_nlp):
    alone = make_nlp().from_bytes(trained_nlp.to_bytes())
    assert join(alone, nlp) == ["aioner_anatomy"]
    assert found(alone(ORGANS))[-1][2] == "Anatomy"
