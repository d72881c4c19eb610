"""From a device to main memory without waiting for what the device does next."""

from __future__ import annotations

import torch
from torch import Tensor


class HostCopy:
    """Values on their way to main memory.

    From a CUDA device the copy is ordered at once and waited for later, while the
    device may be given more to do; from other devices it is made at once.

    values (Tensor): On any device.
    """

    def __init__(self, values: Tensor) -> None:
        self._copied: torch.cuda.Event | None = None
        if not values.is_cuda:
            self._values = values.cpu()
            return
        self._values = torch.empty(
            values.shape, dtype=values.dtype, device="cpu", pin_memory=True
        )
        self._values.copy_(values, non_blocking=True)
        self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._copied.record()

    def wait(self) -> Tensor:
        """Wait for the copy alone, not for what the device was given after it.

        RETURNS (Tensor): The values in main memory.
        """
        if self._copied is not None:
            self._copied.synchronize()
        return self._values
