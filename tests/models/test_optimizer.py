"""Torch's fused optimizers under Thinc's settings."""

import pytest
import torch
from thinc.api import SGD, Adam, RAdam, warmup_linear
from torch import nn

from spacy_aioner.models.optimizer import (
    average,
    build_torch_optimizer,
    follow_schedules,
)


def network():
    torch.manual_seed(0)
    module = nn.ModuleDict({"encoder": nn.Linear(3, 4), "dense": nn.Linear(4, 2)})
    return module, list(module.named_parameters())


def rates(optimizer):
    return {(g["head"], g["decayed"]): g["lr"] for g in optimizer.param_groups}


def test_each_parameter_has_one_group_and_vectors_do_not_decay():
    _, named = network()
    sgd = Adam(0.1, L2=0.2, L2_is_weight_decay=True)
    optimizer = build_torch_optimizer(named, sgd)
    follow_schedules(optimizer, sgd, head_scale=3.0)
    assert isinstance(optimizer, torch.optim.AdamW)
    assert rates(optimizer) == pytest.approx(
        {(False, True): 0.1, (False, False): 0.1, (True, True): 0.3, (True, False): 0.3}
    )
    for group in optimizer.param_groups:
        assert group["weight_decay"] == (0.2 if group["decayed"] else 0.0)
        assert all((p.ndim > 1) == group["decayed"] for p in group["params"])
    assert sum(len(g["params"]) for g in optimizer.param_groups) == len(named)


def test_the_rate_follows_the_schedule():
    _, named = network()
    sgd = Adam(warmup_linear(1.0, 2, 6), L2_is_weight_decay=True)
    optimizer = build_torch_optimizer(named, sgd)
    found = []
    for _ in range(6):
        follow_schedules(optimizer, sgd, head_scale=1.0)
        found.append(optimizer.param_groups[0]["lr"])
        sgd.step_schedules()
    assert found == pytest.approx([0.0, 0.5, 1.0, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    ("sgd", "kind"),
    [
        (Adam(0.1, L2_is_weight_decay=True), torch.optim.AdamW),
        (Adam(0.1, L2_is_weight_decay=False), torch.optim.Adam),
        (RAdam(0.1), torch.optim.RAdam),
        (SGD(0.1), torch.optim.SGD),
    ],
)
def test_the_kind_of_optimizer_and_its_first_step(sgd, kind):
    _, named = network()
    optimizer = build_torch_optimizer(named, sgd)
    assert type(optimizer) is kind
    follow_schedules(optimizer, sgd, head_scale=1.0)
    before = [p.detach().clone() for _, p in named]
    for _, parameter in named:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    for old, (_, new) in zip(before, named, strict=True):
        assert (new < old).all()


def test_average_is_the_one_of_thinc():
    mean, value = torch.zeros(3), torch.tensor([1.0, 2.0, 3.0])
    average(mean, value, 1)
    torch.testing.assert_close(mean, value * (1 - 2 / 11))
    mean = torch.zeros(3)
    average(mean, value, 10**6)
    torch.testing.assert_close(mean, value * (1 - 0.9999), rtol=1e-3, atol=0)
