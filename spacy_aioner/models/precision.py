"""Which number format to compute in, by device."""

from __future__ import annotations

import time
from functools import cache

import torch

from ..errors import check_choice
from .storage import DTYPES

PRECISIONS = ("auto", *DTYPES)

# Rows, width and inner width of the products that decide: a layer of a small encoder.
_PRODUCT = (512, 384, 1536)
_TRIALS = 5
# bf16 must gain at least this much: it rounds, and casting it costs besides.
_LEAST_GAIN = 1.3


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Turn a setting into a format that the device computes fast in.

    precision (str): "auto", "fp32", "bf16" or "fp16". Auto takes bf16 on GPUs that
        have it, fp16 on older GPUs; on a CPU see `cpu_prefers_bf16`. A CPU trains in
        bf16 when fp16 is asked for.
    device (torch.device): Where the network is.
    RETURNS (torch.dtype): The format.
    RAISES (AionerError): If the setting is none of these.
    """
    check_choice("precision", precision, PRECISIONS)
    if precision != "auto":
        return DTYPES[precision]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if cpu_prefers_bf16() else torch.float32


@cache
def cpu_prefers_bf16() -> bool:
    """Whether matrix products are much faster in bf16 on this CPU.

    The flags do not tell: with AVX-512 bf16 but without AMX, one processor multiplied
    at twice its speed in fp32 and another at half of it. So a few products of either
    kind are timed, once in a process; a CPU without any bf16 instructions is not asked.
    They are timed on one thread, so that the answer does not depend on how many
    threads each of several processes has.

    RETURNS (bool): True if bf16 wins by a wide margin.
    """
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    if not any(getattr(torch.cpu, name, bool)() for name in checks):
        return False
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _seconds(torch.float32) > _LEAST_GAIN * _seconds(torch.bfloat16)
    finally:
        torch.set_num_threads(threads)


def cpu_precision() -> str:
    """What "auto" stands for on this CPU.

    RETURNS (str): "bf16" or "fp32".
    """
    return precision_name(pick_dtype("auto", torch.device("cpu")))


def precision_name(dtype: torch.dtype) -> str:
    """The setting that stands for a format.

    dtype (torch.dtype): One of the formats that `pick_dtype` gives.
    RETURNS (str): For example "fp32".
    """
    return next(name for name, its in DTYPES.items() if its == dtype)


def _seconds(dtype: torch.dtype) -> float:
    """The least time of a product, so that what else the machine does counts less."""
    rows, width, inner = _PRODUCT
    left = torch.ones(rows, width, dtype=dtype)
    right = torch.ones(width, inner, dtype=dtype)
    times = []
    with torch.inference_mode():
        for _ in range(_TRIALS + 1):  # The first one prepares the kernel.
            begin = time.perf_counter()
            torch.mm(left, right)
            times.append(time.perf_counter() - begin)
    return min(times[1:])
