"""Encoders made ready for prediction: joint projections, and weights packed on CPUs.

oneDNN lays a weight matrix out anew at every product, and PyTorch's activation passes
over the product once more. The operator that PyTorch's compiler uses for frozen weights
spares both; it is not documented, so it is tried before it is trusted.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from .flat import runs_flat
from .layers import Layer


class PackedLinear(nn.Module):
    """What an `nn.Linear` gives, and optionally GELU after it, without gradients.

    linear (nn.Linear): On the CPU, in bf16 or fp32.
    gelu (bool): Whether to apply GELU in its exact form.
    """

    def __init__(self, linear: nn.Linear, *, gelu: bool = False) -> None:
        super().__init__()
        self._bias = None if linear.bias is None else linear.bias.detach()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self._after: tuple[str, list[Any], str]
        self._after = ("gelu", [], "none") if gelu else ("none", [], "")

    def forward(self, values: Tensor) -> Tensor:
        """Multiply.

        values (Tensor): (n, inputs).
        RETURNS (Tensor): (n, outputs).
        """
        result: Tensor = torch.ops.mkldnn._linear_pointwise(
            values, self._weight, self._bias, *self._after
        )
        return result


@cache
def can_pack(dtype: torch.dtype) -> bool:
    """Whether packed layers work here and give what others give.

    dtype (torch.dtype): The format of weights and values.
    RETURNS (bool): False too where PyTorch has no oneDNN or other operators.
    """
    if dtype not in (torch.float32, torch.bfloat16):
        return False
    ramp = torch.linspace(-1, 1, 64 * 32).view(64, 32).to(dtype)
    # Nothing is drawn: a training that predicts would go on with other numbers.
    linear = nn.Linear(32, 64, device="meta", dtype=dtype).to_empty(device="cpu")
    with torch.inference_mode():
        linear.weight.copy_(ramp)
        linear.bias.copy_(ramp[:, 0])
        try:
            found = PackedLinear(linear, gelu=True)(ramp)
        except (AttributeError, NotImplementedError, RuntimeError, TypeError):
            return False
        expected = nn.functional.gelu(linear(ramp))
    return torch.allclose(found.float(), expected.float(), atol=0.05, rtol=0.02)


def pays(encoder: Any) -> bool:
    """Whether packed layers are the faster ones for an encoder where it is.

    In fp32 without AVX-512 they are not: oneDNN's GELU took longer there than PyTorch's
    and its products no less. A fixed rule, as a timed one could tip between two
    processes and change the last digit of a score.

    encoder (nn.Module): A Hugging Face encoder.
    RETURNS (bool): False on other devices than CPUs.
    """
    if encoder.device.type != "cpu" or not can_pack(encoder.dtype):
        return False
    wide = "AVX512" in torch.backends.cpu.get_cpu_capability()
    return wide or encoder.dtype != torch.float32


def pack(encoder: Any) -> None:
    """Make a BERT or its kin ready for prediction in place; leave others as they are.

    encoder (nn.Module): A Hugging Face encoder that no one trains.
    """
    if not runs_flat(encoder):
        return
    for module in encoder.encoder.layer:
        Layer(module, encoder.config).join()
    if not pays(encoder):
        return
    for module in encoder.encoder.layer:
        within = module.intermediate
        if encoder.config.hidden_act == "gelu":
            within.dense = PackedLinear(within.dense, gelu=True)
            within.intermediate_act_fn = nn.Identity()
        for parent in list(module.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(parent, name, PackedLinear(child))
