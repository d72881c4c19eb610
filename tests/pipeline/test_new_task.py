"""A trained pipeline learns a task that it does not know."""

import pytest
import spacy
import torch
from spacy.training.initialize import init_nlp
from spacy.util import load_config

from spacy_aioner.corpora.docbin import write_docbin
from spacy_aioner.errors import AionerError
from spacy_aioner.formats.document import Document, Mention, Passage
from spacy_aioner.models import packed
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.growth import mix_encoder
from spacy_aioner.pipeline.new_task import add_task, loosen, make_add_task
from spacy_aioner.training.loop import train

TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."
ORGAN = "Growth of the liver and of heart cells in mice worsened."
GOLD = [(14, 19, "Organ"), (27, 38, "Tissue")]
TYPES = ["Organ", "Tissue"]


def found(nlp, text, task):
    nlp.get_pipe("aioner").tasks = [task]
    doc = nlp(text)
    return [(s.text, s.label_) for s in doc.spans["aioner"]], list(
        doc.spans["aioner"].attrs["scores"]
    )


@pytest.fixture(params=["softmax", "crf"])
def nlp(request, trained, make_nlp):
    copy = make_nlp(request.param)
    return copy.from_bytes(trained[request.param].to_bytes())


def network_of(nlp):
    return get_shim(nlp.get_pipe("aioner").model).network


def test_what_was_known_is_answered_as_before(nlp):
    before = found(nlp, TEXT, "ALL")
    add_task(nlp, "Anatomy", TYPES)
    pipe = nlp.get_pipe("aioner")
    assert pipe.tasks == ["ALL", "Anatomy"]
    assert pipe.labels[-2:] == ("Organ", "Tissue")
    spans, scores = found(nlp, TEXT, "ALL")
    assert spans == before[0]
    assert scores == pytest.approx(before[1], abs=1e-6)


def test_the_old_rows_are_the_same_bits(nlp):
    old_labels = nlp.get_pipe("aioner").scheme.labels
    old = {n: p.detach().clone() for n, p in network_of(nlp).named_parameters()}
    add_task(nlp, "Anatomy", TYPES)
    network = network_of(nlp)
    labels = nlp.get_pipe("aioner").scheme.labels
    kept = [labels.index(label) for label in old_labels]
    assert torch.equal(network.output.weight[kept], old["output.weight"])
    assert torch.equal(network.output.bias[kept], old["output.bias"])
    words = "encoder.embeddings.word_embeddings.weight"
    rows = dict(network.named_parameters())[words]
    assert torch.equal(rows[:-2], old[words])
    assert not torch.equal(rows[-2], rows[-1])
    if network.decoder == "crf":
        moves = network.transitions[kept][:, kept]
        assert torch.equal(moves, old["transitions"])
        assert torch.equal(network.start[kept], old["start"])


def test_the_new_task_must_be_trained_first(nlp):
    add_task(nlp, "Anatomy", TYPES)
    with pytest.raises(AionerError, match="was not trained on the task 'Anatomy'"):
        nlp(TEXT)


def test_it_is_learnt_with_the_old_ones_kept_saved_and_loaded(
    nlp, make_examples, tmp_path, learn
):
    known = found(nlp, TEXT, "ALL")[0]
    add_task(nlp, "Anatomy", TYPES)
    organs = make_examples(nlp, [(ORGAN, "Anatomy", GOLD)])
    learn(nlp, [*organs, *make_examples(nlp)])
    nlp.to_disk(tmp_path / "grown")
    again = spacy.load(tmp_path / "grown")
    assert again.config["components"]["aioner"]["task_types"] == {"Anatomy": TYPES}
    expected = [(ORGAN[a:b], label) for a, b, label in GOLD]
    assert found(again, ORGAN, "Anatomy")[0] == expected
    assert found(again, TEXT, "ALL")[0] == known
    fresh = spacy.load(tmp_path / "grown")
    assert fresh.get_pipe("aioner").tasks == ["ALL", "Anatomy"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_that_has_predicted_may_be_copied(
    trained, make_nlp, precision, monkeypatch
):
    monkeypatch.setattr(packed, "pays", lambda encoder: packed.can_pack(encoder.dtype))
    nlp = make_nlp(model={"precision": precision})
    nlp.from_bytes(trained["softmax"].to_bytes())
    spans, scores = found(nlp, TEXT, "ALL")
    pipe = nlp.get_pipe("aioner")
    original = pipe.model
    pipe.model = original.copy()
    assert network_of(nlp) is not get_shim(original).network
    assert found(nlp, TEXT, "ALL") == (spans, scores)


def test_a_known_type_may_be_annotated_in_another_way(nlp, make_examples, learn):
    add_task(nlp, "LongGene", ["Gene"])
    learn(nlp, make_examples(nlp, [(TEXT, "LongGene", [(0, 9, "Gene")])]))
    assert found(nlp, TEXT, "LongGene")[0] == [("TP53 loss", "Gene")]
    assert nlp.get_pipe("aioner").labels.count("Gene") == 1


def test_the_callback_finds_tasks_and_types_in_the_data(trained_copy, tmp_path):
    with (tmp_path / "organs.spacy").open("wb") as stream:
        old = Document("old", [Passage(0, "TP53 loss", "title")], [])
        write_docbin([(document(1), "Anatomy"), (old, "Gene")], stream)
    make_add_task(data=tmp_path)(trained_copy)
    pipe = trained_copy.get_pipe("aioner")
    assert pipe.scheme.task("Anatomy").types == ("Organ",)
    make_add_task(data=tmp_path)(trained_copy)  # There is nothing left to add.
    assert [task.name for task in pipe.scheme.tasks].count("Anatomy") == 1


def test_the_callback_takes_a_tokenizer(trained_copy, make_nlp, tmp_path):
    other = make_nlp(tokenizer="spacy_aioner.ReferenceTokenizer.v1")
    other.to_disk(tmp_path / "other")
    add = make_add_task(task="Anatomy", types=TYPES, tokenizer=str(tmp_path / "other"))
    add(trained_copy)
    expected = [token.text for token in other.make_doc(TEXT)]
    assert [token.text for token in trained_copy.make_doc(TEXT)] == expected
    trained_copy.to_disk(tmp_path / "copy")
    again = spacy.load(tmp_path / "copy")
    assert again.config["nlp"]["tokenizer"] == other.config["nlp"]["tokenizer"]
    assert [token.text for token in again.make_doc(TEXT)] == expected


def test_the_callback_must_be_told_what_to_add(trained_copy, tmp_path):
    with pytest.raises(AionerError, match="is not told what to add"):
        make_add_task(task="Anatomy")(trained_copy)
    with pytest.raises(AionerError, match="holds no DocBin"):
        make_add_task(data=tmp_path)(trained_copy)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Gene", ["Organ"]), "There is a task 'Gene' already"),
        (("Anatomy", []), "at least one entity type"),
        (("Anatomy", "Organ"), "must be a list"),
        (("An atomy", ["Organ"]), "cannot name a task"),
    ],
)
def test_names_that_cannot_be(trained_copy, arguments, said):
    with pytest.raises(AionerError, match=said):
        add_task(trained_copy, *arguments)
    assert "Anatomy" not in trained_copy.config["components"]["aioner"]["task_types"]


