"""Which number format to compute in, by device."""

from __future__ import annotations

import torch

from ..errors import check_choice

STORAGES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
PRECISIONS = ("auto", *STORAGES)


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Turn a setting into a format that the device computes fast in.

    precision (str): "auto", "fp32", "bf16" or "fp16". Auto takes bf16 on CPUs with
        AMX and on GPUs that have it, fp16 on older GPUs, else fp32: a CPU with
        AVX-512 bf16 but no AMX multiplies bf16 matrices slower than fp32 ones.
        A CPU trains in bf16 when fp16 is asked for.
    device (torch.device): Where the network is.
    RETURNS (torch.dtype): The format.
    RAISES (AionerError): If the setting is none of these.
    """
    check_choice("precision", precision, PRECISIONS)
    if precision != "auto":
        return STORAGES[precision]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    has_amx = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return torch.bfloat16 if has_amx() else torch.float32
