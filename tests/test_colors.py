"""displaCy shows each type in a colour of its own, readable and told apart."""

import math
import operator
import os
import subprocess
import sys
from configparser import ConfigParser
from itertools import combinations
from pathlib import Path

import pytest

from spacy_aioner.colors import COLORS
from spacy_aioner.scheme.scheme import PAPER_TYPES

ROOT = Path(__file__).parent.parent
# How the three kinds of cones fail (Viénot, Brettel and Mollon 1999; tritanopia by
# Brettel et al. 1997, simplified): what is seen of linear red, green and blue.
EYES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.1124, 0.8876, 0), (0.1124, 0.8876, 0), (0.004, -0.004, 1)),
    "deutan": ((0.2928, 0.7072, 0), (0.2928, 0.7072, 0), (-0.0223, 0.0223, 1)),
    "tritan": ((1, 0.1462, -0.1462), (0, 0.8565, 0.1435), (0, 0.8565, 0.1435)),
}


def linear(color):
    """Linear red, green and blue of sRGB."""
    values = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def luminance(color):
    return sum(
        w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True)
    )


def lab(rgb):
    """CIE L*a*b* of linear red, green and blue, under D65."""
    rows = (
        (0.4124, 0.3576, 0.1805),
        (0.2126, 0.7152, 0.0722),
        (0.0193, 0.1192, 0.9505),
    )
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        sum(a * max(b, 0) for a, b in zip(row, rgb, strict=True)) / w
        for row, w in zip(rows, white, strict=True)
    )
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def test_all_types_have_a_colour():
    assert set(COLORS) == set(PAPER_TYPES)


@pytest.mark.parametrize("color", COLORS.values())
def test_black_text_is_readable_on_white_and_dark_pages(color):
    """By WCAG 2: 4.5 for text; and the box shows on either page."""
    assert (luminance(color) + 0.05) / 0.05 >= 4.5
    assert 1.05 / (luminance(color) + 0.05) >= 1.25
    assert (luminance(color) + 0.05) / (luminance("#1e1e1e") + 0.05) >= 3


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart(eyes):
    """Where 2.3 is a difference that people just notice."""
    seen = []
    for color in COLORS.values():
        rgb = linear(color)
        rows = EYES[eyes]
        seen.append(lab([sum(map(operator.mul, row, rgb)) for row in rows]))
    assert min(math.dist(*two) for two in combinations(seen, 2)) > 10


def test_displacy_renders_them(tmp_path):
    """With the entry point as an installed package declares it."""
    parser = ConfigParser()
    parser.optionxform = str
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    lines = parser["options.entry_points"]["spacy_displacy_colors"]
    info = tmp_path / "colours-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: colours\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[spacy_displacy_colors]\n{lines}\n")
    code = (
        "from spacy import displacy\n"
        "ents = [{'start': 0, 'end': 4, 'label': 'Gene'}]\n"
        "page = {'text': 'TP53 loss', 'ents': ents}\n"
        "print(displacy.render(page, style='ent', manual=True))\n"
        "span = {'start_token': 0, 'end_token': 1, 'label': 'CellLine'}\n"
        "page = {'text': 'HeLa', 'tokens': ['HeLa'], 'spans': [span]}\n"
        "print(displacy.render(page, style='span', manual=True))\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"background: {COLORS['Gene']}" in done.stdout
    assert f"background: {COLORS['CellLine']}" in done.stdout
