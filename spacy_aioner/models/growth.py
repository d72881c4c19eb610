"""Further labels and tags for a trained network."""

from __future__ import annotations

import torch
from torch import nn
from transformers import AutoModel

from ..errors import AionerError
from ..scheme.bio import Bools, Ints
from .encoders import find_encoder
from .network import AioNetwork


def grow(network: AioNetwork, *, n_tags: int, analogies: Ints, fresh: Bools) -> None:
    """Add rows for labels and tags; what the network knew it does as before.

    The row of a new label is the mean of the rows that it resembles, so that from the
    first update on the network marks what looks like an entity, and a random one as
    new layers have, so that the new types differ. Transitions are means alone. The
    tags are random: like those of a known task they would call up its answers.

    network (AioNetwork): Changed in place.
    n_tags (int): Number of tags to add at the end of the encoder's embedding.
    analogies (Ints): Old label by new label in each analogy, (n_analogies, n_labels);
        labels that stay are themselves in all of them.
    fresh (Bools): Which labels are new, (n_labels,).
    """
    device = network.output.weight.device
    index = torch.from_numpy(analogies).to(device)
    new = torch.from_numpy(fresh).to(device)
    with torch.no_grad():
        embedding = network.encoder.get_input_embeddings().weight
        tags = torch.randn(n_tags, embedding.shape[1], device=device) * embedding.std()
        network.encoder.resize_token_embeddings(
            len(embedding) + n_tags, mean_resizing=False
        )
        network.encoder.get_input_embeddings().weight[-n_tags:] = tags
        output = nn.Linear(network.output.in_features, len(new)).to(device)
        for name, drawn in output.named_parameters():
            rows = getattr(network.output, name)[index]
            mask = new.reshape(-1, *[1] * (drawn.dim() - 1))
            drawn.copy_(torch.where(mask, rows.mean(0) + drawn, rows[0]))
        network.output = output
        if network.decoder == "crf":
            moves = network.transitions[index.unsqueeze(2), index.unsqueeze(1)]
            mask = new.unsqueeze(1) | new
            mixed = torch.where(mask, moves.mean(0), moves[0])
            network.transitions = nn.Parameter(mixed)
            for name in ("start", "end"):
                ends = getattr(network, name)[index]
                mixed = torch.where(new, ends.mean(0), ends[0])
                setattr(network, name, nn.Parameter(mixed))


def mix_encoder(network: AioNetwork, encoder: str, share: float) -> None:
    """Mix the weights of a trained encoder with those that it started from.

    An encoder that was trained long on some types has lost some of what tells other
    types apart; between its weights and those that it started from lie encoders that
    have both (Wortsman et al., CVPR 2022, section 4). What the original does not have,
    such as tags, stays as it is.

    network (AioNetwork): Changed in place.
    encoder (str): The original encoder; see `find_encoder`.
    share (float): Share of the original, within 0 and 1.
    RAISES (AionerError): If there is no such encoder or it is of another kind, or the
        share is not within 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise AionerError(f"The share {share} of the encoder is not within 0 and 1.")
    try:
        original = AutoModel.from_pretrained(
            find_encoder(encoder), torch_dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise AionerError(
            f"The encoder '{encoder}' was not found as a folder, as an installed "
            "package or on the Hugging Face hub: name the one that the pipeline's "
            "encoder started from."
        ) from error
    theirs = dict(original.named_parameters())
    ours = dict(network.encoder.named_parameters())
    embedding = network.encoder.get_input_embeddings().weight
    with torch.no_grad():
        for name, value in ours.items():
            other = theirs.get(name)
            # Behind the original's vocabulary stand the tags.
            rows = value
            if other is not None and value is embedding:
                rows = value[: len(other)]
            if other is None or other.shape != rows.shape:
                raise AionerError(
                    f"The encoder '{encoder}' is not the one that the pipeline's "
                    f"encoder started from: '{name}' differs in shape."
                )
            rows.lerp_(other.to(rows.device), share)
