"""Tiny models and self-written examples for all tests: nothing is downloaded."""

import os
import string
import time

# Before transformers is imported: no test may reach for the hub.
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import spacy
import torch
from hypothesis import settings
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from spacy_aioner.corpora.docs import TASK_KEY
from spacy_aioner.pipeline.joining import join
from spacy_aioner.pipeline.new_task import add_task

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "loss of in the cells worsened growth mice patients with variant all gene mask"
TOKENIZER = "spacy_aioner.Tokenizer.v1"

# Two sentences over the six types: text, task and (start, end, type).
MICE = "TP53 loss in HeLa cells worsened glioma growth in mice."
DOSE = "Patients with the c.76A>T variant tolerated aspirin."
# For a task that the pipelines below are not taught.
ORGANS = "Growth of the liver and of heart cells in mice worsened."


def locate(text, **mentions):
    """Gold spans from words: Gene="TP53" and so on, each at its first place."""
    return sorted(
        (text.index(word), text.index(word) + len(word), label)
        for label, word in mentions.items()
    )


SENTENCES = [
    (
        MICE,
        "ALL",
        locate(MICE, Gene="TP53", CellLine="HeLa", Disease="glioma", Species="mice"),
    ),
    (
        DOSE,
        "ALL",
        locate(DOSE, Species="Patients", Variant="c.76A>T", Chemical="aspirin"),
    ),
]


def blank(tokenizer):
    """An empty English pipeline with a registered tokenizer."""
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": tokenizer}}})


# A busy machine is slow; two seconds for an example are more than that.
settings.register_profile("patient", settings(), deadline=2000)
settings.load_profile("patient")


def pytest_configure(config):
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """A folder with a random BERT of two layers, 64 positions and its tokenizer."""
    signs = string.ascii_lowercase + string.digits
    vocabulary = [*SPECIALS, *string.punctuation, *signs, *WORDS.split()]
    vocabulary += [f"##{sign}" for sign in signs]
    tokenizer = Tokenizer(
        WordPiece({piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    folder = tmp_path_factory.mktemp("encoder")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def make_nlp(tiny_encoder):
    """Make a pipeline of one component; `model` and the rest go to its config."""

    def make(
        decoder="softmax",
        *,
        tokenizer="spacy_aioner.Tokenizer.v1",
        model=None,
        **config,
    ):
        nlp = spacy.blank(
            "en", config={"nlp": {"tokenizer": {"@tokenizers": tokenizer}}}
        )
        settings = {
            "@architectures": "spacy_aioner.AioTagger.v1",
            "encoder": tiny_encoder,
            "decoder": decoder,
            "precision": "fp32",
            "dropout": 0.0,
            **(model or {}),
        }
        nlp.add_pipe("aioner", config={"model": settings, **config})
        return nlp

    return make


@pytest.fixture(scope="session")
def make_examples():
    """Make examples of (text, task, spans); spans go to the reference's entities."""

    def make(nlp, sentences=SENTENCES):
        examples = []
        for text, task, spans in sentences:
            reference = nlp.make_doc(text)
            reference.user_data[TASK_KEY] = task
            reference.set_ents(
                [reference.char_span(*span, alignment_mode="expand") for span in spans]
            )
            examples.append(Example(nlp.make_doc(text), reference))
        return examples

    return make


@pytest.fixture
def examples(make_examples):
    """The two sentences, for a pipeline with the component's tokenizer."""
    return make_examples(blank(TOKENIZER))


@pytest.fixture(scope="session")
def learn():
    """Go on training a pipeline on examples until it knows them by heart."""

    def update(nlp, examples, *, steps=150, rate=3e-3):
        optimizer = Adam(rate, L2_is_weight_decay=True, L2=0.0)
        for _ in range(steps):
            losses = nlp.update(examples, sgd=optimizer)
            if losses["aioner"] < 0.01:
                break
        return losses["aioner"]

    return update


@pytest.fixture(scope="session")
def overfit(learn):
    """Train a pipeline on examples until it knows them by heart."""

    def train(nlp, examples, *, steps=120, rate=3e-3):
        fix_random_seed(1)
        nlp.initialize(lambda: examples)
        return learn(nlp, examples, steps=steps, rate=rate)

    return train


@pytest.fixture(scope="session")
def trained(make_nlp, make_examples, overfit):
    """Pipelines that know the two sentences, by decoder; not to be changed."""
    pipelines = {}
    for decoder in ("softmax", "crf"):
        nlp = make_nlp(decoder)
        overfit(nlp, make_examples(nlp))
        pipelines[decoder] = nlp
    return pipelines


@pytest.fixture(scope="session")
def trained_nlp(trained):
    """The softmax pipeline that knows the two sentences; not to be changed."""
    return trained["softmax"]


@pytest.fixture
def trained_copy(trained_nlp, make_nlp):
    """A copy of it that a test may change."""
    return make_nlp().from_bytes(trained_nlp.to_bytes())


@pytest.fixture(scope="session")
def joined_nlp(trained_nlp, make_nlp, make_examples, learn):
    """It and a copy that learnt the task Anatomy, joined; not to be changed."""
    nlp, other = (make_nlp().from_bytes(trained_nlp.to_bytes()) for _ in range(2))
    add_task(other, "Anatomy", ["Organ", "Tissue"])
    gold = [*locate(ORGANS, Organ="liver"), *locate(ORGANS, Tissue="heart cells")]
    learn(other, make_examples(other, [(ORGANS, "Anatomy", gold)]))
    assert join(nlp, other) == ["aioner_anatomy"]
    return nlp


@pytest.fixture
def panic():
    """Have the tokenizers library panic, which raises no `Exception`."""

    def cause(*args, **kwargs):
        tokenizer = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = BertPreTokenizer()
        tokenizer.encode("three single words").truncate(2, stride=5)

    return cause


# Four times the input takes four times as long, or sixteen times if it grows by the
# square; CPU time of a busy machine lies between.
FACTOR = 9
# Less is not measured well enough.
SHORT = 0.03


def cpu_time(function, argument):
    """The least CPU seconds of a few calls."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        function(argument)
        best = min(best, time.process_time() - begin)
    return best


@pytest.fixture
def assert_linear():
    """Check that a function takes time in step with its argument.

    It gets the function, another one that makes its argument of a size, and the
    smaller size; the other size is four times as large.
    """

    def check(function, make, n):
        large = cpu_time(function, make(4 * n))
        if large > SHORT:
            small = cpu_time(function, make(n))
            assert large < FACTOR * max(small, SHORT / FACTOR), (small, large)

    return check
