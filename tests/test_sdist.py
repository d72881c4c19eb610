"""The source distribution holds what its README uses."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ["docs", "project", "benchmarks", "models", "spacy_aioner", "tests"]


def used():
    """The files that the README names, and those that what it names needs."""
    text = (ROOT / "README.md").read_text(encoding="utf8")
    names = set(re.findall(r"\]\((?!http)([^)#]+)", text))
    names |= set(re.findall(rf"\b(?:{'|'.join(PARTS)})/[\w./-]*\w", text))
    names |= {"Makefile", "constraints.txt", "setup.cfg", "project/scripts/demo.py"}
    # Assets are fetched by who wants them.
    names = {name for name in names if not name.startswith("project/assets/")}
    return sorted(name for name in names if (ROOT / name).is_file())


@pytest.mark.slow
def test_it_holds_what_the_readme_uses(tmp_path):
    source, target = tmp_path / "source", tmp_path / "dist"
    source.mkdir()
    target.mkdir()
    # Building writes beside the sources.
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
        elif path.name in PARTS:
            ignored = shutil.ignore_patterns("__pycache__", "training", "packages")
            shutil.copytree(path, source / path.name, ignore=ignored)
    (source / "project" / "assets").mkdir(exist_ok=True)
    (source / "project" / "assets" / "corpus.pubtator").touch()
    code = f"from setuptools import build_meta as b; b.build_sdist({str(target)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True)
    assert done.returncode == 0, done.stderr
    (archive,) = target.iterdir()
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert len(used()) > 20
    assert [name for name in used() if name not in names] == []
    assert not any(name.startswith("project/assets/") for name in names)
