"""Trained pipelines and the aioner components they hold."""

from __future__ import annotations

from typing import Any

import spacy
from spacy.language import Language
from spacy.util import get_model_meta, load_config

from ..errors import AionerError, panics_as_errors
from .aioner import AionerNER
from .finding import find_pipeline


def load_trained(
    name: str, *, precision: str | None = None, auto: str | None = None
) -> Language:
    """Load a pipeline.

    name (str): An installed package or a directory.
    precision (str | None): See `pick_dtype`; None as the pipeline's config has it.
    auto (str | None): What "auto" stands for; None to find it out here.
    RETURNS (Language): The pipeline.
    RAISES (AionerError): If it cannot be loaded, whatever the reason.
    """
    try:
        with panics_as_errors():
            return spacy.load(name, config=_overrides(name, precision, auto))
    except Exception as error:
        raise AionerError(f"The pipeline '{name}' cannot be loaded: {error}") from error


def _overrides(name: str, precision: str | None, auto: str | None) -> dict[str, Any]:
    """Overrides of the config that set the precision of each aioner component."""
    if precision is None and auto is None:
        return {}
    place = find_pipeline(name)
    if not (place / "config.cfg").exists():  # A package has it further down.
        meta = get_model_meta(place)
        place = place / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    config = load_config(place / "config.cfg")
    values = {}
    for component, settings in config["components"].items():
        if settings.get("factory") == "aioner":
            value = precision or settings["model"].get("precision", "auto")
            if value == "auto":
                value = auto or value
            values[component] = {"model": {"precision": value}}
    return {"components": values} if values else {}


def aioner_components(nlp: Language, *, running: bool = False) -> list[AionerNER]:
    """Find the aioner components of a pipeline.

    nlp (Language): The pipeline.
    running (bool): Whether to leave out those that are disabled.
    RETURNS (list[AionerNER]): In the order in which they run.
    """
    pipes = nlp.pipeline if running else nlp.components
    return [pipe for _, pipe in pipes if isinstance(pipe, AionerNER)]
