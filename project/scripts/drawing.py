"""What the scripts that draw share."""

from typing import Any

from spacy_aioner.errors import AionerError


def load_pyplot() -> Any:
    """Matplotlib's pyplot, which writes the same bytes for the same input."""
    try:
        import matplotlib
    except ImportError as error:
        raise AionerError(
            "The plot needs matplotlib: install the extra `benchmark`."
        ) from error
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "spacy-aioner"
    from matplotlib import pyplot

    return pyplot
