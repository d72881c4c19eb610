"""`aioner train`: `spacy train` with checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import AionerError
from .console import Debug, plain_errors, require_file, show, tell
from .interrupts import INTERRUPTED


def train(
    context: typer.Context,
    config: Annotated[Path, typer.Argument(help="The training config (.cfg).")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the trained pipelines.")
    ],
    gpu_id: Annotated[
        int, typer.Option("--gpu-id", "-g", help="Number of the GPU; -1 for the CPU.")
    ] = -1,
    checkpoint_steps: Annotated[
        int, typer.Option(min=1, help="Updates between two checkpoints.")
    ] = 200,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace the pipelines of another training that has finished there.",
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Train a pipeline; run it again after an interruption and it goes on.

    Like `spacy train`, with settings of the config given as --section.name VALUE. The
    folder keeps a checkpoint until the training has ended.
    """
    resume = "run the same command again to resume"
    with plain_errors(debug=debug, interrupted=resume):
        require_file(config)
        if output.is_file():
            raise AionerError(f"{output}: is a file; --output must be a directory.")
        from spacy.cli._util import NoSuchOption, parse_config_overrides, setup_gpu
        from spacy.training.initialize import init_nlp
        from spacy.util import load_config

        from ..training.checkpoint import saved_updates
        from ..training.directory import CHECKPOINT
        from ..training.loop import check_corpora
        from ..training.loop import train as train_pipeline

        try:
            try:
                overrides = parse_config_overrides(context.args)
                settings = load_config(config, overrides=overrides, interpolate=False)
                check_corpora(settings)
                setup_gpu(gpu_id, silent=False)
                nlp = init_nlp(settings, use_gpu=gpu_id)
            except NoSuchOption as error:
                raise typer.BadParameter(
                    f"There is no option {error.option_name}: settings of the config "
                    "are given as --section.name VALUE, such as --training.max_steps "
                    "100."
                ) from error
            except ValueError as error:
                raise AionerError(f"{config}: {error}") from error
            folder = train_pipeline(
                nlp, output, checkpoint_steps=checkpoint_steps, overwrite=overwrite
            )
        except KeyboardInterrupt:
            done = saved_updates(output / CHECKPOINT)
            kept = f"the checkpoint keeps {done} updates" if done else "nothing is kept"
            tell("error", f"interrupted, {kept}; {resume}")
            raise typer.Exit(INTERRUPTED) from None
        show(str(folder))
