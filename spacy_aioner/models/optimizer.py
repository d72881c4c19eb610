"""Torch's fused optimizers, driven by the settings of a Thinc optimizer.

Thinc updates one parameter after another in NumPy; torch's fused AdamW updates all at
once and costs a small part of that. The schedules stay Thinc's.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from thinc.api import Optimizer
from torch import nn


def build_torch_optimizer(
    parameters: Iterable[tuple[str, nn.Parameter]], sgd: Optimizer
) -> torch.optim.Optimizer:
    """Make the torch twin of a Thinc optimizer.

    parameters (Iterable[tuple[str, nn.Parameter]]): Names and parameters. Vectors
        (biases, layer norms) are not decayed.
    sgd (Optimizer): Adam, RAdam or SGD from Thinc.
    RETURNS (torch.optim.Optimizer): With one group per kind, "encoder" and "head".
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in parameters:
        key = (name.startswith("encoder."), parameter.ndim > 1)
        groups.setdefault(key, []).append(parameter)
    options = [
        {"params": params, "head": not in_encoder, "decayed": decayed}
        for (in_encoder, decayed), params in groups.items()
    ]
    if not sgd.b1 and not sgd.b2:
        return torch.optim.SGD(options, lr=sgd.learn_rate)
    betas, lr = (sgd.b1, sgd.b2), sgd.learn_rate
    if sgd.use_radam:
        return torch.optim.RAdam(
            options, lr=lr, betas=betas, eps=sgd.eps, decoupled_weight_decay=True
        )
    kind = torch.optim.AdamW if sgd.L2_is_weight_decay else torch.optim.Adam
    return kind(options, lr=lr, betas=betas, eps=sgd.eps, fused=True)


def follow_schedules(
    optimizer: torch.optim.Optimizer, sgd: Optimizer, *, head_scale: float
) -> None:
    """Copy the present values of a Thinc optimizer's schedules.

    optimizer (torch.optim.Optimizer): Made by `build_torch_optimizer`.
    sgd (Optimizer): The Thinc optimizer.
    head_scale (float): Learning rate of the head relative to the encoder's.
    """
    for group in optimizer.param_groups:
        scale = head_scale if group["head"] else 1.0
        group["lr"] = sgd.learn_rate * scale
        group["weight_decay"] = sgd.L2 if group["decayed"] else 0.0


def average(mean: torch.Tensor, value: torch.Tensor, step: int) -> None:
    """Move a running mean towards a value, at the rate of Thinc's `update_averages`.

    mean (torch.Tensor): Changed in place.
    value (torch.Tensor): The parameter's present value.
    step (int): Number of updates so far, from 1; early values weigh less later.
    """
    decay = min((1 + step) / (10 + step), 0.9999)
    mean.lerp_(value, 1 - decay)
