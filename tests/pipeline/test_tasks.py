"""Tasks: several at once, chosen at run time, and what is said of wrong ones."""

import pytest
import spacy
from spacy.training import Example

from spacy_aioner.errors import AionerError

TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."
OTHER = "With KRAS in mice the cells worsened."


@pytest.fixture(scope="module")
def two_tasks(make_nlp, make_examples, overfit):
    """Trained on ALL, where TP53 alone is a gene, and on Gene, where more is."""
    nlp = make_nlp(types=["Gene", "Species"])
    whole = [(0, 4, "Gene"), (TEXT.index("mice"), TEXT.index("mice") + 4, "Species")]
    sentences = [
        (TEXT, "ALL", whole),
        (TEXT, "Gene", [(0, 9, "Gene")]),
        (OTHER, "ALL", [(5, 9, "Gene"), (13, 17, "Species")]),
        (OTHER, "Gene", [(5, 9, "Gene")]),
    ]
    overfit(nlp, make_examples(nlp, sentences), steps=250)
    return nlp.to_bytes()


@pytest.fixture
def nlp(make_nlp, two_tasks):
    return make_nlp(types=["Gene", "Species"]).from_bytes(two_tasks)


def spans(doc):
    return [(span.text, span.label_) for span in doc.spans["aioner"]]


def test_each_task_answers_for_itself(nlp):
    pipe = nlp.get_pipe("aioner")
    assert spans(nlp(TEXT)) == [("TP53", "Gene"), ("mice", "Species")]
    pipe.tasks = ["Gene"]
    assert spans(nlp(TEXT)) == [("TP53 loss", "Gene")]
    pipe.tasks = ["ALL", "Gene"]
    assert spans(nlp(TEXT)) == [
        ("TP53", "Gene"),
        ("TP53 loss", "Gene"),
        ("mice", "Species"),
    ]


def test_what_two_tasks_say_alike_stands_once_with_the_higher_score(nlp):
    pipe = nlp.get_pipe("aioner")
    scores = []
    for tasks in (["ALL"], ["Gene"], ["Gene", "ALL"]):
        pipe.tasks = tasks
        doc = nlp(OTHER)
        group = doc.spans["aioner"]
        assert group[0].text == "KRAS"
        scores.append(float(group.attrs["scores"][0]))
    assert spans(doc) == [("KRAS", "Gene"), ("mice", "Species")]
    assert scores[2] == pytest.approx(max(scores[:2]))
    assert scores[0] != scores[1]


def test_entities_are_flat_and_the_highest_score_wins(nlp):
    pipe = nlp.get_pipe("aioner")
    pipe.tasks = ["ALL", "Gene"]
    doc = nlp(TEXT)
    group = doc.spans["aioner"]
    winner = (
        group[0] if group.attrs["scores"][0] > group.attrs["scores"][1] else group[1]
    )
    assert [ent.text for ent in doc.ents] == [winner.text, "mice"]


def test_a_task_given_twice_counts_once(nlp):
    pipe = nlp.get_pipe("aioner")
    pipe.tasks = ["Gene", "Gene"]
    assert pipe.tasks == ["Gene"]
    pipe.tasks.append("ALL")  # a copy: the setter is the only way
    assert pipe.tasks == ["Gene"]


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        (["Genes"], "'Genes'.* ALL, Gene, Species"),
        (["ALL", "gene"], "'gene'.* ALL, Gene, Species"),
        (["Species"], "not trained on the task 'Species'.* ALL, Gene"),
        ("Gene", "must be a list.*'Gene'"),
        ([], "must be a list"),
        ((), "must be a list"),
    ],
)
def test_tasks_that_cannot_be(nlp, tasks, says):
    pipe = nlp.get_pipe("aioner")
    with pytest.raises(AionerError, match=says):
        pipe.tasks = tasks
    assert pipe.tasks == ["ALL"]


