"""The variables of a published weights file under the names that PyTorch has.

The files are what Keras saves of a model's weights: HDF5 with a dataset per variable,
`hugface_encoder/tf_bert_model/bert/encoder/layer_._0/attention/self/query/kernel:0` and
so on. How the outer parts are called and numbered depends on the version of TensorFlow,
so variables are told by what their names end in.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AionerError

Floats = npt.NDArray[np.float32]

_ENCODER = re.compile(r"(?:^|/)((?:embeddings|encoder|pooler)/.+)/(\w+):0$")
_HEAD = re.compile(r"(?:^|/)(dense2|softmax|crf_layer)/(\w+):0$")
_LAYER = re.compile(r"layer_\._(\d+)")
# The last parts of names, as PyTorch has them; kernels are stored (in, out).
_ENCODER_PARTS = {
    "kernel": "weight",
    "gamma": "weight",
    "embeddings": "weight",
    "weight": "weight",
    "beta": "bias",
    "bias": "bias",
}
_HEAD_PARTS = {
    "dense2/kernel": "dense.weight",
    "dense2/bias": "dense.bias",
    "softmax/kernel": "output.weight",
    "softmax/bias": "output.bias",
    "crf_layer/kernel": "output.weight",
    "crf_layer/bias": "output.bias",
    "crf_layer/chain_kernel": "transitions",
    "crf_layer/left_boundary": "start",
    "crf_layer/right_boundary": "end",
}
# How many times larger than the file its variables may be: compression gains little on
# weights, and a few bytes can claim any number of zeros.
_LARGEST = 4


def read_weights(path: Path) -> dict[str, Floats]:
    """Read a weights file.

    path (Path): The HDF5 file.
    RETURNS (dict[str, Floats]): By the name that the parameter has in `AioNetwork`,
        "encoder." before those of the encoder; matrices are (out, in).
    RAISES (AionerError): If the file is not complete, a variable is not one of the
        published layout or no array of finite numbers within this file, or two stand
        for the same parameter.
    """
    weights: dict[str, Floats] = {}
    origin: dict[str, str] = {}
    for variable, values in _read_variables(path).items():
        name, kernel = _parameter(path, variable)
        if name in weights:
            raise AionerError(
                f"{path}: holds '{origin[name]}' and '{variable}', which are the same "
                "part of the network: give a file with the weights of one model."
            )
        weights[name] = np.ascontiguousarray(values.T if kernel else values)
        origin[name] = variable
    return weights


def _parameter(path: Path, variable: str) -> tuple[str, bool]:
    """The parameter that a variable is, and whether it is stored transposed."""
    if found := _HEAD.search(variable):
        name = _HEAD_PARTS.get("/".join(found.groups()))
        if name is not None:
            return name, found[2] == "kernel"
    elif found := _ENCODER.search(variable):
        part = _ENCODER_PARTS.get(found[2])
        if part is not None:
            module = _LAYER.sub(r"layer.\1", found[1]).replace("/", ".")
            return f"encoder.{module}.{part}", found[2] == "kernel"
    raise AionerError(
        f"{path}: the variable '{variable}' is in no layer of the published models "
        "(encoder, dense2, softmax, crf_layer): only weights of that layout can be "
        "imported."
    )


def _read_variables(path: Path) -> dict[str, Floats]:
    import h5py

    if not path.is_file():
        raise AionerError(f"{path}: is no regular file: give the .h5 file of a model.")
    variables: dict[str, Floats] = {}
    left = _LARGEST * path.stat().st_size

    def keep(name: str, node: Any) -> None:
        nonlocal left
        if isinstance(node, h5py.Dataset):
            left -= node.nbytes
            _check_dataset(path, name, node, fits=left >= 0)
            # What does not fit float32 becomes infinite, which is an error below.
            with np.errstate(over="ignore"):
                values = np.asarray(node[()], dtype=np.float32)
            if not np.isfinite(values).all():
                raise AionerError(
                    f"{path}: the variable '{name}' holds NaN or infinite values: give "
                    "the file of a model whose training went well."
                )
            variables[name] = values

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except AionerError:
        raise
    # What h5py raises depends on where the file breaks.
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise AionerError(
            f"{path}: is no complete HDF5 file with weights ({reason}): download it "
            "again and compare its size."
        ) from None
    if not variables:
        raise AionerError(f"{path}: holds no weights: give the .h5 file of a model.")
    return variables


def _check_dataset(path: Path, name: str, node: Any, *, fits: bool) -> None:
    """Make sure that a variable is an array of numbers whose values are in the file."""
    if node.external or node.is_virtual:
        raise AionerError(
            f"{path}: the values of the variable '{name}' are in another file: give a "
            "file that holds all weights itself, as Keras saves it."
        )
    if node.dtype.kind != "f":
        raise AionerError(
            f"{path}: the variable '{name}' has the type {node.dtype} instead of "
            "floating-point numbers: give the .h5 file of a model."
        )
    if not fits:
        raise AionerError(
            f"{path}: the variable '{name}' claims more values than the file can hold: "
            "download it again and compare its size."
        )
