"""The life of the component: adding, training, saving, tasks."""

import shutil
import warnings

import pytest
import spacy
import srsly
from spacy.training import Example
from thinc.api import Adam

from spacy_aioner.errors import AionerError
from spacy_aioner.models.architectures import get_shim

MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."
TEXTS = [MICE, DOSE, "", "mice", " \n\t ", f"{MICE} {DOSE}"]


def answers(nlp, texts=TEXTS):
    return [
        [
            (span.text, span.label_, round(float(score), 5))
            for span, score in zip(
                doc.spans["aioner"], doc.spans["aioner"].attrs["scores"], strict=True
            )
        ]
        for doc in nlp.pipe(texts)
    ]


def entities(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_add_pipe():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("aioner")
    assert nlp.pipe_names == ["aioner"]
    assert pipe.labels == pipe.label_data
    assert len(pipe.labels) == 6
    assert pipe.tasks == ["ALL"]
    assert nlp.pipe_labels["aioner"] == list(pipe.labels)


def test_not_initialised(make_nlp, make_examples):
    nlp = make_nlp()
    message = "'aioner' has no weights: load a trained pipeline, such as"
    with pytest.raises(AionerError, match=message):
        nlp(MICE)
    with pytest.raises(AionerError, match=message):
        nlp.update(make_examples(nlp), sgd=Adam(0.01))


def warned(nlp):
    """How often a pipeline says that it has not been trained."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nlp(MICE)
        list(nlp.pipe([MICE, DOSE]))
    return sum("'aioner' has not been trained" in str(w.message) for w in caught)


def test_an_untrained_component_says_so_once(make_nlp, make_examples, trained_nlp):
    nlp = make_nlp()
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    assert [warned(nlp), warned(nlp)] == [1, 0]
    # A copy on disk is as random as the pipeline.
    loaded = make_nlp().from_bytes(nlp.to_bytes())
    assert warned(loaded) == 1
    # Gradients alone change nothing yet.
    fresh = make_nlp().from_bytes(nlp.to_bytes())
    fresh.get_pipe("aioner").update(examples, sgd=None)
    assert warned(fresh) == 1
    nlp = make_nlp().from_bytes(nlp.to_bytes())
    nlp.update(examples, sgd=Adam(0.01))
    assert warned(nlp) == 0
    assert warned(make_nlp().from_bytes(nlp.to_bytes())) == 0
    assert warned(trained_nlp) == 0


def test_weights_of_version_0_1_0_count_as_trained(make_nlp, trained_nlp):
    """They do not say whether they are."""
    shim = get_shim(make_nlp().get_pipe("aioner").model)
    message = srsly.msgpack_loads(
        get_shim(trained_nlp.get_pipe("aioner").model).to_bytes()
    )
    del message["trained"]
    assert shim.from_bytes(srsly.msgpack_dumps(message)).trained


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_two_sentences_are_learnt(trained, examples, decoder):
    nlp = trained[decoder]
    for eg in examples:
        assert entities(nlp(eg.reference.text)) == entities(eg.reference)
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == 1.0
    assert set(scores["ents_per_type"]) == {*nlp.get_pipe("aioner").labels}


@pytest.mark.parametrize("text", ["", "mice", " ", "\n\n\t", "\u0007", "\u200b"])
def test_short_texts(trained_nlp, text):
    doc = trained_nlp(text)
    assert doc.text == text
    group = doc.spans["aioner"]
    assert len(group) == len(group.attrs["scores"]) == len(group.attrs["offsets"])
    assert len(group) == 0 or text == "mice"


def test_empty_docs_beside_others(trained_nlp):
    docs = list(trained_nlp.pipe(["", MICE, " ", DOSE, ""]))
    assert [len(doc.ents) for doc in docs] == [0, 4, 0, 3, 0]
    assert trained_nlp.get_pipe("aioner").predict([]) == []
    assert list(trained_nlp.pipe([])) == []


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_saved_pipelines_answer_alike_without_the_folder(
    make_nlp, make_examples, overfit, tiny_encoder, tmp_path, decoder
):
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    nlp = make_nlp(decoder, model={"encoder": str(folder)})
    overfit(nlp, make_examples(nlp), steps=20)
    expected = answers(nlp)
    assert any(expected)
    nlp.to_disk(tmp_path / "saved")
    data = nlp.to_bytes()
    shutil.rmtree(folder)
    loaded = spacy.load(tmp_path / "saved")
    assert answers(loaded) == expected
    assert answers(make_nlp(decoder).from_bytes(data)) == expected
    assert answers(spacy.blank("en").from_config(nlp.config).from_bytes(data)) == (
        expected
    )
    # Saved once more by the pipeline that never saw the folder.
    loaded.to_disk(tmp_path / "again")
    assert answers(spacy.load(tmp_path / "again")) == expected


def test_use_params_evaluates_with_averages(make_nlp, make_examples):
    nlp = make_nlp()
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    sgd = Adam(0.01, use_averages=True)
    for _ in range(3):
        nlp.update(examples, sgd=sgd)
    expected = answers(nlp)
    with nlp.use_params(sgd.averages):
        averaged = nlp.to_bytes()
    assert answers(nlp) == expected
    assert nlp.to_bytes() != averaged


def test_update_without_optimizer_only_collects(make_nlp, make_examples):
    nlp = make_nlp()
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    before = nlp.to_bytes()
    losses = nlp.get_pipe("aioner").update(examples, sgd=None)
    assert losses["aioner"] > 0
    assert nlp.to_bytes() == before
    nlp.get_pipe("aioner").finish_update(Adam(0.01))
    assert nlp.to_bytes() != before


def test_training_goes_on_after_loading(make_nlp, make_examples, overfit):
    nlp = make_nlp()
    examples = make_examples(nlp)
    first = overfit(nlp, examples, steps=10)
    again = make_nlp().from_bytes(nlp.to_bytes())
    sgd = again.resume_training()
    sgd.learn_rate = 0.003
    for _ in range(10):
        losses = again.update(examples, sgd=sgd)
    assert losses["aioner"] < 0.8 * first


def test_the_component_of_another_pipeline(trained_nlp):
    nlp = spacy.blank("en", config=trained_nlp.config)
    for name in nlp.pipe_names:
        nlp.remove_pipe(name)
    nlp.add_pipe("aioner", source=trained_nlp)
    assert answers(nlp) == answers(trained_nlp)


def test_labels_unlike_the_config(make_nlp, make_examples):
    nlp = make_nlp(types=["Gene", "Drug"])
    with pytest.raises(AionerError, match=r"'CellLine'.* annotates Gene, Drug"):
        nlp.initialize(lambda: make_examples(nlp))
    pipe = make_nlp().get_pipe("aioner")
    with pytest.raises(AionerError, match="set types in its config"):
        pipe.initialize(lambda: make_examples(nlp), labels=["Gene"])


def test_an_encoder_that_is_not_there(make_nlp, make_examples):
    nlp = make_nlp(model={"encoder": "nobody/nothing-of-that-name"})
    with pytest.raises(AionerError, match=r"nothing-of-that-name.*go online"):
        nlp.initialize(lambda: make_examples(nlp))


def test_predicted_and_reference_text_must_be_one(make_nlp, examples, trained_copy):
    wrong = Example(trained_copy.make_doc("mice"), examples[0].reference)
    with pytest.raises(AionerError, match="text differ in document 'TP53 loss"):
        trained_copy.get_pipe("aioner").update([wrong], sgd=Adam(0.01))


def test_examples_that_say_nothing_are_passed_over(trained_copy):
    doc = trained_copy.make_doc("Nothing is said.")
    eg = Example(trained_copy.make_doc(doc.text), doc)
    before = trained_copy.to_bytes()
    assert trained_copy.update([eg], sgd=Adam(0.01)) == {"aioner": 0.0}
    assert trained_copy.to_bytes() == before


def test_gold_that_crosses_a_sentence_end_begins_anew(make_nlp, make_examples, overfit):
    nlp = make_nlp(types=["Species"])
    sentence = "The mice fed. Mice grew"
    examples = make_examples(nlp, [(sentence, "ALL", [(4, 18, "Species")])])
    overfit(nlp, examples)
    assert entities(nlp(sentence)) == [("mice fed.", "Species"), ("Mice", "Species")]


def edited(path, edit):
    """Change the config of a saved pipeline."""
    config = spacy.util.load_config(path / "config.cfg")
    edit(config["components"]["aioner"])
    config.to_disk(path / "config.cfg")
    return path


@pytest.mark.parametrize(
    "types",
    [
        ["Gene", "Disease"],
        ["Drug", "Disease", "Chemical", "Species", "Variant", "CellLine"],
        ["Disease", "Gene", "Chemical", "Species", "Variant", "CellLine"],
    ],
)
def test_types_unlike_those_of_the_weights(trained_nlp, tmp_path, types):
    """Fewer, renamed, and in another order, by which the weights are numbered."""
    trained_nlp.to_disk(tmp_path)
    path = edited(tmp_path, lambda pipe: pipe.update(types=types))
    with pytest.raises(AionerError, match="weights of 'aioner' are of a model with"):
        spacy.load(path)
    nlp = spacy.blank("en", config=spacy.util.load_config(path / "config.cfg"))
    with pytest.raises(AionerError, match="weights of 'aioner' are of a model with"):
        nlp.from_bytes(trained_nlp.to_bytes())


def test_weights_with_other_labels_than_config_and_settings(trained_nlp, tmp_path):
    trained_nlp.to_disk(tmp_path)
    types = ["Gene", "Disease"]
    path = edited(tmp_path, lambda pipe: pipe.update(types=types))
    file = tmp_path / "aioner" / "cfg"
    cfg = srsly.read_json(file)
    cfg["task_types"] = {"ALL": types, **{name: [name] for name in types}}
    cfg["trained_tasks"] = ["ALL"]
    srsly.write_json(file, cfg)
    with pytest.raises(AionerError, match=r"19 labels and 14 tags, but .* 7 and 6"):
        spacy.load(path)


def test_weights_that_are_no_numbers(trained_copy, tmp_path):
    network = get_shim(trained_copy.get_pipe("aioner").model).network
    network.dense.bias.data[3] = float("nan")
    trained_copy.to_disk(tmp_path)
    with pytest.raises(AionerError, match=r"damaged: 'dense\.bias' holds NaN"):
        spacy.load(tmp_path)
