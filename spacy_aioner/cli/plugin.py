"""The commands under `python -m spacy aioner`.

spaCy loads the entry points of the group "spacy_cli" for their side effect only: a
plugin adds itself to spaCy's app. This module of its own keeps spaCy, and with it
torch, out of `aioner --help`.
"""

from spacy.cli import app as spacy_app

from .app import app

spacy_app.add_typer(app, name="aioner")
