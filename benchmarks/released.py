"""The released model, as all scripts of this folder name and load it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "en_aioner_minilm"


def load(model: str, precision: str | None = None) -> "Language":
    """Load a pipeline, as it is or to compute in another format.

    model (str): The pipeline.
    precision (str | None): As in the component's config; None to leave it.
    RETURNS (Language): The pipeline.
    """
    import spacy  # Not before, as contenders are timed with what they import.

    own = {"components": {"aioner": {"model": {"precision": precision}}}}
    return spacy.load(model, config=own if precision else {})
