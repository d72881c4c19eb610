"""Every family of text encoders that transformers offers, tiny and at random."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from spacy.util import fix_random_seed
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

from spacy_aioner.errors import AionerError
from spacy_aioner.models import planning
from spacy_aioner.models.architectures import get_shim
from spacy_aioner.models.encoders import load_encoder
from spacy_aioner.models.families import longest_input
from spacy_aioner.models.flat import encode
from spacy_aioner.models.planning import plan_windows
from spacy_aioner.models.tensors import make_tensors
from spacy_aioner.models.types import Inputs

DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"
TOKENS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
SHORT = "Loss in mice worsened."
LONG = "Patients with the variant (loss in HeLa cells) worsened, and " * 8
TEXTS = [SHORT, "mice", LONG, "TP53 loss in HeLa cells worsened glioma growth in mice."]

# What is 32 values wide and two layers deep, whatever a config calls it; 64 places
# behind the two that RoBERTa's kin leave out.
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}
XLM = {"emb_dim": 32, "n_layers": 2, "n_heads": 2, "pad_index": 0}
GROUPS = ["q", "k", "v", "post_attention", "intermediate", "output"]
# What works, with what a tiny config needs besides the sizes. A value of None leaves
# the size to the family's other names for it.
FAMILIES = {
    "albert": {"embedding_size": 16},
    "bert": {},
    "bert-generation": {"pad_token_id": 0},
    "big_bird": {},
    "camembert": {},
    "convbert": {"embedding_size": 16},
    "data2vec-text": {},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["c2p", "p2c"],
        "position_buckets": 16,
        "position_biased_input": False,
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
    },
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "electra": {"embedding_size": 16},
    "ernie": {},
    "ernie_m": {},
    "esm": {"pad_token_id": 1, "mask_token_id": 4, "token_dropout": True},
    "flaubert": XLM,
    "fnet": {},
    "funnel": {
        **dict.fromkeys(SIZES),
        "d_model": 32,
        "n_head": 2,
        "d_head": 16,
        "d_inner": 64,
        "block_sizes": [1, 1],
        "architectures": ["FunnelModel"],
    },
    "layoutlm": {"max_2d_position_embeddings": 16},
    "lilt": {"hidden_size": 48, "max_2d_position_embeddings": 16},
    "longformer": {"attention_window": [8, 8]},
    "luke": {"entity_vocab_size": 5, "entity_emb_size": 8},
    "markuplm": {"max_xpath_tag_unit_embeddings": 256, "max_depth": 2},
    "mega": {"ema_projection_size": 4, "max_positions": 66, "bidirectional": True},
    "megatron-bert": {},
    "mobilebert": {"embedding_size": 16, "intra_bottleneck_size": 32},
    "modernbert": {
        "pad_token_id": 0,
        "local_attention": 8,
        "global_attn_every_n_layers": 2,
    },
    "mpnet": {},
    "nezha": {},
    "nystromformer": {"segment_means_seq_len": 64, "num_landmarks": 64},
    "rembert": {"input_embedding_size": 16},
    "roberta": {},
    "roberta-prelayernorm": {},
    "roc_bert": {
        "pronunciation_vocab_size": 8,
        "shape_vocab_size": 8,
        "pronunciation_embed_dim": 4,
        "shape_embed_dim": 4,
    },
    "roformer": {"embedding_size": 16},
    "splinter": {},
    "squeezebert": {"embedding_size": 32, **{f"{name}_groups": 2 for name in GROUPS}},
    "tapas": {},
    "xlm": XLM,
    "xlm-roberta": {},
    "xlm-roberta-xl": {},
    "xlnet": {
        **dict.fromkeys(SIZES),
        "d_model": 32,
        "n_layer": 2,
        "n_head": 2,
        "d_inner": 64,
    },
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
    "yoso": {},
}
# One of each kind of attention, position and embedding; the others are slow tests.
USUAL = {
    "bert",
    "big_bird",
    "convbert",
    "deberta-v2",
    "electra",
    "longformer",
    "modernbert",
    "nystromformer",
    "xlnet",
}
# What cannot work, and what the user is told of it.
REFUSED = {
    "bart": "has a decoder",
    "bros": "needs the place of each word",
    "canine": "reads characters",
    "ibert": "quantised",
    "layoutlmv2": "needs the place of each word",
    "layoutlmv3": "needs the place of each word",
    "mbart": "has a decoder",
    "mra": "kernels",
    "mt5": "has a decoder",
    "mvp": "has a decoder",
    "perceiver": "reads bytes",
    "qdqbert": "pytorch-quantization",
    "reformer": "draws at random",
    "t5": "has a decoder",
    "t5gemma": "has a decoder",
    "umt5": "has a decoder",
    "wav2vec2": "reads sound",
}
# With ids transformers scales what these embed, which they are not pre-trained without.
SCALED = {"esm"}

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    # Funnel's, of its own code.
    pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning"),
]


def all_or_usual(families):
    return [
        name if name in USUAL else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(families)
    ]


@pytest.fixture
def make_folder(tiny_encoder, tmp_path):
    """Make a folder with a random encoder of a family and the tiny tokenizer."""

    def make(family, dtype=torch.float32):
        folder = tmp_path / family
        folder.mkdir()
        for name in TOKENS:
            shutil.copy(Path(tiny_encoder) / name, folder)
        vocabulary = len(AutoTokenizer.from_pretrained(tiny_encoder))
        values = {"vocab_size": vocabulary, **SIZES, **FAMILIES[family]}
        values = {name: v for name, v in values.items() if v is not None}
        torch.manual_seed(0)
        encoder = AutoModel.from_config(AutoConfig.for_model(family, **values))
        # Biases and norms of a fresh one are zeros and ones: let each count.
        for parameter in encoder.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        encoder.to(dtype).save_pretrained(folder)
        return str(folder)

    return make


def score(nlp, texts):
    """Label scores of the words of texts under the first task, (n_words, n_labels)."""
    model = nlp.get_pipe("aioner").model
    shim = get_shim(model)
    words = shim.table.words([nlp.make_doc(text) for text in texts])
    plan = plan_windows(words, [[0]] * len(texts), max_pieces=shim.limit)
    return model.predict(plan.inputs)


def network_of(nlp):
    return get_shim(nlp.get_pipe("aioner").model).network


def found(nlp):
    return [
        [(span.start, span.end, span.label_) for span in doc.spans["aioner"]]
        for doc in nlp.pipe(TEXTS)
    ]


@pytest.mark.parametrize("family", all_or_usual(FAMILIES))
def test_a_family_works(
    family, make_folder, make_nlp, make_examples, monkeypatch, tmp_path
):
    folder = make_folder(family)
    settings = {"encoder": folder}
    nlp = make_nlp(model=settings)
    examples = make_examples(nlp)
    fix_random_seed(1)
    nlp.initialize(lambda: examples)
    before = score(nlp, TEXTS)
    losses = nlp.update(examples)
    assert np.isfinite(losses["aioner"])
    # A full window, and one that is filled up to whatever length.
    scores = score(nlp, TEXTS)
    assert torch.isfinite(scores).all()
    assert not torch.equal(scores, before)

    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(folder)
    loaded = make_nlp(model=settings).from_disk(tmp_path / "saved")
    torch.testing.assert_close(score(loaded, TEXTS), scores, atol=1e-6, rtol=1e-6)
    assert found(loaded) == found(nlp)
    assert {p.dtype for p in network_of(loaded).parameters()} == {torch.float32}
    loaded.update(make_examples(loaded))

    # What shares a batch with a text, and so its padding, changes nothing.
    limit = get_shim(nlp.get_pipe("aioner").model).limit
    monkeypatch.setattr(planning, "LENGTHS", np.arange(limit))
    alone = score(nlp, [SHORT])
    monkeypatch.setattr(planning, "LENGTHS", np.array([limit]))
    padded = score(nlp, TEXTS)[: len(alone)]
    torch.testing.assert_close(padded, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", all_or_usual(set(FAMILIES) - SCALED))
def test_a_window_is_read_as_transformers_reads_it(family, make_folder):
    """By embeddings as by ids, up to the longest window."""
    encoder, _, frame = load_encoder(
        make_folder(family), n_tags=4, settings={}, attention="sdpa"
    )
    encoder.eval()
    count = min(longest_input(encoder), 64)
    room = count - planning.FRAME
    inputs = Inputs(
        pieces=np.arange(room) % 40 + 6,
        shapes=np.zeros(room, dtype=np.int64),
        bounds=np.array([0, room]),
        task=np.array([0]),
        window=np.zeros(room, dtype=np.int64),
        position=np.arange(room),
    )
    (batch,), _ = make_tensors(
        inputs,
        frame,
        budget=4096,
        limit=count,
        device=torch.device("cpu"),
        flat=True,
        exact=True,
    )
    ids = batch.input_ids[:count].unsqueeze(0)
    with torch.no_grad():
        embedded = encoder.get_input_embeddings()(batch.input_ids)
        states = encode(encoder, embedded, batch)[: len(batch.words)]
        expected = encoder(ids)[0][0, batch.words]
    torch.testing.assert_close(states, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", all_or_usual(FAMILIES))
def test_a_family_computes_in_bf16(family, make_folder, make_nlp, make_examples):
    nlp = make_nlp(model={"encoder": make_folder(family), "precision": "bf16"})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    assert np.isfinite(nlp.update(examples)["aioner"])
    assert torch.isfinite(score(nlp, TEXTS)).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_of_16_bits_are_trained_in_32(
    dtype, make_folder, make_nlp, make_examples
):
    folder = make_folder("bert", dtype)
    assert AutoConfig.from_pretrained(folder).torch_dtype == dtype
    nlp = make_nlp(model={"encoder": folder})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    loaded = make_nlp(model={"encoder": folder}).from_bytes(nlp.to_bytes())
    for each in (nlp, loaded):
        types = {value.dtype for value in network_of(each).parameters()}
        assert types == {torch.float32}


@pytest.mark.parametrize("family", sorted(REFUSED))
def test_a_family_is_refused_in_one_sentence(family, tiny_encoder, tmp_path):
    for name in TOKENS:
        shutil.copy(Path(tiny_encoder) / name, tmp_path)
    AutoConfig.for_model(family).save_pretrained(tmp_path)
    with pytest.raises(AionerError, match=REFUSED[family]) as caught:
        load_encoder(str(tmp_path), n_tags=4, settings={}, attention="sdpa")
    assert f"family '{family}' cannot be used" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_decoder_is_refused(tiny_encoder, tmp_path):
    for name in TOKENS:
        shutil.copy(Path(tiny_encoder) / name, tmp_path)
    for family in ("gpt2", "llama", "qwen3"):
        AutoConfig.for_model(family).save_pretrained(tmp_path)
        with pytest.raises(AionerError, match=f"'{family}' cannot be used .*decoder"):
            load_encoder(str(tmp_path), n_tags=4, settings={}, attention="sdpa")


def test_all_families_are_tried_and_told(tiny_encoder, tmp_path):
    """A new version of transformers may bring more: try and enter them."""
    labelling = set(MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES)
    text = (labelling | set(MODEL_FOR_MASKED_LM_MAPPING_NAMES)) & set(
        MODEL_MAPPING_NAMES
    )
    for family in sorted(text - set(FAMILIES) - set(REFUSED)):
        for name in TOKENS:
            shutil.copy(Path(tiny_encoder) / name, tmp_path)
        AutoConfig.for_model(family).save_pretrained(tmp_path)
        with pytest.raises(AionerError, match="it is a decoder"):
            load_encoder(str(tmp_path), n_tags=4, settings={}, attention="sdpa")
    told = re.findall(r"^\| `([^`]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert told == sorted([*FAMILIES, *REFUSED])
