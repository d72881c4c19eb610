"""Colours of the six types in displaCy, by the entry point `spacy_displacy_colors`."""

from __future__ import annotations

# The palette of Okabe and Ito (2008, https://jfly.uni-koeln.de/color/), which people
# with any kind of colour vision tell apart. Text on it is black.
COLORS = {
    "Gene": "#56B4E9",
    "Disease": "#E69F00",
    "Chemical": "#009E73",
    "Species": "#F0E442",
    "Variant": "#CC79A7",
    "CellLine": "#D55E00",
}
