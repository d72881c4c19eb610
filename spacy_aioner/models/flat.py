"""Encoders over batches of windows; BERT's and its kin's without padding.

Only attention needs windows as rows of equal length. All other layers of a BERT take
each piece by itself, so they run on the pieces laid end to end (as in Zeng et al.,
"Boosting Distributed Training Performance of the Unpadded BERT Model", 2022).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .layers import FAMILIES, Layer
from .planning import round_up

# Scores of attention, by head, that are computed together: what a processor's cache
# holds. It changes speed only.
_CACHED_CELLS = 8 * 128 * 128
# What is added to the score of padding; float16 holds it, and its exponential is zero.
_HIDDEN = -30_000.0


@dataclass(frozen=True)
class TensorBatch:
    """One batch of windows on the device, the pieces laid end to end.

    Each piece has a cell in a grid with a row for each window. What fills up the number
    of pieces lies in a last row of its own.

    input_ids (Tensor): Word-piece ids, tags and specials included, int64 (n,).
    shapes (Tensor): How the pieces are written, int64 (n,).
    positions (Tensor): Place of each piece in its window, int64 (n,).
    cells (Tensor): Place of each piece in the flattened grid, int64 (n,).
    mask (Tensor): Which cells may be looked at, bool (rows, length).
    words (Tensor): The words' first pieces, as places in `input_ids`, int64 (n_words,).
    """

    input_ids: Tensor
    shapes: Tensor
    positions: Tensor
    cells: Tensor
    mask: Tensor
    words: Tensor

    def to_grid(self, values: Tensor) -> Tensor:
        """Lay values of the pieces out as rows.

        values (Tensor): (n, …).
        RETURNS (Tensor): (rows, length, …), zero where there is no piece.
        """
        grid = values.new_zeros((self.mask.numel(), *values.shape[1:]))
        return grid.index_copy(0, self.cells, values).view(
            *self.mask.shape, *values.shape[1:]
        )

    def from_grid(self, grid: Tensor) -> Tensor:
        """The inverse of `to_grid`.

        grid (Tensor): (rows, length, …).
        RETURNS (Tensor): (n, …).
        """
        return grid.flatten(0, 1).index_select(0, self.cells)


def runs_flat(encoder: nn.Module) -> bool:
    """Whether `encode` spares the padding for this encoder."""
    config: Any = encoder.config
    return (
        config.model_type in FAMILIES
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not getattr(config, "is_decoder", False)
    )


def encode(encoder: Any, embedded: Tensor, batch: TensorBatch) -> Tensor:
    """Run an encoder.

    encoder (nn.Module): A Hugging Face encoder.
    embedded (Tensor): Embeddings of the pieces, before positions, (n, width).
    batch (TensorBatch): The windows.
    RETURNS (Tensor): Hidden states of the last layer for the words' first pieces,
        (at least n_words, width): as with pieces there are few numbers of rows, and
        what is beyond n_words fills up.
    """
    count = len(batch.words)
    words = nn.functional.pad(batch.words, (0, round_up(count) - count))
    if not runs_flat(encoder):
        # FNet has no attention, and so no mask.
        masked = "attention_mask" in inspect.signature(encoder.forward).parameters
        given = {"attention_mask": batch.mask.long()} if masked else {}
        answer = encoder(inputs_embeds=batch.to_grid(embedded), **given)
        return batch.from_grid(answer[0])[words]
    layers = encoder.embeddings
    states: Tensor = layers.dropout(layers.LayerNorm(embedded + _places(layers, batch)))
    distances = _score_distances(encoder, batch.mask.shape[1])
    *inner, last = (Layer(layer, encoder.config) for layer in encoder.encoder.layer)
    for layer in inner:
        mixed = batch.from_grid(_attend(layer, states, batch, distances))
        states = layer.transform(states, mixed)
    # Of the last layer nothing is asked but the words' first pieces.
    grid = _attend(last, states, batch, distances).flatten(0, 1)
    mixed = grid.index_select(0, batch.cells[words])
    return last.transform(states[words], mixed)


def _places(layers: Any, batch: TensorBatch) -> Tensor:
    """What the embeddings of pieces get by their place, (n, width)."""
    # RoBERTa and MPNet count positions from their padding index on.
    padding = layers.position_embeddings.padding_idx
    first = 0 if padding is None else padding + 1
    place: Tensor = layers.position_embeddings(batch.positions + first)
    if hasattr(layers, "token_type_embeddings"):
        place = place + layers.token_type_embeddings.weight[0]
    return place


def _score_distances(encoder: Any, length: int) -> Tensor | None:
    """What MPNet adds to the scores of attention by distance, (1, heads, n, n)."""
    if not hasattr(encoder.encoder, "compute_position_bias"):
        return None
    like = torch.empty((1, length), device=encoder.device)
    bias: Tensor = encoder.encoder.compute_position_bias(like)
    return bias


def _attend(
    layer: Layer, states: Tensor, batch: TensorBatch, distances: Tensor | None
) -> Tensor:
    """Self-attention of a layer, as a grid (rows, length, width)."""
    split = (*batch.mask.shape, 3, layer.heads, -1)
    grid = batch.to_grid(layer.project(states)).view(split)
    query, key, value = grid.permute(2, 0, 3, 1, 4)
    if layer.fused and distances is None:
        mask = batch.mask[:, None, None, :].expand(-1, 1, batch.mask.shape[-1], -1)
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=layer.drop
        )
    else:
        rows = _few_rows(*batch.mask.shape)
        tensors = (query, key, value, batch.mask)
        parts = (torch.split(tensor, rows) for tensor in tensors)
        mixed = torch.cat(
            [
                _mix(q, k, v, m, distances, layer.drop)
                for q, k, v, m in zip(*parts, strict=True)
            ]
        )
    return mixed.transpose(1, 2).flatten(2)


def _few_rows(rows: int, length: int) -> list[int]:
    """Divide rows into powers of two that fit the cache, as shapes must be few."""
    most = max(1, _CACHED_CELLS // length**2)
    most = 1 << (most.bit_length() - 1)
    parts = [most] * (rows // most)
    parts += [1 << i for i in range(most.bit_length()) if rows % most & 1 << i]
    return parts


def _mix(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    distances: Tensor | None,
    drop: float,
) -> Tensor:
    """Attention of few rows, (rows, heads, length, width of a head)."""
    shape = query.shape
    bias = torch.where(mask, 0.0, _HIDDEN).to(query.dtype)[:, None, None, :]
    if distances is not None:
        bias = bias + distances.to(query.dtype)
    bias = bias.expand(-1, shape[1], -1, -1).flatten(0, 1)
    query, key, value = (tensor.flatten(0, 1) for tensor in (query, key, value))
    scores = torch.baddbmm(bias, query, key.transpose(1, 2), alpha=shape[-1] ** -0.5)
    weights = nn.functional.dropout(scores.softmax(-1), drop, drop > 0)
    return torch.bmm(weights.to(value.dtype), value).view(shape)
