"""Trained pipelines and the aioner components they hold."""

from __future__ import annotations

import spacy
from spacy.language import Language

from ..errors import AionerError, panics_as_errors
from .aioner import AionerNER


def load_trained(name: str) -> Language:
    """Load a pipeline.

    name (str): An installed package or a folder.
    RETURNS (Language): The pipeline.
    RAISES (AionerError): If it cannot be loaded, whatever the reason.
    """
    try:
        with panics_as_errors():
            return spacy.load(name)
    except Exception as error:
        raise AionerError(f"The pipeline '{name}' cannot be loaded: {error}") from error


def aioner_components(nlp: Language, *, running: bool = False) -> list[AionerNER]:
    """Find the aioner components of a pipeline.

    nlp (Language): The pipeline.
    running (bool): Whether to leave out those that are disabled.
    RETURNS (list[AionerNER]): In the order in which they run.
    """
    pipes = nlp.pipeline if running else nlp.components
    return [pipe for _, pipe in pipes if isinstance(pipe, AionerNER)]
