"""Fixtures of the tests of the project's scripts."""

from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "project" / "scripts"


@pytest.fixture(autouse=True, scope="module")
def scripts_beside_each_other():
    """The scripts import one another by name, as they do when they are run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        yield
