"""What transformers' families of encoders need, and which of them cannot be used.

A family is what a config calls its `model_type`. docs/encoders.md lists those that
work, and tests/models/test_families.py tries each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from torch import nn
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from ..errors import AionerError

# Families that mix places of a row without a look at the mask: by convolutions, pooling
# or a Fourier transform. They read rows of the windows' own lengths, so that no answer
# depends on what else is read.
_READ_PADDING = frozenset(("convbert", "fnet", "funnel", "nystromformer", "yoso"))
# Families whose code in transformers mixes number formats, or has no 16-bit kernels.
_IN_32_BITS = frozenset(("deberta", "ernie_m", "fnet"))
# BigBird's sparse attention needs rows of 704 pieces and more. After the first shorter
# row transformers leaves it for good, so that answers would depend on what was read
# before. Its weights do with full attention too.
# ESM scales what it embeds by a count of masked ids, which embeddings do not tell.
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "big_bird": {"attention_type": "original_full"},
    "esm": {"token_dropout": False},
}
_PAGES = "it reads pages and needs the place of each word"
_REFUSED: Mapping[str, str] = {
    "bros": _PAGES,
    "canine": "it reads characters, not word-pieces",
    "ibert": "its embedding is quantised and cannot take the tags",
    "layoutlmv2": _PAGES,
    "layoutlmv3": _PAGES,
    # Without them transformers answers zeros and says nothing.
    "mra": "its attention needs kernels that are compiled for a GPU",
    "perceiver": "it reads bytes, not word-pieces",
    "qdqbert": "it needs NVIDIA's pytorch-quantization",
    "reformer": "its attention draws at random, so no answer can be repeated",
    "wav2vec2": "it reads sound",
}
# Named beside decoders by transformers, but each piece sees all others.
_BOTH_WAYS = frozenset(("bert-generation", "xlnet"))
# Relative positions may be as many as one likes; this is what windows end at.
_UNLIMITED = 8192


def check_family(name: str, config: Any) -> None:
    """Refuse families that cannot read a window as an encoder does.

    name (str): The user's name for the encoder.
    config (PretrainedConfig): Its config.
    RAISES (AionerError): If it is a decoder, has one, or needs what is not there.
    """
    family = config.model_type
    decoders = set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES) - _BOTH_WAYS
    if getattr(config, "is_encoder_decoder", False):
        raise refusal(name, family, "it has a decoder, which needs a text of its own")
    is_decoder = getattr(config, "is_decoder", False)
    if is_decoder or family in decoders - set(MODEL_FOR_MASKED_LM_MAPPING_NAMES):
        raise refusal(name, family, "it is a decoder, which sees no word that follows")
    if family in _REFUSED:
        raise refusal(name, family, _REFUSED[family])


def refusal(name: str, family: str, reason: object) -> AionerError:
    """The error for an encoder that was found but cannot be used.

    name (str): The user's name for the encoder.
    family (str): Its family.
    reason (object): Why, as a clause or as the error that another library raised.
    RETURNS (AionerError): To be raised.
    """
    line = str(reason).strip().partition("\n")[0] or type(reason).__name__
    line = textwrap.shorten(line, 200)
    return AionerError(
        f"The encoder '{name}' of the family '{family}' cannot be used ({line}): "
        "choose one of a family that docs/encoders.md lists, such as bert, roberta or "
        "deberta-v2."
    )


def adjust(config: Any) -> None:
    """Give a config the settings without which answers would not be repeatable.

    config (PretrainedConfig): Changed in place.
    """
    for name, value in _SETTINGS.get(config.model_type, {}).items():
        setattr(config, name, value)


def reads_padding(encoder: nn.Module) -> bool:
    """Whether what fills up a row changes the answers for the pieces in it.

    encoder (nn.Module): A Hugging Face encoder.
    RETURNS (bool): If so, a row must be as long as its window.
    """
    config: Any = encoder.config
    return config.model_type in _READ_PADDING


def needs_32_bits(encoder: nn.Module) -> bool:
    """Whether an encoder computes in float32 only.

    encoder (nn.Module): A Hugging Face encoder.
    RETURNS (bool): If so, no other precision can be had.
    """
    config: Any = encoder.config
    return config.model_type in _IN_32_BITS


def longest_input(encoder: nn.Module) -> int:
    """How many pieces an encoder can read, specials included.

    encoder (nn.Module): A Hugging Face encoder.
    RETURNS (int): The number; encoders with relative positions have no limit of
        their own and give a large one.
    """
    limits = []
    limit = getattr(encoder.config, "max_position_embeddings", None)
    if limit is not None and limit > 0:
        limits.append(limit)
    for module in encoder.modules():
        positions = getattr(module, "position_embeddings", None)
        if isinstance(positions, nn.Embedding):
            # RoBERTa counts positions from the padding index on.
            offset = 0 if positions.padding_idx is None else positions.padding_idx + 1
            limits.append(positions.num_embeddings - offset)
    return min(limits, default=_UNLIMITED)
