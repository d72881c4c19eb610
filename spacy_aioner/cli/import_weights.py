"""`aioner import-weights`: a published model as a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import AionerError
from .console import Debug, plain_errors, require_file, say, show, split_names


def import_weights(
    weights: Annotated[
        Path, typer.Argument(metavar="FILE.h5", help="The weights, saved by Keras.")
    ],
    encoder: Annotated[
        str,
        typer.Option(
            help="The encoder that was trained: a folder, an installed package or a "
            "name on the Hugging Face hub; its config and tokenizer are read."
        ),
    ],
    labels: Annotated[
        Path,
        typer.Option(help="The label file: a label of the output layer per line."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the pipeline.")
    ],
    tags: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Tasks with tags, in the order of their rows in the embedding; those "
            "of the published models if not given.",
        ),
    ] = None,
    lowercase: Annotated[
        bool | None,
        typer.Option(
            "--lowercase/--cased",
            help="Whether text is lower-cased; as the encoder's tokenizer does if not "
            "given.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the pipeline.")] = "aioner",
    debug: Debug = False,
) -> None:
    """Make a pipeline of the weights of a published AIONER model.

    BERT encoders with softmax or CRF. The pipeline is like any other: load it with
    spacy.load, tag with it, package it, train it further.
    """
    with plain_errors(debug=debug):
        require_file(weights)
        require_file(labels)
        if output.is_file():
            raise AionerError(f"{output}: is a file; name a folder.")
        from ..published.importer import import_weights as make_pipeline
        from ..published.labels import PUBLISHED_TAGS

        order = split_names(tags, "--tags")
        nlp = make_pipeline(
            weights,
            encoder=encoder,
            labels=labels,
            tags=PUBLISHED_TAGS if order is None else tuple(order),
            lowercase=lowercase,
        )
        nlp.meta["name"] = name
        nlp.to_disk(output)
        pipe = nlp.get_pipe("aioner")
        say(f"{output}: tasks {', '.join(pipe.cfg['trained_tasks'])}")
        show(str(output))
