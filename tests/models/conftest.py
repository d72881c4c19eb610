"""A small BERT and a batch of windows for it."""

import numpy as np
import pytest
import torch
from transformers import AutoModel, BertConfig, MPNetConfig, RobertaConfig

from spacy_aioner.models.encoders import Frame
from spacy_aioner.models.tensors import make_tensors
from spacy_aioner.models.types import Inputs

FRAME = Frame(begin=1, end=2, pad=0, first_tag=40, mask=3)
SIZES = {"vocab_size": 60, "max_position_embeddings": 66}
FAMILIES = {"bert": BertConfig, "mpnet": MPNetConfig, "roberta": RobertaConfig}


@pytest.fixture(scope="session")
def make_encoder():
    """Make small encoders of equal weights with other settings."""

    def make(attention="sdpa", family="bert", **settings):
        torch.manual_seed(0)
        config = FAMILIES[family](
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=48,
            **SIZES,
            **settings,
        )
        asked = None if attention == "sdpa" else attention
        encoder = AutoModel.from_config(config, attn_implementation=asked)
        # Biases and norms of a fresh BERT are zeros and ones: let each count.
        for parameter in encoder.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        return encoder.eval()

    return make


@pytest.fixture(scope="module")
def batch():
    lengths = [5, 1, 30, 12, 7]
    inputs = Inputs(
        pieces=np.arange(sum(lengths)) % 30 + 5,
        shapes=np.zeros(sum(lengths), dtype=np.int64),
        bounds=np.cumsum([0, *lengths]),
        task=np.array([0, 1, 2, 0, 1]),
        window=np.repeat(np.arange(5), lengths),
        position=np.concatenate([np.arange(n) for n in lengths]),
    )
    device = torch.device("cpu")
    (made,), _ = make_tensors(
        inputs, FRAME, budget=4096, limit=64, device=device, flat=True
    )
    return made
