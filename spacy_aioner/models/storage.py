"""Weights on disk: whole, in 16 bits, or in 8."""

from __future__ import annotations

from collections.abc import Mapping

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from ..errors import AionerError

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
    RAISES (AionerError): If it is no safetensors file, or a step does not fit.
    """
    try:
        kept: dict[str, Tensor] = safetensors.torch.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise _damaged(f"they cannot be read ({error})") from error
    steps = {
        name.removesuffix(_STEP): kept.pop(name)
        for name in list(kept)
        if name.endswith(_STEP)
    }
    for name, step in steps.items():
        rounded = kept.get(name)
        if rounded is None or rounded.ndim != 2 or step.shape != rounded.shape[:1]:
            raise _damaged(f"the steps of '{name}' do not fit its values")
        kept[name] = rounded.float() * step[:, None]
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in kept.items()
    }


def fill(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Put weights into a network, each of them checked.

    network (nn.Module): The network, maybe without storage of its own; its parameters
        and buffers become the tensors of `weights`.
    weights (Mapping[str, Tensor]): By name, from `load_weights`.
    RAISES (AionerError): If a weight is missing or unknown, has another shape or kind
        of number than the network has, or is NaN or infinite.
    """
    expected = network.state_dict()
    for name in sorted(expected.keys() ^ weights.keys()):
        what = "missing" if name in expected else "unknown"
        raise _damaged(f"'{name}' is {what}")
    for name, values in expected.items():
        given = weights[name]
        if given.shape != values.shape:
            raise _damaged(
                f"'{name}' has the shape {tuple(given.shape)} instead of "
                f"{tuple(values.shape)}"
            )
        if given.is_floating_point() != values.is_floating_point():
            raise _damaged(
                f"'{name}' holds numbers of the type {given.dtype} instead of "
                f"{values.dtype}"
            )
    network.load_state_dict(weights, assign=True)
    for name, values in weights.items():
        # A sum takes a tenth of the time of `isfinite`, but may overflow.
        if not values.sum().isfinite() and not values.isfinite().all():
            raise _damaged(f"'{name}' holds NaN or infinite values")


def _damaged(why: str) -> AionerError:
    return AionerError(
        f"The weights of the pipeline are damaged: {why}; install, download or train "
        "the pipeline again."
    )
