"""The state of a training on disk: exact enough to go on as if never stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from thinc.api import Optimizer

from ..errors import AionerError
from ..formats.sink import replace_file
from ..models.shim import AioShim

_WEIGHT, _AVERAGE, _MOMENT, _RANDOM = "weight.", "average.", "moment.", "random."
_CHECKSUM = "sha256"


def save_checkpoint(
    path: Path, shims: list[AioShim], optimizer: Optimizer, progress: dict[str, Any]
) -> None:
    """Write the state of a training to one file, which appears only when complete.

    path (Path): The file, safetensors.
    shims (list[AioShim]): The networks that are trained.
    optimizer (Optimizer): Holds the averages of the weights.
    progress (dict[str, Any]): What else to keep, JSON.
    """
    tensors = {_RANDOM + "cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors[_RANDOM + "cuda"] = torch.cuda.get_rng_state()
    updates = []
    for number, shim in enumerate(shims):
        for name, parameter in shim.network.named_parameters():  # type: ignore[union-attr]
            key = f"{number}.{name}"
            tensors[_WEIGHT + key] = parameter.detach()
            if optimizer.averages:
                tensors[_AVERAGE + key] = optimizer.averages[shim.id, name]
        twin = shim.torch_optimizer(optimizer)
        updates.append(twin.updates)
        tensors |= {f"{_MOMENT}{number}.{key}": t for key, t in twin.moments().items()}
    tensors = {key: tensor.cpu().contiguous() for key, tensor in tensors.items()}
    meta = {"progress": json.dumps(progress), "updates": json.dumps(updates)}
    meta[_CHECKSUM] = _checksum(tensors, meta)
    with replace_file(path) as stream:
        stream.write(safetensors.torch.save(tensors, meta))


def _checksum(tensors: dict[str, torch.Tensor], meta: dict[str, str]) -> str:
    """SHA-256 of all that a checkpoint holds."""
    digest = hashlib.sha256()
    for key in sorted(meta.keys() - {_CHECKSUM}):
        digest.update(f"{key}={meta[key]}\n".encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def saved_updates(path: Path) -> int:
    """How many updates a checkpoint keeps.

    path (Path): Written by `save_checkpoint`.
    RETURNS (int): The number; 0 if there is no such file.
    """
    if not path.exists():
        return 0
    with safetensors.safe_open(path, "pt") as file:
        progress = json.loads(file.metadata()["progress"])
    steps: int = progress["steps"]
    return steps


def load_checkpoint(
    path: Path, shims: list[AioShim], optimizer: Optimizer
) -> dict[str, Any]:
    """Put networks, optimizer and random numbers into a saved state.

    path (Path): Written by `save_checkpoint`.
    shims (list[AioShim]): Networks of the same shape.
    optimizer (Optimizer): Made from the same config.
    RETURNS (dict[str, Any]): The progress that was saved.
    RAISES (AionerError): If the file is broken or holds another model.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            meta = file.metadata()
            names = file.keys()  # The file itself is no iterable.
            tensors = {name: file.get_tensor(name) for name in names}
        if meta[_CHECKSUM] != _checksum(tensors, meta):
            raise ValueError("it was changed after it was written")
        updates = json.loads(meta["updates"])
        for number, shim in enumerate(shims):
            _load_shim(tensors, number, shim, optimizer, updates[number])
        progress: dict[str, Any] = json.loads(meta["progress"])
        torch.set_rng_state(tensors[_RANDOM + "cpu"])
        if torch.cuda.is_available() and _RANDOM + "cuda" in tensors:
            torch.cuda.set_rng_state(tensors[_RANDOM + "cuda"])
    except (OSError, KeyError, IndexError, TypeError, ValueError, RuntimeError,
            safetensors.SafetensorError) as error:  # fmt: skip
        raise AionerError(
            f"{path}: cannot go on from this checkpoint ({type(error).__name__}: "
            f"{error}): delete it to begin anew, or train with the config it is of."
        ) from error
    return progress


def _load_shim(
    tensors: dict[str, torch.Tensor],
    number: int,
    shim: AioShim,
    optimizer: Optimizer,
    updates: int,
) -> None:
    named = dict(shim.network.named_parameters())  # type: ignore[union-attr]
    shim.set_parameters({name: tensors[f"{_WEIGHT}{number}.{name}"] for name in named})
    shim.trained = True
    if optimizer.averages is not None:
        for name, parameter in named.items():
            average = tensors[f"{_AVERAGE}{number}.{name}"].to(parameter.device)
            optimizer.averages[shim.id, name] = average
    prefix = f"{_MOMENT}{number}."
    moments = {
        key.removeprefix(prefix): tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }
    shim.torch_optimizer(optimizer).go_on(updates, moments)
