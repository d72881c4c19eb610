"""A training loop like spaCy's, with checkpoints from which it goes on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import IO, Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training.loop import (
    create_before_to_disk_callback,
    create_evaluation_callback,
    create_train_batches,
    subdivide_batch,
    update_meta,
)
from spacy.util import fix_random_seed, registry, resolve_dot_names
from thinc.api import Config

from ..errors import AionerError
from ..models.architectures import get_shim
from ..pipeline.aioner import AionerNER
from .checkpoint import load_checkpoint, save_checkpoint
from .directory import TrainingDirectory
from .fingerprints import changed_file, corpus_fingerprints
from .progress import TrainingProgress

# Readers whose path can be checked before the training.
_READERS = (
    "spacy.Corpus.v1",
    "spacy_aioner.AioCorpus.v1",
    "spacy_aioner.SampledCorpus.v1",
)
# What may differ when a training goes on.
_FREE = ("max_steps", "eval_frequency", "patience", "logger", "score_weights")


def train(
    nlp: Language,
    output: Path,
    *,
    checkpoint_steps: int = 200,
    overwrite: bool = False,
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> Path:
    """Train a pipeline as `spacy train` does, going on where an earlier run stopped.

    The stream of batches is drawn again from its seed and passed over as far as it
    was learnt; weights, moments, averages and torch's random numbers are those of the
    checkpoint. On one machine the outcome is that of an undisturbed run. Unlike there
    the last update is always scored, and patience does nothing: the schedules of these
    models end at max_steps. A training that has finished is not made a second time.

    nlp (Language): Initialised with the full config; components other than `aioner`
        must be frozen.
    output (Path): Directory for model-best, model-last and, until the end, the
        checkpoint; no other training may use it at the same time.
    checkpoint_steps (int): Updates between two checkpoints.
    overwrite (bool): Whether to replace pipelines of another training that has
        finished there.
    stdout, stderr (IO[str]): For the config's logger; progress goes to stderr.
    RETURNS (Path): The directory of the last model.
    RAISES (AionerError): If another component would be trained, max_steps or
        development documents are missing, the checkpoint is damaged or of another
        model, other settings or other corpora, or the directory is in use or holds
        pipelines of another training.
    """
    directory = TrainingDirectory(output)
    with directory.hold():
        return _train(nlp, directory, checkpoint_steps, overwrite, stdout, stderr)


def _train(
    nlp: Language,
    directory: TrainingDirectory,
    checkpoint_steps: int,
    overwrite: bool,
    stdout: IO[str],
    stderr: IO[str],
) -> Path:
    """Train in a directory that is held; see `train`."""
    config = nlp.config.interpolate()
    settings = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    fix_random_seed(settings["seed"])
    pipes = _trained(nlp, settings)
    shims = [get_shim(pipe.model) for pipe in pipes]
    readers = [settings["train_corpus"], settings["dev_corpus"]]
    train_corpus, dev_corpus = resolve_dot_names(config, readers)
    if next(iter(dev_corpus(nlp)), None) is None:
        raise AionerError(
            f"The corpus {settings['dev_corpus']} has no document, so there is nothing "
            "to watch the training by: hold some documents out for it."
        )
    optimizer = settings["optimizer"]
    evaluate = create_evaluation_callback(nlp, dev_corpus, settings["score_weights"])
    before_to_disk = create_before_to_disk_callback(settings["before_to_disk"])
    batches: Iterator[Any] = create_train_batches(
        nlp, train_corpus, settings["batcher"], settings["max_epochs"]
    )
    checkpoint = directory.checkpoint
    decisive = _decisive_settings(config)
    fingerprints = corpus_fingerprints(config["corpora"])
    made_from = {
        "settings": {**decisive, "max_steps": settings["max_steps"]},
        "corpora": fingerprints,
    }
    progress: dict[str, Any] = {"steps": 0, "results": []}
    if directory.is_finished(made_from, overwrite=overwrite):
        checkpoint.unlink(missing_ok=True)
        stderr.write(f"{directory.last}: this training has finished already\n")
        return directory.last
    if checkpoint.exists():
        progress = load_checkpoint(checkpoint, shims, optimizer)
        if progress["steps"] >= settings["max_steps"]:
            raise AionerError(
                f"{checkpoint}: is of {progress['steps']} updates, but [training] "
                f"max_steps is {settings['max_steps']}: raise it to go on, or delete "
                "the checkpoint to begin anew."
            )
        if progress["settings"] != decisive:
            raise AionerError(
                f"{checkpoint}: is of a training with other settings: use the same "
                "config and seed, or delete the checkpoint to begin anew."
            )
        changed = changed_file(progress["corpora"], fingerprints)
        if changed is not None:
            raise AionerError(
                f"{changed}: is not what it was when the training began: put it back, "
                f"or delete {checkpoint} to begin anew."
            )
        for _ in range(progress["steps"]):
            optimizer.step_schedules()
        stderr.write(f"going on after {progress['steps']} updates\n")
    results = [tuple(result) for result in progress["results"]]

    def score_and_save(info: dict[str, Any]) -> None:
        with nlp.use_params(optimizer.averages):
            info["score"], info["other_scores"] = evaluate()
            update_meta(settings, nlp, info)
            before_to_disk(nlp).to_disk(directory.last)
        if info["score"] > max((score for score, _ in results), default=-1.0):
            directory.keep_best()
        results.append((info["score"], info["step"]))

    directory.record(made_from, finished=False)
    log_step, finalize = settings["logger"](nlp, stdout, stderr)
    shown = TrainingProgress(progress["steps"], settings["max_steps"], stderr)
    begin, words = time.perf_counter(), 0
    losses: dict[str, float] = {}
    batches = islice(batches, progress["steps"], settings["max_steps"])
    # With the next batch at hand the last one is known, whatever ends the training.
    pairs = pairwise(chain(batches, [None]))
    try:
        for step, ((epoch, batch), following) in enumerate(pairs, progress["steps"]):
            if settings["before_update"]:
                settings["before_update"](nlp, {"step": step, "epoch": epoch})
            before = sum(losses.values())
            for part in subdivide_batch(batch, settings["accumulate_gradient"]):
                nlp.update(
                    part,
                    drop=settings["dropout"],
                    losses=losses,
                    sgd=False,
                    exclude=settings["frozen_components"],
                    annotates=settings["annotating_components"],
                )
            for pipe in pipes:
                pipe.finish_update(optimizer)
            optimizer.step_schedules()
            words += (fresh := sum(len(eg) for eg in batch))
            shown.update(sum(losses.values()) - before, fresh)
            info = {"epoch": epoch, "step": step, "losses": losses, "words": words}
            info["seconds"] = int(time.perf_counter() - begin)
            info |= {"score": None, "other_scores": None, "checkpoints": results}
            if (step + 1) % settings["eval_frequency"] == 0 or following is None:
                score_and_save(info)
                with shown.paused():
                    log_step(info)
                losses = {}
            else:
                log_step(None)
            if (step + 1) % checkpoint_steps == 0 and following is not None:
                now = {"steps": step + 1, "results": results, "settings": decisive}
                now["corpora"] = fingerprints
                save_checkpoint(checkpoint, shims, optimizer, now)
    finally:
        shown.close()
        finalize()
    directory.record(made_from, finished=True)
    checkpoint.unlink(missing_ok=True)
    return directory.last


def check_corpora(config: Config) -> None:
    """Make sure that the corpora are there, before anything is loaded or read.

    config (Config): The full config of a training.
    RAISES (AionerError): If the path of one is missing or does not exist.
    """
    config = config.interpolate()
    names = [config["training"].get(f"{kind}_corpus") for kind in ("train", "dev")]
    for name in names:
        block = config.get("corpora", {}).get(str(name).removeprefix("corpora."), {})
        # Other readers may call something else a path.
        if block.get("@readers") not in _READERS or "path" not in block:
            continue
        path = block["path"]
        if path is None:
            raise AionerError(
                f"The corpus {name} has no path: name it in the config, or for example "
                "with --paths.train and --paths.dev."
            )
        if not Path(path).exists():
            raise AionerError(
                f"{path}: there is no such file or directory; the path of the corpus "
                f"{name} must be one."
            )


def _decisive_settings(config: Config) -> dict[str, Any]:
    """The settings that a training must keep to the end, as JSON gives them back.

    The learning rate is not among them: its schedule follows max_steps.
    """
    training = {k: v for k, v in config["training"].items() if k not in _FREE}
    training["optimizer"] = {**training["optimizer"], "learn_rate": None}
    parts = {name: config[name] for name in ("corpora", "components")}
    settings: dict[str, Any] = json.loads(json.dumps({**parts, "training": training}))
    return settings


def _trained(nlp: Language, settings: dict[str, Any]) -> list[AionerNER]:
    """The components that will be trained."""
    if not settings["max_steps"]:
        raise AionerError(
            "[training] max_steps is 0: say how many updates to make, or use "
            "`spacy train` for training without an end of its own."
        )
    pipes = []
    for name, pipe in nlp.pipeline:
        if name in settings["frozen_components"]:
            continue
        if isinstance(pipe, AionerNER):
            pipes.append(pipe)
        elif getattr(pipe, "is_trainable", False):
            raise AionerError(
                f"The component '{name}' would be trained too, but checkpoints keep "
                "only 'aioner' components: freeze it ([training] frozen_components), "
                "or use `spacy train`."
            )
    if not pipes:
        raise AionerError("The pipeline has no 'aioner' component to train.")
    return pipes