def test_pipelines_that_cannot_learn_a_task(make_nlp, trained_copy):
    with pytest.raises(AionerError, match="'aioner' is not trained"):
        add_task(make_nlp(), "Anatomy", TYPES)
    with pytest.raises(AionerError, match="no 'aioner' component called 'ner'"):
        add_task(trained_copy, "Anatomy", TYPES, component="ner")


def test_weights_mixed_with_those_of_the_original_encoder(trained_copy, tiny_encoder):
    network = network_of(trained_copy)
    name = "encoder.layer.0.attention.self.query.weight"
    before = network.encoder.get_parameter(name).detach().clone()
    tags = network.encoder.get_input_embeddings().weight[-1].detach().clone()
    mix_encoder(network, tiny_encoder, 0.0)
    assert torch.equal(network.encoder.get_parameter(name), before)
    mix_encoder(network, tiny_encoder, 0.5)
    half = network.encoder.get_parameter(name).detach().clone()
    mix_encoder(network, tiny_encoder, 1.0)
    original = network.encoder.get_parameter(name).detach()
    torch.testing.assert_close(half, (before + original) / 2)
    assert not torch.equal(original, before)
    assert torch.equal(network.encoder.get_input_embeddings().weight[-1], tags)


def test_encoders_that_cannot_be_mixed(trained_copy, tmp_path):
    with pytest.raises(AionerError, match="nowhere' was not found"):
        loosen(trained_copy, encoder=str(tmp_path / "nowhere"))


def document(number):
    text = f"Growth of the liver {number} worsened in mice."
    return Document(
        str(number), [Passage(0, text, "title")], [Mention(14, 19, "liver", "Organ")]
    )


CONFIG = """
[nlp]
lang = "en"
pipeline = ["aioner"]

[nlp.tokenizer]
@tokenizers = "spacy_aioner.Tokenizer.v1"

[components]

[components.aioner]
source = "{source}"

[initialize]

[initialize.before_init]
@callbacks = "spacy_aioner.add_task.v1"
task = "Anatomy"
types = ["Organ", "Tissue"]
encoder = "{encoder}"
encoder_share = 0.2
head_learn_rate_scale = 3.0

[corpora]

[corpora.train]
@readers = "spacy_aioner.SampledCorpus.v1"
path = "{data}"

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = "{data}"

[training]
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"
max_epochs = -1
seed = 0
gpu_allocator = null
max_steps = 6
eval_frequency = 3

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.003
"""


def test_a_config_with_a_source_and_the_callback(trained_nlp, tiny_encoder, tmp_path):
    trained_nlp.to_disk(tmp_path / "source")
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "organs.spacy").open("wb") as stream:
        write_docbin([(document(n), "Anatomy") for n in range(6)], stream)
    path = tmp_path / "config.cfg"
    path.write_text(
        CONFIG.format(
            source=tmp_path / "source", encoder=tiny_encoder, data=tmp_path / "data"
        )
    )
    nlp = init_nlp(load_config(path, interpolate=False))
    folder = train(nlp, tmp_path / "out")
    pipe = spacy.load(folder).get_pipe("aioner")
    assert pipe.tasks == ["ALL", "Anatomy"]
    assert pipe.cfg["trained_tasks"][-1] == "Anatomy"
    assert get_shim(pipe.model).head_scale == 3.0
