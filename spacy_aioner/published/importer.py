"""From a published weights file to a pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import spacy
import torch
from spacy.language import Language

from ..errors import AionerError
from ..models.architectures import get_shim
from ..models.encoders import load_encoder
from ..models.network import AioNetwork
from ..pipeline.aioner import AionerNER
from ..scheme.bio import Ints
from .labels import PUBLISHED_TAGS, PublishedLabels, read_labels
from .weights import Floats, read_weights

_WORDS = "encoder.embeddings.word_embeddings.weight"
_TOKENIZER = "spacy_aioner.ReferenceTokenizer.v1"
_CHAIN = ("transitions", "start", "end")
# Sentences of the published models have at most so many word-pieces.
_MAX_PIECES = 256


def import_weights(
    path: Path,
    *,
    encoder: str,
    labels: Path,
    tags: tuple[str, ...] = PUBLISHED_TAGS,
    lowercase: bool | None = None,
) -> Language:
    """Make a pipeline of the weights of a published model.

    It reads sentences and words as the published preprocessing makes them, and decodes
    as every pipeline does: the best sequence of the task's own labels that BIO allows,
    over words. The original decodes over word-pieces, without such limits, and its CRF
    over the padding too.

    path (Path): The weights, as Keras saved them (HDF5).
    encoder (str): The encoder that was trained: a folder, an installed package or a
        name on the Hugging Face hub; its config and tokenizer are read.
    labels (Path): The label file; see `read_labels`.
    tags (tuple[str, ...]): The tasks that have tags, in the order of their rows.
    lowercase (bool | None): Whether text is lower-cased; None leaves it to the
        encoder's tokenizer.
    RETURNS (Language): A trained pipeline with the component `aioner`.
    RAISES (AionerError): If a file is not sound, or anything in it has no place in the
        network, or the reverse, or another shape.
    """
    known = read_labels(labels, tags)
    weights = read_weights(path)
    decoder = "crf" if "transitions" in weights else "softmax"
    for name in ("dense.weight", "output.weight", _WORDS):
        if name not in weights:
            raise AionerError(
                f"{path}: lacks the weights '{name}': only weights of the published "
                "layout can be imported."
            )
    size = len(weights["output.weight"])
    if size != known.size:
        raise AionerError(
            f"{labels}: has {known.size} labels, but the output layer of {path} has "
            f"{size}: give the label file that belongs to the weights."
        )
    width = len(weights["dense.weight"])
    nlp = spacy.blank(
        "en",
        config={"nlp": {"tokenizer": {"@tokenizers": _TOKENIZER}}},
    )
    model = {
        "@architectures": "spacy_aioner.AioTagger.v1",
        "encoder": encoder,
        "decoder": decoder,
        "hidden_width": width,
        "max_pieces": _MAX_PIECES,
        "words": "tokens",
    }
    pipe: AionerNER = nlp.add_pipe(
        "aioner",
        config={
            "types": list(known.scheme.types),
            "tasks": ["ALL" if "ALL" in known.trained else known.trained[0]],
            "model": model,
        },
    )
    _fill(pipe, path, weights, known, encoder, len(tags), lowercase)
    pipe.cfg["trained_tasks"] = list(known.trained)
    return nlp


def _fill(
    pipe: AionerNER,
    path: Path,
    weights: dict[str, Floats],
    known: PublishedLabels,
    encoder: str,
    n_tasks: int,
    lowercase: bool | None,
) -> None:
    """Give the component a network with the weights."""
    shim = get_shim(pipe.model)
    n_tags = len(known.scheme.tags)
    body, tokenizer, frame = load_encoder(
        encoder,
        n_tags=n_tags,
        settings={},
        attention=shim.pick_attention(),
        pretrained=False,
        lowercase=lowercase,
    )
    # As the original counts; a config may name more rows than there are pieces.
    vocabulary = tokenizer.get_vocab_size()
    body.resize_token_embeddings(  # type: ignore[operator]
        vocabulary + n_tags, mean_resizing=False
    )
    frame = replace(frame, first_tag=vocabulary)
    rows = len(weights[_WORDS])
    if rows != vocabulary + 2 * n_tasks:
        raise AionerError(
            f"{path}: its embedding has {rows} rows, but the encoder '{encoder}' has "
            f"{vocabulary} word-pieces and there are {2 * n_tasks} tags: name the "
            "encoder that was trained, and all tags with --tags."
        )
    weights = dict(weights)
    words = weights[_WORDS]
    weights[_WORDS] = np.concatenate(
        [words[:vocabulary], _take(words[vocabulary:], known.tags)]
    )
    for name in {"output.weight", "output.bias", *_CHAIN} & set(weights):
        sizes = weights[name].shape[: 2 if name == "transitions" else 1]
        if set(sizes) != {known.size}:
            raise AionerError(
                f"{path}: '{name}' has the shape {weights[name].shape}, which does not "
                f"fit {known.size} labels: give a file with the weights of one model."
            )
        weights[name] = _take(weights[name], known.rows)
    if "transitions" in weights:
        weights["transitions"] = _take(weights["transitions"].T, known.rows).T
    network = AioNetwork(
        body,
        n_labels=len(known.scheme.labels),
        hidden_width=get_shim(pipe.model).head["hidden_width"],
        decoder=get_shim(pipe.model).head["decoder"],
    )
    _load(network, path, weights, encoder)
    pipe.model.set_dim("nO", len(known.scheme.labels), force=True)
    pipe.model.attrs["n_tags"] = n_tags
    shim.set_network(network, tokenizer, frame)
    shim.trained = True


def _take(values: Floats, rows: Ints) -> Floats:
    """Rows in another order; zeros where there is none (-1)."""
    taken: Floats = values[np.maximum(rows, 0)]
    taken[rows < 0] = 0.0
    return taken


def _load(
    network: AioNetwork, path: Path, weights: dict[str, Floats], encoder: str
) -> None:
    """Fill all parameters, each with a variable of the file and the reverse."""
    parameters = dict(network.named_parameters())
    missing = sorted(set(parameters) - set(weights))
    unused = sorted(set(weights) - set(parameters))
    if missing or unused:
        parts = [
            f"{what} {', '.join(names[:3])}{' …' * (len(names) > 3)} ({len(names)})"
            for what, names in (("lacks", missing), ("has besides", unused))
            if names
        ]
        raise AionerError(
            f"{path}: compared with the encoder '{encoder}' and the layers behind it, "
            f"it {' and '.join(parts)}: name the encoder that was trained."
        )
    state = {}
    for name, parameter in parameters.items():
        values = torch.tensor(weights[name], dtype=torch.float32)
        if values.shape != parameter.shape:
            raise AionerError(
                f"{path}: '{name}' has the shape {tuple(values.shape)}, but in a "
                f"network with the encoder '{encoder}' it is "
                f"{tuple(parameter.shape)}: name the encoder that was trained."
            )
        state[name] = values
    # Buffers are not in the file: they were made with the encoder.
    network.load_state_dict(state, strict=False, assign=True)
