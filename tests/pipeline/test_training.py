"""`spacy train` from end to end, our reader, and several processes."""

import re
import subprocess
import sys

import pytest
import spacy
import torch
from spacy.cli.train import train
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.util import load_model_from_config
from thinc.api import Config

from spacy_aioner.corpora.reader import create_aio_corpus

TEXT = "TP53 loss in HeLa cells worsened glioma growth in mice."
CONFIG = """
[nlp]
lang = "en"
pipeline = ["aioner"]

[nlp.tokenizer]
@tokenizers = "spacy_aioner.Tokenizer.v1"

[components]

[components.aioner]
factory = "aioner"

[components.aioner.model]
@architectures = "spacy_aioner.AioTagger.v1"
precision = "fp32"
dropout = 0.0

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"

[corpora.dev]
@readers = "spacy.Corpus.v1"

[training]
dev_corpus = "corpora.dev"
train_corpus = "corpora.train"
max_steps = 60
eval_frequency = 20
patience = 0
dropout = 0.0
accumulate_gradient = 2

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.01
L2_is_weight_decay = true
use_averages = true

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = 1

[initialize]
"""

PUBTATOR = (
    "1|t|TP53 loss in HeLa cells.\n"
    "1|a|It worsened glioma growth in mice.\n"
    "1\t0\t4\tTP53\tGene\t7157\n"
    "1\t13\t17\tHeLa\tCellLine\tx\n"
    "1\t37\t43\tglioma\tDisease\ty\n"
    "1\t54\t58\tmice\tSpecies\tz\n\n"
)
GENES = "2|t|KRAS in mice.\n2|a|\n2\t0\t4\tKRAS\tGene\t1\n2\t8\t12\tmice\tCell\t1\n\n"
CORPORA = """
[whole]
task = "ALL"
train = ["whole.txt"]
dev = ["dev.txt"]

[genes]
task = "Gene"
train = ["genes.txt"]
"""


def run_training(tmp_path, config, encoder):
    config["components"]["aioner"]["model"]["encoder"] = encoder
    filled = load_model_from_config(config, auto_fill=True).config
    filled.to_disk(tmp_path / "config.cfg")
    train(tmp_path / "config.cfg", tmp_path / "out")
    return spacy.load(tmp_path / "out" / "model-best")


def test_spacy_train_with_the_reader_of_spacy(examples, tiny_encoder, tmp_path):
    docs = [eg.reference for eg in examples]
    genes = examples[0].reference.copy()
    genes.user_data["aioner_task"] = "Gene"
    genes.set_ents([ent for ent in genes.ents if ent.label_ == "Gene"])
    data = DocBin(docs=[*docs, genes], store_user_data=True)
    data.to_disk(tmp_path / "data.spacy")
    config = Config().from_str(CONFIG)
    for split in ("train", "dev"):
        config["corpora"][split]["path"] = str(tmp_path / "data.spacy")
    nlp = run_training(tmp_path, config, tiny_encoder)
    pipe = nlp.get_pipe("aioner")
    assert pipe.cfg["trained_tasks"] == ["ALL", "Gene"]
    assert nlp.meta["performance"]["ents_f"] > 0.9
    scores = nlp.evaluate(list(Corpus(tmp_path / "data.spacy")(nlp)))
    assert scores["ents_f"] == pytest.approx(nlp.meta["performance"]["ents_f"])
    assert set(nlp.meta["performance"]["ents_per_type"]) == {*pipe.labels}


def test_spacy_train_with_our_reader(tiny_encoder, tmp_path):
    (tmp_path / "whole.txt").write_text(PUBTATOR)
    # The same text under another id: what is dev does not train.
    (tmp_path / "dev.txt").write_text(re.sub(r"(?m)^1", "3", PUBTATOR))
    (tmp_path / "genes.txt").write_text(GENES)
    (tmp_path / "corpora.toml").write_text(CORPORA)
    config = Config().from_str(CONFIG)
    for split in ("train", "dev"):
        config["corpora"][split] = {
            "@readers": "spacy_aioner.AioCorpus.v1",
            "path": str(tmp_path / "corpora.toml"),
            "split": split,
        }
    nlp = run_training(tmp_path, config, tiny_encoder)
    assert nlp.get_pipe("aioner").cfg["trained_tasks"] == ["ALL", "Gene"]
    assert nlp.meta["performance"]["ents_f"] > 0.9


def test_gold_of_the_group_is_learnt_where_there_is_one(make_nlp, tmp_path, overfit):
    """Entities are token-wide; the group may begin inside a token."""
    (tmp_path / "a.txt").write_text(
        "3|t|In TP53null mice.\n3|a|\n3\t3\t7\tTP53\tGene\t1\n\n"
    )
    (tmp_path / "corpora.toml").write_text('[a]\ntask = "ALL"\ntrain = "a.txt"\n')
    nlp = make_nlp()
    examples = list(create_aio_corpus(tmp_path / "corpora.toml")(nlp))
    overfit(nlp, examples)
    doc = nlp("In TP53null mice.")
    assert doc.spans["aioner"].attrs["offsets"].tolist() == [[3, 7]]
    assert nlp.evaluate(examples)["ents_f"] == 1.0


def test_forked_workers_do_not_hang(trained_nlp, tmp_path):
    """With torch's threads in use in the parent, as they are by default."""
    trained_nlp.to_disk(tmp_path / "model")
    script = f"""
import spacy, torch
torch.set_num_threads(2)
nlp = spacy.load({str(tmp_path / "model")!r})
texts = [{TEXT!r}] * 40
alone = [[*map(str, doc.ents)] for doc in nlp.pipe(texts)]
a = torch.ones(400, 400) @ torch.ones(400, 400)
workers = nlp.pipe(texts, n_process=2, batch_size=10)
assert [[*map(str, doc.ents)] for doc in workers] == alone
assert torch.get_num_threads() == 2
"""
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_two_processes_answer_alike(trained_nlp):
    assert torch.get_num_threads() == 1
    texts = [TEXT, "", "mice", TEXT + " " + TEXT] * 3
    expected = [doc.to_bytes() for doc in trained_nlp.pipe(texts)]
    docs = list(trained_nlp.pipe(texts, n_process=2, batch_size=4))
    for doc, data in zip(docs, expected, strict=True):
        other = spacy.tokens.Doc(trained_nlp.vocab).from_bytes(data)
        assert doc.text == other.text
        assert [*map(str, doc.ents)] == [*map(str, other.ents)]
        left, right = (d.spans["aioner"].attrs for d in (doc, other))
        assert left["offsets"].tolist() == right["offsets"].tolist()
        assert left["scores"] == pytest.approx(right["scores"], abs=1e-5)
