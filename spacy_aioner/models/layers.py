"""The parts of an encoder's layer, whatever its family calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Family:
    """The names of a layer's parts in one family of encoders.

    attention (str): The module that holds the three projections and the dropout of
        attention.
    projections (tuple[str, str, str]): Query, key and value within it.
    mixer (str): The linear layer after attention.
    after (str): The module that holds the dropout and the norm after that.
    """

    attention: str
    projections: tuple[str, str, str]
    mixer: str
    after: str


_BERT = Family(
    attention="attention.self",
    projections=("query", "key", "value"),
    mixer="attention.output.dense",
    after="attention.output",
)
_MPNET = Family(
    attention="attention.attn",
    projections=("q", "k", "v"),
    mixer="attention.attn.o",
    after="attention",
)
# By the config's model_type. In all of them norms stand after the sums.
FAMILIES = {"bert": _BERT, "roberta": _BERT, "xlm-roberta": _BERT, "mpnet": _MPNET}


class Layer:
    """One layer of a BERT or its kin, by the roles of its parts.

    module (nn.Module): The layer.
    config (PretrainedConfig): The encoder's config.
    """

    def __init__(self, module: nn.Module, config: Any) -> None:
        self.module: Any = module
        self.family = FAMILIES[config.model_type]
        self.heads: int = config.num_attention_heads
        self.fused: bool = config._attn_implementation == "sdpa"
        self.attention: Any = module.get_submodule(self.family.attention)

    @property
    def drop(self) -> float:
        """The share of attention that is dropped, 0 but in training."""
        rate: float = self.attention.dropout.p
        return rate if self.attention.training else 0.0

    def project(self, states: Tensor) -> Tensor:
        """Queries, keys and values beside each other.

        states (Tensor): (n, width).
        RETURNS (Tensor): (n, 3 * width).
        """
        if hasattr(self.attention, "joint"):
            joint: Tensor = self.attention.joint(states)
            return joint
        three = (getattr(self.attention, name) for name in self.family.projections)
        return torch.cat([part(states) for part in three], -1)

    def transform(self, states: Tensor, mixed: Tensor) -> Tensor:
        """What the layer does after its attention.

        states (Tensor): What the layer was given, (n, width).
        mixed (Tensor): What attention made of it, (n, width).
        RETURNS (Tensor): (n, width).
        """
        mixer = self.module.get_submodule(self.family.mixer)
        after = self.module.get_submodule(self.family.after)
        states = after.LayerNorm(after.dropout(mixer(mixed)) + states)
        within = self.module.intermediate
        inner = within.intermediate_act_fn(within.dense(states))
        after = self.module.output
        result: Tensor = after.LayerNorm(after.dropout(after.dense(inner)) + states)
        return result

    def join(self) -> None:
        """Put one product in place of three: what is read is then read once."""
        three = [getattr(self.attention, name) for name in self.family.projections]
        weight = torch.cat([each.weight.detach() for each in three])
        joint = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
        joint.weight = nn.Parameter(weight, requires_grad=False)
        bias = torch.cat([each.bias.detach() for each in three])
        joint.bias = nn.Parameter(bias, requires_grad=False)
        for name in self.family.projections:
            delattr(self.attention, name)
        self.attention.joint = joint
