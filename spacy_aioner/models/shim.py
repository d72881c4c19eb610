"""The bridge between Thinc and the torch network: runs, trains, saves it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from threading import Lock
from typing import Any

import srsly
import torch
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Optimizer, PyTorchGradScaler, get_torch_default_device
from tokenizers import Tokenizer
from torch import Tensor

from ..errors import AionerError
from .encoders import Frame, empty_encoder
from .families import longest_input, needs_32_bits
from .flat import TensorBatch
from .forking import survive_fork
from .network import AioNetwork
from .optimizer import TorchOptimizer
from .packed import pack
from .precision import pick_dtype, precision_name
from .storage import dump_weights, fill, load_weights
from .wordpieces import WordPieceTable

_LEAST_PIECES = 8


class AioShim(HFShim):  # type: ignore[misc]
    """Holds an `AioNetwork`, its tokenizer and its special ids.

    Like the shim that it extends, it carries the encoder's config, tokenizer and
    weights inside the pipeline, so that loading needs neither hub nor folder. It
    adds tags, precision on any device, and torch's fused optimizers; weights are
    kept as safetensors, which load without running code.

    precision (str): See `pick_dtype`.
    head_scale (float): Learning rate of the head relative to the encoder's.
    max_pieces (int): Upper limit for the pieces of one window.
    storage (str): The format in which weights are saved, one of `storage.STORAGES`;
        in memory they are float32.
    piece_dropout (float): Share of the word-pieces that are hidden in training.
    words (str): What a word is; see `WordPieceTable`.
    batch_pieces (int): Padded word-pieces per batch.
    context_pieces (int): Word-pieces that are read together; see `plan_windows`.
    head (Mapping[str, Any]): Decoder, hidden_width and word_shapes of `AioNetwork`.
    """

    def __init__(
        self,
        *,
        precision: str,
        head_scale: float,
        max_pieces: int,
        storage: str = "fp32",
        piece_dropout: float = 0.0,
        words: str = "runs",
        batch_pieces: int = 4096,
        context_pieces: int = 0,
        head: Mapping[str, Any] | None = None,
    ) -> None:
        self.batch_pieces = batch_pieces
        self.context_pieces = context_pieces
        self.head = dict(head or {})
        self.precision = precision
        self.piece_dropout = piece_dropout
        self.words = words
        self.storage = storage
        self.head_scale = head_scale
        self.max_pieces = max_pieces
        super().__init__(HFObjects(None, None, None, {}, {}))
        self.frame: Frame | None = None
        self.table: WordPieceTable | None = None
        self._fast: AioNetwork | None = None
        self._making_fast = Lock()
        self._torch_optimizer: TorchOptimizer | None = None
        # Whether the weights were learnt, by updates or before they were loaded.
        self.trained = False
        self._scaled = False
        self.limit = max_pieces  # Less if the encoder reads less.

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over. Packed weights cannot be copied; it makes its own.

        RETURNS (dict[str, Any]): The attributes.
        """
        left = dict.fromkeys(("_fast", "_making_fast", "_torch_optimizer"))
        return {**self.__dict__, **left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a copy of what another took over.

        state (dict[str, Any]): The attributes.
        """
        self.__dict__.update(state, _making_fast=Lock())

    @property
    def network(self) -> AioNetwork | None:
        """The network, or None before initialisation or loading."""
        return self._model

    def set_network(
        self, network: AioNetwork, tokenizer: Tokenizer, frame: Frame
    ) -> None:
        """Take a network into use.

        network (AioNetwork): Moved to Thinc's default device.
        tokenizer (Tokenizer): The encoder's fast tokenizer.
        frame (Frame): The ids of specials and tags.
        RAISES (AionerError): If precision or max_pieces cannot be.
        """
        if self.max_pieces < _LEAST_PIECES:
            raise AionerError(
                f"max_pieces is {self.max_pieces}: a window holds four special "
                f"pieces besides its text, so give at least {_LEAST_PIECES}."
            )
        device = get_torch_default_device()
        self._model = network.to(device)
        self.limit = min(self.max_pieces, longest_input(network.encoder))
        # Of the formats only fp16 has too few digits for small gradients.
        self._scaled = self._training_dtype == torch.float16
        self._grad_scaler = PyTorchGradScaler(enabled=self._scaled)
        self._grad_scaler.to_(device)
        self._hfmodel = HFObjects(tokenizer, network.encoder, None, {}, {})
        self.frame = frame
        most = max(1, self.limit // 8)
        self.table = WordPieceTable(tokenizer, max_pieces=most, words=self.words)
        self._fast = None
        self._torch_optimizer = None

    def change(self, edit: Callable[[AioNetwork], None]) -> None:
        """Change the network itself, not only its weights by training.

        edit (Callable[[AioNetwork], None]): Takes the network and changes it in place.
        """
        assert self.network is not None
        assert self.frame is not None
        assert self.table is not None
        edit(self.network)
        self.set_network(self.network, self.table.tokenizer, self.frame)

    def pick_attention(self) -> str:
        """The fastest attention: torch's fused one trains slowly in bf16 on CPUs."""
        device = get_torch_default_device()
        slow = device.type == "cpu" and pick_dtype(self.precision, device) in (
            torch.bfloat16,
            torch.float16,
        )
        return "eager" if slow else "sdpa"

    @property
    def used_precision(self) -> str:
        """The format that the network predicts in: "fp32", "bf16" or "fp16"."""
        return precision_name(self._dtype)

    @property
    def _dtype(self) -> torch.dtype:
        if needs_32_bits(self._model.encoder):
            return torch.float32
        return pick_dtype(self.precision, self.device)

    @property
    def _training_dtype(self) -> torch.dtype:
        # fp16 needs gradient scaling, which Thinc has on CUDA only.
        on_cpu = self.device.type == "cpu" and self._dtype == torch.float16
        return torch.bfloat16 if on_cpu else self._dtype

    def predict(self, batches: Sequence[TensorBatch]) -> Tensor:
        """Score words without keeping what training would need.

        batches (Sequence[TensorBatch]): At least one.
        RETURNS (Tensor): float32 (n_words, n_labels).
        """
        survive_fork()
        with self._making_fast:
            # Another thread may forget it while this one predicts.
            fast = self._fast = self._fast or self._make_fast()
        with torch.inference_mode():
            scores: Tensor = fast(batches, 0.0)
        return scores

    def _make_fast(self) -> AioNetwork:
        """A network for prediction, its weights cast and packed once.

        What stays in float32 is shared with the network that is trained.
        """
        same = self._dtype == torch.float32
        shared = {id(p): p for p in self._model.parameters()} if same else {}
        fast: AioNetwork = copy.deepcopy(self._model, shared).to(self._dtype).eval()
        pack(fast.encoder)
        return fast

    def begin_update(
        self, batches: Sequence[TensorBatch], dropout: float = 0.0
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """Score words for training.

        batches (Sequence[TensorBatch]): At least one.
        dropout (float): Dropout rate of the head.
        RETURNS (tuple[Tensor, Callable[[Tensor], None]]): Scores without a graph,
            (n_words, n_labels), and the callback that takes their gradient and adds
            to the gradients of the parameters.
        """
        survive_fork()
        self._model.train()
        if self.piece_dropout:
            batches = [self._hide_pieces(batch) for batch in batches]
        dtype = self._training_dtype
        with torch.autocast(
            self.device.type, dtype=dtype, enabled=dtype != torch.float32
        ):
            scores = self._model(batches, dropout)

        def backprop(d_scores: Tensor) -> None:
            if self._scaled:
                self._scaled_backward(scores, d_scores)
            else:
                torch.autograd.backward(scores, d_scores)

        return scores.detach(), backprop

    def _hide_pieces(self, batch: TensorBatch) -> TensorBatch:
        """Put the mask in place of some pieces, never of tags and specials."""
        frame = self.frame
        assert frame is not None
        ids = batch.input_ids
        kept = torch.rand(ids.shape, device=ids.device) >= self.piece_dropout
        kept |= ids >= frame.first_tag
        for special in (frame.begin, frame.end, frame.pad):
            kept |= ids == special
        return replace(batch, input_ids=torch.where(kept, ids, frame.mask))

    def _scaled_backward(self, scores: Tensor, d_scores: Tensor) -> None:
        """Add gradients that were scaled up on their way and down at the end.

        Gradients that are there already, of earlier batches and of the CRF's own
        parameters, are not scaled and must stay so.
        """
        parameters = list(self._model.parameters())
        earlier = [parameter.grad for parameter in parameters]
        self._model.zero_grad(set_to_none=True)
        scaled = self._grad_scaler.scale([d_scores], inplace=False)[0]
        torch.autograd.backward(scores, scaled)
        grads = [p.grad for p in parameters if p.grad is not None]
        self._grad_scaler.unscale(grads)
        for parameter, grad in zip(parameters, earlier, strict=True):
            if grad is not None:
                fresh = parameter.grad
                parameter.grad = grad if fresh is None else grad + fresh

    def finish_update(self, optimizer: Optimizer) -> None:
        """Change the parameters by their gradients.

        optimizer (Optimizer): Thinc's optimizer, for its settings and averages.
        """
        if not self._grad_scaler.found_inf:
            self.torch_optimizer(optimizer).step(head_scale=self.head_scale)
            self._fast = None
            self.trained = True
        self._model.zero_grad(set_to_none=True)
        self._grad_scaler.update()

    def torch_optimizer(self, sgd: Optimizer) -> TorchOptimizer:
        """What changes the network by the settings of a Thinc optimizer.

        sgd (Optimizer): Thinc's optimizer.
        RETURNS (TorchOptimizer): Made at its first use with this one.
        """
        known = self._torch_optimizer
        if known is None or known.sgd is not sgd:
            known = TorchOptimizer(self._model, sgd, owner=self.id)
            self._torch_optimizer = known
        return known

    @contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Replace the parameters within a context, e.g. by their averages.

        params (dict): By (shim id, parameter name).
        """
        named = dict(self._model.named_parameters()) if self._model is not None else {}
        given = {n: params[self.id, n] for n in named if (self.id, n) in params}
        backup = {n: named[n].detach().clone() for n in given}
        self.set_parameters(given)
        try:
            yield
        finally:
            self.set_parameters(backup)

    def set_parameters(self, values: Mapping[str, Tensor]) -> None:
        """Put values into parameters of the network.

        values (Mapping[str, Tensor]): By name; those not named stay as they are.
        """
        with torch.no_grad():
            for name, value in values.items():
                self._model.get_parameter(name).copy_(value)
        if values:
            self._fast = None

    def to_bytes(self) -> bytes:
        """Everything needed to load the network again.

        RETURNS (bytes): msgpack; before initialisation, an empty message.
        """
        network = self.network
        if network is None or self.frame is None or self.table is None:
            return srsly.msgpack_dumps({})  # type: ignore[no-any-return]
        config = network.encoder.config.to_dict()
        config.pop("_attn_implementation_autoset", None)
        return srsly.msgpack_dumps(  # type: ignore[no-any-return]
            {
                "config": config,
                "head": {
                    "n_labels": network.output.out_features,
                    "hidden_width": network.output.in_features,
                    "decoder": network.decoder,
                    "word_shapes": network.shapes is not None,
                },
                "trained": self.trained,
                "frame": asdict(self.frame),
                "tokenizer": self.table.tokenizer.to_str(),
                "state": dump_weights(network.state_dict(), self.storage),
            }
        )

    def from_bytes(self, bytes_data: bytes) -> AioShim:
        """Load what `to_bytes` wrote.

        bytes_data (bytes): The message.
        RETURNS (AioShim): Itself.
        RAISES (AionerError): If the config names another head, or weights are damaged.
        """
        message = srsly.msgpack_loads(bytes_data)
        if message:
            survive_fork()
            self._check_head(message["head"])
            attention = self.pick_attention()
            encoder = empty_encoder(message["config"], attention)
            network = AioNetwork(encoder, **message["head"])
            fill(network, load_weights(message["state"]))
            tokenizer = Tokenizer.from_str(message["tokenizer"])
            self.set_network(network, tokenizer, Frame(**message["frame"]))
            # Files of version 0.1.0 do not say it: nobody saves random weights.
            self.trained = message.get("trained", True)
        return self

    def _check_head(self, saved: Mapping[str, Any]) -> None:
        """Make sure that the config names the head that the weights are of."""
        for name, value in self.head.items():
            if saved[name] != value:
                raise AionerError(
                    f"The weights are of a model with {name} = {saved[name]!r}, but "
                    f"the config has {name} = {value!r}: correct the config, or train "
                    "again."
                )
