"""The torch module: encoder, dense layer, label scores, chain parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import check_choice
from ..scheme.bio import transition_mask
from .chain import FORBIDDEN, Chain
from .flat import TensorBatch, encode
from .types import N_CASES

DECODERS = ("softmax", "crf")


class AioNetwork(nn.Module):
    """Encoder, Dense 128 with ReLU, dropout and label scores (Luo et al. 2023, 2.3).

    encoder (nn.Module): A Hugging Face encoder whose embedding holds the tags.
    n_labels (int): Number of output labels.
    hidden_width (int): Width of the dense layer.
    decoder (str): "softmax" or "crf"; the CRF adds learnt start, end and transition
        scores between all labels.
    word_shapes (bool): Whether to add a learnt vector for how a piece is written
        (letter case, space before it) to its embedding: an uncased encoder reads
        "CAT" and "cat" alike.
    """

    encoder: Any  # A Hugging Face encoder has more than nn.Module says.

    def __init__(
        self,
        encoder: nn.Module,
        *,
        n_labels: int,
        hidden_width: int,
        decoder: str,
        word_shapes: bool = False,
    ) -> None:
        super().__init__()
        check_choice("decoder", decoder, DECODERS)
        self.encoder = encoder
        width = self.encoder.config.hidden_size
        self.dense = nn.Linear(width, hidden_width)
        self.output = nn.Linear(hidden_width, n_labels)
        self.decoder = decoder
        self.shapes = None
        if word_shapes:
            inputs = self.encoder.get_input_embeddings().embedding_dim
            self.shapes = nn.Embedding(2 * N_CASES, inputs)
            # From nothing, so that the encoder starts as it was pre-trained.
            nn.init.zeros_(self.shapes.weight)
        if decoder == "crf":
            self.start = nn.Parameter(torch.zeros(n_labels))
            self.end = nn.Parameter(torch.zeros(n_labels))
            self.transitions = nn.Parameter(torch.zeros(n_labels, n_labels))

    def forward(self, batches: Sequence[TensorBatch], dropout: float) -> Tensor:
        """Score the labels of the words of several batches.

        batches (Sequence[TensorBatch]): At least one.
        dropout (float): Share of hidden units dropped before the label scores.
        RETURNS (Tensor): float32 (n_words, n_labels), in the order of the batches.
        """
        drop = dropout if self.training else 0.0
        # Joined batch by batch: only the scores of a long text are ever held at once.
        scores = [
            self._score(encode(self.encoder, embedded, batch), drop)[: len(batch.words)]
            for batch, embedded in zip(batches, self._embed(batches), strict=True)
        ]
        return torch.cat(scores)

    def _embed(self, batches: Sequence[TensorBatch]) -> Iterator[Tensor]:
        """Embeddings of the pieces of each batch, before positions, (n, width)."""
        if not torch.is_grad_enabled():
            yield from (
                self._look_up(batch.input_ids, batch.shapes) for batch in batches
            )
            return
        # One look-up for all batches: its gradient is as large as the vocabulary.
        ids = torch.cat([batch.input_ids for batch in batches])
        shapes = torch.cat([batch.shapes for batch in batches])
        sizes = [len(batch.input_ids) for batch in batches]
        yield from torch.split(self._look_up(ids, shapes), sizes)

    def _look_up(self, ids: Tensor, shapes: Tensor) -> Tensor:
        embedded: Tensor = self.encoder.get_input_embeddings()(ids)
        return embedded if self.shapes is None else embedded + self.shapes(shapes)

    def _score(self, hidden: Tensor, dropout: float) -> Tensor:
        """Label scores of words from their hidden states, float32."""
        dense = torch.relu(self.dense(hidden))
        dense = nn.functional.dropout(dense, dropout, dropout > 0)
        scores: Tensor = self.output(dense).float()
        return scores

    def chain(self, label_ids: Sequence[int]) -> Chain:
        """The chain over one task's labels.

        label_ids (Sequence[int]): Output labels of the task, the outside one first.
        RETURNS (Chain): Parameters in local label numbers; what BIO forbids scores
            so low that it never happens.
        """
        device = self.output.weight.device
        allowed = torch.from_numpy(transition_mask((len(label_ids) - 1) // 2))
        allowed = allowed.to(device)
        forbidden = torch.where(allowed, 0.0, FORBIDDEN)
        start = torch.where(allowed[0], 0.0, FORBIDDEN)
        end = torch.zeros(len(label_ids), device=device)
        if self.decoder == "softmax":
            return Chain(start, end, forbidden)
        ids = torch.tensor(label_ids, device=device)
        return Chain(
            start + self.start[ids],
            end + self.end[ids],
            forbidden + self.transitions[ids][:, ids],
        )