def test_tasks_in_the_config_are_checked(make_nlp):
    with pytest.raises(AionerError, match="'Genes'"):
        make_nlp(tasks=["Genes"])
    with pytest.raises(AionerError, match="at least one task"):
        make_nlp(tasks=[])


def test_an_untrained_task_of_the_config_is_told_before_predicting(make_nlp, two_tasks):
    nlp = make_nlp(types=["Gene", "Species"], tasks=["Species"]).from_bytes(two_tasks)
    with pytest.raises(AionerError, match="not trained on the task 'Species'"):
        nlp(TEXT)


def test_a_prompted_task_must_occur_in_training(make_nlp, make_examples):
    nlp = make_nlp(tasks=["ALL", "Gene"])
    with pytest.raises(AionerError, match=r"not trained on the task 'Gene'.* ALL"):
        nlp.initialize(lambda: make_examples(nlp))


def test_examples_of_an_unknown_task(make_nlp, make_examples):
    nlp = make_nlp()
    examples = make_examples(nlp, [(TEXT, "Organ", [])])
    with pytest.raises(AionerError, match=r"'Organ'.* ALL, Gene"):
        nlp.initialize(lambda: examples)


def test_a_task_learns_only_its_own_types(make_nlp, make_examples):
    nlp = make_nlp()
    examples = make_examples(nlp, [(TEXT, "Gene", [(50, 54, "Species")])])
    with pytest.raises(AionerError, match=r"'Species'.* 'Gene' annotates Gene"):
        nlp.initialize(lambda: examples)


def test_update_may_bring_a_new_task(nlp, make_examples):
    pipe = nlp.get_pipe("aioner")
    sgd = nlp.resume_training()
    nlp.update(make_examples(nlp, [(TEXT, "Species", [(50, 54, "Species")])]), sgd=sgd)
    pipe.tasks = ["Species"]
    assert pipe.tasks == ["Species"]


def test_further_tasks_with_types_of_their_own(make_nlp, make_examples, overfit):
    config = {"types": ["Gene"], "task_types": {"Pair": ["Organ", "Gene"]}}
    nlp = make_nlp(tasks=["Pair"], **config)
    sentences = [
        (OTHER, "Pair", [(5, 9, "Gene"), (22, 27, "Organ")]),
        (OTHER, "ALL", [(5, 9, "Gene")]),
    ]
    overfit(nlp, make_examples(nlp, sentences))
    assert nlp.get_pipe("aioner").labels == ("Gene", "Organ")
    assert spans(nlp(OTHER)) == [("KRAS", "Gene"), ("cells", "Organ")]
    nlp.get_pipe("aioner").tasks = ["ALL"]
    assert spans(nlp(OTHER)) == [("KRAS", "Gene")]


def test_a_partly_annotated_example_says_nothing_of_other_types(nlp):
    """Under the tag Gene a loss never compares with the labels of Species."""
    pipe = nlp.get_pipe("aioner")
    reference = nlp.make_doc(TEXT)
    reference.set_ents([reference.char_span(0, 9, label="Gene")])
    reference.user_data["aioner_task"] = "Gene"
    losses = pipe.update([Example(nlp.make_doc(TEXT), reference)], sgd=None)
    assert losses["aioner"] < 0.1
    gradient = pipe.model.shims[0].network.output.bias.grad
    wrong = [i for i, label in enumerate(pipe.scheme.labels) if "Species" in label]
    assert (gradient[wrong] == 0).all()
    assert (gradient != 0).any()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"threshold": 2}, "threshold must be between 0 and 1, got 2"),
        ({"consistency": -1}, "consistency must be between 0 and 1, got -1"),
        ({"model": {"decoder": "crff"}}, "Unknown decoder 'crff': choose one of"),
        ({"model": {"precision": "int4"}}, "Unknown precision 'int4': choose one of"),
    ],
)
def test_wrong_settings_are_told_when_the_pipe_is_added(config, message):
    with pytest.raises(AionerError, match=message):
        spacy.blank("en").add_pipe("aioner", config=config)
