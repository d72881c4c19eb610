"""Pipelines of several aioner components, each with tasks of its own."""

import pytest
import spacy

from spacy_aioner.errors import AionerError
from spacy_aioner.pipeline.joining import join, prompt
from spacy_aioner.pipeline.loading import aioner_components
from spacy_aioner.pipeline.new_task import add_task

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


def test_a_third_may_be_joined_to_two(
    nlp, trained_copy, make_examples, learn, tmp_path
):
    # It knows nothing of the second's task.
    mice = [(ORGANS, "anatomy", [(42, 46, "Organism")])]
    add_task(trained_copy, "anatomy", ["Organism"])
    learn(trained_copy, make_examples(trained_copy, mice))
    assert join(nlp, trained_copy) == ["aioner_anatomy_"]
    nlp.to_disk(tmp_path / "three")
    again = spacy.load(tmp_path / "three")
    names = ["aioner", "aioner_anatomy", "aioner_anatomy_"]
    assert again.pipe_names == names
    assert [pipe.name for pipe in aioner_components(again)] == names
    new = [entry for entry in found(again(ORGANS)) if entry[2] != "ALL"]
    assert new == [
        ("liver", "Organ", "Anatomy"),
        ("heart cells", "Tissue", "Anatomy"),
        ("mice", "Organism", "anatomy"),
    ]
    # Each example counts only the types of its task, whichever component knows it.
    gold = [(14, 19, "Organ"), (27, 38, "Tissue")]
    for examples in (
        make_examples(again, [(ORGANS, "Anatomy", gold)]),
        make_examples(again, mice),
        make_examples(again),
    ):
        assert again.evaluate(examples)["ents_f"] == 1.0


def test_in_doc_ents_the_earlier_component_wins(nlp):
    doc = nlp(ORGANS)
    ents = {(ent.text, ent.label_) for ent in doc.ents}
    group = doc.spans["aioner"]
    scores = {s.text: v for s, v in zip(group, group.attrs["scores"], strict=True)}
    assert scores["heart"] < scores["heart cells"]
    assert ("heart", "Disease") in ents
    assert ("heart cells", "Tissue") not in ents


def test_without_the_component_of_the_old_tasks(joined_nlp, tmp_path):
    joined_nlp.to_disk(tmp_path / "joined")
    nlp = spacy.load(tmp_path / "joined", exclude=["aioner"])
    assert {task for _, _, task in found(nlp(ORGANS))} == {"Anatomy"}


def test_prompts_that_cannot_be(nlp, trained_copy):
    for pipeline in (nlp, trained_copy):
        for tasks in ("ALL", []):
            with pytest.raises(AionerError, match="must be a list with at least one"):
                prompt(pipeline, tasks)
    trained_copy.disable_pipe("aioner")
    prompt(trained_copy, ["ALL"])
    assert trained_copy.pipe_names == ["aioner"]


def test_words_that_are_tokens_need_the_same_tokenizer(make_nlp, make_examples):
    other = make_nlp(
        tokenizer="spacy_aioner.ReferenceTokenizer.v1", model={"words": "tokens"}
    )
    other.initialize(lambda: make_examples(other))
    nlp = make_nlp()
    with pytest.raises(AionerError, match=r"ReferenceTokenizer\.v1, this pipeline has"):
        join(nlp, other)
