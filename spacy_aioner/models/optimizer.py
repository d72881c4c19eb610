"""Torch's fused optimizers, driven by the settings of a Thinc optimizer.

Thinc updates one parameter after another in NumPy; torch's fused AdamW updates all at
once and costs a small part of that. The schedules stay Thinc's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


class TorchOptimizer:
    """Changes the parameters of a network as a Thinc optimizer says.

    network (nn.Module): The network.
    sgd (Optimizer): Thinc's optimizer, for its settings and averages.
    owner (int): Averages are kept by this number and the parameter's name.
    """

    def __init__(self, network: nn.Module, sgd: Optimizer, *, owner: int) -> None:
        self.sgd = sgd
        self.owner = owner
        self.named = list(network.named_parameters())
        self.updates = 0
        self._torch = build_torch_optimizer(self.named, sgd)

    def step(self, *, head_scale: float) -> None:
        """Change the parameters by their gradients, and the averages by them.

        head_scale (float): Learning rate of the head relative to the encoder's.
        """
        sgd = self.sgd
        follow_schedules(self._torch, sgd, head_scale=head_scale)
        if sgd.grad_clip:
            parameters = [parameter for _, parameter in self.named]
            torch.nn.utils.clip_grad_norm_(parameters, sgd.grad_clip)
        self._torch.step()
        self.updates += 1
        if sgd.averages is not None:
            for name, parameter in self.named:
                value, key = parameter.detach(), (self.owner, name)
                if key in sgd.averages:
                    average(sgd.averages[key], value, self.updates)
                else:
                    sgd.averages[key] = value.clone()

    def moments(self) -> dict[str, torch.Tensor]:
        """What a checkpoint must keep besides the number of updates.

        RETURNS (dict[str, torch.Tensor]): By parameter number and name, "7.exp_avg".
        """
        state = self._torch.state_dict()["state"]
        return {
            f"{number}.{name}": torch.as_tensor(value)
            for number, values in state.items()
            for name, value in values.items()
        }

    def go_on(self, updates: int, moments: Mapping[str, torch.Tensor]) -> None:
        """Go on from what a checkpoint kept.

        updates (int): The number of updates.
        moments (Mapping[str, torch.Tensor]): As `moments` gave them.
        """
        state = self._torch.state_dict()
        for key, value in moments.items():
            number, _, name = key.partition(".")
            state["state"].setdefault(int(number), {})[name] = value
        self._torch.load_state_dict(state)
        self.updates = updates


def average(mean: torch.Tensor, value: torch.Tensor, step: int) -> None:
    """Move a running mean towards a value, at the rate of Thinc's `update_averages`.

    mean (torch.Tensor): Changed in place.
    value (torch.Tensor): The parameter's present value.
    step (int): Number of updates so far, from 1; early values weigh less later.
    """
    decay = min((1 + step) / (10 + step), 0.9999)
    mean.lerp_(value, 1 - decay)
