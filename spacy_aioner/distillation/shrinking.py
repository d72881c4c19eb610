"""Students that begin as a part of their teacher."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language
from torch import nn

from ..errors import AionerError
from ..models.architectures import get_shim
from ..models.network import AioNetwork
from ..pipeline.loading import aioner_components


def keep_layers(nlp: Language, layers: Sequence[int]) -> None:
    """Leave out layers of a pipeline's encoder.

    What is left is worse at first, and learns from the whole pipeline's scores faster
    than an encoder of the same size that knows no entities (Sanh et al. 2019, arXiv
    1910.01108, section 3).

    nlp (Language): A trained pipeline with one `aioner` component, changed in place.
    layers (Sequence[int]): The numbers of the layers to keep, from 0, ascending.
    RAISES (AionerError): If there is not one trained component, its encoder has no
        list of layers, or it has no such layer.
    """
    pipes = [p for p in aioner_components(nlp) if get_shim(p.model).network is not None]
    if len(pipes) != 1:
        raise AionerError(
            f"The pipeline has {len(pipes)} trained 'aioner' components, but layers "
            "are left out of one: name a pipeline that has one."
        )
    get_shim(pipes[0].model).change(lambda network: _keep(network, layers))


def _keep(network: AioNetwork, layers: Sequence[int]) -> None:
    encoder = network.encoder
    parts = getattr(getattr(encoder, "encoder", None), "layer", None)
    if not isinstance(parts, nn.ModuleList):
        kind = encoder.config.model_type
        raise AionerError(
            f"Encoders of the type '{kind}' have no list of layers to leave out of: "
            "train the student from a smaller encoder instead."
        )
    known = range(len(parts))
    if not layers or list(layers) != sorted(set(layers) & set(known)):
        raise AionerError(
            f"The layers must be ascending numbers from 0 to {len(parts) - 1}, got "
            f"{', '.join(map(str, layers)) or 'none'}."
        )
    encoder.encoder.layer = nn.ModuleList(parts[number] for number in layers)
    encoder.config.num_hidden_layers = len(layers)
