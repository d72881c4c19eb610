"""Weights on disk: whole, in 16 bits, or in 8."""

from __future__ import annotations

from collections.abc import Mapping

import safetensors.torch
import torch
from torch import Tensor

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STORAGES = (*DTYPES, "int8")
# Beside a matrix in 8 bits stands the step of each of its rows under this ending.
_STEP = "::step"
_LARGEST = 127


def dump_weights(state: Mapping[str, Tensor], storage: str) -> bytes:
    """Write weights as safetensors, which load without running code.

    In 8 bits each row of a matrix has a step of its own, its largest value divided by
    127 (as for the weights in Jacob et al. 2018, arXiv 1712.05877, section 2.1, without
    zero points); vectors are kept in 16 bits.

    state (Mapping[str, Tensor]): By name.
    storage (str): One of `STORAGES`.
    RETURNS (bytes): The file.
    """
    kept: dict[str, Tensor] = {}
    dtype = DTYPES.get(storage, torch.float16)
    for name, value in state.items():
        value = value.detach().cpu()
        if not value.is_floating_point():
            kept[name] = value.contiguous()
        elif storage == "int8" and value.ndim == 2:
            step = value.abs().amax(1).clamp_min(1e-12) / _LARGEST
            rounded = torch.round(value / step[:, None])
            kept[name] = rounded.to(torch.int8).contiguous()
            kept[name + _STEP] = step.float()
        else:
            kept[name] = value.to(dtype).contiguous()
    data: bytes = safetensors.torch.save(kept)
    return data


def load_weights(data: bytes) -> dict[str, Tensor]:
    """Read what `dump_weights` wrote.

    data (bytes): The file.
    RETURNS (dict[str, Tensor]): By name; all numbers that are not whole as float32.
    """
    kept: dict[str, Tensor] = safetensors.torch.load(data)
    steps = {
        name.removesuffix(_STEP): kept.pop(name)
        for name in list(kept)
        if name.endswith(_STEP)
    }
    for name, step in steps.items():
        kept[name] = kept[name].float() * step[:, None]
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in kept.items()
    }
